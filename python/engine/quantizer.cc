// SPDX-License-Identifier: MIT
#include "python/engine/quantizer.h"

#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "cli/at_option.h"
#include "cli/caches.h"
#include "cli/literals.h"
#include "cli/quantizer_options.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "python/engine/interruptible.h"
#include "reference/engine.h"

namespace halfulp::python {
namespace {

constexpr std::size_t part_elements = std::size_t{1} << 18U;

// Rows of a view from `begin` to `end`, or columns of its only row.
template <typename AnyView>
AnyView part_of(AnyView view, const Cut& cut, std::size_t begin, std::size_t end) {
  const std::size_t size = view.carrier == Carrier::binary32 ? sizeof(float) : sizeof(double);
  const std::size_t skipped = cut.along ? begin : begin * view.stride;
  using Byte = std::conditional_t<std::is_same_v<AnyView, View>, const std::uint8_t, std::uint8_t>;
  view.data = static_cast<Byte*>(view.data) + skipped * size;
  (cut.along ? view.columns : view.rows) = end - begin;
  return view;
}

// Rows without gaps as one row.
template <typename AnyView>
AnyView flattened(AnyView view) {
  view.columns *= view.rows;
  view.rows = 1;
  view.stride = view.columns;
  return view;
}

// Bytes as codes of the format. Throws Error, of `name`: another number of them than `count`.
tensors::Tensor codes_of(const Bytes& bytes, const Format& format, std::size_t count,
                         const std::string& name) {
  const std::span<const std::uint8_t> data = span_of(bytes);
  tensors::ElementType type = tensors::element_type(format);
  const std::size_t given = data.size() / tensors::element_bytes(type);
  if (given != count)
    throw Error(
        std::to_string(given) + " are given, and the shape asks for " + std::to_string(count),
        name);
  return cli::at_option(name, [&] {
    return tensors::make_tensor("", std::move(type), {static_cast<std::int64_t>(count)},
                                {data.begin(), data.end()});
  });
}

}  // namespace

WordedQuantizer::WordedQuantizer(const std::vector<std::string>& words) {
  cli::QuantizerOptions options;
  bool reference = false;
  cli::Parser parser("quantize", "", "");
  parser.text("--to", options.to, "").required();
  cli::add_block_options(parser, options);
  cli::add_block_extents(parser, options);
  cli::add_rounding(parser, options.rounding);
  cli::add_threads(parser, threads_);
  parser.flag("--reference", reference, "");
  if (!parser.parse(words)) throw Error("help is no option here");
  quantizer_ = cli::quantizer_of(options);
  random_ = cli::random_of(options.rounding);
  engine_ = reference ? &reference::engine() : &emulator::engine();
  if (const auto* scalar = std::get_if<Quantizer>(&quantizer_))
    rounder_ = std::make_unique<emulator::NumberRounder>(*scalar);
}

std::string WordedQuantizer::json() const { return to_json(quantizer_).dump(); }

std::tuple<std::string, std::size_t> WordedQuantizer::element() const {
  const tensors::ElementType type = tensors::element_type(element_format());
  return {type.name, tensors::element_bytes(type)};
}

const Format& WordedQuantizer::element_format() const {
  const auto* block = std::get_if<BlockFormat>(&quantizer_);
  return block != nullptr ? block->element.format : std::get<Quantizer>(quantizer_).format;
}

std::vector<WordedQuantizer::WordedLevel> WordedQuantizer::levels() const {
  std::vector<WordedLevel> all;
  const auto* block = std::get_if<BlockFormat>(&quantizer_);
  if (block == nullptr) return all;
  for (const Level& level : block->levels) {
    const tensors::ElementType type = tensors::element_type(level.scale.format);
    all.emplace_back(level.rows, level.columns, type.name, tensors::element_bytes(type));
  }
  return all;
}

bool WordedQuantizer::is_wide(bool wide) const {
  const Carrier in = wide ? Carrier::binary64 : Carrier::binary32;
  return tensors::values_carrier(quantizer_, in) == Carrier::binary64;
}

std::shared_ptr<const tensors::TensorQuantizer> WordedQuantizer::prepared(std::size_t elements,
                                                                          Carrier carrier) {
  const std::lock_guard lock(mutex_);
  if (prepared_ && prepared_carrier_ == carrier && elements <= 2 * prepared_elements_)
    return prepared_;
  try {
    prepared_ = std::make_shared<const tensors::TensorQuantizer>(
        quantizer_, *engine_, threads_,
        Preparation{.caches = &cli::program_caches(), .elements = elements, .carrier = carrier});
  } catch (const Error& error) {
    throw Error(error.message(), "--to", "cast number by number");
  }
  prepared_elements_ = elements;
  prepared_carrier_ = carrier;
  return prepared_;
}

// A single row is cut between the blocks that lie along it, where their number does not matter.
Cut WordedQuantizer::cut_of(const View& in, const tensors::TensorQuantizer& quantizer) const {
  const auto* block = std::get_if<BlockFormat>(&quantizer_);
  if (in.rows != 1) return {.size = quantizer.rows_of_a_part(in.rows, in.columns)};
  if (block == nullptr) return {.along = true, .size = part_elements};
  std::size_t unit = 1;
  for (const Level& level : block->levels) {
    const bool whole = level.rows != 1 || level.columns == 0;
    if (whole || is_stochastic(level.scale.rounding.mode)) return {};
    unit = std::lcm(unit, static_cast<std::size_t>(level.columns));
  }
  return {.along = true, .size = std::max<std::size_t>(part_elements / unit, 1) * unit};
}

void WordedQuantizer::quantize(const Rows& in, const MutableRows& out,
                               const std::vector<std::int64_t>& shape) {
  View from = view_of(in);
  MutableView to = view_of(out);
  const std::size_t elements = from.rows * from.columns;
  const std::shared_ptr<const tensors::TensorQuantizer> quantizer =
      prepared(elements, from.carrier);
  quantizer->require_whole_blocks(shape);
  if (rounder_ && from.stride == from.columns && to.stride == to.columns) {
    from = flattened(from);
    to = flattened(to);
  }
  const Cut cut = cut_of(from, *quantizer);
  without_gil(elements, [&](const Interruption& interruption) {
    const std::size_t count = cut.along ? from.columns : from.rows;
    in_chunks(count, cut.size, threads_, interruption, [&](std::size_t begin, std::size_t end) {
      Random random = random_;
      random.offset = cut.along ? begin : begin * from.columns;
      quantizer->quantize_rows(part_of(from, cut, begin, end), random,
                               part_of(to, cut, begin, end));
    });
  });
}

std::vector<NewArray> WordedQuantizer::codes(const CodedArray& array, int axis) {
  const tensors::Tensor tensor = tensor_of(array, "x");
  std::vector<tensors::Tensor> made;
  without_gil(tensors::element_count(tensor), [&](const Interruption& interruption) {
    const tensors::Unfolded in = tensors::unfold(
        tensor, cli::at_option("axis", [&] { return tensors::axis_of(tensor.shape, axis); }));
    interruption.check();
    const auto quantizer = prepared(in.matrix.size(), in.matrix.carrier);
    made = quantizer->codes(in, quantizer->quantize(in, random_, true), "");
  });
  std::vector<NewArray> arrays;
  for (const tensors::Tensor& part : made) arrays.push_back(array_of(part));
  return arrays;
}

void WordedQuantizer::dequantize(const Bytes& codes, const std::vector<Bytes>& scales,
                                 const std::vector<std::int64_t>& zero_points,
                                 const MutableRows& out) const {
  const MutableView to = view_of(out);
  const std::size_t elements = to.rows * to.columns;
  BlockCodes all;
  all.elements = tensors::packed_codes(codes_of(codes, element_format(), elements, "codes"));
  all.zero_points = zero_points;
  if (const auto* scalar = std::get_if<Quantizer>(&quantizer_)) {
    const Plan plan = engine_->prepare(*scalar, {.carrier = to.carrier});
    return without_gil(elements,
                       [&](const Interruption&) { engine_->decode(all.elements, plan, to); });
  }
  const auto& block = std::get<BlockFormat>(quantizer_);
  if (scales.size() != block.levels.size())
    throw Error("the format has " + std::to_string(block.levels.size()) + " levels of scales",
                "scales");
  for (std::size_t level = 0; level < block.levels.size(); ++level) {
    const std::size_t blocks = partition(block.levels[level], to.rows, to.columns).count();
    const tensors::Tensor of_level =
        codes_of(scales[level], block.levels[level].scale.format, blocks, "scales");
    const std::vector<std::uint64_t> words = tensors::codes_of(of_level);
    all.scales.emplace_back(words.begin(), words.end());
  }
  const BlockPlan plan = engine_->prepare_block(block, {.carrier = to.carrier});
  without_gil(elements, [&](const Interruption&) { engine_->dequantize(all, plan, to); });
}

Words WordedQuantizer::round_number(const std::string& token, std::uint64_t index) const {
  const auto* scalar = std::get_if<Quantizer>(&quantizer_);
  if (scalar == nullptr) throw Error("numbers come in blocks there: give an array", "--to");
  cli::require_number(token, "give its format");
  const int bits = is_stochastic(scalar->rounding.mode) ? scalar->rounding.random_bits : 0;
  const Outcome outcome = rounder_->round_literal(token, bits == 0 ? 0 : random_.bits(index, bits));
  const cli::Answer answer = cli::answer_of(scalar->format, outcome, {});
  return {answer.code, answer.value, answer.flags};
}

}  // namespace halfulp::python

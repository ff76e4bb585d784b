// SPDX-License-Identifier: MIT
#include "python/engine/calculation.h"

#include <algorithm>
#include <span>

#include "cli/calculation.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "python/engine/interruptible.h"

namespace halfulp::python {
namespace {

constexpr std::size_t part_elements = std::size_t{1} << 16U;
constexpr std::uint64_t many = std::uint64_t{1} << 20U;

// Bytes that an element takes in an array. Codes of 4 and 6 bits lie closer in the engine's.
std::size_t bytes_of(const Format& format) {
  return tensors::element_bytes(tensors::element_type(format));
}
bool lies_closer(const Format& format) { return packed_bits(format) < 8; }

tensors::Tensor tensor_from(const Format& format, std::span<const std::uint8_t> bytes) {
  const auto count = static_cast<std::int64_t>(bytes.size() / bytes_of(format));
  return tensors::make_tensor("", tensors::element_type(format), {count},
                              {bytes.begin(), bytes.end()});
}

}  // namespace

WordedCalculation::WordedCalculation(const std::string& operation,
                                     const std::vector<std::string>& words) {
  cli::CalculationOptions options;
  options.operation = operation;
  cli::Parser parser(operation == "cast" ? "cast" : "op", "", "");
  cli::add_calculation(parser, options);
  cli::add_threads(parser, threads_);
  if (!parser.parse(words)) throw Error("help is no option here");
  calculation_ = cli::calculation_of(options);
  plan_ = calculation_.prepared(many);
  random_ = cli::random_of(options.rounding);
  for (const Format& format : calculation_.inputs)
    readers_.emplace_back(format, cli::Tokens::numbers_and_codes, options.reference);
}

std::vector<std::string> WordedCalculation::inputs() const {
  std::vector<std::string> names;
  for (const Format& format : calculation_.inputs)
    names.push_back(tensors::element_type(format).name);
  return names;
}

std::string WordedCalculation::output() const {
  return tensors::element_type(calculation_.output.format).name;
}

void WordedCalculation::compute(const std::vector<Bytes>& operands, const MutableBytes& out,
                                const std::optional<MutableBytes>& flags) const {
  const std::vector<Format>& formats = calculation_.inputs;
  const Format& to = calculation_.output.format;
  if (operands.size() != formats.size())
    throw Error(std::to_string(operands.size()) + " operands are given, the operation has " +
                std::to_string(formats.size()));
  const std::size_t count = out.size() / bytes_of(to);
  std::vector<tensors::Bytes> packed(operands.size());
  std::vector<std::span<const std::uint8_t>> in;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    in.push_back(span_of(operands[i]));
    if (in[i].size() != count * bytes_of(formats[i]))
      throw Error("operands and result differ in size");
    // Checked: no code has bits beyond its format's.
    const bool whole = static_cast<std::size_t>(bits(formats[i])) == 8 * bytes_of(formats[i]);
    if (whole) continue;
    const tensors::Tensor tensor = tensor_from(formats[i], in[i]);
    if (!lies_closer(formats[i])) continue;
    packed[i] = tensors::packed_codes(tensor);
    in[i] = packed[i];
  }
  tensors::Bytes closer(lies_closer(to) ? packed_bytes(to, count) : 0);
  const std::span<std::uint8_t> target = lies_closer(to) ? std::span(closer) : span_of(out);
  without_gil(count, [&](const Interruption& interruption) {
    in_chunks(
        count, part_elements, threads_, interruption, [&](std::size_t begin, std::size_t end) {
          const auto of_part = [&](const Format& format, auto all) {
            return all.subspan(packed_bytes(format, begin), packed_bytes(format, end - begin));
          };
          std::vector<std::span<const std::uint8_t>> part;
          for (std::size_t i = 0; i < in.size(); ++i) part.push_back(of_part(formats[i], in[i]));
          Random random = random_;
          random.offset = begin;
          const auto raised =
              flags ? span_of(*flags).subspan(begin, end - begin) : std::span<std::uint8_t>();
          calculation_.engine->operate_codes(plan_, part, end - begin, random, of_part(to, target),
                                             raised);
        });
  });
  if (!lies_closer(to)) return;
  const tensors::Tensor tensor = tensors::from_packed_codes(
      {"", tensors::element_type(to), {static_cast<std::int64_t>(count)}}, closer);
  std::ranges::copy(tensor.data, out.data());
}

Words WordedCalculation::compute_numbers(const std::vector<std::string>& tokens,
                                         std::uint64_t index) const {
  if (tokens.size() != readers_.size())
    throw Error(std::to_string(tokens.size()) + " operands are given, the operation has " +
                std::to_string(readers_.size()));
  std::vector<Code> operands;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    operands.push_back(readers_[i].read(tokens[i]).code);
  const int bits = calculation_.is_stochastic() ? calculation_.output.rounding.random_bits : 0;
  const Outcome outcome =
      calculation_.engine->operate(plan_, operands, bits == 0 ? 0 : random_.bits(index, bits));
  const cli::Answer answer = cli::answer_of(calculation_.output.format, outcome, {});
  return {answer.code, answer.value, answer.flags};
}

}  // namespace halfulp::python

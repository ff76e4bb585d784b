// SPDX-License-Identifier: MIT
#include "golden/tensors/dequantizer.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "golden/tensors/axis.h"
#include "golden/tensors/scale_tiles.h"
#include "reference/engine.h"

namespace halfulp::tensors {
namespace {

constexpr const char* other_file = "is it the file that was quantized so?";

const BlockFormat* block_of(const AnyQuantizer& quantizer) {
  return std::get_if<BlockFormat>(&quantizer);
}

const Format& element_of(const AnyQuantizer& quantizer) {
  const BlockFormat* block = block_of(quantizer);
  return block != nullptr ? block->element.format : std::get<Quantizer>(quantizer).format;
}

// Throws Error where the tensor does not hold codes of the format in that shape.
void require_codes_of(const FoundTensor& tensor, const Format& format, const Shape& shape) {
  require_size(tensor);
  const ElementType wanted = element_type(format);
  const std::string place = "/" + printable(tensor.name);
  const auto* integer = std::get_if<Fixed>(&tensor.element->format.kind);
  const bool plain = integer != nullptr && !integer->sign && !tensor.close &&
                     element_bytes(*tensor.element) == element_bytes(wanted);
  if (!plain && *tensor.element != wanted)
    throw Error("elements of " + tensor.element->name + ", the format has " + wanted.name, place,
                other_file);
  if (tensor.shape != shape)
    throw Error("the shape " + shape_text(tensor.shape) + ", the format has " + shape_text(shape),
                place, other_file);
}

// The codes [begin, begin + count) of a tensor, a number of bytes each.
Tensor some_codes(const FoundTensor& tensor, const ElementType& type, std::size_t begin,
                  std::size_t count) {
  Heading heading{tensor.name, type, {static_cast<std::int64_t>(count)}};
  if (tensor.close) {
    const auto width = static_cast<std::size_t>(bits(type.format));
    return from_packed_codes(std::move(heading),
                             tensor.read(begin * width / 8, packed_bytes(type.format, count)));
  }
  const std::size_t size = element_bytes(type);
  return make_tensor(heading.name, heading.type, heading.shape,
                     tensor.read(begin * size, count * size));
}

// One tensor on its way to values; what it is is checked when it is made.
class Dequantizer {
 public:
  Dequantizer(const CodedTensor& tensor, const AnyQuantizer& quantizer, int axis,
              const ValueEncoder& encoder)
      : tensor_(tensor),
        quantizer_(quantizer),
        axis_(axis_of(tensor.codes.shape, axis)),
        cut_(cut_at(tensor.codes.shape, axis_)),
        encoder_(encoder),
        carrier_(encoder.carrier()),
        engine_(is_dyadic(element_of(quantizer)) ? emulator::engine() : reference::engine()) {
    check();
    if (const BlockFormat* block = block_of(quantizer_)) {
      block_plan_ = engine_.prepare_block(*block, {});
      return;
    }
    if (!fits_binary32(element_of(quantizer_))) carrier_ = Carrier::binary64;
    plan_ = engine_.prepare(std::get<Quantizer>(quantizer_), {});
  }

  void give(const Sink& sink) const {
    if (carrier_ == Carrier::binary32) {
      give_all<float>(sink);
    } else {
      give_all<double>(sink);
    }
  }

 private:
  [[nodiscard]] std::size_t rows() const { return cut_.outer * cut_.inner; }

  void check() const {
    if (!fits_binary64(element_of(quantizer_)))
      throw Error(
          "the format \"" + element_of(quantizer_).name + "\" has values that no binary64 holds",
          "", "take the codes one by one to `halfulp cast`");
    require_size(tensor_.codes);
    const Shape& shape = tensor_.codes.shape;
    require_codes_of(tensor_.codes, element_of(quantizer_), shape);
    const BlockFormat* block = block_of(quantizer_);
    if (block == nullptr) return;
    const bool empty = element_count(shape) == 0;
    const auto check_scale = [&](const FoundTensor& scale, const Format& format,
                                 const Level& level) {
      Shape wanted = scale_shape(shape, axis_, level);
      if (empty && element_count(wanted) != 0) wanted = {0};
      require_codes_of(scale, format, wanted);
    };
    for (std::size_t i = 0; i < block->levels.size(); ++i)
      check_scale(tensor_.scales[i], block->levels[i].scale.format, block->levels[i]);
    if (tensor_.zero_points)
      check_scale(*tensor_.zero_points, element_type("int64").format, block->levels.back());
    for (const Level& level : block->levels) {
      if (level.rows > 1 && shape.size() > 2 && last_rows() % level.rows != 0)
        throw Error("blocks of " + std::to_string(level.rows) +
                        " rows reach from one matrix into "
                        "the next",
                    "/" + printable(tensor_.codes.name), other_file);
    }
  }

  // Of a matrix of a tensor of three or more dimensions.
  [[nodiscard]] std::int64_t last_rows() const {
    const Shape& shape = tensor_.codes.shape;
    return shape[axis_ + 1 == shape.size() ? shape.size() - 2 : shape.size() - 1];
  }

  template <typename Real>
  void give_all(const Sink& sink) const {
    if (element_count(tensor_.codes.shape) == 0) return;
    if (cut_.inner != 1) {
      std::vector<Real> numbers = values<Real>(0, rows());
      give_turned(numbers);
      encoder_.give(std::span<const Real>(numbers), sink);
      return;
    }
    const std::size_t step = rows_of_a_part();
    for (std::size_t begin = 0; begin < rows(); begin += step) {
      const std::vector<Real> numbers = values<Real>(begin, std::min(begin + step, rows()));
      encoder_.give(std::span<const Real>(numbers), sink);
    }
  }

  // From rows along the axis to the order of the shape.
  template <typename Real>
  void give_turned(std::vector<Real>& numbers) const {
    std::vector<Real> turned(numbers.size());
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::size_t outer = row / cut_.inner;
      const std::size_t inner = row % cut_.inner;
      for (std::size_t i = 0; i < cut_.length; ++i)
        turned[(outer * cut_.length + i) * cut_.inner + inner] = numbers[row * cut_.length + i];
    }
    numbers = std::move(turned);
  }

  // Whole blocks, and whole bytes of packed codes.
  [[nodiscard]] std::size_t rows_of_a_part() const {
    std::size_t unit = 8;
    if (const BlockFormat* block = block_of(quantizer_)) {
      for (const Level& level : block->levels)
        unit = std::lcm(unit, static_cast<std::size_t>(std::max(level.rows, 1)));
    }
    const std::size_t wanted = part_elements / std::max<std::size_t>(cut_.length, 1);
    return std::max<std::size_t>(wanted / unit, 1) * unit;
  }

  template <typename Real>
  [[nodiscard]] std::vector<Real> values(std::size_t begin, std::size_t end) const {
    std::vector<Real> numbers((end - begin) * cut_.length);
    const MutableView out = view_of(numbers.data(), end - begin, cut_.length);
    const Bytes elements = packed_elements(begin, end);
    if (const BlockFormat* block = block_of(quantizer_)) {
      BlockCodes codes{.elements = elements, .scales = {}, .zero_points = {}};
      for (std::size_t i = 0; i < block->levels.size(); ++i) {
        const Tensor scales = scale_codes(tensor_.scales[i], block->levels[i].scale.format,
                                          block->levels[i], {begin, end});
        std::vector<Code>& all = codes.scales.emplace_back();
        for (const std::uint64_t code : codes_of(scales)) all.push_back(code);
      }
      if (tensor_.zero_points) {
        const Tensor points = scale_codes(*tensor_.zero_points, element_type("int64").format,
                                          block->levels.back(), {begin, end});
        for (const std::uint64_t code : codes_of(points))
          codes.zero_points.push_back(static_cast<std::int64_t>(code));
      }
      engine_.dequantize(codes, block_plan_, out);
    } else {
      engine_.decode(elements, plan_, out);
    }
    return numbers;
  }

  // Of rows [begin, end), as the engines have them.
  [[nodiscard]] Bytes packed_elements(std::size_t begin, std::size_t end) const {
    const ElementType type = element_type(element_of(quantizer_));
    Tensor codes =
        some_codes(tensor_.codes, type, begin * cut_.length, (end - begin) * cut_.length);
    if (cut_.inner != 1)
      codes.data = transposed(std::move(codes.data), element_bytes(type), cut_.outer, cut_.length,
                              cut_.inner);
    return packed_codes(codes);
  }

  struct Rows {
    std::size_t begin, end;
  };

  // Of the blocks that the rows touch, row of blocks after row of blocks.
  [[nodiscard]] Tensor scale_codes(const FoundTensor& scales, const Format& format,
                                   const Level& level, Rows of) const {
    const Partition blocks = partition(level, rows(), cut_.length);
    const std::size_t first = of.begin / blocks.block_rows;
    const std::size_t last = (of.end + blocks.block_rows - 1) / blocks.block_rows;
    const ElementType type = element_type(format);
    Tensor codes = some_codes(scales, type, first * blocks.across, (last - first) * blocks.across);
    if (cut_.inner != 1 && level.rows == 1 && level.columns != 0)
      codes.data = transposed(std::move(codes.data), element_bytes(type), cut_.outer, blocks.across,
                              cut_.inner);
    return codes;
  }

  CodedTensor tensor_;
  AnyQuantizer quantizer_;
  std::size_t axis_;
  Cut cut_;
  ValueEncoder encoder_;
  Carrier carrier_;
  const Engine& engine_;
  Plan plan_;
  BlockPlan block_plan_;
};

// "x.codes" has the prefix "x.", "codes" has "".
std::optional<std::string> prefix_before(const std::string& name, const std::string& word) {
  if (name == word) return "";
  if (name.ends_with("." + word)) return name.substr(0, name.size() - word.size());
  return std::nullopt;
}

}  // namespace

CodedFile coded_file(const FoundFile& file, const AnyQuantizer& quantizer) {
  std::map<std::string, const FoundTensor*> by_name;
  for (const FoundTensor& tensor : file.tensors) by_name[tensor.name] = &tensor;
  std::map<std::string, bool> used;
  CodedFile result;
  for (const FoundTensor& tensor : file.tensors) {
    const std::optional<std::string> prefix = prefix_before(tensor.name, "codes");
    if (!prefix) continue;
    const auto part = [&](const std::string& word) -> const FoundTensor& {
      const auto found = by_name.find(*prefix + word);
      if (found == by_name.end())
        throw Error("there is no tensor \"" + printable(*prefix + word) + "\" beside the codes",
                    "/" + printable(tensor.name), other_file);
      used[found->first] = true;
      return *found->second;
    };
    CodedTensor& coded = result.coded.emplace_back();
    coded.name = prefix->substr(0, prefix->empty() ? 0 : prefix->size() - 1);
    coded.codes = part("codes");
    const BlockFormat* block = block_of(quantizer);
    if (block == nullptr) continue;
    for (std::size_t i = 0; i < block->levels.size(); ++i) {
      const bool inner = i + 1 == block->levels.size();
      coded.scales.push_back(
          part(inner ? "scales" : "outer_scales" + (i > 0 ? std::to_string(i) : "")));
    }
    // Where there is no element there are none.
    if (block->levels.back().rule == ScaleRule::range && coded.codes.size > 0)
      coded.zero_points = part("zero_points");
  }
  if (result.coded.empty())
    throw Error("no tensor is called \"codes\"", "",
                "`halfulp quantize --codes` writes such files");
  for (const FoundTensor& tensor : file.tensors) {
    if (!used[tensor.name]) result.others.push_back(tensor);
  }
  return result;
}

void untile_scales(CodedTensor& tensor, const AnyQuantizer& quantizer, int axis) {
  const BlockFormat* block = block_of(quantizer);
  if (block == nullptr || !lies_in_tiles(block->levels.back()))
    throw Error("scales of this format do not lie in tiles", "/" + printable(tensor.codes.name),
                "leave out --scale-layout");
  FoundTensor& scales = tensor.scales.back();
  require_size(scales);
  const Shape& shape = tensor.codes.shape;
  const std::size_t along = axis_of(shape, axis);
  if (along + 2 < shape.size())
    throw Error("blocks along axis " + std::to_string(along), "/" + printable(tensor.codes.name),
                "tiles are of the last two axes");
  const Tensor tiles{scales.name, *scales.element, scales.shape,
                     scales.read(0, static_cast<std::size_t>(scales.size))};
  scales = stored(untiled_scales(tiles, scale_shape(shape, along, block->levels.back()),
                                 along + 1 < shape.size()));
}

PartedTensor dequantized(const CodedTensor& tensor, const AnyQuantizer& quantizer, int axis,
                         const ValueEncoder& encoder) {
  const auto work = std::make_shared<const Dequantizer>(tensor, quantizer, axis, encoder);
  PartedTensor result;
  result.heading = {tensor.name, encoder.type(), tensor.codes.shape};
  const BlockFormat* block = block_of(quantizer);
  result.stored = block != nullptr ? block->name : element_of(quantizer).name;
  result.stored_size = tensor.codes.size;
  for (const FoundTensor& scales : tensor.scales) result.stored_size += scales.size;
  if (tensor.zero_points) result.stored_size += tensor.zero_points->size;
  result.give = [work](const Sink& sink) { work->give(sink); };
  return result;
}

}  // namespace halfulp::tensors

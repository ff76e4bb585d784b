// SPDX-License-Identifier: MIT
#include "golden/tensors/parted_quantizer.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "emulator/parallel.h"
#include "formats/codes.h"

namespace halfulp::tensors {
namespace {

constexpr std::size_t usual_part = std::size_t{1} << 18;  // elements
constexpr std::size_t largest_part = std::size_t{1} << 22;

std::size_t multiple_near(std::size_t wanted, std::size_t unit) {
  return std::max<std::size_t>(wanted / unit, 1) * unit;
}

Shape flat(std::size_t count) { return {static_cast<std::int64_t>(count)}; }

// A part on its way. Its memory goes round.
struct Part {
  Unfolded in;
  Quantized out;
  ErrorParts errors;
};

void read_part(const TensorCodes& tensor, std::size_t begin, std::size_t end, std::size_t columns,
               Unfolded& part) {
  const std::size_t count = end - begin;
  const std::size_t rows = std::max<std::size_t>(count / columns, 1);
  const std::size_t across = std::min(columns, count);
  part.shape = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(across)};
  part.axis = 1;
  static const ElementType float32 = element_type("float32");
  if (std::endian::native == std::endian::little && tensor.type() == float32) {
    part.matrix.reshape(Carrier::binary32, rows, across);
    const auto bytes = std::as_writable_bytes(std::span(part.matrix.floats));
    tensor.read_bytes(begin, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    return;
  }
  Tensor codes{.name = "", .type = tensor.type(), .shape = part.shape, .data = {}};
  codes.data.resize(count * element_bytes(tensor.type()));
  tensor.read_bytes(begin, codes.data);
  part = unfold(codes, 1);
}

void give(const Matrix& values, const std::function<void(ByteView part)>& take) {
  if constexpr (std::endian::native == std::endian::little) {
    const auto view = [](const auto& numbers) {
      return ByteView(reinterpret_cast<const std::uint8_t*>(numbers.data()),
                      numbers.size() * sizeof(numbers[0]));
    };
    return take(values.carrier == Carrier::binary32 ? view(values.floats) : view(values.doubles));
  }
  const bool narrow = values.carrier == Carrier::binary32;
  Heading heading{"", element_type(narrow ? "float32" : "float64"), flat(values.size())};
  take(narrow ? from_numbers(std::move(heading), values.floats).data
              : from_numbers(std::move(heading), values.doubles).data);
}

}  // namespace

std::optional<Parting> parting_of(const AnyQuantizer& quantizer, const Shape& shape) {
  const std::size_t count = element_count(shape);
  const auto length = shape.empty() ? std::size_t{1} : static_cast<std::size_t>(shape.back());
  if (count == 0) return std::nullopt;
  const auto* block = std::get_if<BlockFormat>(&quantizer);
  if (block == nullptr) return Parting{.elements = usual_part, .columns = usual_part};
  std::size_t rows = 1;
  std::size_t columns = 1;
  bool cuts_rows = true;
  for (const Level& level : block->levels) {
    if (level.rows == 0 || is_stochastic(level.scale.rounding.mode)) return std::nullopt;
    rows = std::lcm(rows, static_cast<std::size_t>(level.rows));
    cuts_rows = cuts_rows && level.rows == 1 && level.columns != 0;
    if (level.columns != 0) columns = std::lcm(columns, static_cast<std::size_t>(level.columns));
  }
  if (columns > largest_part) return std::nullopt;
  // Rows of whole blocks, or the only row, are as one.
  if (cuts_rows && (length % columns == 0 || length == count)) {
    const std::size_t part = multiple_near(usual_part, columns);
    return Parting{.elements = part, .columns = part};
  }
  if (length > largest_part / rows) return std::nullopt;
  return Parting{.elements = multiple_near(usual_part, rows * length), .columns = length};
}

bool reads_in_parts(const TensorCodes& tensor) {
  const Format& format = tensor.type().format;
  const bool fills = bits(format) == static_cast<int>(8 * element_bytes(tensor.type()));
  return fills && fits_binary64(format) && tensor.has_bytes();
}

ErrorStatistics quantize_in_parts(const TensorCodes& tensor, const TensorQuantizer& quantizer,
                                  const Parting& parting, const Random& random,
                                  const Engine& engine, int threads,
                                  const std::function<void(ByteView part)>& take) {
  const std::size_t count = tensor.size();
  quantizer.require_whole_blocks(tensor.shape());
  ErrorSum sum(quantizer, engine);
  const auto make = [&](std::size_t index, Part& part) {
    const std::size_t begin = index * parting.elements;
    const std::size_t end = std::min(begin + parting.elements, count);
    read_part(tensor, begin, end, parting.columns, part.in);
    Random at = random;
    at.offset = begin;
    quantizer.quantize_part(part.in, at, part.out);
    part.errors = sum.errors_of(part.in, part.out, at);
  };
  // One task adds up and gives the parts made before, in their order, while others make the next.
  constexpr std::size_t parts_at_once = 4;
  const std::size_t all = (count + parting.elements - 1) / parting.elements;
  std::vector<Part> made(parts_at_once);
  std::vector<Part> next(parts_at_once);
  std::size_t size_made = 0;
  emulator::Workers workers(threads);
  for (std::size_t first = 0; first < all + parts_at_once; first += parts_at_once) {
    const std::size_t size = first < all ? std::min(parts_at_once, all - first) : 0;
    workers.for_each_task(size + 1, [&](std::size_t i) {
      if (i > 0) return make(first + i - 1, next[i - 1]);
      for (const Part& part : std::span(made).first(size_made)) {
        sum.add(part.in.matrix, part.out, part.errors);
        give(part.out.values, take);
      }
    });
    std::swap(made, next);
    size_made = size;
  }
  return sum.result();
}

}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
#include "golden/tensors/tensor.h"

#include <algorithm>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/engine.h"
#include "formats/error.h"

namespace halfulp::tensors {
namespace {

// Throws Error naming the first element with a bit set beyond the type's.
void require_codes(const ElementType& type, const Shape& shape, ByteView data) {
  const std::size_t size = element_bytes(type);
  const int used = bits(type.format);
  if (used == static_cast<int>(8 * size)) return;
  for (std::size_t i = 0; i * size < data.size(); ++i) {
    const std::uint64_t code = load_little(data.data() + i * size, size);
    if (code >> used == 0) continue;
    const ElementType whole = element_type("uint" + std::to_string(8 * size));
    throw Error(code_text(whole.format, code) + " has more than the " + counted(used, "bit") +
                    " of " + type.name,
                "element " + index_text(shape, i),
                "is that the type, and does every element take " +
                    std::string(size == 1 ? "a byte" : std::to_string(size) + " bytes") + "?");
  }
}

// Code `index` of codes of `width` bits that lie close together, width 4 or 6: bit b of them is bit
// b mod 8 of byte b / 8.
std::uint8_t packed_code_at(ByteView packed, std::size_t width, std::size_t index) {
  const std::size_t bit = index * width;
  unsigned pair = packed[bit / 8];
  if (bit % 8 + width > 8) pair |= static_cast<unsigned>(packed[bit / 8 + 1]) << 8U;
  return static_cast<std::uint8_t>((pair >> (bit % 8)) & ((1U << width) - 1));
}

}  // namespace

std::size_t element_count(const Shape& shape) {
  constexpr std::int64_t most_elements = std::int64_t{1} << 60;
  if (shape.size() > most_dimensions)
    throw Error("a shape of " + std::to_string(shape.size()) + " dimensions", "",
                "at most " + std::to_string(most_dimensions) + " are possible");
  // As NumPy has it, the bound holds for the other dimensions too where one of them is zero.
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0)
      throw Error("the shape has a negative dimension " + std::to_string(dimension), "",
                  "dimensions are 0 or more");
    if (dimension == 0) continue;
    if (dimension > most_elements / count)
      throw Error("the shape has more than 2^60 elements", "", "is it a shape?");
    count *= dimension;
  }
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  return empty ? 0 : static_cast<std::size_t>(count);
}

Tensor make_tensor(std::string name, ElementType type, Shape shape, Bytes data) {
  HALFULP_REQUIRE(data.size() == element_count(shape) * element_bytes(type),
                  "make_tensor: the data is not of the shape's size");
  require_codes(type, shape, data);
  return {std::move(name), std::move(type), std::move(shape), std::move(data)};
}

std::string name_or_place(const Tensor& tensor, std::size_t place) {
  return tensor.name.empty() ? "arr_" + std::to_string(place) : tensor.name;
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t dimension : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(dimension);
  return "[" + text + "]";
}

std::string index_text(const Shape& shape, std::size_t index) {
  std::string text;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto dimension = static_cast<std::size_t>(shape[axis]);
    text.insert(0, std::to_string(index % dimension) + (text.empty() ? "" : ", "));
    index /= dimension;
  }
  return "[" + text + "]";
}

std::uint64_t code_at(const Tensor& tensor, std::size_t index) {
  const std::size_t size = element_bytes(tensor.type);
  return load_little(tensor.data.data() + index * size, size);
}

std::vector<std::uint64_t> codes_of(const Tensor& tensor) {
  std::vector<std::uint64_t> codes(element_count(tensor));
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = code_at(tensor, i);
  return codes;
}

Bytes packed_codes(const Tensor& tensor) {
  const auto width = static_cast<std::size_t>(packed_bits(tensor.type.format));
  if (width >= 8) return tensor.data;
  Bytes packed(packed_bytes(tensor.type.format, tensor.data.size()));
  for (std::size_t i = 0; i < tensor.data.size(); ++i) {
    const std::size_t bit = i * width;
    const unsigned pair = static_cast<unsigned>(tensor.data[i]) << (bit % 8);
    packed[bit / 8] |= static_cast<std::uint8_t>(pair);
    if (bit % 8 + width > 8) packed[bit / 8 + 1] |= static_cast<std::uint8_t>(pair >> 8U);
  }
  return packed;
}

Tensor from_codes(Heading heading, std::span<const std::uint64_t> codes) {
  HALFULP_REQUIRE(codes.size() == element_count(heading.shape), "from_codes: another size");
  const std::size_t size = element_bytes(heading.type);
  const int used = bits(heading.type.format);
  Bytes data(codes.size() * size);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    constexpr int all = 64;
    if (used < all && codes[i] >> used != 0)
      throw Error("the code " + std::to_string(codes[i]) + " has more than the " +
                      counted(used, "bit") + " of " + heading.type.name,
                  "element " + index_text(heading.shape, i));
    store_little(codes[i], data.data() + i * size, size);
  }
  return {std::move(heading.name), std::move(heading.type), std::move(heading.shape),
          std::move(data)};
}

Tensor from_packed_codes(Heading heading, ByteView packed) {
  const std::size_t count = element_count(heading.shape);
  HALFULP_REQUIRE(packed.size() == packed_bytes(heading.type.format, count),
                  "from_packed_codes: another size");
  const auto width = static_cast<std::size_t>(packed_bits(heading.type.format));
  Bytes data(width >= 8 ? packed.size() : count);
  if (width >= 8) {
    std::copy(packed.begin(), packed.end(), data.begin());
  } else {
    for (std::size_t i = 0; i < count; ++i) data[i] = packed_code_at(packed, width, i);
  }
  return make_tensor(std::move(heading.name), std::move(heading.type), std::move(heading.shape),
                     std::move(data));
}

}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
#include "capi/tensors.h"

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "capi/codes.h"
#include "capi/handles.h"
#include "capi/status.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::capi {
namespace {

using tensors::Shape;
using tensors::Tensor;

Shape shape_of(std::uint32_t dimensions, const std::size_t* shape, const char* name) {
  constexpr std::uint32_t most = 64;
  if (dimensions > most)
    throw Error(std::to_string(dimensions) + " dimensions", name,
                "at most " + std::to_string(most) + " are possible");
  require_array(shape, dimensions, name);
  Shape made;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    if (shape[i] > std::size_t{1} << 60) throw Error("no memory has so many elements", name);
    made.push_back(static_cast<std::int64_t>(shape[i]));
  }
  tensors::element_count(made);
  return made;
}

// Where the elements of a tensor lie, in C order: calls body(index, offset).
template <typename Body>
void for_each_element(const Shape& shape, const std::ptrdiff_t* strides, const Body& body) {
  const std::size_t count = tensors::element_count(shape);
  if (strides == nullptr) {
    for (std::size_t i = 0; i < count; ++i) body(i, static_cast<std::ptrdiff_t>(i));
    return;
  }
  std::vector<std::int64_t> at(shape.size());
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    body(i, offset);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      offset += strides[axis];
      if (++at[axis] < shape[axis]) break;
      offset -= strides[axis] * static_cast<std::ptrdiff_t>(shape[axis]);
      at[axis] = 0;
    }
  }
}

template <typename Element, typename Wide>
std::vector<Wide> gathered(const void* data, const Shape& shape, const std::ptrdiff_t* strides) {
  std::vector<Wide> all(tensors::element_count(shape));
  const auto* const from = static_cast<const Element*>(data);
  for_each_element(shape, strides,
                   [&](std::size_t i, std::ptrdiff_t offset) { all[i] = from[offset]; });
  return all;
}

template <typename Element, typename Wide>
void scatter(const std::vector<Wide>& all, const Shape& shape, const halfulp_result& result) {
  auto* const to = static_cast<Element*>(result.data);
  for_each_element(shape, result.strides, [&](std::size_t i, std::ptrdiff_t offset) {
    to[offset] = static_cast<Element>(all[i]);
  });
}

std::vector<std::uint64_t> codes_of(const halfulp_tensor& tensor, const Shape& shape) {
  switch (tensor.element) {
    case HALFULP_U8:
      return gathered<std::uint8_t, std::uint64_t>(tensor.data, shape, tensor.strides);
    case HALFULP_U16:
      return gathered<std::uint16_t, std::uint64_t>(tensor.data, shape, tensor.strides);
    case HALFULP_U32:
      return gathered<std::uint32_t, std::uint64_t>(tensor.data, shape, tensor.strides);
    default:
      return gathered<std::uint64_t, std::uint64_t>(tensor.data, shape, tensor.strides);
  }
}

void require_element(std::uint32_t element, const std::ptrdiff_t* strides, const char* name) {
  if (element > HALFULP_F64)
    throw Error("numbers are held in no such elements", name, "see halfulp_element");
  if (element == HALFULP_PACKED && strides != nullptr)
    throw Error("packed codes have no strides", name, "let strides be NULL");
}

}  // namespace

Tensor tensor_of(const halfulp_tensor& tensor, const Format& format, const char* name) {
  try {
    require_element(tensor.element, tensor.strides, "element");
    const Shape shape = shape_of(tensor.dimensions, tensor.shape, "shape");
    const std::size_t count = tensors::element_count(shape);
    require_array(tensor.data, count, "data");
    const Format& own = tensor.format == nullptr ? format : tensor.format->format;
    if (bits(own) > 64)
      throw Error(own.name + " has more than 64 bits", "format", "tensors hold at most that many");
    tensors::Heading heading{.name = "", .type = tensors::element_type(own), .shape = shape};
    if (tensor.element == HALFULP_PACKED)
      return tensors::from_packed_codes(
          std::move(heading),
          {static_cast<const std::uint8_t*>(tensor.data), packed_bytes(own, count)});
    if (tensor.element == HALFULP_F32) {
      const auto numbers = gathered<float, float>(tensor.data, shape, tensor.strides);
      return tensors::from_numbers(std::move(heading), std::span<const float>(numbers));
    }
    if (tensor.element == HALFULP_F64) {
      const auto numbers = gathered<double, double>(tensor.data, shape, tensor.strides);
      return tensors::from_numbers(std::move(heading), std::span<const double>(numbers));
    }
    return tensors::from_codes(std::move(heading), codes_of(tensor, shape));
  } catch (const Error& error) {
    throw error.at(name);
  }
}

void require_result(const halfulp_result& result, const Shape& shape, const Format& format) {
  require_element(result.element, result.strides, "result");
  if (shape_of(result.dimensions, result.shape, "result") != shape)
    throw Error("the product is of shape " + tensors::shape_text(shape), "result",
                "give a result of that shape");
  require_array(result.data, tensors::element_count(shape), "result");
  constexpr int byte = 8;
  if (result.element <= HALFULP_U64 && bits(format) > byte << result.element)
    throw Error("a code of " + format.name + " has more bits than the result's elements", "result",
                "use wider integers");
  const bool fits = result.element == HALFULP_F32   ? fits_binary32(format)
                    : result.element == HALFULP_F64 ? fits_binary64(format)
                                                    : true;
  if (!fits)
    throw Error("the result's elements do not hold every number of " + format.name, "result",
                "ask for codes");
}

void give(const Tensor& tensor, const halfulp_result& result) {
  switch (result.element) {
    case HALFULP_U8:
      return scatter<std::uint8_t>(tensors::codes_of(tensor), tensor.shape, result);
    case HALFULP_U16:
      return scatter<std::uint16_t>(tensors::codes_of(tensor), tensor.shape, result);
    case HALFULP_U32:
      return scatter<std::uint32_t>(tensors::codes_of(tensor), tensor.shape, result);
    case HALFULP_U64:
      return scatter<std::uint64_t>(tensors::codes_of(tensor), tensor.shape, result);
    case HALFULP_F32:
      return scatter<float>(tensors::floats_of(tensor), tensor.shape, result);
    case HALFULP_F64:
      return scatter<double>(tensors::doubles_of(tensor), tensor.shape, result);
    default: {
      const tensors::Bytes packed = tensors::packed_codes(tensor);
      if (!packed.empty()) std::memcpy(result.data, packed.data(), packed.size());
    }
  }
}

}  // namespace halfulp::capi

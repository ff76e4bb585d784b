// SPDX-License-Identifier: MIT
#include "golden/tensors/axis.h"

#include <cstring>

#include "formats/error.h"

namespace halfulp::tensors {

std::size_t axis_of(const Shape& shape, int axis) {
  const auto count = static_cast<int>(shape.size());
  if (count == 0 && (axis == 0 || axis == -1)) return 0;
  if (axis < -count || axis >= count) {
    throw Error("no axis " + std::to_string(axis) + " in a tensor of " + std::to_string(count) +
                    " dimensions",
                "", "axes are 0 to " + std::to_string(count - 1) + ", the last also -1");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Cut cut_at(const Shape& shape, std::size_t axis) {
  Cut cut;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::size_t& part = i < axis ? cut.outer : i == axis ? cut.length : cut.inner;
    part *= static_cast<std::size_t>(shape[i]);
  }
  return cut;
}

Bytes transposed(Bytes data, std::size_t size, std::size_t outer, std::size_t a, std::size_t b) {
  if (a == 1 || b == 1) return data;
  Bytes result(data.size());
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < a; ++i) {
      for (std::size_t j = 0; j < b; ++j) {
        std::memcpy(result.data() + ((o * b + j) * a + i) * size,
                    data.data() + ((o * a + i) * b + j) * size, size);
      }
    }
  }
  return result;
}

Shape scale_shape(const Shape& shape, std::size_t axis, const Level& level) {
  const Cut cut = cut_at(shape, axis);
  const auto across =
      static_cast<std::int64_t>(partition(level, cut.outer * cut.inner, cut.length).across);
  Shape scales;
  if (level.rows == 1) {
    scales = shape;
    if (shape.empty()) return level.columns == 0 ? Shape{} : Shape{across};
    if (level.columns == 0) {
      scales.erase(scales.begin() + static_cast<std::ptrdiff_t>(axis));
    } else {
      scales[axis] = across;
    }
    return scales;
  }
  if (level.rows > 1) {
    scales = shape;
    if (!scales.empty()) scales.erase(scales.begin() + static_cast<std::ptrdiff_t>(axis));
    if (scales.empty()) scales.push_back(1);
    scales.back() = (scales.back() + level.rows - 1) / level.rows;
  }
  if (level.columns != 0) scales.push_back(across);
  return scales;
}

bool lies_in_tiles(const Level& level) {
  return level.rows == 1 && level.columns != 0 &&
         element_bytes(element_type(level.scale.format)) == 1;
}

}  // namespace halfulp::tensors

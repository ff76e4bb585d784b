// SPDX-License-Identifier: MIT
//
// What the steps of a kernel take and make: numbers of a format in C order, carried in doubles. NaN
// is held by class.
//
// Shapes join as NumPy's do: aligned at their last dimension, a dimension of 1 (or none) stands for
// any length.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "formats/format.h"
#include "golden/tensors/tensor.h"

namespace halfulp::sequences {

using tensors::Shape;

struct Array {
  Format format;
  Shape shape;  // empty: one number
  std::vector<double> numbers;
  bool operator==(const Array&) const = default;
};

// Numbers of one result, at most: more is a mistake in a shape.
inline constexpr std::size_t most_elements = std::size_t{1} << 30U;
// Throws Error: a negative dimension, or more elements than that.
std::size_t checked_count(const Shape& shape);

// Throws Error naming the first element that no double holds.
Array array_from(const tensors::Tensor& tensor);
// NaN is the positive quiet one of the format.
tensors::Tensor tensor_of(const Array& array, const std::string& name);

// The shape of both, or all of them, together. Throw Error where two do not join.
Shape joined(const Shape& a, const Shape& b);
Shape joined(std::span<const Array* const> arrays);

// Elements [first, first + out.size()) of the array spread over a shape that it joins.
void spread(const Array& array, const Shape& shape, std::size_t first, std::span<double> out);
Array spread(const Array& array, const Shape& shape);

// Along an axis: [begin, end) of it, in the same order.
Array slice(const Array& array, std::size_t axis, std::size_t begin, std::size_t end);

// The array as rows along the axis, one behind the other, in the order of the other indices.
std::vector<double> lines_along(const Array& array, std::size_t axis);

// The shape of what is left of an axis: 1 where it is kept, else nothing.
Shape without_axis(const Shape& shape, std::size_t axis, bool keep);

}  // namespace halfulp::sequences

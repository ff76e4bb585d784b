// SPDX-License-Identifier: MIT
#include "golden/sequences/array.h"

#include <algorithm>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/tensors/axis.h"

namespace halfulp::sequences {

std::size_t checked_count(const Shape& shape) {
  const std::size_t count = tensors::element_count(shape);
  if (count > most_elements)
    throw Error("the result would have " + std::to_string(count) + " elements", "",
                "at most " + std::to_string(most_elements) + " are possible");
  return count;
}

Array array_from(const tensors::Tensor& tensor) {
  std::vector<double> numbers = tensors::doubles_of(tensor);
  return {.format = tensor.type.format, .shape = tensor.shape, .numbers = std::move(numbers)};
}

tensors::Tensor tensor_of(const Array& array, const std::string& name) {
  return tensors::from_numbers({name, tensors::element_type(array.format), array.shape},
                               std::span<const double>(array.numbers));
}

Shape joined(const Shape& a, const Shape& b) {
  Shape all = a.size() >= b.size() ? a : b;
  const Shape& other = a.size() >= b.size() ? b : a;
  for (std::size_t i = 1; i <= other.size(); ++i) {
    std::int64_t& length = all[all.size() - i];
    const std::int64_t wanted = other[other.size() - i];
    if (wanted == length || wanted == 1) continue;
    if (length != 1)
      throw Error(
          "shapes that do not join: " + tensors::shape_text(a) + " and " + tensors::shape_text(b),
          "", "dimensions must be equal or 1, counted from the last");
    length = wanted;
  }
  checked_count(all);
  return all;
}

Shape joined(std::span<const Array* const> arrays) {
  Shape all;
  for (const Array* array : arrays) all = joined(all, array->shape);
  return all;
}

namespace {

// Elements of the array from one index of each dimension of the shape to the next; 0 where it
// stays.
std::vector<std::size_t> strides_in(const Array& array, const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 0);
  std::size_t stride = 1;
  const std::size_t added = shape.size() - array.shape.size();
  for (std::size_t i = array.shape.size(); i-- > 0;) {
    if (array.shape[i] != 1) strides[added + i] = stride;
    stride *= static_cast<std::size_t>(array.shape[i]);
  }
  return strides;
}

}  // namespace

void spread(const Array& array, const Shape& shape, std::size_t first, std::span<double> out) {
  if (out.empty()) return;
  if (array.numbers.size() == 1) {
    std::ranges::fill(out, array.numbers[0]);
    return;
  }
  const std::vector<std::size_t> strides = strides_in(array, shape);
  std::vector<std::size_t> index(shape.size(), 0);
  std::size_t at = 0;
  for (std::size_t i = shape.size(), rest = first; i-- > 0;) {
    const auto length = static_cast<std::size_t>(shape[i]);
    index[i] = rest % length;
    rest /= length;
    at += index[i] * strides[i];
  }
  for (double& number : out) {
    number = array.numbers[at];
    for (std::size_t i = shape.size(); i-- > 0;) {
      at += strides[i];
      if (++index[i] < static_cast<std::size_t>(shape[i])) break;
      at -= index[i] * strides[i];
      index[i] = 0;
    }
  }
}

Array spread(const Array& array, const Shape& shape) {
  if (array.shape == shape) return array;
  Array whole{.format = array.format, .shape = shape, .numbers = {}};
  whole.numbers.resize(checked_count(shape));
  spread(array, shape, 0, whole.numbers);
  return whole;
}

Array slice(const Array& array, std::size_t axis, std::size_t begin, std::size_t end) {
  const tensors::Cut cut = tensors::cut_at(array.shape, axis);
  Array part{.format = array.format, .shape = array.shape, .numbers = {}};
  part.shape[axis] = static_cast<std::int64_t>(end - begin);
  part.numbers.reserve(cut.outer * (end - begin) * cut.inner);
  for (std::size_t o = 0; o < cut.outer; ++o) {
    const auto from =
        array.numbers.begin() + static_cast<std::ptrdiff_t>((o * cut.length + begin) * cut.inner);
    part.numbers.insert(part.numbers.end(), from,
                        from + static_cast<std::ptrdiff_t>((end - begin) * cut.inner));
  }
  return part;
}

std::vector<double> lines_along(const Array& array, std::size_t axis) {
  const tensors::Cut cut = tensors::cut_at(array.shape, axis);
  if (cut.inner == 1) return array.numbers;
  std::vector<double> lines(array.numbers.size());
  for (std::size_t o = 0; o < cut.outer; ++o) {
    for (std::size_t k = 0; k < cut.length; ++k) {
      for (std::size_t i = 0; i < cut.inner; ++i)
        lines[(o * cut.inner + i) * cut.length + k] =
            array.numbers[(o * cut.length + k) * cut.inner + i];
    }
  }
  return lines;
}

Shape without_axis(const Shape& shape, std::size_t axis, bool keep) {
  Shape left = shape;
  if (keep) {
    left.at(axis) = 1;
  } else {
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return left;
}

}  // namespace halfulp::sequences

// SPDX-License-Identifier: MIT
#include "golden/comparison/scales.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "formats/error.h"
#include "golden/comparison/tolerance.h"

namespace halfulp::comparison {
namespace {

using tensors::Shape;

std::int64_t blocks_of(std::int64_t elements, std::int64_t length) {
  return elements / length + (elements % length != 0 ? 1 : 0);
}

// How long the blocks are of which so many hold the elements of an axis; none where none does.
std::optional<std::int64_t> length_of(std::int64_t elements, std::int64_t blocks,
                                      const std::vector<std::int64_t>& known) {
  if (elements == blocks) return 1;
  if (blocks == 0 || blocks > elements) return std::nullopt;
  for (const std::int64_t length : known) {
    if (length > 0 && blocks_of(elements, length) == blocks) return length;
  }
  if (blocks == 1) return elements;
  const auto least = static_cast<std::uint64_t>(blocks_of(elements, blocks));
  const auto power = static_cast<std::int64_t>(std::bit_ceil(least));
  if (blocks_of(elements, power) == blocks) return power;
  if (elements % blocks == 0) return elements / blocks;
  return std::nullopt;
}

// The axis without which the first shape is the second; of several the last.
std::optional<std::size_t> missing_axis(const Shape& codes, const Shape& scales) {
  if (codes.size() != scales.size() + 1) return std::nullopt;
  for (std::size_t axis = codes.size(); axis-- > 0;) {
    Shape rest = codes;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis));
    if (rest == scales) return axis;
  }
  return std::nullopt;
}

}  // namespace

BlockMap block_map(const Shape& codes, const Shape& scales,
                   const std::vector<std::int64_t>& known) {
  BlockMap map{codes, scales, std::vector<std::int64_t>(codes.size(), 1),
               std::vector<bool>(codes.size(), true)};
  const Error none("scales of the shape " + tensors::shape_text(scales) +
                       " for codes of the shape " + tensors::shape_text(codes),
                   "", "say how many elements share a scale: --block N");
  if (tensors::element_count(scales) == 1) {
    map.kept.assign(codes.size(), false);
  } else if (codes.size() == scales.size()) {
    for (std::size_t axis = 0; axis < codes.size(); ++axis) {
      const std::optional<std::int64_t> length = length_of(codes[axis], scales[axis], known);
      if (!length) throw none;
      map.lengths[axis] = std::max<std::int64_t>(*length, 1);
    }
  } else if (const std::optional<std::size_t> axis = missing_axis(codes, scales)) {
    map.kept[*axis] = false;
  } else {
    throw none;
  }
  return map;
}

std::size_t BlockMap::scale_of(std::size_t element) const {
  std::size_t place = 0;
  std::size_t stride = 1;
  std::size_t scale_axis = scales.size();
  for (std::size_t axis = codes.size(); axis-- > 0;) {
    const auto length = static_cast<std::size_t>(codes[axis]);
    const std::size_t at = element % length;
    element /= length;
    if (!kept[axis]) continue;
    place += at / static_cast<std::size_t>(lengths[axis]) * stride;
    stride *= static_cast<std::size_t>(scales[--scale_axis]);
  }
  return place;
}

DifferingScales::DifferingScales(const tensors::TensorCodes& got, const tensors::TensorCodes& want,
                                 BlockMap map)
    : map_(std::move(map)), differs_(got.size()) {
  std::vector<std::uint64_t> x(stretch);
  std::vector<std::uint64_t> y(stretch);
  for (std::size_t begin = 0; begin < got.size(); begin += stretch) {
    const std::size_t count = std::min(stretch, got.size() - begin);
    got.read(begin, std::span(x).first(count));
    want.read(begin, std::span(y).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      differs_[begin + i] = x[i] != y[i];
      any_ |= x[i] != y[i];
    }
  }
}

PartName part_name(const std::string& name) {
  const std::size_t point = name.rfind('.');
  const std::size_t begin = point == std::string::npos ? 0 : point + 1;
  const std::string last = name.substr(begin);
  const std::string outer = "outer_scales";
  const bool is_outer = last.starts_with(outer) &&
                        last.find_first_not_of("0123456789", outer.size()) == std::string::npos;
  const bool known = last == "codes" || last == "scales" || last == "zero_points" || is_outer;
  if (!known) return {};
  return {name.substr(0, begin), last};
}

}  // namespace halfulp::comparison

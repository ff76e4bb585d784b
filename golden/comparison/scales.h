// SPDX-License-Identifier: MIT
//
// Which elements of a tensor of codes share a scale, told from the shapes of both, and which scales
// differ between two files. A code under a scale that differs is no fault of its own: it is counted
// with its scale, not twice (as NVIDIA/TransformerEngine's tests of quantizers do).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/tensors/opened.h"

namespace halfulp::comparison {

// Element [i, j, ...] of the codes has the scale [i / lengths[0], j / lengths[1], ...], of which
// axes that the scales do not have are left out.
struct BlockMap {
  tensors::Shape codes, scales;
  std::vector<std::int64_t> lengths;  // of blocks, along each axis of the codes
  std::vector<bool> kept;             // does the scales' shape have this axis?

  // Where the scale of an element stands; both in C order.
  [[nodiscard]] std::size_t scale_of(std::size_t element) const;
};

// The scales have either the axes of the codes, or all but one (the last that fits: one scale a
// row), or a single element. Along an axis that is shorter than the codes', blocks have one of the
// `known` lengths that fits; without one the power of two that fits, else the quotient. Throws
// Error where nothing does.
BlockMap block_map(const tensors::Shape& codes, const tensors::Shape& scales,
                   const std::vector<std::int64_t>& known);

// A bit for every scale of a level: is it another one?
class DifferingScales {
 public:
  // Reads both in stretches. Precondition: they have the shape of map.scales and one element type.
  DifferingScales(const tensors::TensorCodes& got, const tensors::TensorCodes& want, BlockMap map);

  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] bool differs_at(std::size_t element) const {
    return differs_[map_.scale_of(element)];
  }

 private:
  BlockMap map_;
  std::vector<bool> differs_;
  bool any_ = false;
};

// What a name of `quantize --codes` is: "codes", "scales", "outer_scales", "outer_scales1",
// "zero_points", alone or behind "NAME.".
struct PartName {
  std::string prefix;  // "NAME." or empty
  std::string part;    // empty: none of them
  [[nodiscard]] bool is_scale() const { return !part.empty() && part != "codes"; }
};
PartName part_name(const std::string& name);

}  // namespace halfulp::comparison

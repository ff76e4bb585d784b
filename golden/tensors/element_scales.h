// SPDX-License-Identifier: MIT
//
// What the elements of a matrix in blocks are multiples of: the product of the scales of all
// levels, run after run of elements.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "formats/block.h"
#include "formats/engine.h"

namespace halfulp::tensors {

class ElementScales {
 public:
  ElementScales() = default;  // of scalar formats
  ElementScales(const BlockFormat& format, const BlockCodes& codes, std::size_t rows,
                std::size_t columns);

  // Are there none? Then all are 1.
  [[nodiscard]] bool empty() const { return levels_.empty(); }
  // Of the elements from `begin` on, in the order of the matrix.
  void find(std::size_t begin, std::span<double> scales) const;

 private:
  struct OfLevel {
    Partition blocks;
    std::vector<double> numbers;  // a block
  };
  static void multiply(const OfLevel& level, std::size_t row, std::size_t column,
                       std::span<double> scales);

  std::size_t columns_ = 0;
  std::vector<OfLevel> levels_;
};

}  // namespace halfulp::tensors

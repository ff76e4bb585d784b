// SPDX-License-Identifier: MIT
//
// What the rules ask about the elements of blocks (Extent), from views.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "emulator/blocks/block_scale.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// Rows and columns of a block, from the first on and before the last.
struct Area {
  std::size_t top = 0, bottom = 0, left = 0, right = 0;
};
Area area_of(const Partition& cut, std::size_t block, std::size_t rows, std::size_t columns);
// Of blocks that follow each other in one row of blocks.
Area area_of_run(const Partition& cut, std::size_t first, std::size_t count, const View& view);
// The block of a level that holds (row, column).
std::size_t block_at(const Partition& cut, std::size_t row, std::size_t column);

// function(row, column, length) for pieces of rows: of at most `longest` elements, each of whole
// blocks or within one block, which begin at the left side of the area.
template <typename Function>
void for_each_piece(const Area& area, std::size_t block_columns, std::size_t longest,
                    const Function& function) {
  const std::size_t blocks = longest / block_columns * block_columns;
  for (std::size_t row = area.top; row < area.bottom; ++row) {
    for (std::size_t column = area.left; column < area.right;) {
      const std::size_t in_block = block_columns - (column - area.left) % block_columns;
      const std::size_t most = blocks > 0 ? blocks : std::min(longest, in_block);
      const std::size_t length = std::min(most, area.right - column);
      function(row, column, length);
      column += length;
    }
  }
}

// flush: subnormal numbers of the carrier count as zeros.
Extent extent_of(const View& view, const Area& area, ScaleRule rule, bool flush);

// The largest magnitudes of blocks, on lanes, as patterns of the carrier: above all numbers where a
// block holds an infinity or NaN.
template <typename Real, typename Bits>
class LargestFinder {
 public:
  // Of `count` blocks of one row of blocks, at most blocks_at_once; valid until the next call.
  std::span<const Bits> find(const View& view, const Partition& cut, std::size_t first,
                             std::size_t count, bool flush);
  static constexpr std::size_t blocks_at_once = 2048;

 private:
  static constexpr std::size_t buffer_elements = 2048;
  std::array<Bits, blocks_at_once> largest_;
  std::array<Real, buffer_elements> magnitudes_;
};

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Views cut into blocks, and blocks of any carrier as doubles and back.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "formats/engine.h"

namespace halfulp::emulator {

// `count` elements from (row, column) on; index = row * columns + column of the whole.
struct Block {
  std::size_t row = 0, column = 0, index = 0, count = 0;
};

// A shape whose rows are taken as one where no view has gaps between them. In a block that spans
// rows the row is 0 and the column counts on.
class Blocks {
 public:
  Blocks(std::size_t rows, std::size_t columns, std::initializer_list<std::size_t> strides)
      : rows_(rows), columns_(columns) {
    const bool dense = std::all_of(strides.begin(), strides.end(),
                                   [&](std::size_t stride) { return stride == columns; });
    if (dense) {
      columns_ = rows * columns;
      rows_ = columns_ == 0 ? 0 : 1;
    }
  }

  [[nodiscard]] std::size_t longest_row() const { return columns_; }

  template <typename Function>
  void for_each(std::size_t longest, const Function& function) const {
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t column = 0; column < columns_; column += longest) {
        function(Block{row, column, row * columns_ + column, std::min(longest, columns_ - column)});
      }
    }
  }

 private:
  std::size_t rows_, columns_;
};

template <typename Real>
const Real* pointer(const View& view, const Block& block) {
  return static_cast<const Real*>(view.data) + (block.row * view.stride + block.column);
}

template <typename Real>
Real* pointer(const MutableView& view, const Block& block) {
  return static_cast<Real*>(view.data) + (block.row * view.stride + block.column);
}

// Needs a StandardEnvironment. flush: subnormals of a binary32 view become zeros of their sign
// (those of a binary64 view are the kernel's to flush).
inline void widen(const View& view, const Block& block, bool flush, double* out) {
  if (view.carrier == Carrier::binary64) {
    std::copy_n(pointer<double>(view, block), block.count, out);
    return;
  }
  const float* in = pointer<float>(view, block);
  for (std::size_t i = 0; i < block.count; ++i) out[i] = static_cast<double>(in[i]);
  if (!flush) return;
  for (std::size_t i = 0; i < block.count; ++i) {
    const auto pattern = std::bit_cast<std::uint32_t>(in[i]);
    const std::uint32_t magnitude = pattern & 0x7fffffffU;
    if (magnitude < 0x00800000U) out[i] = (pattern >> 31) != 0 ? -0.0 : 0.0;
  }
}

// Needs a StandardEnvironment. Exact: the numbers fit the view's carrier.
inline void narrow(const double* numbers, const MutableView& view, const Block& block) {
  if (view.carrier == Carrier::binary64) {
    std::copy_n(numbers, block.count, pointer<double>(view, block));
    return;
  }
  float* out = pointer<float>(view, block);
  for (std::size_t i = 0; i < block.count; ++i) out[i] = static_cast<float>(numbers[i]);
}

}  // namespace halfulp::emulator

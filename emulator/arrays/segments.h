// SPDX-License-Identifier: MIT
//
// Views cut into segments, and segments of any carrier as doubles and back.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "formats/engine.h"

namespace halfulp::emulator {

// `count` elements from (row, column) on; index = row * columns + column of the whole.
struct Segment {
  std::size_t row = 0, column = 0, index = 0, count = 0;
};

// A shape whose rows are taken as one where no view has gaps between them. In a segment that spans
// rows the row is 0 and the column counts on.
class Segments {
 public:
  Segments(std::size_t rows, std::size_t columns, std::initializer_list<std::size_t> strides)
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
        function(
            Segment{row, column, row * columns_ + column, std::min(longest, columns_ - column)});
      }
    }
  }

 private:
  std::size_t rows_, columns_;
};

template <typename Real>
const Real* pointer(const View& view, const Segment& segment) {
  return static_cast<const Real*>(view.data) + (segment.row * view.stride + segment.column);
}

template <typename Real>
Real* pointer(const MutableView& view, const Segment& segment) {
  return static_cast<Real*>(view.data) + (segment.row * view.stride + segment.column);
}

// Needs a StandardEnvironment. flush: subnormals of a binary32 view become zeros of their sign
// (those of a binary64 view are the kernel's to flush).
inline void widen(const View& view, const Segment& segment, bool flush, double* out) {
  if (view.carrier == Carrier::binary64) {
    std::copy_n(pointer<double>(view, segment), segment.count, out);
    return;
  }
  const float* in = pointer<float>(view, segment);
  for (std::size_t i = 0; i < segment.count; ++i) out[i] = static_cast<double>(in[i]);
  if (!flush) return;
  for (std::size_t i = 0; i < segment.count; ++i) {
    const auto pattern = std::bit_cast<std::uint32_t>(in[i]);
    const std::uint32_t magnitude = pattern & 0x7fffffffU;
    if (magnitude < 0x00800000U) out[i] = (pattern >> 31) != 0 ? -0.0 : 0.0;
  }
}

// Needs a StandardEnvironment. Exact: the numbers fit the view's carrier.
inline void narrow(const double* numbers, const MutableView& view, const Segment& segment) {
  if (view.carrier == Carrier::binary64) {
    std::copy_n(numbers, segment.count, pointer<double>(view, segment));
    return;
  }
  float* out = pointer<float>(view, segment);
  for (std::size_t i = 0; i < segment.count; ++i) out[i] = static_cast<float>(numbers[i]);
}

}  // namespace halfulp::emulator

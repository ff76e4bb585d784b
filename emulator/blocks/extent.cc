// SPDX-License-Identifier: MIT
#include "emulator/blocks/extent.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/plan.h"
#include "emulator/kernels/kernels.h"
#include "emulator/scalar/exact.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

constexpr std::uint64_t infinity64 = std::uint64_t{0x7ff} << 52;

template <typename Real>
const Real* at(const View& view, std::size_t row, std::size_t column) {
  return static_cast<const Real*>(view.data) + (row * view.stride + column);
}

// An exact sum of magnitudes of binary64: significands that share an exponent field are added as
// integers, which 2^75 of them do not overflow.
class Sum {
 public:
  void add(std::uint64_t magnitude) {
    const auto field = static_cast<std::size_t>(magnitude >> 52);
    const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << 52) - 1);
    sums_[field] += field == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
    least_ = std::min(least_, field);
    most_ = std::max(most_, field);
  }

  // In units of 2^-1074; the sum is zero again.
  Integer take() {
    Integer total = 0;
    for (std::size_t field = least_; field <= most_; ++field) {
      // Field 0 has the spacing of field 1.
      total += from_code<Integer>(sums_[field])
               << static_cast<unsigned>(field == 0 ? 0 : field - 1);
      sums_[field] = 0;
    }
    least_ = fields;
    most_ = 0;
    return total;
  }

 private:
  static constexpr std::size_t fields = 2047;
  std::vector<Code> sums_ = std::vector<Code>(fields);
  std::size_t least_ = fields, most_ = 0;
};

void extend(Extent& extent, const Operand& x, Sum* sum) {
  if (x.kind == Class::nan) {
    extent.nan = true;
    return;
  }
  if (x.kind == Class::infinite) {
    extent.infinite = true;
    return;
  }
  const auto magnitude = std::bit_cast<std::uint64_t>(double_of(x)) << 1 >> 1;
  extent.finite = true;
  extent.largest = std::max(extent.largest, magnitude);
  std::uint64_t& side = x.negative ? extent.below : extent.above;
  side = std::max(side, magnitude);
  if (sum == nullptr) return;
  ++extent.count;
  sum->add(magnitude);
}

Extent by_element(const View& view, const Area& area, ScaleRule rule, bool flush) {
  Extent extent;
  std::optional<Sum> sum;
  if (rule == ScaleRule::mean) sum.emplace();
  for (std::size_t row = area.top; row < area.bottom; ++row) {
    for (std::size_t column = area.left; column < area.right; ++column) {
      Operand x = load_operand(view, row, column);
      if (flush && x.subnormal) x.kind = Class::zero;
      extend(extent, x, sum ? &*sum : nullptr);
    }
  }
  if (sum) extent.sum = sum->take();
  return extent;
}

// The largest magnitude as a pattern of binary64; of infinities and NaN nothing less.
template <typename Real, typename Bits>
std::uint64_t largest_in(const View& view, const Area& area, bool flush) {
  Partition whole{.block_rows = area.bottom - area.top,
                  .block_columns = area.right - area.left,
                  .down = 1,
                  .across = 1};
  if (whole.block_columns == view.stride) {  // one row after another
    whole.block_columns *= whole.block_rows;
    whole.block_rows = 1;
  }
  const View part{at<Real>(view, area.top, area.left), view.carrier, whole.block_rows,
                  whole.block_columns, view.stride};
  LargestFinder<Real, Bits> finder;
  const Bits largest = finder.find(part, whole, 0, 1, flush)[0];
  if constexpr (sizeof(Real) == 4) {
    if (largest >= 0x7f800000U) return infinity64;
    return std::bit_cast<std::uint64_t>(double_of(unpack_float(std::bit_cast<float>(largest))));
  } else {
    return largest;
  }
}

}  // namespace

Area area_of(const Partition& cut, std::size_t block, std::size_t rows, std::size_t columns) {
  const std::size_t top = block / cut.across * cut.block_rows;
  const std::size_t left = block % cut.across * cut.block_columns;
  return {.top = top,
          .bottom = std::min(rows, top + cut.block_rows),
          .left = left,
          .right = std::min(columns, left + cut.block_columns)};
}

Area area_of_run(const Partition& cut, std::size_t first, std::size_t count, const View& view) {
  Area area = area_of(cut, first, view.rows, view.columns);
  area.right = std::min(view.columns, area.left + count * cut.block_columns);
  return area;
}

std::size_t block_at(const Partition& cut, std::size_t row, std::size_t column) {
  return row / cut.block_rows * cut.across + column / cut.block_columns;
}

Extent extent_of(const View& view, const Area& area, ScaleRule rule, bool flush) {
  if (rule == ScaleRule::mean || rule == ScaleRule::range) {
    return by_element(view, area, rule, flush);
  }
  Extent extent;
  extent.finite = true;
  extent.largest = view.carrier == Carrier::binary32
                       ? largest_in<float, std::uint32_t>(view, area, flush)
                       : largest_in<double, std::uint64_t>(view, area, flush);
  return extent.largest < infinity64 ? extent : by_element(view, area, rule, flush);
}

template <typename Real, typename Bits>
std::span<const Bits> LargestFinder<Real, Bits>::find(const View& view, const Partition& cut,
                                                      std::size_t first, std::size_t count,
                                                      bool flush) {
  const Area area = area_of_run(cut, first, count, view);
  const std::size_t columns = area.right - area.left;
  const std::span<Bits> found = std::span(largest_).first(count);
  std::ranges::fill(found, 0);
  if (area.bottom - area.top == 1) {
    kernels::largest_magnitudes(at<Real>(view, area.top, area.left), columns, cut.block_columns,
                                largest_.data());
  } else {
    // Down the columns first, in pieces of whole blocks, or of one block.
    const std::size_t whole = buffer_elements / cut.block_columns * cut.block_columns;
    const std::size_t longest = whole == 0 ? buffer_elements : whole;
    for (std::size_t begin = 0; begin < columns; begin += longest) {
      const std::size_t length = std::min(longest, columns - begin);
      std::fill_n(magnitudes_.data(), length, Real{0});
      for (std::size_t row = area.top; row < area.bottom; ++row) {
        kernels::larger_magnitudes(at<Real>(view, row, area.left + begin), length,
                                   magnitudes_.data());
      }
      Bits* const to = largest_.data() + begin / cut.block_columns;
      const Bits before = *to;
      kernels::largest_magnitudes(magnitudes_.data(), length, cut.block_columns, to);
      *to = std::max(*to, before);
    }
  }
  if (flush) {
    constexpr Bits least_normal = Bits{1} << (sizeof(Bits) == 4 ? 23 : 52);
    for (Bits& largest : found) largest = largest < least_normal ? 0 : largest;
  }
  return found;
}

template class LargestFinder<float, std::uint32_t>;
template class LargestFinder<double, std::uint64_t>;

}  // namespace halfulp::emulator

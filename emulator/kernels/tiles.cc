// SPDX-License-Identifier: MIT
//
// Products of matrices in the processor's own arithmetic, terms in sequence, on tiles
// (tile_lanes.h); and what the numbers of a matrix have in common.
#include "emulator/kernels/tiles.h"

#include <algorithm>
#include <limits>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/tile_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <typename Real>
struct FusedStep {
  using V = hn::Vec<Lanes<Real>>;
  static HWY_INLINE V column(V b) { return b; }
  static HWY_INLINE V add(V a, V b, V s) { return hn::MulAdd(a, b, s); }
};
template <typename Real>
struct SeparateStep {
  using V = hn::Vec<Lanes<Real>>;
  static HWY_INLINE V column(V b) { return b; }
  static HWY_INLINE V add(V a, V b, V s) { return hn::Add(s, hn::Mul(a, b)); }
};

// NaN results carry no sign: the processor's default NaN is negative on x86.
template <typename Real>
HWY_INLINE void make_nan_positive(Sums<Real>& sums) {
  const Lanes<Real> d;
  const auto nan = hn::Set(d, std::numeric_limits<Real>::quiet_NaN());
  for (auto& row : sums.x) {
    for (auto& x : row) x = hn::IfThenElse(hn::IsNaN(x), nan, x);
  }
}

// A tile's block of terms. Out of a tile that is not whole come and go copies.
template <typename Real, class Step>
HWY_NOINLINE void add_block(const Rows<Real>& rows, const Real* panel, std::size_t terms,
                            const Real* from, std::size_t from_stride, bool last, Real* out,
                            std::size_t out_stride) {
  Sums<Real> sums;
  load_sums(from, from_stride, sums);
  Step step;
  add_terms(step, rows, panel, 0, terms, sums);
  if (last) make_nan_positive(sums);
  store_sums(sums, out, out_stride);
}

template <typename Real>
void copy_block(const Real* from, std::size_t from_stride, Real* to, std::size_t to_stride,
                std::size_t rows, std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r)
    std::copy_n(from + r * from_stride, columns, to + r * to_stride);
}

// What of the problem is packed at a time: so many rows, terms and columns.
struct Block {
  std::size_t row = 0, rows = 0, first = 0, terms = 0, column = 0, columns = 0;
};

// The panels of a block, row after row of b.
template <typename Real>
void pack_all(const Matrices<Real>& m, const Block& block, Real* panels) {
  const std::size_t width = tile_columns<Real>();
  for (std::size_t k = 0; k < block.terms; ++k) {
    const Real* row = m.b + (block.first + k) * m.b_stride + block.column;
    Real* to = panels + k * width;
    for (std::size_t i = 0; i < block.columns; i += width, to += block.terms * width) {
      const std::size_t count = std::min(width, block.columns - i);
      std::copy_n(row + i, count, to);
      std::fill(to + count, to + width, Real{0});
    }
  }
}

// The tiles of a block's rows that have the columns of a panel.
template <typename Real, class Step>
void add_panel(const Shape& s, const Matrices<Real>& m, const Block& block, const Real* a,
               std::size_t a_stride, const Real* panel, std::size_t column) {
  const std::size_t width = tile_columns<Real>();
  const std::size_t columns = std::min(width, s.columns - column);
  const bool last = block.first + block.terms == s.inner;
  const Real* sums = block.first == 0 ? m.c : m.out;
  const std::size_t stride = block.first == 0 ? m.c_stride : m.out_stride;
  HWY_ALIGN Real copy[tile_rows * tile_vectors * hn::MaxLanes(Lanes<Real>())] = {};
  for (std::size_t row = 0; row < block.rows; row += tile_rows) {
    const std::size_t count = std::min(tile_rows, block.rows - row);
    const Rows<Real> rows(a, a_stride, row, count);
    const std::size_t place = block.row + row;
    Real* out = m.out + place * m.out_stride + column;
    const Real* from = sums == nullptr ? nullptr : sums + place * stride + column;
    if (count == tile_rows && columns == width) {
      add_block<Real, Step>(rows, panel, block.terms, from, stride, last, out, m.out_stride);
      continue;
    }
    if (from != nullptr) copy_block(from, stride, copy, width, count, columns);
    add_block<Real, Step>(rows, panel, block.terms, from == nullptr ? nullptr : copy, width, last,
                          copy, width);
    copy_block(copy, width, out, m.out_stride, count, columns);
  }
}

// A panel and the tile's part of the rows stay in the first cache, a block of rows in the second.
// Rows that are far apart would compete for few lines of either, and are copied.
template <typename Real, class Step>
void multiply_blocks(const Shape& s, const Matrices<Real>& m) {
  constexpr std::size_t most_terms = 1024 / sizeof(Real);
  constexpr std::size_t most_rows = 64 * tile_rows;
  constexpr std::size_t most_columns = 1024;
  const std::size_t width = tile_columns<Real>();
  const std::size_t terms = std::min(most_terms, s.inner);
  const std::size_t panels = (std::min(most_columns, s.columns) + width - 1) / width;
  // One allocation, as the memory of several goes back to the system at every call.
  const bool copies = m.a_stride > most_terms;
  const std::size_t rows = copies ? std::min(most_rows, s.rows) : 0;
  const Panel<Real> b = make_panel<Real>(terms * panels + (rows * terms + width - 1) / width);
  Real* const copy = b.get() + terms * panels * width;
  Block block;
  for (; block.column < s.columns; block.column += most_columns) {
    block.columns = std::min(most_columns, s.columns - block.column);
    for (block.first = 0; block.first < s.inner; block.first += most_terms) {
      block.terms = std::min(most_terms, s.inner - block.first);
      pack_all(m, block, b.get());
      for (block.row = 0; block.row < s.rows; block.row += most_rows) {
        block.rows = std::min(most_rows, s.rows - block.row);
        const Real* const from = m.a + block.row * m.a_stride + block.first;
        if (copies) copy_block(from, m.a_stride, copy, block.terms, block.rows, block.terms);
        const Real* const a = copies ? copy : from;
        const std::size_t a_stride = copies ? block.terms : m.a_stride;
        for (std::size_t i = 0; i < block.columns; i += width) {
          add_panel<Real, Step>(s, m, block, a, a_stride, b.get() + i * block.terms,
                                block.column + i);
        }
      }
    }
  }
}

template <typename Real>
bool multiply_own(const Shape& s, const Matrices<Real>& m, bool fused) {
  if (!fused) {
    multiply_blocks<Real, SeparateStep<Real>>(s, m);
    return true;
  }
#if HWY_NATIVE_FMA
  multiply_blocks<Real, FusedStep<Real>>(s, m);
  return true;
#else
  return false;
#endif
}

bool multiply_own32(const Shape& s, const Matrices<float>& m, bool fused) {
  return multiply_own(s, m, fused);
}
bool multiply_own64(const Shape& s, const Matrices<double>& m, bool fused) {
  return multiply_own(s, m, fused);
}

// --- What numbers have in common.

// Of all patterns: their bits, the largest magnitude, and the least but zero less one; zero less
// one is above all.
struct Bounds {
  hn::Vec<hn::ScalableTag<std::uint32_t>> bits, largest, least;
};

HWY_INLINE void take(hn::Vec<hn::ScalableTag<std::uint32_t>> pattern, Bounds& bounds) {
  const hn::ScalableTag<std::uint32_t> d;
  const auto magnitude = hn::And(pattern, hn::Set(d, 0x7fffffffU));
  bounds.bits = hn::Or(bounds.bits, pattern);
  bounds.largest = hn::Max(bounds.largest, magnitude);
  bounds.least = hn::Min(bounds.least, hn::Sub(magnitude, hn::Set(d, 1U)));
}

Survey survey_numbers(const float* numbers, std::size_t rows, std::size_t columns,
                      std::size_t stride) {
  const hn::ScalableTag<std::uint32_t> d;
  const hn::ScalableTag<float> real;
  const std::size_t lanes = hn::Lanes(d);
  Bounds bounds{hn::Zero(d), hn::Zero(d), hn::Set(d, ~0U)};
  if (columns == stride) {
    columns *= rows;
    rows = 1;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const float* row = numbers + r * stride;
    std::size_t i = 0;
    for (; i + lanes <= columns; i += lanes) take(hn::BitCast(d, hn::LoadU(real, row + i)), bounds);
    if (i == columns) continue;
    HWY_ALIGN float last[hn::MaxLanes(real)] = {};
    std::copy_n(row + i, columns - i, last);
    take(hn::BitCast(d, hn::Load(real, last)), bounds);
  }
  HWY_ALIGN std::uint32_t bits[hn::MaxLanes(d)];
  HWY_ALIGN std::uint32_t largest[hn::MaxLanes(d)];
  HWY_ALIGN std::uint32_t least[hn::MaxLanes(d)];
  hn::Store(bounds.bits, d, bits);
  hn::Store(bounds.largest, d, largest);
  hn::Store(bounds.least, d, least);
  std::uint32_t fraction = 0x00800000U;
  for (std::size_t i = 0; i < lanes; ++i) fraction |= bits[i] & 0x007fffffU;
  const std::uint32_t most = *std::max_element(largest, largest + lanes);
  if (most == 0) return {};
  const auto exponent = [](std::uint32_t magnitude) {
    return std::max(static_cast<int>(magnitude >> 23), 1) - 127;
  };
  const int precision = 24 - hwy::Num0BitsBelowLS1Bit_Nonzero32(fraction);
  return {.precision = precision,
          .least_exponent = exponent(*std::min_element(least, least + lanes) + 1) - precision + 1,
          .most_exponent = exponent(most)};
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(multiply_own32);
HWY_EXPORT(multiply_own64);
HWY_EXPORT(survey_numbers);

bool multiply_in_sequence(const Shape& shape, const Matrices<float>& m, bool fused) {
  return HWY_DYNAMIC_DISPATCH(multiply_own32)(shape, m, fused);
}
bool multiply_in_sequence(const Shape& shape, const Matrices<double>& m, bool fused) {
  return HWY_DYNAMIC_DISPATCH(multiply_own64)(shape, m, fused);
}
Survey survey(const float* numbers, std::size_t rows, std::size_t columns, std::size_t stride) {
  return HWY_DYNAMIC_DISPATCH(survey_numbers)(numbers, rows, columns, stride);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

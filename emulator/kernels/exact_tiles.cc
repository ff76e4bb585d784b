// SPDX-License-Identifier: MIT
//
// Exact sums of products of binary32 numbers in two binary64 sums. The first starts at
// M = 1.5 * 2^(52 + h) and stays in M's binade, whose numbers are 2^h apart, so that s + p rounds
// the product p to a multiple of 2^h there; the difference of two of its values is that multiple,
// exactly, and what is left of p, at most 2^(h - 1), is a number too, as p has at most 48 bits. The
// second sum adds what is left without error as long as it stays below 2^53 times the last bit that
// a product can have. No order of such sums matters; what is split when does, but not to the total.
//
// Where the processor's flag of inexact results stays down over a sum of the products in one
// binary64 number each, that sum is exact as well, whatever the numbers: most dot products of
// narrow formats need no more.
//
// With products p = n * 2^u, |p| <= 2^m, and T = 2^t terms, h = u + 54 - t: the second sum stays
// below T * 2^(h - 1) = 2^(u + 53), the first moves by less than 2^(51 + h) where
// m + t < 51 + h, that is m - u + 2 t < 105.
#include "emulator/kernels/tiles.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/exact_tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/tile_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = Lanes<double>;
using V = hn::Vec<D>;

// Without a fused multiply-add the product is exact, and the sum is the same.
HWY_INLINE void add_split(V a, V b, V& high, V& low) {
  const V next = hn::MulAdd(a, b, high);
  const V taken = hn::Sub(next, high);
  low = hn::Add(low, hn::MulSub(a, b, taken));
  high = next;
}

HWY_NOINLINE void add_tile(const Rows<double>& rows, const double* panel, std::size_t terms,
                           double magic, double* high_out, double* low_out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  Sums<double> high;
  Sums<double> low;
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v) {
      high.x[r][v] = hn::Set(d, magic);
      low.x[r][v] = hn::Zero(d);
    }
  }
  for (std::size_t k = 0; k < terms; ++k, panel += tile_vectors * lanes) {
    const V b0 = hn::Load(d, panel);
    const V b1 = hn::Load(d, panel + lanes);
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const V a = hn::Set(d, rows.start[r][k]);
      add_split(a, b0, high.x[r][0], low.x[r][0]);
      add_split(a, b1, high.x[r][1], low.x[r][1]);
    }
  }
  store_sums(high, high_out, tile_vectors * lanes);
  store_sums(low, low_out, tile_vectors * lanes);
}

void add_panel_exactly(const Shape& s, const NarrowMatrices<double>& m, const ExactPanel& at,
                       const ExactSplit& split, double* high, double* low) {
  const std::size_t width = tile_columns<double>();
  const std::size_t terms = at.end - at.first;
  const Panel<double> panel = make_panel<double>(terms);
  pack(m.b + at.column, m.b_stride, at.first, at.end, std::min(width, s.columns - at.column), 1.0,
       panel.get());
  HWY_ALIGN double sums[2][tile_rows * tile_vectors * hn::MaxLanes(D())];
  for (std::size_t row = 0; row < s.rows; row += tile_rows) {
    const std::size_t count = std::min(tile_rows, s.rows - row);
    const Rows<double> rows(m.a + at.first, m.a_stride, row, count);
    add_tile(rows, panel.get(), terms, split.magic, sums[0], sums[1]);
    for (std::size_t i = 0; i < count * width; ++i) {
      high[row * width + i] = sums[0][i] - split.magic;
      low[row * width + i] = sums[1][i];
    }
  }
}

// Lanes are terms. As many sums as hide how long a step takes; each has a part of the terms.
void add_dot_exactly(const float* a, const float* b, std::size_t terms, const ExactSplit& split,
                     double* high_out, double* low_out) {
  constexpr std::size_t sums = 4;
  const D d;
  const hn::Rebind<float, D> narrow;
  const std::size_t lanes = hn::Lanes(d);
  V high[sums];
  V low[sums];
  for (std::size_t i = 0; i < sums; ++i) {
    high[i] = hn::Set(d, split.magic);
    low[i] = hn::Zero(d);
  }
  std::size_t k = 0;
  for (; k + sums * lanes <= terms; k += sums * lanes) {
    for (std::size_t i = 0; i < sums; ++i) {
      const V x = hn::PromoteTo(d, hn::LoadU(narrow, a + k + i * lanes));
      const V y = hn::PromoteTo(d, hn::LoadU(narrow, b + k + i * lanes));
      add_split(x, y, high[i], low[i]);
    }
  }
  HWY_ALIGN double each[hn::MaxLanes(D())];
  double total_high = 0;
  double total_low = 0;
  for (std::size_t i = 0; i < sums; ++i) {
    hn::Store(high[i], d, each);
    for (std::size_t j = 0; j < lanes; ++j) total_high += each[j] - split.magic;
    hn::Store(low[i], d, each);
    for (std::size_t j = 0; j < lanes; ++j) total_low += each[j];
  }
  for (; k < terms; ++k) {
    const double product = static_cast<double>(a[k]) * static_cast<double>(b[k]);
    const double taken = (split.magic + product) - split.magic;
    total_high += taken;
    total_low += product - taken;
  }
  *high_out = total_high;
  *low_out = total_low;
}

double add_products_of(const float* a, const float* b, std::size_t terms, double start) {
  constexpr std::size_t sums = 8;
  const D d;
  const hn::Rebind<float, D> narrow;
  const std::size_t lanes = hn::Lanes(d);
  V sum[sums];
  for (V& s : sum) s = hn::Zero(d);
  std::size_t k = 0;
  const auto add = [&](std::size_t i) HWY_ATTR {
    const auto product = hn::Mul(hn::LoadU(narrow, a + k), hn::LoadU(narrow, b + k));
    sum[i] = hn::Add(sum[i], hn::PromoteTo(d, product));
    k += lanes;
  };
  while (k + sums * lanes <= terms) {
    for (std::size_t i = 0; i < sums; ++i) add(i);
  }
  while (k + lanes <= terms) add(0);
  HWY_ALIGN double each[hn::MaxLanes(D())];
  double total = start;
  for (const V s : sum) {
    hn::Store(s, d, each);
    for (std::size_t j = 0; j < lanes; ++j) total += each[j];
  }
  for (; k < terms; ++k) total += static_cast<double>(a[k] * b[k]);
  return total;
}

std::size_t panel_columns() { return tile_columns<double>(); }

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(add_panel_exactly);
HWY_EXPORT(add_dot_exactly);
HWY_EXPORT(add_products_of);
HWY_EXPORT(panel_columns);

std::size_t exact_terms(int unit, int most) {
  const int twice = 104 - (most - unit);
  return twice < 0 ? 0 : std::size_t{1} << std::min(twice / 2, 40);
}
ExactSplit exact_split(int unit, std::size_t terms) {
  const int bits = static_cast<int>(std::bit_width(std::max<std::size_t>(terms, 1) - 1));
  const int split = unit + 54 - bits;
  return {.split = split, .unit = unit, .magic = std::ldexp(1.5, 52 + split)};
}
std::size_t exact_panel_columns() { return HWY_DYNAMIC_DISPATCH(panel_columns)(); }
void add_exactly(const Shape& shape, const NarrowMatrices<double>& m, const ExactPanel& panel,
                 const ExactSplit& split, double* high, double* low) {
  HWY_DYNAMIC_DISPATCH(add_panel_exactly)(shape, m, panel, split, high, low);
}
double add_products(const float* a, const float* b, std::size_t terms, double start) {
  return HWY_DYNAMIC_DISPATCH(add_products_of)(a, b, terms, start);
}
void add_exactly(const float* a, const float* b, std::size_t terms, const ExactSplit& split,
                 double* high, double* low) {
  HWY_DYNAMIC_DISPATCH(add_dot_exactly)(a, b, terms, split, high, low);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

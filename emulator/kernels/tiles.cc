// SPDX-License-Identifier: MIT
//
// Products of matrices whose terms are added in sequence, as BLAS libraries make them: a tile of
// results, six rows by two vectors of columns, stays in registers while the terms go by in their
// order; columns of b are packed into a panel as wide as the tile (Goto and van de Geijn, "Anatomy
// of high-performance matrix multiplication", ACM TOMS 34(3), 2008). Storing a sum and going on
// from it changes nothing, so that cutting the terms into blocks does not either.
//
// Roundings to a float with t fraction bits are additions of a magic number (Dekker 1971; Knuth,
// TAOCP 2, 4.2.2): for 2^e <= |x| < 2^(e+1) and c = 1.5 * 2^(e + F - t), Real having F fraction
// bits, x + c lies in c's binade, whose numbers are 2^(e - t) apart: the processor rounds to just
// the wanted grid, ties to even as c is an even multiple, and taking c off again is exact. With
// 2^e not below the least normal number the grid of subnormal numbers is met as well. Needs
// F - t >= 2.
//
// Where rounding x to Real and then to the format would be two roundings, Real's is to odd, which
// is safe with two bits to spare (Boldo and Melquiond 2008): two fused multiply-adds, downward and
// upward, differ where the result is inexact; then it is the smaller magnitude with its last bit
// set. Needs roundings that are part of instructions, as AVX-512 has them.
//
// Overflow is not looked for at every step. Numbers are scaled so that c is infinite where 2^e is
// above the largest number's binade; what is infinite or NaN stays so, and the tile is made again
// by steps that keep the largest magnitude that they have rounded to, or is left to the caller.
#include "emulator/kernels/tiles.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t tile_rows = 6;
constexpr std::size_t tile_vectors = 2;
template <typename Real>
using Lanes = hn::ScalableTag<Real>;
template <typename Real>
HWY_INLINE std::size_t tile_columns() {
  return tile_vectors * hn::Lanes(Lanes<Real>());
}

// --- Panels and tiles.

template <typename Real>
using Panel = hwy::AlignedFreeUniquePtr<Real[]>;
template <typename Real>
Panel<Real> make_panel(std::size_t terms) {
  return hwy::AllocateAligned<Real>(std::max<std::size_t>(terms, 1) * tile_columns<Real>());
}

// Terms first to end of `columns` neighbouring columns, times `scale`; zeros behind them.
template <typename Real, typename From>
void pack(const From* b, std::size_t stride, std::size_t first, std::size_t end,
          std::size_t columns, Real scale, Real* panel) {
  const std::size_t width = tile_columns<Real>();
  for (std::size_t k = first; k < end; ++k, panel += width) {
    const From* row = b + k * stride;
    for (std::size_t i = 0; i < columns; ++i) panel[i] = static_cast<Real>(row[i]) * scale;
    std::fill(panel + columns, panel + width, Real{0});
  }
}

// The rows of a at the tile's place; those behind the last are that one again.
template <typename Real>
struct Rows {
  const Real* start[tile_rows];
  Rows(const Real* a, std::size_t stride, std::size_t row, std::size_t count) {
    for (std::size_t r = 0; r < tile_rows; ++r)
      start[r] = a + (row + std::min(r, count - 1)) * stride;
  }
};

template <typename Real>
struct Sums {
  hn::Vec<Lanes<Real>> x[tile_rows][tile_vectors];
};

// Adds terms first to end; a panel holds term 0 first.
template <typename Real, class Step>
HWY_INLINE void add_terms(Step& step, const Rows<Real>& rows, const Real* panel, std::size_t first,
                          std::size_t end, Sums<Real>& sums) {
  const Lanes<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  panel += first * tile_vectors * lanes;
  for (std::size_t k = first; k < end; ++k, panel += tile_vectors * lanes) {
    const auto b0 = step.column(hn::Load(d, panel));
    const auto b1 = step.column(hn::Load(d, panel + lanes));
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const auto a = hn::Set(d, rows.start[r][k]);
      sums.x[r][0] = step.add(a, b0, sums.x[r][0]);
      sums.x[r][1] = step.add(a, b1, sums.x[r][1]);
    }
  }
}

template <typename Real>
HWY_INLINE void load_sums(const Real* from, std::size_t stride, Sums<Real>& sums) {
  const Lanes<Real> d;
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v) {
      sums.x[r][v] =
          from == nullptr ? hn::Zero(d) : hn::LoadU(d, from + r * stride + v * hn::Lanes(d));
    }
  }
}
template <typename Real>
HWY_INLINE void store_sums(const Sums<Real>& sums, Real* out, std::size_t stride) {
  const Lanes<Real> d;
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v)
      hn::StoreU(sums.x[r][v], d, out + r * stride + v * hn::Lanes(d));
  }
}

// --- The processor's own arithmetic.

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
               const Real* panel, std::size_t column) {
  const std::size_t width = tile_columns<Real>();
  const std::size_t columns = std::min(width, s.columns - column);
  const bool last = block.first + block.terms == s.inner;
  const Real* sums = block.first == 0 ? m.c : m.out;
  const std::size_t stride = block.first == 0 ? m.c_stride : m.out_stride;
  HWY_ALIGN Real copy[tile_rows * tile_vectors * hn::MaxLanes(Lanes<Real>())] = {};
  for (std::size_t row = 0; row < block.rows; row += tile_rows) {
    const std::size_t count = std::min(tile_rows, block.rows - row);
    const Rows<Real> rows(a, block.terms, row, count);
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
template <typename Real, class Step>
void multiply_blocks(const Shape& s, const Matrices<Real>& m) {
  constexpr std::size_t most_terms = 1024 / sizeof(Real);
  constexpr std::size_t most_rows = 64 * tile_rows;
  constexpr std::size_t most_columns = 1024;
  const std::size_t width = tile_columns<Real>();
  const std::size_t terms = std::min(most_terms, s.inner);
  const std::size_t panels = (std::min(most_columns, s.columns) + width - 1) / width;
  // One allocation, as the memory of several goes back to the system at every call.
  const std::size_t rows = std::min(most_rows, s.rows);
  const Panel<Real> b = make_panel<Real>(terms * panels + (rows * terms + width - 1) / width);
  Real* const a = b.get() + terms * panels * width;
  Block block;
  for (; block.column < s.columns; block.column += most_columns) {
    block.columns = std::min(most_columns, s.columns - block.column);
    for (block.first = 0; block.first < s.inner; block.first += most_terms) {
      block.terms = std::min(most_terms, s.inner - block.first);
      pack_all(m, block, b.get());
      for (block.row = 0; block.row < s.rows; block.row += most_rows) {
        block.rows = std::min(most_rows, s.rows - block.row);
        copy_block(m.a + block.row * m.a_stride + block.first, m.a_stride, a, block.terms,
                   block.rows, block.terms);
        for (std::size_t i = 0; i < block.columns; i += width) {
          add_panel<Real, Step>(s, m, block, a, b.get() + i * block.terms, block.column + i);
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

// --- Rounded sums.

// a * b + s to odd in binary32. Exact sums that cancel are -0 downward and +0 upward, equal, and
// the smaller pattern.
#if HWY_TARGET <= HWY_AVX3
constexpr bool has_sums_to_odd = true;
HWY_INLINE hn::Vec<Lanes<float>> add_to_odd(hn::Vec<Lanes<float>> a, hn::Vec<Lanes<float>> b,
                                            hn::Vec<Lanes<float>> s) {
  constexpr int downward = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  constexpr int upward = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
  const __m512 below = _mm512_fmadd_round_ps(a.raw, b.raw, s.raw, downward);
  const __m512 above = _mm512_fmadd_round_ps(a.raw, b.raw, s.raw, upward);
  const __m512i inner = _mm512_min_epu32(_mm512_castps_si512(below), _mm512_castps_si512(above));
  const __mmask16 inexact = _mm512_cmp_ps_mask(below, above, _CMP_NEQ_UQ);
  const __m512i odd = _mm512_mask_or_epi32(inner, inexact, inner, _mm512_set1_epi32(1));
  return hn::Vec<Lanes<float>>{_mm512_castsi512_ps(odd)};
}
#else
constexpr bool has_sums_to_odd = false;
template <class V>
HWY_INLINE V add_to_odd(V a, V b, V s) {
  return hn::MulAdd(a, b, s);
}
#endif
// plain: exact below the normal numbers. careful: keeps the sign of zero and the largest magnitude
// that it has delivered.
enum class Level : std::uint8_t { none, plain, floored, careful };

template <typename Real, Level kLevel>
struct Rounder {
  using D = Lanes<Real>;
  using V = hn::Vec<D>;
  V magic, least, exponent, sign, highest;

  HWY_INLINE Rounder(const NarrowFloat<Real>& to, Real scale)
      : magic(hn::Set(D(), to.magic)),
        least(hn::Set(D(), to.least * scale)),
        exponent(hn::Set(D(), std::numeric_limits<Real>::infinity())),
        sign(to.negative_zero ? hn::SignBit(D()) : hn::Zero(D())),
        highest(hn::Zero(D())) {}
  HWY_INLINE V round(V x) {
    if constexpr (kLevel == Level::none) return x;
    V binade = hn::And(x, exponent);
    if constexpr (kLevel != Level::plain) binade = hn::Max(binade, least);
    const V moved = hn::MulAdd(binade, magic, x);
    const V result = hn::NegMulAdd(binade, magic, moved);
    if constexpr (kLevel != Level::careful) return result;
    highest = hn::Max(highest, hn::Abs(result));
    return hn::OrAnd(result, x, sign);
  }
};

template <typename Real, Level kProduct, Level kSum, bool kOdd>
struct RoundedStep {
  using V = hn::Vec<Lanes<Real>>;
  static constexpr bool careful = kProduct == Level::careful || kSum == Level::careful;
  Rounder<Real, kProduct> product;
  Rounder<Real, kSum> sum;
  V down;

  // Careful steps work one binade lower than what is too large for the others.
  static constexpr Real down_scale() { return careful ? Real{0.5} : Real{1}; }
  HWY_INLINE explicit RoundedStep(const TileRounding<Real>& rounding)
      : product(rounding.product, down_scale()),
        sum(rounding.sum, down_scale()),
        down(hn::Set(Lanes<Real>(), down_scale())) {}
  HWY_INLINE V column(V b) const { return careful ? hn::Mul(b, down) : b; }
  HWY_INLINE V add(V a, V b, V s) {
    if constexpr (kOdd) return sum.round(add_to_odd(a, b, s));
    if constexpr (kProduct == Level::none) return sum.round(hn::MulAdd(a, b, s));
    return sum.round(hn::Add(s, product.round(hn::Mul(a, b))));
  }
};

template <typename Real>
struct TileBuffer {
  HWY_ALIGN Real x[tile_rows * tile_vectors * hn::MaxLanes(Lanes<Real>())];
};

template <typename Real>
HWY_INLINE void scale_sums(Sums<Real>& sums, Real factor) {
  const auto by = hn::Set(Lanes<Real>(), factor);
  for (auto& row : sums.x) {
    for (auto& x : row) x = hn::Mul(x, by);
  }
}
template <typename Real>
HWY_INLINE bool all_finite(const Sums<Real>& sums) {
  auto finite = hn::IsFinite(sums.x[0][0]);
  for (const auto& row : sums.x) {
    for (const auto& x : row) finite = hn::And(finite, hn::IsFinite(x));
  }
  return hn::AllTrue(Lanes<Real>(), finite);
}
template <typename Real>
HWY_INLINE bool any_zero(const Sums<Real>& sums) {
  const auto zero = hn::Zero(Lanes<Real>());
  auto found = sums.x[0][0] == zero;
  for (const auto& row : sums.x) {
    for (const auto& x : row) found = hn::Or(found, x == zero);
  }
  return !hn::AllFalse(Lanes<Real>(), found);
}
template <typename Real>
HWY_INLINE bool all_below(hn::Vec<Lanes<Real>> highest, Real largest) {
  return hn::AllTrue(Lanes<Real>(), highest <= hn::Set(Lanes<Real>(), largest));
}

// The outer sum of binary32, of numbers that are exact in it.
HWY_INLINE hn::Vec<Lanes<float>> add_outer(hn::Vec<Lanes<float>> total, hn::Vec<Lanes<float>> x) {
  return hn::Add(total, x);
}
HWY_INLINE hn::Vec<Lanes<double>> add_outer(hn::Vec<Lanes<double>> total,
                                            hn::Vec<Lanes<double>> x) {
  const hn::Rebind<float, Lanes<double>> narrow;
  return hn::PromoteTo(Lanes<double>(), hn::DemoteTo(narrow, hn::Add(total, x)));
}

// A tile by one kind of steps; false where it is not certain. sums: the addend, and the result.
template <typename Real, Level kProduct, Level kSum, bool kOdd = false>
HWY_NOINLINE bool run_tile(const TileRounding<Real>& rounding, const Rows<Real>& rows,
                           const Real* panel, std::size_t terms, TileBuffer<Real>& buffer) {
  using Step = RoundedStep<Real, kProduct, kSum, kOdd>;
  const std::size_t stride = tile_columns<Real>();
  const Real scale = rounding.scale * Step::down_scale();
  Step step(rounding);
  Sums<Real> sums;
  load_sums<Real>(rounding.run == 0 ? buffer.x : nullptr, stride, sums);
  if (rounding.run == 0) {
    scale_sums(sums, scale);
    add_terms(step, rows, panel, 0, terms, sums);
    scale_sums(sums, 1 / scale);
  } else {
    Sums<Real> totals;
    for (std::size_t first = 0; first < terms; first += rounding.run) {
      load_sums<Real>(nullptr, 0, sums);
      add_terms(step, rows, panel, first, std::min(terms, first + rounding.run), sums);
      scale_sums(sums, 1 / scale);
      load_sums<Real>(buffer.x, stride, totals);
      for (std::size_t r = 0; r < tile_rows; ++r) {
        for (std::size_t v = 0; v < tile_vectors; ++v)
          totals.x[r][v] = add_outer(totals.x[r][v], sums.x[r][v]);
      }
      store_sums(totals, buffer.x, stride);
    }
    load_sums<Real>(buffer.x, stride, sums);
  }
  if (!all_finite(sums)) return false;
  if constexpr (Step::careful) {
    if (kProduct == Level::careful &&
        !all_below(step.product.highest, rounding.product.largest * Step::down_scale()))
      return false;
    if (kSum == Level::careful &&
        !all_below(step.sum.highest, rounding.sum.largest * Step::down_scale()))
      return false;
  } else if (rounding.signs_of_zero && any_zero(sums)) {
    return false;
  }
  store_sums(sums, buffer.x, stride);
  return true;
}

template <typename Real>
using RunTile = bool (*)(const TileRounding<Real>&, const Rows<Real>&, const Real*, std::size_t,
                         TileBuffer<Real>&);
// The quick way and the careful one.
template <typename Real>
struct Ways {
  RunTile<Real> quick, careful;
};
template <typename Real>
Ways<Real> ways_of(const TileRounding<Real>& r) {
  constexpr Level none = Level::none;
  constexpr Level plain = Level::plain;
  constexpr Level floored = Level::floored;
  constexpr Level careful = Level::careful;
  if constexpr (has_sums_to_odd && sizeof(Real) == 4) {
    if (r.to_odd) {
      return {r.sum.exact_below ? run_tile<Real, none, plain, true>
                                : run_tile<Real, none, floored, true>,
              run_tile<Real, none, careful, true>};
    }
  }
  if (r.steps == TileSteps::sum) {
    return {r.sum.exact_below ? run_tile<Real, none, plain> : run_tile<Real, none, floored>,
            run_tile<Real, none, careful>};
  }
  if (r.steps == TileSteps::product) {
    return {r.product.exact_below ? run_tile<Real, plain, none> : run_tile<Real, floored, none>,
            run_tile<Real, careful, none>};
  }
  if (!r.sum.exact_below)
    return {run_tile<Real, floored, floored>, run_tile<Real, careful, careful>};
  return {r.product.exact_below ? run_tile<Real, plain, plain> : run_tile<Real, floored, plain>,
          run_tile<Real, careful, careful>};
}

template <typename Real>
void load_addend(const NarrowMatrices<Real>& m, const TilePlace& at, TileBuffer<Real>& buffer) {
  std::fill_n(buffer.x, tile_rows * tile_columns<Real>(), Real{0});
  if (m.c == nullptr) return;
  for (std::size_t r = 0; r < at.rows; ++r) {
    const float* from = m.c + (at.row + r) * m.c_stride + at.column;
    std::copy_n(from, at.columns, buffer.x + r * tile_columns<Real>());
  }
}
template <typename Real>
void store_tile(const TileBuffer<Real>& buffer, const TilePlace& at,
                const NarrowMatrices<Real>& m) {
  for (std::size_t r = 0; r < at.rows; ++r) {
    const Real* from = buffer.x + r * tile_columns<Real>();
    float* out = m.out + (at.row + r) * m.out_stride + at.column;
    for (std::size_t i = 0; i < at.columns; ++i) out[i] = static_cast<float>(from[i]);
  }
}

template <typename Real>
std::vector<TilePlace> multiply_narrow(const Shape& s, const NarrowMatrices<Real>& m,
                                       const TileRounding<Real>& rounding) {
  const Ways<Real> ways = ways_of(rounding);
  const Panel<Real> panel = make_panel<Real>(s.inner);
  const std::size_t width = tile_columns<Real>();
  std::vector<TilePlace> left;
  for (std::size_t column = 0; column < s.columns; column += width) {
    const std::size_t columns = std::min(width, s.columns - column);
    pack(m.b + column, m.b_stride, 0, s.inner, columns, rounding.scale, panel.get());
    for (std::size_t row = 0; row < s.rows; row += tile_rows) {
      const TilePlace at{row, column, std::min(tile_rows, s.rows - row), columns};
      const Rows<Real> rows(m.a, m.a_stride, row, at.rows);
      TileBuffer<Real> buffer;
      load_addend(m, at, buffer);
      bool done = ways.quick(rounding, rows, panel.get(), s.inner, buffer);
      if (!done) {
        load_addend(m, at, buffer);
        done = ways.careful(rounding, rows, panel.get(), s.inner, buffer);
      }
      done ? store_tile(buffer, at, m) : left.push_back(at);
    }
  }
  return left;
}

bool sums_to_odd() { return has_sums_to_odd; }

std::vector<TilePlace> multiply_narrow32(const Shape& s, const NarrowMatrices<float>& m,
                                         const TileRounding<float>& rounding) {
  return multiply_narrow(s, m, rounding);
}
std::vector<TilePlace> multiply_narrow64(const Shape& s, const NarrowMatrices<double>& m,
                                         const TileRounding<double>& rounding) {
  return multiply_narrow(s, m, rounding);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(multiply_own32);
HWY_EXPORT(multiply_own64);
HWY_EXPORT(survey_numbers);
HWY_EXPORT(multiply_narrow32);
HWY_EXPORT(multiply_narrow64);
HWY_EXPORT(sums_to_odd);

bool multiply_in_sequence(const Shape& shape, const Matrices<float>& m, bool fused) {
  return HWY_DYNAMIC_DISPATCH(multiply_own32)(shape, m, fused);
}
bool multiply_in_sequence(const Shape& shape, const Matrices<double>& m, bool fused) {
  return HWY_DYNAMIC_DISPATCH(multiply_own64)(shape, m, fused);
}
bool can_add_to_odd() { return HWY_DYNAMIC_DISPATCH(sums_to_odd)(); }
Survey survey(const float* numbers, std::size_t rows, std::size_t columns, std::size_t stride) {
  return HWY_DYNAMIC_DISPATCH(survey_numbers)(numbers, rows, columns, stride);
}
std::vector<TilePlace> multiply_rounded(const Shape& shape, const NarrowMatrices<float>& m,
                                        const TileRounding<float>& rounding) {
  return HWY_DYNAMIC_DISPATCH(multiply_narrow32)(shape, m, rounding);
}
std::vector<TilePlace> multiply_rounded(const Shape& shape, const NarrowMatrices<double>& m,
                                        const TileRounding<double>& rounding) {
  return HWY_DYNAMIC_DISPATCH(multiply_narrow64)(shape, m, rounding);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

// SPDX-License-Identifier: MIT
//
// Products of matrices whose steps are rounded to narrow floats, on tiles (tile_lanes.h).
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

#include <algorithm>
#include <limits>
#include <vector>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/rounded_tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/tile_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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

// The outer sums of binary32, to which numbers that binary32 holds are added. Through memory:
// Highway's one lane narrows with saturation, and of a conversion there and back in registers GCC
// 12 loses some lanes.
HWY_INLINE void add_to_totals(const Sums<float>& sums, TileBuffer<float>& totals) {
  Sums<float> next;
  const std::size_t stride = tile_columns<float>();
  load_sums(totals.x, stride, next);
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v)
      next.x[r][v] = hn::Add(next.x[r][v], sums.x[r][v]);
  }
  store_sums(next, totals.x, stride);
}
HWY_NOINLINE void add_to_totals(const Sums<double>& sums, TileBuffer<double>& totals) {
  TileBuffer<double> exact;
  float rounded[tile_rows * tile_vectors * hn::MaxLanes(Lanes<double>())];
  const std::size_t count = tile_rows * tile_columns<double>();
  store_sums(sums, exact.x, tile_columns<double>());
  for (std::size_t i = 0; i < count; ++i) rounded[i] = static_cast<float>(totals.x[i] + exact.x[i]);
  for (std::size_t i = 0; i < count; ++i) totals.x[i] = static_cast<double>(rounded[i]);
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
    for (std::size_t first = 0; first < terms; first += rounding.run) {
      load_sums<Real>(nullptr, 0, sums);
      add_terms(step, rows, panel, first, std::min(terms, first + rounding.run), sums);
      scale_sums(sums, 1 / scale);
      add_to_totals(sums, buffer);
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

HWY_EXPORT(multiply_narrow32);
HWY_EXPORT(multiply_narrow64);
HWY_EXPORT(sums_to_odd);

bool can_add_to_odd() { return HWY_DYNAMIC_DISPATCH(sums_to_odd)(); }
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

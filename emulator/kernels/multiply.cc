// SPDX-License-Identifier: MIT
//
// Matrix products in plain binary32 and binary64 with every product and every sum rounded, in an
// order that does not depend on the vector width: lanes are columns of the result (or, in a single
// dot product of eight sums, the sums), and k runs in order inside a lane. Multiplication and
// addition are written apart and never fused (-ffp-contract=off).
#include "emulator/kernels/kernels.h"

#include <limits>
#include <vector>

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/multiply.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// NaN results carry no sign: the processor's default NaN is negative on x86.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V positive_nan(D d, V x) {
  const hn::RebindToUnsigned<D> bits;
  using Bits = hn::TFromD<decltype(bits)>;
  constexpr Bits quiet =
      static_cast<Bits>(sizeof(Bits) == 8 ? std::uint64_t{0x7ff8} << 48 : 0x7fc00000);
  const V nan = hn::BitCast(d, hn::Set(bits, quiet));
  return hn::IfThenElse(hn::IsNaN(x), nan, x);
}

template <typename Real>
struct Panel {
  const Real* a;
  const Real* b;
  Real* out;
  std::size_t a_stride, b_stride, out_stride, inner;
};

// kRows rows of the result, kVectors vectors of columns, sums in registers.
template <int kRows, int kVectors, typename Real>
HWY_INLINE void multiply_tile(const Panel<Real>& p) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  V sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < p.inner; ++k) {
    V columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      columns[v] = hn::LoadU(d, p.b + k * p.b_stride + static_cast<std::size_t>(v) * lanes);
    }
    for (int r = 0; r < kRows; ++r) {
      const V factor = hn::Set(d, p.a[static_cast<std::size_t>(r) * p.a_stride + k]);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = sums[r][v] + factor * columns[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    Real* out = p.out + static_cast<std::size_t>(r) * p.out_stride;
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(positive_nan(d, sums[r][v]), d, out + static_cast<std::size_t>(v) * lanes);
    }
  }
}

template <int kVectors, typename Real>
HWY_INLINE void tile_columns(Panel<Real> p, std::size_t rows) {
  constexpr int block = 6;
  std::size_t row = 0;
  for (; row + block <= rows; row += block) {
    multiply_tile<block, kVectors>(p);
    p.a += block * p.a_stride;
    p.out += block * p.out_stride;
  }
  for (; row < rows; ++row) {
    multiply_tile<1, kVectors>(p);
    p.a += p.a_stride;
    p.out += p.out_stride;
  }
}

// The last columns, fewer than a vector: through copies that are as wide as a vector.
template <typename Real>
void last_columns(const Shape& s, const Matrices<Real>& m, std::size_t first,
                  void (*function)(Panel<Real>, std::size_t)) {
  const hn::ScalableTag<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t rest = s.columns - first;
  std::vector<Real> b(s.inner * lanes);
  std::vector<Real> out(s.rows * lanes);
  for (std::size_t k = 0; k < s.inner; ++k) {
    for (std::size_t c = 0; c < rest; ++c) b[k * lanes + c] = m.b[k * m.b_stride + first + c];
  }
  function({m.a, b.data(), out.data(), m.a_stride, lanes, lanes, s.inner}, s.rows);
  for (std::size_t r = 0; r < s.rows; ++r) {
    for (std::size_t c = 0; c < rest; ++c) m.out[r * m.out_stride + first + c] = out[r * lanes + c];
  }
}

template <typename Real>
void one_vector_of_columns(Panel<Real> p, std::size_t rows) {
  tile_columns<1>(p, rows);
}

template <typename Real>
HWY_INLINE void multiply_in_order(const Shape& s, const Matrices<Real>& m) {
  const hn::ScalableTag<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  const auto panel = [&] {
    return Panel<Real>{m.a, m.b + c, m.out + c, m.a_stride, m.b_stride, m.out_stride, s.inner};
  };
  for (; c + 2 * lanes <= s.columns; c += 2 * lanes) tile_columns<2>(panel(), s.rows);
  for (; c + lanes <= s.columns; c += lanes) tile_columns<1>(panel(), s.rows);
  if (c < s.columns) last_columns<Real>(s, m, c, &one_vector_of_columns<Real>);
}

template <typename Real>
Real combine_sums(const Real* sums, std::size_t step) {
  const Real even = (sums[0] + sums[4 * step]) + (sums[2 * step] + sums[6 * step]);
  const Real odd = (sums[step] + sums[5 * step]) + (sums[3 * step] + sums[7 * step]);
  const Real total = even + odd;
  return total == total ? total : std::numeric_limits<Real>::quiet_NaN();
}

// One dot product of two rows: lanes are the eight sums.
template <typename Real>
HWY_INLINE Real dot_of_eight_sums(const Real* a, const Real* b, std::size_t inner) {
  const hn::CappedTag<Real, 8> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  constexpr std::size_t vectors = 8 / lanes;
  V sums[vectors];
  for (V& sum : sums) sum = hn::Zero(d);
  std::size_t k = 0;
  for (; k + 8 <= inner; k += 8) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t at = k + v * lanes;
      sums[v] = sums[v] + hn::LoadU(d, a + at) * hn::LoadU(d, b + at);
    }
  }
  HWY_ALIGN Real each[8];
  for (std::size_t v = 0; v < vectors; ++v) hn::Store(sums[v], d, each + v * lanes);
  for (; k < inner; ++k) each[k % 8] = each[k % 8] + a[k] * b[k];
  return combine_sums(each, 1);
}

// A vector of columns: eight sums in registers.
template <typename Real>
void eight_sums_of_columns(Panel<Real> p, std::size_t rows) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  HWY_ALIGN Real each[8 * lanes];
  for (std::size_t row = 0; row < rows; ++row, p.a += p.a_stride, p.out += p.out_stride) {
    V sums[8];
    for (V& sum : sums) sum = hn::Zero(d);
    std::size_t k = 0;
    for (; k + 8 <= p.inner; k += 8) {
      for (std::size_t i = 0; i < 8; ++i) {
        const V column = hn::LoadU(d, p.b + (k + i) * p.b_stride);
        sums[i] = sums[i] + hn::Set(d, p.a[k + i]) * column;
      }
    }
    for (std::size_t i = 0; i < 8; ++i) hn::Store(sums[i], d, each + i * lanes);
    for (; k < p.inner; ++k) {
      Real* sum = each + k % 8 * lanes;
      for (std::size_t c = 0; c < lanes; ++c) sum[c] = sum[c] + p.a[k] * p.b[k * p.b_stride + c];
    }
    for (std::size_t c = 0; c < lanes; ++c) p.out[c] = combine_sums(each + c, lanes);
  }
}

template <typename Real>
HWY_INLINE void multiply_eight(const Shape& s, const Matrices<Real>& m) {
  if (s.columns == 1 && (m.b_stride == 1 || s.inner == 1)) {
    for (std::size_t r = 0; r < s.rows; ++r) {
      m.out[r * m.out_stride] = dot_of_eight_sums(m.a + r * m.a_stride, m.b, s.inner);
    }
    return;
  }
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<Real>());
  std::size_t c = 0;
  for (; c + lanes <= s.columns; c += lanes) {
    eight_sums_of_columns<Real>(
        {m.a, m.b + c, m.out + c, m.a_stride, m.b_stride, m.out_stride, s.inner}, s.rows);
  }
  if (c < s.columns) last_columns<Real>(s, m, c, &eight_sums_of_columns<Real>);
}

void sequential_binary32(const Shape& s, const Matrices<float>& m) { multiply_in_order(s, m); }
void sequential_binary64(const Shape& s, const Matrices<double>& m) { multiply_in_order(s, m); }
void eight_sums_binary32(const Shape& s, const Matrices<float>& m) { multiply_eight(s, m); }
void eight_sums_binary64(const Shape& s, const Matrices<double>& m) { multiply_eight(s, m); }

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(sequential_binary32);
HWY_EXPORT(sequential_binary64);
HWY_EXPORT(eight_sums_binary32);
HWY_EXPORT(eight_sums_binary64);

void multiply_sequential(const Shape& shape, const Matrices<float>& m) {
  HWY_DYNAMIC_DISPATCH(sequential_binary32)(shape, m);
}
void multiply_sequential(const Shape& shape, const Matrices<double>& m) {
  HWY_DYNAMIC_DISPATCH(sequential_binary64)(shape, m);
}
void multiply_eight_sums(const Shape& shape, const Matrices<float>& m) {
  HWY_DYNAMIC_DISPATCH(eight_sums_binary32)(shape, m);
}
void multiply_eight_sums(const Shape& shape, const Matrices<double>& m) {
  HWY_DYNAMIC_DISPATCH(eight_sums_binary64)(shape, m);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

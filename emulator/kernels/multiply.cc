// SPDX-License-Identifier: MIT
//
// Matrix products in plain binary32 and binary64 with every product and every sum rounded, in an
// order that does not depend on the vector width: lanes are columns of the result, and the orders
// go through the terms inside a lane. Multiplication and addition are written apart and never fused
// (-ffp-contract=off). Of one column there is but one result a row; where its terms are neighbours
// and go to eight sums, these sums are the lanes.
#include "emulator/kernels/kernels.h"

#include <limits>
#include <vector>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/multiply.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/orders.h"

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

// The arithmetic of kRows rows of the result and kVectors vectors of columns, in registers
// (orders.h). `at` is not asked: all quantizers are the same, and none draws.
template <int kRows, int kVectors, typename Real>
class Tile {
 public:
  using D = hn::ScalableTag<Real>;
  using V = hn::Vec<D>;
  // Code outside of this instruction set's does not know the vectors' own alignment.
  struct alignas(64) Number {
    V x[kRows][kVectors];
  };

  // The upper left corner of the tile in m is moved to another place of the matrices.
  explicit Tile(const Matrices<Real>& m) : m_(m) {}
  void move(std::size_t row, std::size_t column) {
    row_ = row;
    column_ = column;
  }

  HWY_INLINE void zero(Number& out) const {
    each([&](int r, int v) HWY_ATTR { out.x[r][v] = hn::Zero(D()); });
  }
  HWY_INLINE void copy(const Number& x, Number& out) const { out = x; }
  HWY_INLINE void addend(Number& out) const {
    each([&](int r, int v) HWY_ATTR {
      out.x[r][v] = hn::LoadU(D(), m_.c + (row_ + r) * m_.c_stride + column_ + v * lanes());
    });
  }
  HWY_INLINE void negate(const Number& x, Number& out) const {
    each([&](int r, int v) HWY_ATTR {
      const V minus = hn::Neg(x.x[r][v]);
      out.x[r][v] = hn::IfThenElse(hn::IsFinite(minus), minus, hn::Set(D(), Real{-0.0}));
    });
  }
  HWY_INLINE void term(std::size_t /*node*/, std::size_t k, Number& out) const {
    V columns[kVectors];
    load_columns(k, columns);
    each([&](int r, int v) HWY_ATTR { out.x[r][v] = factor(r, k) * columns[v]; });
  }
  HWY_INLINE void plus_term(std::size_t /*node*/, std::size_t k, const Number& x,
                            Number& out) const {
    V columns[kVectors];
    load_columns(k, columns);
    for (int r = 0; r < kRows; ++r) {
      const V left = factor(r, k);
      for (int v = 0; v < kVectors; ++v) out.x[r][v] = x.x[r][v] + left * columns[v];
    }
  }
  HWY_INLINE void convert(const At& /*at*/, const Number& x, Number& out) const { out = x; }
  HWY_INLINE void add(const At& /*at*/, const Number& x, const Number& y, Number& out) const {
    each([&](int r, int v) HWY_ATTR { out.x[r][v] = x.x[r][v] + y.x[r][v]; });
  }
  HWY_INLINE void subtract(const At& /*at*/, const Number& x, const Number& y, Number& out) const {
    each([&](int r, int v) HWY_ATTR { out.x[r][v] = x.x[r][v] - y.x[r][v]; });
  }
  // No tree of these kernels adds at once.
  void add_terms(const At& /*at*/, const TermList& /*terms*/, const Number* /*s*/,
                 Number& out) const {
    zero(out);
  }
  template <typename Parts>
  void add_parts(const At& /*at*/, const TermList& /*terms*/, const Parts& /*parts*/,
                 const Number* /*s*/, Number& out) const {
    zero(out);
  }

  HWY_INLINE void store(const Number& x) const {
    each([&](int r, int v) HWY_ATTR {
      Real* out = m_.out + (row_ + r) * m_.out_stride + column_ + v * lanes();
      hn::StoreU(positive_nan(D(), x.x[r][v]), D(), out);
    });
  }

 private:
  static HWY_INLINE std::size_t lanes() { return hn::Lanes(D()); }
  template <typename Function>
  static HWY_INLINE void each(const Function& function) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) function(r, v);
    }
  }
  HWY_INLINE void load_columns(std::size_t k, V* columns) const {
    const Real* row = m_.b + k * m_.b_stride + column_;
    for (int v = 0; v < kVectors; ++v) columns[v] = hn::LoadU(D(), row + v * lanes());
  }
  HWY_INLINE V factor(int r, std::size_t k) const {
    return hn::Set(D(), m_.a[(row_ + r) * m_.a_stride + k]);
  }

  Matrices<Real> m_;
  std::size_t row_ = 0, column_ = 0;
};

// The tiles of some rows below each other, at one column; answers the row behind them.
template <int kRows, int kVectors, typename Real>
std::size_t multiply_tiles(const DotTree& tree, const Shape& s, const Matrices<Real>& m,
                           std::size_t row, std::size_t column) {
  using Arithmetic = Tile<kRows, kVectors, Real>;
  Arithmetic tile(m);
  Walker<Arithmetic> walker(tile, tree);
  for (; row + kRows <= s.rows; row += kRows) {
    tile.move(row, column);
    typename Arithmetic::Number result;
    walker.run(s.inner, m.c != nullptr, result);
    tile.store(result);
  }
  return row;
}

template <int kVectors, typename Real>
void multiply_columns(const DotTree& tree, const Shape& s, const Matrices<Real>& m,
                      std::size_t column) {
  const std::size_t row = multiply_tiles<6, kVectors>(tree, s, m, 0, column);
  multiply_tiles<1, kVectors>(tree, s, m, row, column);
}

// The last columns, fewer than a vector: through copies that are as wide as a vector.
template <typename Real>
void multiply_last_columns(const DotTree& tree, const Shape& s, const Matrices<Real>& m,
                           std::size_t first) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<Real>());
  const std::size_t rest = s.columns - first;
  std::vector<Real> b(s.inner * lanes);
  std::vector<Real> c(m.c != nullptr ? s.rows * lanes : 0);
  std::vector<Real> out(s.rows * lanes);
  for (std::size_t k = 0; k < s.inner; ++k) {
    for (std::size_t i = 0; i < rest; ++i) b[k * lanes + i] = m.b[k * m.b_stride + first + i];
  }
  for (std::size_t r = 0; r < c.size() / lanes; ++r) {
    for (std::size_t i = 0; i < rest; ++i) c[r * lanes + i] = m.c[r * m.c_stride + first + i];
  }
  const Matrices<Real> copies{.a = m.a,
                              .b = b.data(),
                              .c = m.c != nullptr ? c.data() : nullptr,
                              .out = out.data(),
                              .a_stride = m.a_stride,
                              .b_stride = lanes,
                              .c_stride = lanes,
                              .out_stride = lanes};
  multiply_columns<1>(tree, s, copies, 0);
  for (std::size_t r = 0; r < s.rows; ++r) {
    for (std::size_t i = 0; i < rest; ++i) m.out[r * m.out_stride + first + i] = out[r * lanes + i];
  }
}

// One dot product of two rows in eight sums.
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
  const Real even = (each[0] + each[4]) + (each[2] + each[6]);
  const Real odd = (each[1] + each[5]) + (each[3] + each[7]);
  return even + odd;
}

inline bool is_eight_sums(const DotTree& tree) {
  const Sum& outer = tree.sums.front();
  return tree.sums.size() == 2 && outer.joining == Joining::halves && outer.size == 8 &&
         tree.sums.back().joining == Joining::in_sequence;
}

template <typename Real>
void multiply_in_tiles(const DotTree& tree, const Shape& s, const Matrices<Real>& m) {
  const bool neighbours = s.columns == 1 && (m.b_stride == 1 || s.inner == 1);
  if (neighbours && s.inner > 0 && is_eight_sums(tree)) {
    for (std::size_t r = 0; r < s.rows; ++r) {
      Real result = dot_of_eight_sums(m.a + r * m.a_stride, m.b, s.inner);
      if (m.c != nullptr) result = result + m.c[r * m.c_stride];
      const bool is_nan = result != result;
      m.out[r * m.out_stride] = is_nan ? std::numeric_limits<Real>::quiet_NaN() : result;
    }
    return;
  }
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<Real>());
  std::size_t column = 0;
  for (; column + 2 * lanes <= s.columns; column += 2 * lanes)
    multiply_columns<2>(tree, s, m, column);
  for (; column + lanes <= s.columns; column += lanes) multiply_columns<1>(tree, s, m, column);
  if (column < s.columns) multiply_last_columns(tree, s, m, column);
}

void multiply_binary32(const DotTree& tree, const Shape& s, const Matrices<float>& m) {
  multiply_in_tiles(tree, s, m);
}
void multiply_binary64(const DotTree& tree, const Shape& s, const Matrices<double>& m) {
  multiply_in_tiles(tree, s, m);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(multiply_binary32);
HWY_EXPORT(multiply_binary64);

void multiply(const DotTree& tree, const Shape& shape, const Matrices<float>& m) {
  HWY_DYNAMIC_DISPATCH(multiply_binary32)(tree, shape, m);
}
void multiply(const DotTree& tree, const Shape& shape, const Matrices<double>& m) {
  HWY_DYNAMIC_DISPATCH(multiply_binary64)(tree, shape, m);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

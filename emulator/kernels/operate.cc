// SPDX-License-Identifier: MIT
//
// Results of + - * / sqrt and a * b + c rounded to odd in binary64: compute to nearest, find the
// exact error, and move an even result that is not exact to its odd neighbour on the error's side.
// Rounding such a result to p bits, p + 2 <= 53, in any mode is rounding the exact result (Boldo
// and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
// to odd", IEEE Trans. Computers 57(4), 2008). Errors: two-sum (Knuth), two-product and the
// remainders of quotient and root with a fused multiply-add where the target has one, else by
// splitting (Dekker 1971, Veltkamp). Both are exact in the range that `is_outside` leaves, so every
// target gives the same bits.
#include "emulator/kernels/kernels.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/operate.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

struct Pair {
  V value, error;
};

HWY_INLINE V power_of_two(int exponent) {
  const D d;
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d, hn::Set(bits, static_cast<std::uint64_t>(exponent + 1023) << 52));
}

HWY_INLINE Pair two_sum(V a, V b) {
  const V sum = a + b;
  const V b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

#if !HWY_NATIVE_FMA
HWY_INLINE Pair split(V a) {
  const V c = hn::Set(D(), 134217729.0) * a;  // 2^27 + 1
  const V high = c - (c - a);
  return {high, a - high};
}
#endif

HWY_INLINE Pair two_product(V a, V b) {
  const V product = a * b;
#if HWY_NATIVE_FMA
  return {product, hn::MulSub(a, b, product)};
#else
  const Pair x = split(a);
  const Pair y = split(b);
  const V first = x.value * y.value - product;
  return {product, ((first + x.value * y.error) + x.error * y.value) + x.error * y.error};
#endif
}

// a - x * y, exact where it fits: x * y is near a.
HWY_INLINE V residual(V a, V x, V y) {
#if HWY_NATIVE_FMA
  return hn::NegMulAdd(x, y, a);
#else
  const Pair p = two_product(x, y);
  return (a - p.value) - p.error;
#endif
}

// Even results with an error take one step of their last place toward it.
HWY_INLINE V to_odd(V value, V error) {
  const D d;
  const hn::RebindToUnsigned<D> bits;
  const auto pattern = hn::BitCast(bits, value);
  const auto one = hn::Set(bits, std::uint64_t{1});
  const auto odd = hn::TestBit(pattern, one);
  const auto inexact = hn::RebindMask(bits, error != hn::Zero(d));
  // -1 where the signs differ (toward zero), else +1.
  const auto differ = hn::BroadcastSignBit(
      hn::BitCast(hn::RebindToSigned<D>(), hn::Xor(pattern, hn::BitCast(bits, error))));
  const auto step = hn::Or(hn::BitCast(bits, differ), one);
  const auto moved = pattern + hn::IfThenElseZero(hn::AndNot(odd, inexact), step);
  return hn::BitCast(d, moved);
}

// Neither zero nor 2^-400 to 2^500: products and quotients, and their errors, might leave the
// range. NaN included.
HWY_INLINE M is_outside(V a) {
  const V magnitude = hn::Abs(a);
  const M inside = hn::And(magnitude >= power_of_two(-400), magnitude < power_of_two(500));
  return hn::Not(hn::Or(inside, a == hn::Zero(D())));
}

HWY_INLINE M is_outside_of_sums(V a) { return hn::Not(hn::Abs(a) < power_of_two(1000)); }

HWY_INLINE V special_mark() {
  const D d;
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d, hn::Set(bits, std::uint64_t{0x7ff8} << 48));
}

// A zero sum where the mode is toward-negative: -0 unless both terms are +0.
HWY_INLINE V sign_zero_sum(V sum, V a, V b, bool negative) {
  if (!negative) return sum;
  const V sign = hn::And(hn::Or(a, b), hn::SignBit(D()));
  return hn::IfThenElse(sum == hn::Zero(D()), sign, sum);
}

// The result in the processor's arithmetic, which is exact for infinite operands and for division
// of a nonzero number by zero (unless it is NaN: then the scalar path decides).
template <Op kOp>
HWY_NOINLINE V exact_infinity(V a, V b, V c, M special, V result) {
  const V zero = hn::Zero(D());
  M exact = hn::IsInf(a);
  V plain = a;
  if constexpr (kOp == Op::square_root) {
    plain = hn::Sqrt(a);
  } else {
    exact = hn::Or(exact, hn::IsInf(b));
    if constexpr (kOp == Op::add || kOp == Op::subtract) plain = a + b;
    if constexpr (kOp == Op::multiply) plain = a * b;
    if constexpr (kOp == Op::divide) {
      plain = a / b;
      exact = hn::Or(exact, b == zero);
    }
    if constexpr (kOp == Op::fused_multiply_add) {
      exact = hn::Or(exact, hn::IsInf(c));
      plain = a * b + c;
    }
  }
  return hn::IfThenElse(hn::And(special, exact), plain, result);
}

template <Op kOp>
HWY_INLINE V operate_vector(const OddOptions& options, V a, V b, V c) {
  const V zero = hn::Zero(D());
  Pair result{zero, zero};
  M special = is_outside_of_sums(zero);
  if constexpr (kOp == Op::add || kOp == Op::subtract) {
    if (kOp == Op::subtract) b = hn::Neg(b);
    result = two_sum(a, b);
    result.value = sign_zero_sum(result.value, a, b, options.zero_sum_negative);
    special = hn::Or(is_outside_of_sums(a), is_outside_of_sums(b));
  } else if constexpr (kOp == Op::multiply) {
    result = two_product(a, b);
    special = hn::Or(is_outside(a), is_outside(b));
  } else if constexpr (kOp == Op::divide) {
    result.value = a / b;
    const V remainder = residual(a, result.value, b);
    result.error = hn::Xor(remainder, hn::And(b, hn::SignBit(D())));
    special = hn::Or(hn::Or(is_outside(a), is_outside(b)), b == zero);
  } else if constexpr (kOp == Op::square_root) {
    result.value = hn::Sqrt(a);
    result.error = residual(a, result.value, result.value);
    special = hn::Or(is_outside(a), a < zero);
  } else {
    // p + e + c: the two lower parts are added to odd, which leaves the last sum's error right.
    const Pair product = two_product(a, b);
    const Pair low = two_sum(c, product.error);
    const Pair high = two_sum(product.value, low.value);
    const Pair rest = two_sum(low.error, high.error);
    result = two_sum(high.value, to_odd(rest.value, rest.error));
    // A zero result is an exact sum of p and c; it has the sign of theirs.
    const V plain = sign_zero_sum(product.value + c, product.value, c, options.zero_sum_negative);
    result.value = hn::IfThenElse(result.value == zero, plain, result.value);
    special = hn::Or(hn::Or(is_outside(a), is_outside(b)), is_outside_of_sums(c));
  }
  const V odd = hn::IfThenElse(special, special_mark(), to_odd(result.value, result.error));
  if (HWY_LIKELY(hn::AllFalse(D(), special))) return odd;
  return exact_infinity<kOp>(a, b, c, special, odd);
}

HWY_INLINE V flush_small(V a, double below) {
  const M small = hn::Abs(a) < hn::Set(D(), below);
  return hn::IfThenElse(small, hn::And(a, hn::SignBit(D())), a);
}

template <Op kOp>
HWY_INLINE V load_and_operate(const OddOptions& options, const double* a, const double* b,
                              const double* c) {
  const D d;
  constexpr int operands = kOp == Op::square_root ? 1 : (kOp == Op::fused_multiply_add ? 3 : 2);
  V x = hn::LoadU(d, a);
  V y = operands > 1 ? hn::LoadU(d, b) : x;
  V z = operands > 2 ? hn::LoadU(d, c) : x;
  if (options.flush_below > 0) {
    x = flush_small(x, options.flush_below);
    y = flush_small(y, options.flush_below);
    z = flush_small(z, options.flush_below);
  }
  return operate_vector<kOp>(options, x, y, z);
}

template <Op kOp>
bool operate_all(const OddOptions& options, const double* a, const double* b, const double* c,
                 std::size_t count, double* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  M special = hn::IsNaN(hn::Zero(d));  // none
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V result = load_and_operate<kOp>(options, a + i, b + i, c + i);
    special = hn::Or(special, hn::IsNaN(result));
    hn::StoreU(result, d, out + i);
  }
  if (i < count) {
    constexpr std::size_t most = hn::MaxLanes(D());
    HWY_ALIGN double last[4 * most];
    for (double& x : last) x = 1.0;  // exact in every operation
    for (std::size_t k = i; k < count; ++k) {
      last[k - i] = a[k];
      last[most + k - i] = b[k];
      last[2 * most + k - i] = c[k];
    }
    const V result = load_and_operate<kOp>(options, last, last + most, last + 2 * most);
    special = hn::Or(special, hn::IsNaN(result));
    hn::Store(result, d, last + 3 * most);
    for (std::size_t k = i; k < count; ++k) out[k] = last[3 * most + k - i];
  }
  return !hn::AllFalse(d, special);
}

bool operate_to_odd_lanes(const OddOptions& options, const double* a, const double* b,
                          const double* c, std::size_t count, double* out) {
  switch (options.op) {
    case Op::add:
      return operate_all<Op::add>(options, a, b, c, count, out);
    case Op::subtract:
      return operate_all<Op::subtract>(options, a, b, c, count, out);
    case Op::multiply:
      return operate_all<Op::multiply>(options, a, b, c, count, out);
    case Op::divide:
      return operate_all<Op::divide>(options, a, b, c, count, out);
    case Op::fused_multiply_add:
      return operate_all<Op::fused_multiply_add>(options, a, b, c, count, out);
    case Op::square_root:
      return operate_all<Op::square_root>(options, a, b, c, count, out);
    default:  // not an operation of the lanes
      return false;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(operate_to_odd_lanes);

bool operate_to_odd(const OddOptions& options, const double* a, const double* b, const double* c,
                    std::size_t count, double* out) {
  return HWY_DYNAMIC_DISPATCH(operate_to_odd_lanes)(options, a, b, c, count, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

// SPDX-License-Identifier: MIT
//
// Results of + - * / sqrt and a * b + c rounded to odd in binary64: compute to nearest, find the
// exact error, and move an even result that is not exact to its odd neighbour on the error's side.
// Rounding such a result to p bits, p + 2 <= 53, in any mode is rounding the exact result (Boldo
// and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
// to odd", IEEE Trans. Computers 57(4), 2008). Errors: two-sum (Knuth), two-product and the
// remainders of quotient and root with a fused multiply-add where the target has one, else by
// splitting (Dekker 1971, Veltkamp). Both are exact in the range that `Outside` leaves, so every
// target gives the same bits.
#include "emulator/internal/kernels.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
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

HWY_INLINE V Power(int exponent) {
  const D d;
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d, hn::Set(bits, static_cast<std::uint64_t>(exponent + 1023) << 52));
}

HWY_INLINE Pair TwoSum(V a, V b) {
  const V sum = a + b;
  const V b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

#if !HWY_NATIVE_FMA
HWY_INLINE Pair Split(V a) {
  const V c = hn::Set(D(), 134217729.0) * a;  // 2^27 + 1
  const V high = c - (c - a);
  return {high, a - high};
}
#endif

HWY_INLINE Pair TwoProduct(V a, V b) {
  const V product = a * b;
#if HWY_NATIVE_FMA
  return {product, hn::MulSub(a, b, product)};
#else
  const Pair x = Split(a);
  const Pair y = Split(b);
  const V first = x.value * y.value - product;
  return {product, ((first + x.value * y.error) + x.error * y.value) + x.error * y.error};
#endif
}

// a - x * y, exact where it fits: x * y is near a.
HWY_INLINE V Remainder(V a, V x, V y) {
#if HWY_NATIVE_FMA
  return hn::NegMulAdd(x, y, a);
#else
  const Pair p = TwoProduct(x, y);
  return (a - p.value) - p.error;
#endif
}

// Even results with an error take one step of their last place toward it.
HWY_INLINE V ToOdd(V value, V error) {
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
HWY_INLINE M Outside(V a) {
  const V magnitude = hn::Abs(a);
  const M inside = hn::And(magnitude >= Power(-400), magnitude < Power(500));
  return hn::Not(hn::Or(inside, a == hn::Zero(D())));
}

HWY_INLINE M OutsideOfSums(V a) { return hn::Not(hn::Abs(a) < Power(1000)); }

HWY_INLINE V Special() {
  const D d;
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d, hn::Set(bits, std::uint64_t{0x7ff8} << 48));
}

// A zero sum where the mode is toward-negative: -0 unless both terms are +0.
HWY_INLINE V SignZeroSum(V sum, V a, V b, bool negative) {
  if (!negative) return sum;
  const V sign = hn::And(hn::Or(a, b), hn::SignBit(D()));
  return hn::IfThenElse(sum == hn::Zero(D()), sign, sum);
}

// The result in the processor's arithmetic, which is exact for infinite operands and for division
// of a nonzero number by zero (unless it is NaN: then the scalar path decides).
template <Op kOp>
HWY_NOINLINE V Infinite(V a, V b, V c, M special, V result) {
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
HWY_INLINE V Operate(const OddOptions& options, V a, V b, V c) {
  const V zero = hn::Zero(D());
  Pair result{zero, zero};
  M special = OutsideOfSums(zero);
  if constexpr (kOp == Op::add || kOp == Op::subtract) {
    if (kOp == Op::subtract) b = hn::Neg(b);
    result = TwoSum(a, b);
    result.value = SignZeroSum(result.value, a, b, options.zero_sum_negative);
    special = hn::Or(OutsideOfSums(a), OutsideOfSums(b));
  } else if constexpr (kOp == Op::multiply) {
    result = TwoProduct(a, b);
    special = hn::Or(Outside(a), Outside(b));
  } else if constexpr (kOp == Op::divide) {
    result.value = a / b;
    const V remainder = Remainder(a, result.value, b);
    result.error = hn::Xor(remainder, hn::And(b, hn::SignBit(D())));
    special = hn::Or(hn::Or(Outside(a), Outside(b)), b == zero);
  } else if constexpr (kOp == Op::square_root) {
    result.value = hn::Sqrt(a);
    result.error = Remainder(a, result.value, result.value);
    special = hn::Or(Outside(a), a < zero);
  } else {
    // p + e + c: the two lower parts are added to odd, which leaves the last sum's error right.
    const Pair product = TwoProduct(a, b);
    const Pair low = TwoSum(c, product.error);
    const Pair high = TwoSum(product.value, low.value);
    const Pair rest = TwoSum(low.error, high.error);
    result = TwoSum(high.value, ToOdd(rest.value, rest.error));
    // A zero result is an exact sum of p and c; it has the sign of theirs.
    const V plain = SignZeroSum(product.value + c, product.value, c, options.zero_sum_negative);
    result.value = hn::IfThenElse(result.value == zero, plain, result.value);
    special = hn::Or(hn::Or(Outside(a), Outside(b)), OutsideOfSums(c));
  }
  const V odd = hn::IfThenElse(special, Special(), ToOdd(result.value, result.error));
  if (HWY_LIKELY(hn::AllFalse(D(), special))) return odd;
  return Infinite<kOp>(a, b, c, special, odd);
}

HWY_INLINE V Flush(V a, double below) {
  const M small = hn::Abs(a) < hn::Set(D(), below);
  return hn::IfThenElse(small, hn::And(a, hn::SignBit(D())), a);
}

template <Op kOp>
HWY_INLINE V LoadAndOperate(const OddOptions& options, const double* a, const double* b,
                            const double* c) {
  const D d;
  constexpr int operands = kOp == Op::square_root ? 1 : (kOp == Op::fused_multiply_add ? 3 : 2);
  V x = hn::LoadU(d, a);
  V y = operands > 1 ? hn::LoadU(d, b) : x;
  V z = operands > 2 ? hn::LoadU(d, c) : x;
  if (options.flush_below > 0) {
    x = Flush(x, options.flush_below);
    y = Flush(y, options.flush_below);
    z = Flush(z, options.flush_below);
  }
  return Operate<kOp>(options, x, y, z);
}

template <Op kOp>
bool OperateAll(const OddOptions& options, const double* a, const double* b, const double* c,
                std::size_t count, double* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  M special = hn::IsNaN(hn::Zero(d));  // none
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V result = LoadAndOperate<kOp>(options, a + i, b + i, c + i);
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
    const V result = LoadAndOperate<kOp>(options, last, last + most, last + 2 * most);
    special = hn::Or(special, hn::IsNaN(result));
    hn::Store(result, d, last + 3 * most);
    for (std::size_t k = i; k < count; ++k) out[k] = last[3 * most + k - i];
  }
  return !hn::AllFalse(d, special);
}

bool OperateToOdd(const OddOptions& options, const double* a, const double* b, const double* c,
                  std::size_t count, double* out) {
  switch (options.op) {
    case Op::add:
      return OperateAll<Op::add>(options, a, b, c, count, out);
    case Op::subtract:
      return OperateAll<Op::subtract>(options, a, b, c, count, out);
    case Op::multiply:
      return OperateAll<Op::multiply>(options, a, b, c, count, out);
    case Op::divide:
      return OperateAll<Op::divide>(options, a, b, c, count, out);
    case Op::fused_multiply_add:
      return OperateAll<Op::fused_multiply_add>(options, a, b, c, count, out);
    case Op::square_root:
      return OperateAll<Op::square_root>(options, a, b, c, count, out);
  }
  return false;
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(OperateToOdd);

bool operate_to_odd(const OddOptions& options, const double* a, const double* b, const double* c,
                    std::size_t count, double* out) {
  return HWY_DYNAMIC_DISPATCH(OperateToOdd)(options, a, b, c, count, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

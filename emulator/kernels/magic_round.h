// SPDX-License-Identifier: MIT
//
// Rounding to nearest, ties to even, by the adder (the `magic number` of Dekker and of Knuth;
// Muller et al., Handbook of Floating-Point Arithmetic, 2nd edition, section 5.3). For a format of
// t fraction bits in a carrier of F, a number x with leading power of two 2^e, and
//     E = max(e, exponent of the least normal number),  q = 2^(E - t),  C = 3/2 2^(F - t) 2^E
// x + C lies between 2^(F - t + E) and twice that, as |x| < 2^(E + 1) and F - t >= 2. There the
// carrier's numbers are the multiples of q, C among them, so the one rounding of the sum takes x to
// the nearest of them, and to an even one from a tie, because C / q = 3/2 2^F is even. Subtracting
// C is exact. That q is the format's spacing at x, below the least normal number too. A result of
// 2^(E + 1) is where the next binade begins, and is right as well.
//
// C is 2^E times a constant: the product is exact and the multiply-and-add rounds once whether or
// not it is fused. A zero result is +0, whatever the sign of x, and takes that back where the
// format has a negative zero.
//
// The sum is meant for finite numbers. Those beyond the last that rounds to a finite number,
// infinities and NaN all answer true to beyond(), which is one comparison of the operand.
//
// Floating-point arithmetic: needs a StandardEnvironment. Included once for every instruction set
// (foreach_target.h), hence the guard that toggles.
#include <hwy/highway.h>

#include "emulator/kernels/magic.h"

#if defined(HALFULP_EMULATOR_KERNELS_MAGIC_ROUND_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_MAGIC_ROUND_H
#undef HALFULP_EMULATOR_KERNELS_MAGIC_ROUND_H
#else
#define HALFULP_EMULATOR_KERNELS_MAGIC_ROUND_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// D is a tag of float or double in all of these, and Bits the word of its pattern. Keep the
// constants in a local variable outside of loops, so that they stay in registers.
template <class D>
using MagicOf = Magic<hwy::MakeUnsigned<hn::TFromD<D>>>;

// The constant of the sign of x. (IfNegativeThenElse of Highway 1.0.3 is wrong before SSE4.)
template <class D, class V = hn::Vec<D>, typename Bits>
HWY_INLINE V by_sign(D d, const Signs<Bits>& signs, V x) {
  const hn::RebindToSigned<D> d_bits;
  const auto negative = hn::BitCast(d_bits, x) < hn::Zero(d_bits);
  return hn::BitCast(d, hn::IfThenElse(negative, hn::Set(d_bits, signs.negative),
                                       hn::Set(d_bits, signs.positive)));
}

// The leading power of two of x, at least that of the least normal number.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V leading_power(D d, const MagicOf<D>& magic, V x) {
  using Bits = hwy::MakeUnsigned<hn::TFromD<D>>;
  constexpr int fraction = sizeof(Bits) == 4 ? 23 : 52;
  constexpr Bits exponent = (~Bits{0} >> (fraction + 1)) << fraction;
  const hn::RebindToSigned<D> d_bits;  // which all targets compare
  const auto field = hn::And(hn::BitCast(d_bits, x), hn::Set(d_bits, exponent));
  return hn::BitCast(d, hn::Max(field, hn::Set(d_bits, magic.least)));
}

// x rounded as if the format had no largest number. kSimple here and below: what magic.simple says,
// known when compiling; false serves every format.
template <bool kSimple, class D, class V = hn::Vec<D>>
HWY_INLINE V round_unbounded(D d, const MagicOf<D>& magic, V x) {
  const V power = leading_power(d, magic, x);
  const V raise = hn::Set(d, magic.raise);
  const V sum = hn::MulAdd(power, raise, x);
  const V rounded = hn::NegMulAdd(power, raise, sum);
  return kSimple || magic.negative_zero ? hn::CopySign(rounded, x) : rounded;
}

// True where x does not round to a finite number of the format: overflow, infinity or NaN.
template <bool kSimple, class D, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> beyond(D d, const MagicOf<D>& magic, V x) {
  const hn::RebindToSigned<D> d_bits;
  const auto magnitude = hn::BitCast(d_bits, hn::Abs(x));
  auto last = hn::Set(d_bits, magic.last.positive);
  if constexpr (!kSimple) last = hn::BitCast(d_bits, by_sign(d, magic.last, x));
  return hn::RebindMask(d, magnitude > last);
}

// What stands for an overflow, with the sign of x.
template <bool kSimple, class D, class V = hn::Vec<D>>
HWY_INLINE V overflow_of(D d, const MagicOf<D>& magic, V x) {
  const hn::RebindToSigned<D> d_bits;
  const V positive = hn::BitCast(d, hn::Set(d_bits, magic.overflow.positive));
  return kSimple ? hn::CopySign(positive, x) : by_sign(d, magic.overflow, x);
}

// The finite number x rounded, or what stands for an overflow.
template <bool kSimple, class D, class V = hn::Vec<D>>
HWY_INLINE V round_sum(D d, const MagicOf<D>& magic, V x) {
  const V rounded = round_unbounded<kSimple>(d, magic, x);
  const hn::Mask<D> over = beyond<kSimple>(d, magic, x);
  return hn::IfThenElse(over, overflow_of<kSimple>(d, magic, x), rounded);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_MAGIC_ROUND_H

// SPDX-License-Identifier: MIT
//
// Vectors of finite binary32 numbers rounded as if the format had no largest number, in the ways of
// array_rounding.h (array_round.cc says why they are right), and what loops over arrays share.
// Included once for every instruction set (foreach_target.h), hence the guard that toggles.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "emulator/kernels/array_rounding.h"
#include "emulator/kernels/magic_round.h"

#if defined(HALFULP_EMULATOR_KERNELS_ARRAY_ROUND_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_ARRAY_ROUND_LANES_H
#undef HALFULP_EMULATOR_KERNELS_ARRAY_ROUND_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_ARRAY_ROUND_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Words = hn::RebindToUnsigned<Floats>;
using Integers = hn::RebindToSigned<Floats>;
using V = hn::Vec<Floats>;

// F16C or AVX-512. Highway's substitutes for them round otherwise.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
inline constexpr bool converts = true;
#else
inline constexpr bool converts = false;
#endif

HWY_INLINE auto magnitude_of(V x) { return hn::BitCast(Integers(), hn::Abs(x)); }

HWY_INLINE V shifted(const ArrayRounding& rounding, V x) {
  const Words d_bits;
  const auto bits = hn::BitCast(d_bits, x);
  const int spare = static_cast<int>(rounding.spare_bits);
  const std::uint32_t half = (std::uint32_t{1} << (spare - 1)) - 1;
  const auto odd = hn::And(hn::ShiftRightSame(bits, spare), hn::Set(d_bits, 1));
  const auto sum = bits + hn::Set(d_bits, half) + odd;
  return hn::BitCast(Floats(), hn::And(sum, hn::Set(d_bits, ~std::uint32_t{0} << spare)));
}

// A finite number x rounded as if there were no largest; of zeros the sign may be lost, and of all
// where |x| is rounded.
template <ArrayWay kWay>
HWY_INLINE V unbounded(const ArrayRounding& rounding, V x) {
  const Floats d;
  if constexpr (kWay == ArrayWay::shift) {
    return shifted(rounding, x);
  } else if constexpr (kWay == ArrayWay::conversion) {
    const hn::Rebind<hwy::float16_t, Floats> half;
    return hn::PromoteTo(d, hn::DemoteTo(half, x));
  } else {
    const Words d_bits;
    const V power = leading_power(d, rounding.magic, x);
    const V raise = hn::Set(d, rounding.magic.raise);
    const std::uint32_t all = ~std::uint32_t{0};
    const auto kept = hn::Set(d_bits, rounding.of_magnitude ? all >> 1 : all);
    V number = kWay == ArrayWay::adder ? x
               : kWay == ArrayWay::odd ? hn::Abs(x)
                                       : hn::And(x, hn::BitCast(d, kept));
    if constexpr (kWay == ArrayWay::halves)
      number = hn::MulAdd(power, hn::Set(d, rounding.half), number);
    V sum = hn::MulAdd(power, raise, number);
    if constexpr (kWay == ArrayWay::odd) {
      const auto inexact = hn::NegMulAdd(power, raise, sum) != number;
      const V last = hn::Or(sum, hn::BitCast(d, hn::Set(d_bits, 1)));
      sum = hn::IfThenElse(inexact, last, sum);
    }
    return hn::NegMulAdd(power, raise, sum);
  }
}

// With the sign of x, but for zeros where there is none negative. To nearest, differences of
// nothing are +0.
template <ArrayWay kWay>
HWY_INLINE V with_sign(const ArrayRounding& rounding, V x, V rounded) {
  if constexpr (kWay == ArrayWay::shift || kWay == ArrayWay::conversion) return rounded;
  const V result = hn::CopySign(rounded, x);
  if (rounding.magic.negative_zero) return result;
  if constexpr (kWay == ArrayWay::adder) return rounded;
  return hn::IfThenZeroElse(rounded == hn::Zero(Floats()), result);
}

// Into an aligned place, past the caches, or anywhere.
HWY_INLINE void store(V rounded, bool past_caches, float* out) {
  if (past_caches) {
    hn::Stream(rounded, Floats(), out);
  } else {
    hn::StoreU(rounded, Floats(), out);
  }
}

// How many elements there are from here to where vectors are aligned.
HWY_INLINE std::size_t elements_to_alignment(const float* out) {
  const std::size_t bytes = hn::Lanes(Floats()) * sizeof(float);
  return (bytes - reinterpret_cast<std::uintptr_t>(out) % bytes) % bytes / sizeof(float);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_ARRAY_ROUND_LANES_H

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded to nearest, ties to even, in few operations a vector.
//
// Shift: a format with the carrier's exponents and t fraction bits has among the carrier's patterns
// those whose low d = 23 - t bits are zero, subnormals included, as its least normal number is the
// carrier's. Patterns of magnitudes are ordered as the numbers are, so rounding is that of integers
// to multiples of 2^d: add 2^(d - 1) - 1 and the lowest bit that stays, clear the low bits. A carry
// goes to the next exponent, and from the largest to infinity. The sign is beyond its reach.
//
// Adder: magic_round.h. Conversion: binary16 through the processor's conversions, which are IEEE
// 754's in both directions.
//
// What stands for infinities and NaN is put in for a group of vectors that has any.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_round.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_round.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/magic_round.h"

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

// A finite number x rounded.
template <ArrayWay kWay, bool kSimple>
HWY_INLINE V round_one(const ArrayRounding& rounding, V x) {
  const Floats d;
  if constexpr (kWay == ArrayWay::conversion) {
    const hn::Rebind<hwy::float16_t, Floats> half;
    return hn::PromoteTo(d, hn::DemoteTo(half, x));
  } else if constexpr (kWay == ArrayWay::shift) {
    const Words d_bits;
    const auto bits = hn::BitCast(d_bits, x);
    const int spare = static_cast<int>(rounding.spare_bits);
    const std::uint32_t half = (std::uint32_t{1} << (spare - 1)) - 1;
    const auto odd = hn::And(hn::ShiftRightSame(bits, spare), hn::Set(d_bits, 1));
    const auto sum = bits + odd + hn::Set(d_bits, half);
    const V rounded = hn::BitCast(d, hn::And(sum, hn::Set(d_bits, ~std::uint32_t{0} << spare)));
    if constexpr (kSimple) return rounded;
    const auto over = beyond<false>(d, rounding.magic, x);
    return hn::IfThenElse(over, overflow_of<false>(d, rounding.magic, x), rounded);
  } else {
    return round_sum<kSimple>(d, rounding.magic, x);
  }
}

HWY_INLINE auto magnitude_of(V x) { return hn::BitCast(Integers(), hn::Abs(x)); }

// `rounded` with what stands for infinities and NaN of x.
HWY_INLINE V with_specials(const ArrayRounding& rounding, V x, V rounded) {
  const Floats d;
  const Integers d_bits;
  const auto top = hn::Set(d_bits, 0x7f800000);
  const auto magnitude = magnitude_of(x);
  const auto kept = hn::And(magnitude, hn::Set(d_bits, static_cast<int>(rounding.nan_fraction)));
  const V nan = hn::Or(by_sign(d, rounding.nan, x), hn::BitCast(d, kept));
  const V infinity = by_sign(d, rounding.infinity, x);
  rounded = hn::IfThenElse(hn::RebindMask(d, magnitude == top), infinity, rounded);
  return hn::IfThenElse(hn::RebindMask(d, magnitude > top), nan, rounded);
}

// The numbers of kVectors vectors; all are read before the first is written.
template <ArrayWay kWay, bool kSimple, int kVectors>
HWY_INLINE void round_group(const ArrayRounding& rounding, const float* in, float* out) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  V x[kVectors];
  V rounded[kVectors];
  for (int k = 0; k < kVectors; ++k) x[k] = hn::LoadU(d, in + k * lanes);
  for (int k = 0; k < kVectors; ++k) rounded[k] = round_one<kWay, kSimple>(rounding, x[k]);
  auto largest = magnitude_of(x[0]);
  for (int k = 1; k < kVectors; ++k) largest = hn::Max(largest, magnitude_of(x[k]));
  const Integers d_bits;
  if (HWY_UNLIKELY(!hn::AllFalse(d_bits, largest > hn::Set(d_bits, 0x7f7fffff)))) {
    for (int k = 0; k < kVectors; ++k) rounded[k] = with_specials(rounding, x[k], rounded[k]);
  }
  for (int k = 0; k < kVectors; ++k) hn::StoreU(rounded[k], d, out + k * lanes);
}

template <ArrayWay kWay, bool kSimple>
void round_way(const float* in, std::size_t count, const ArrayRounding& given, float* out) {
  const Floats d;
  const ArrayRounding rounding = given;
  const std::size_t lanes = hn::Lanes(d);
  constexpr int group = 4;
  std::size_t i = 0;
  for (; i + group * lanes <= count; i += group * lanes)
    round_group<kWay, kSimple, group>(rounding, in + i, out + i);
  for (; i + lanes <= count; i += lanes) round_group<kWay, kSimple, 1>(rounding, in + i, out + i);
  if (i == count) return;
  HWY_ALIGN float last[hn::MaxLanes(d)] = {};
  for (std::size_t k = i; k < count; ++k) last[k - i] = in[k];
  round_group<kWay, kSimple, 1>(rounding, last, last);
  for (std::size_t k = i; k < count; ++k) out[k] = last[k - i];
}

void round_floats(const float* in, std::size_t count, const ArrayRounding& rounding, float* out) {
  const bool simple = rounding.magic.simple;
  if (rounding.way == ArrayWay::shift) {
    return simple ? round_way<ArrayWay::shift, true>(in, count, rounding, out)
                  : round_way<ArrayWay::shift, false>(in, count, rounding, out);
  }
  if constexpr (converts) {
    if (rounding.way == ArrayWay::conversion)
      return round_way<ArrayWay::conversion, true>(in, count, rounding, out);
  }
  return simple ? round_way<ArrayWay::adder, true>(in, count, rounding, out)
                : round_way<ArrayWay::adder, false>(in, count, rounding, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {
namespace {

constexpr std::uint32_t infinity = 0x7f800000;

bool overflows_to_infinity(const Grid<std::uint32_t>& grid) {
  return grid.overflow.positive == infinity &&
         grid.overflow.negative == (infinity | std::uint32_t{1} << 31);
}

// The middle behind a limit, in patterns, is that of the discarded bits.
std::optional<ArrayRounding> by_shift(const Grid<std::uint32_t>& grid) {
  if (grid.kind != RoundingKind::nearest_even_simple || grid.least_field != 1 ||
      grid.spare_bits == 0 || grid.flush_inputs)
    return {};
  const auto last = [&](std::uint32_t limit, std::uint32_t rank) {
    return limit + (std::uint32_t{1} << (grid.spare_bits - 1)) - (rank & 1);
  };
  ArrayRounding rounding;
  rounding.way = ArrayWay::shift;
  rounding.spare_bits = grid.spare_bits;
  rounding.magic.last = {last(grid.limit.positive, grid.code_limit.positive),
                         last(grid.limit.negative, grid.code_limit.negative)};
  rounding.magic.overflow = grid.overflow;
  rounding.magic.simple = overflows_to_infinity(grid) &&
                          grid.limit.positive == infinity - (std::uint32_t{1} << grid.spare_bits);
  return rounding;
}

// Whether subnormals of the carrier count as zeros makes no difference: all of them are below half
// of the quanta, which are normal numbers.
std::optional<ArrayRounding> by_adder(const Grid<std::uint32_t>& grid) {
  const auto magic = magic_of(grid);
  if (!magic) return {};
  ArrayRounding rounding;
  rounding.magic = *magic;
  const bool binary16 = magic->simple && grid.fraction_bits == 10 && grid.least_field == 127 - 14 &&
                        grid.limit.positive == 0x477fe000 && overflows_to_infinity(grid);
  if (binary16) rounding.way = ArrayWay::conversion;
  return rounding;
}

}  // namespace

std::optional<ArrayRounding> array_rounding_of(const Grid<std::uint32_t>& grid) {
  std::optional<ArrayRounding> rounding = by_shift(grid);
  if (!rounding) rounding = by_adder(grid);
  if (!rounding) return {};
  rounding->infinity = grid.infinity;
  rounding->nan = grid.nan;
  rounding->nan_fraction = grid.nan_fraction;
  return rounding;
}

HWY_EXPORT(round_floats);

void round(const float* in, std::size_t count, const ArrayRounding& rounding, float* out) {
  HWY_DYNAMIC_DISPATCH(round_floats)(in, count, rounding, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded in few operations a vector, to nearest, ties to even, and in other
// modes.
//
// Shift: a format with the carrier's exponents and t fraction bits has among the carrier's patterns
// those whose low d = 23 - t bits are zero, subnormals included, as its least normal number is the
// carrier's. Patterns of magnitudes are ordered as the numbers are, so rounding is that of integers
// to multiples of 2^d: add 2^(d - 1) - 1 and the lowest bit that stays, clear the low bits. A carry
// goes to the next exponent, and from the largest to infinity. The sign is beyond its reach.
//
// Conversion: binary16 through the processor's conversions, which are IEEE 754's in both
// directions.
//
// Adder: magic_round.h. Directed: the same sum x + C in a rounding direction of the processor goes
// to the multiple of q on that side; toward zero and away from it |x| is rounded down and up.
// Halves: where ties go away from zero, toward it, up or down, the result is floor(x / q + 1/2) or
// ceil(x / q - 1/2) of x or |x|. Two sums in that direction are right, the first to a grid that has
// all multiples of q, as a floor of a floor is one. Odd: the sum S of |x| toward zero holds |x| / q
// in its low bits, the last of which is set where S - C is not |x|.
//
// What stands for infinities and NaN costs a comparison where it is plain; else it is put in for a
// group of vectors that has any.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_round.h"

#include <algorithm>
#include <cmath>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_round.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/array_round_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x rounded, infinities and NaN too. These two ways leave infinities as they are, and the second
// keeps NaNs quiet and of their sign.
template <ArrayWay kWay>
HWY_INLINE V round_quiet(const ArrayRounding& rounding, V x) {
  const Floats d;
  const Words d_bits;
  const V rounded = unbounded<kWay>(rounding, x);
  const auto top = hn::BitCast(d, hn::Set(d_bits, 0xffc00000));
  if constexpr (kWay == ArrayWay::conversion)
    return hn::IfThenElse(hn::IsNaN(x), hn::And(rounded, top), rounded);
  return hn::IfThenElse(hn::IsNaN(x), hn::CopySign(top, x), rounded);
}

template <ArrayWay kWay, ArrayForm kForm>
HWY_INLINE V round_plain(const ArrayRounding& rounding, V x) {
  if constexpr (kWay == ArrayWay::shift || kWay == ArrayWay::conversion)
    return round_quiet<kWay>(rounding, x);
  const Floats d;
  const Integers d_bits;
  const auto nan_above = hn::Set(d_bits, static_cast<std::int32_t>(rounding.nan_above));
  const auto is_nan = hn::RebindMask(d, magnitude_of(x) > nan_above);
  const V nan = hn::BitCast(d, hn::Set(d_bits, rounding.nan.positive));
  const V overflow = hn::BitCast(d, hn::Set(d_bits, rounding.magic.overflow.positive));
  V rounded = unbounded<kWay>(rounding, x);
  if constexpr (kForm == ArrayForm::plain) {
    rounded = with_sign<kWay>(rounding, x, rounded);
    const auto over = beyond<false>(d, rounding.magic, x);
    rounded = hn::IfThenElse(over, overflow_of<false>(d, rounding.magic, x), rounded);
    return hn::IfThenElse(is_nan, by_sign(d, rounding.nan, x), rounded);
  }
  rounded = hn::IfThenElse(beyond<true>(d, rounding.magic, x), overflow, rounded);
  if constexpr (kForm == ArrayForm::symmetric)
    return hn::CopySign(hn::IfThenElse(is_nan, nan, rounded), x);
  return hn::IfThenElse(is_nan, nan, hn::CopySign(rounded, x));
}

// `rounded` with what stands for infinities and NaN of x.
HWY_INLINE V with_specials(const ArrayRounding& rounding, V x, V rounded) {
  const Floats d;
  const Integers d_bits;
  const auto top = hn::Set(d_bits, 0x7f800000);
  const auto magnitude = magnitude_of(x);
  const auto kept = hn::And(magnitude, hn::Set(d_bits, rounding.nan_fraction));
  const V nan = hn::Or(by_sign(d, rounding.nan, x), hn::BitCast(d, kept));
  const V infinity = by_sign(d, rounding.infinity, x);
  rounded = hn::IfThenElse(hn::RebindMask(d, magnitude == top), infinity, rounded);
  return hn::IfThenElse(hn::RebindMask(d, magnitude > top), nan, rounded);
}

// The numbers of kVectors vectors; all are read before the first is written.
template <ArrayWay kWay, int kVectors>
HWY_INLINE void round_group(const ArrayRounding& rounding, const float* in, bool past_caches,
                            float* out) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  V x[kVectors];
  V rounded[kVectors];
  for (int k = 0; k < kVectors; ++k) x[k] = hn::LoadU(d, in + k * lanes);
  auto largest = magnitude_of(x[0]);
  for (int k = 0; k < kVectors; ++k) {
    const auto over = beyond<false>(d, rounding.magic, x[k]);
    rounded[k] = with_sign<kWay>(rounding, x[k], unbounded<kWay>(rounding, x[k]));
    rounded[k] = hn::IfThenElse(over, overflow_of<false>(d, rounding.magic, x[k]), rounded[k]);
    largest = hn::Max(largest, magnitude_of(x[k]));
  }
  const Integers d_bits;
  if (HWY_UNLIKELY(!hn::AllFalse(d_bits, largest > hn::Set(d_bits, 0x7f7fffff)))) {
    for (int k = 0; k < kVectors; ++k) rounded[k] = with_specials(rounding, x[k], rounded[k]);
  }
  for (int k = 0; k < kVectors; ++k) store(rounded[k], past_caches, out + k * lanes);
}

template <ArrayWay kWay, ArrayForm kForm, int kVectors>
HWY_INLINE void round_vectors(const ArrayRounding& rounding, const float* in, bool past_caches,
                              float* out) {
  const Floats d;
  if constexpr (kForm == ArrayForm::any) {
    round_group<kWay, kVectors>(rounding, in, past_caches, out);
  } else {
    for (int k = 0; k < kVectors; ++k) {
      const std::size_t at = k * hn::Lanes(d);
      store(round_plain<kWay, kForm>(rounding, hn::LoadU(d, in + at)), past_caches, out + at);
    }
  }
}

// Fewer numbers than a vector has.
template <ArrayWay kWay, ArrayForm kForm>
HWY_INLINE void round_few(const ArrayRounding& rounding, const float* in, std::size_t count,
                          float* out) {
  HWY_ALIGN float few[hn::MaxLanes(Floats())] = {};
  std::copy_n(in, count, few);
  round_vectors<kWay, kForm, 1>(rounding, few, false, few);
  std::copy_n(few, count, out);
}

template <ArrayWay kWay, ArrayForm kForm>
void round_form(const float* in, std::size_t count, const ArrayRounding& given, bool past_caches,
                float* out) {
  const ArrayRounding rounding = given;
  const std::size_t lanes = hn::Lanes(Floats());
  constexpr int group = kForm == ArrayForm::any ? 4 : 2;
  std::size_t i = 0;
  // Stores across lines of the cache cost twice.
  if (past_caches || count >= 32 * lanes) {
    i = std::min(count, elements_to_alignment(out));
    round_few<kWay, kForm>(rounding, in, i, out);
  }
  constexpr std::size_t ahead = 512;  // elements that are on their way from memory
  for (; past_caches && i + ahead + group * lanes <= count; i += group * lanes) {
    for (std::size_t k = 0; k < group * lanes; k += 16) hwy::Prefetch(in + i + ahead + k);
    round_vectors<kWay, kForm, group>(rounding, in + i, true, out + i);
  }
  for (; i + group * lanes <= count; i += group * lanes)
    round_vectors<kWay, kForm, group>(rounding, in + i, false, out + i);
  for (; i + lanes <= count; i += lanes)
    round_vectors<kWay, kForm, 1>(rounding, in + i, false, out + i);
  if (i != count) round_few<kWay, kForm>(rounding, in + i, count - i, out + i);
  if (past_caches) hwy::FlushStream();
}

template <ArrayWay kWay>
void round_way(const float* in, std::size_t count, const ArrayRounding& rounding, bool past_caches,
               float* out) {
  constexpr bool quiet = kWay == ArrayWay::shift || kWay == ArrayWay::conversion;
  if (rounding.form == ArrayForm::any)
    return round_form<kWay, ArrayForm::any>(in, count, rounding, past_caches, out);
  if constexpr (!quiet) {
    if (rounding.form == ArrayForm::plain)
      return round_form<kWay, ArrayForm::plain>(in, count, rounding, past_caches, out);
    if (rounding.form == ArrayForm::one_nan)
      return round_form<kWay, ArrayForm::one_nan>(in, count, rounding, past_caches, out);
  }
  round_form<kWay, ArrayForm::symmetric>(in, count, rounding, past_caches, out);
}

void round_floats(const float* in, std::size_t count, const ArrayRounding& rounding,
                  bool past_caches, float* out) {
  switch (rounding.way) {
    case ArrayWay::shift:
      return round_way<ArrayWay::shift>(in, count, rounding, past_caches, out);
    case ArrayWay::conversion:
      if constexpr (converts)
        return round_way<ArrayWay::conversion>(in, count, rounding, past_caches, out);
      return round_way<ArrayWay::adder>(in, count, rounding, past_caches, out);
    case ArrayWay::adder:
      return round_way<ArrayWay::adder>(in, count, rounding, past_caches, out);
    case ArrayWay::directed:
      return round_way<ArrayWay::directed>(in, count, rounding, past_caches, out);
    case ArrayWay::halves:
      return round_way<ArrayWay::halves>(in, count, rounding, past_caches, out);
    case ArrayWay::odd:
      return round_way<ArrayWay::odd>(in, count, rounding, past_caches, out);
  }
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
  return rounding;
}

// The way of a mode; false where there is none. Bits of ties: Grid.
bool set_way(const Grid<std::uint32_t>& grid, ArrayRounding& rounding) {
  const bool odd = grid.tie_odd != 0;
  const bool negative = grid.tie_negative != 0;
  const bool always = grid.tie_always != 0;
  rounding.of_magnitude = !negative;
  if (grid.kind == RoundingKind::directed && odd) {
    rounding.way = ArrayWay::odd;
    rounding.direction = Direction::zero;
  } else if (grid.kind == RoundingKind::directed) {
    rounding.way = ArrayWay::directed;
    rounding.direction = always ? Direction::up : Direction::down;
  } else if (odd && !negative && !always) {
    rounding.way = ArrayWay::adder;
    return true;
  } else if (odd) {
    return false;
  } else {
    // Ties up: floor(x + 1/2); ties down: ceil(x - 1/2).
    rounding.way = ArrayWay::halves;
    rounding.direction = always ? Direction::down : Direction::up;
    const float half = std::ldexp(1.0F, -grid.fraction_bits - 1);
    rounding.half = always ? half : -half;
  }
  return has_directions;
}

// Whether subnormals of the carrier count as zeros makes no difference to the nearest modes: all of
// them are below half of the quanta, which are normal numbers.
std::optional<ArrayRounding> by_adder(const Grid<std::uint32_t>& grid) {
  const bool to_nearest =
      grid.kind == RoundingKind::nearest_even_simple || grid.kind == RoundingKind::nearest;
  if (!to_nearest && (grid.kind != RoundingKind::directed || grid.flush_inputs)) return {};
  const auto magic = adder_of(grid);
  ArrayRounding rounding;
  if (!magic || !set_way(grid, rounding)) return {};
  rounding.magic = *magic;
  const bool binary16 = rounding.way == ArrayWay::adder && magic->simple &&
                        grid.fraction_bits == 10 && grid.least_field == 127 - 14 &&
                        grid.limit.positive == 0x477fe000 && overflows_to_infinity(grid);
  if (binary16) rounding.way = ArrayWay::conversion;
  return rounding;
}

bool same(const Signs<std::uint32_t>& a, const Signs<std::uint32_t>& b) {
  return a.positive == b.positive && a.negative == b.negative;
}

// Which form the specials of a grid allow.
ArrayForm form_of(const Grid<std::uint32_t>& grid, const ArrayRounding& rounding) {
  const std::uint32_t sign = std::uint32_t{1} << 31;
  const bool as_overflow = same(grid.infinity, grid.overflow);
  const bool signed_nan =
      grid.nan.positive < sign && (grid.nan.positive | sign) == grid.nan.negative;
  if (grid.nan_fraction != 0 || (!as_overflow && !same(grid.infinity, grid.nan)))
    return ArrayForm::any;
  if (rounding.way == ArrayWay::shift || rounding.way == ArrayWay::conversion) {
    const bool quiet = signed_nan && grid.nan.positive == 0x7fc00000;
    const bool whole = grid.limit.positive == infinity - (std::uint32_t{1} << grid.spare_bits) ||
                       rounding.way == ArrayWay::conversion;
    return quiet && whole && as_overflow && overflows_to_infinity(grid) ? ArrayForm::symmetric
                                                                        : ArrayForm::any;
  }
  if (!rounding.magic.simple) return ArrayForm::plain;
  if (signed_nan) return ArrayForm::symmetric;
  return grid.nan.positive == grid.nan.negative ? ArrayForm::one_nan : ArrayForm::plain;
}

}  // namespace

std::optional<ArrayRounding> array_rounding_of(const Grid<std::uint32_t>& grid) {
  std::optional<ArrayRounding> rounding = by_shift(grid);
  if (!rounding) rounding = by_adder(grid);
  if (!rounding) return {};
  rounding->infinity = grid.infinity;
  rounding->nan = grid.nan;
  rounding->nan_fraction = grid.nan_fraction;
  rounding->nan_above = same(grid.infinity, grid.overflow) ? infinity : infinity - 1;
  rounding->form = form_of(grid, *rounding);
  return rounding;
}

HWY_EXPORT(round_floats);

void round(const float* in, std::size_t count, const ArrayRounding& rounding, bool past_caches,
           float* out) {
  HWY_DYNAMIC_DISPATCH(round_floats)(in, count, rounding, past_caches, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

// SPDX-License-Identifier: MIT
//
// Rounding of binary32 and binary64 patterns to a grid, in integer lanes: no floating-point
// instruction, so no rounding direction, flush or fused operation of the caller can interfere.
// For a magnitude with exponent field E (at least 1) and significand S (hidden bit included):
//     d     = F - t + max(0, least_field - E)                 discarded bits
//     kept  = S >> d, plus one where the discarded bits round up
//     value = (E - 1 << F) + (kept << d)                      (carries run into the exponent)
//     rank  = (max(E, least_field) - least_field << t) + kept
// Adding before the shift turns each rule into a constant or a lane: with half = 2^(d - 1), the
// nearest modes add half - 1 + tie, where tie is 1 if a tie goes up; the directed ones add 2^d - 1
// or nothing. The stochastic ones, v in [0, 1) being what is discarded as a fraction of the
// spacing, round up where floor(v 2^R) > 2^R - 1 - random.
// A grid may be moved by a power of two: then the numbers are those of the format times it. All
// of them must stay normal numbers of the carrier.
//
// Included once for every instruction set (foreach_target.h), hence the guard that toggles. Built
// with -ffp-contract=off like all of the library.
#include <hwy/highway.h>

#include <array>
#include <cstddef>
#include <type_traits>

#include "emulator/kernels/kernels.h"

#if defined(HALFULP_EMULATOR_KERNELS_ROUND_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_ROUND_LANES_H
#undef HALFULP_EMULATOR_KERNELS_ROUND_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_ROUND_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <typename Bits>
inline constexpr int fraction_width = sizeof(Bits) == 4 ? 23 : 52;
template <typename Bits>
inline constexpr int sign_place = static_cast<int>(8 * sizeof(Bits)) - 1;
template <typename Bits>
using RealOf = hwy::MakeFloat<Bits>;

constexpr bool is_simple(RoundingKind kind) {
  return kind == RoundingKind::nearest_even_simple || kind == RoundingKind::stochastic_simple;
}
constexpr bool rounds_to_nearest(RoundingKind kind) {
  return kind == RoundingKind::nearest_even_simple || kind == RoundingKind::nearest;
}

// By which power of two a grid is moved: not at all, or by 2^exponent, in lanes. `moves` says which
// replacements are numbers, and move with it.
struct Unmoved {};
template <class V, typename Bits>
struct Moved {
  V exponent;
  V pattern;  // in the exponent's place
  const Moves<Bits>& moves;
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE V moved_field(D d, hn::TFromD<D> field, Unmoved /*by*/) {
  return hn::Set(d, field);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V moved_field(D d, hn::TFromD<D> field, const Moved<V, hn::TFromD<D>>& by) {
  return hn::Set(d, field) + by.exponent;
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V moved_number(D /*d*/, V pattern, Unmoved /*by*/) {
  return pattern;
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V moved_number(D /*d*/, V pattern, const Moved<V, hn::TFromD<D>>& by) {
  return pattern + by.pattern;
}

// Filled in one go, as is Input: the constructor of an empty one would be compiled for the plain
// machine, not for the target of these lanes.
template <class V>
struct Cut {
  V below;      // E - 1 in the exponent's place
  V binade;     // max(E, least_field) - least_field
  V discarded;  // d
  V shift;      // d, at most F + 2
  V kept;       // rounded
};

// Up where D = discarded bits, v = D / 2^d, satisfies the stochastic rule. Needs D < 2^(F + 1).
template <RoundingKind kKind, class D, class V = hn::Vec<D>>
HWY_INLINE hn::Mask<D> stochastic_up(D d, V rest, V discarded, V random,
                                     const Grid<hn::TFromD<D>>& grid) {
  using Bits = hn::TFromD<D>;
  constexpr int fraction = fraction_width<Bits>;
  const V width = hn::Set(d, static_cast<Bits>(grid.random_bits));
  const V wider = hn::Max(width, discarded);
  // floor(v 2^R): one of the two shifts is by nothing. A shift to the right by F + 2 leaves zero;
  // one to the left is cut short only for d = 0, where D is zero.
  const V left = hn::Min(wider - discarded, hn::Set(d, Bits{sign_place<Bits>}));
  const V right = hn::Min(wider - width, hn::Set(d, Bits{fraction + 2}));
  const V count = hn::Shr(hn::Shl(rest, left), right);
  const Bits all = static_cast<Bits>(~Bits{0}) >> (sign_place<Bits> + 1 - grid.random_bits);
  const V threshold = hn::Set(d, all) - random;
  const hn::Mask<D> above = count > threshold;
  if constexpr (kKind != RoundingKind::stochastic_tie) return above;
  // The next bits: 2 remainder + (1, or the parity of the count) > 2^right rounds the count up.
  const V one = hn::Set(d, Bits{1});
  const V place = hn::Shl(one, right);
  const V remainder = hn::And(rest, place - one);
  const V parity = grid.tie_parity != 0 ? hn::And(count, one) : one;
  const hn::Mask<D> next = remainder + remainder + parity > place;
  return hn::Or(above, hn::And(count == threshold, next));
}

template <RoundingKind kKind, class D, class By, class V = hn::Vec<D>>
HWY_INLINE Cut<V> cut_magnitude(D d, V magnitude, V negative, V random,
                                const Grid<hn::TFromD<D>>& grid, const By& by) {
  using Bits = hn::TFromD<D>;
  constexpr int fraction = fraction_width<Bits>;
  const V one = hn::Set(d, Bits{1});
  const V field = hn::Max(hn::ShiftRight<fraction>(magnitude), one);
  const V least_field = moved_field(d, grid.least_field, by);
  const V top = hn::Max(field, least_field);
  const V below = hn::ShiftLeft<fraction>(field - one);
  const V binade = top - least_field;
  const V discarded = hn::Set(d, grid.spare_bits) + (top - field);
  const V shift = hn::Min(discarded, hn::Set(d, Bits{fraction + 2}));
  const V significand = magnitude - below;
  const V low = hn::Shl(one, shift) - one;
  const V kept = hn::Shr(significand, shift);
  V rounded;
  if constexpr (kKind == RoundingKind::nearest_even_simple) {
    // low is 0 where nothing is discarded, else odd.
    const V addend = hn::ShiftRight<1>(low) + hn::And(hn::And(kept, one), low);
    rounded = hn::Shr(significand + addend, shift);
  } else if constexpr (kKind == RoundingKind::nearest || kKind == RoundingKind::directed) {
    const V parity = kept + hn::And(binade, hn::Set(d, grid.parity_of_binade));
    const V tie = hn::Xor(hn::Xor(hn::And(parity, hn::Set(d, grid.tie_odd)),
                                  hn::And(negative, hn::Set(d, grid.tie_negative))),
                          hn::Set(d, grid.tie_always));
    if constexpr (kKind == RoundingKind::nearest) {
      rounded = hn::Shr(significand + hn::ShiftRight<1>(low) + hn::And(tie, low), shift);
    } else {
      const V addend = hn::IfThenElseZero(tie == one, low);
      rounded = hn::Shr(significand + addend, shift);
    }
  } else {
    const V rest = hn::And(significand, low);
    hn::Mask<D> up;
    if constexpr (kKind == RoundingKind::equal) {
      up = hn::And(rest != hn::Zero(d), hn::TestBit(random, one));
    } else {
      up = stochastic_up<kKind>(d, rest, discarded, random, grid);
    }
    rounded = kept - hn::VecFromMask(d, up);
  }
  return {below, binade, discarded, shift, rounded};
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V by_sign(D d, hn::Mask<D> negative, const Signs<hn::TFromD<D>>& signs) {
  return hn::IfThenElse(negative, hn::Set(d, signs.negative), hn::Set(d, signs.positive));
}

// What stands for an overflow, an infinity or NaN.
enum class Beyond : std::uint8_t { overflow, infinity, nan };
template <typename Bits>
struct Replacements {
  std::array<const Signs<Bits>*, 3> signs;
  Bits nan_fraction = 0;  // bits of an operand's NaN that come with it, and how far down
  int nan_shift = 0;
};

template <Beyond kWhat, class D, class V = hn::Vec<D>>
HWY_INLINE V replacement(D d, hn::Mask<D> negative, const Replacements<hn::TFromD<D>>& all,
                         Unmoved /*by*/) {
  return by_sign(d, negative, *all.signs[static_cast<std::size_t>(kWhat)]);
}
template <Beyond kWhat, class D, class V = hn::Vec<D>>
HWY_INLINE V replacement(D d, hn::Mask<D> negative, const Replacements<hn::TFromD<D>>& all,
                         const Moved<V, hn::TFromD<D>>& by) {
  const Signs<hn::TFromD<D>>& signs = *all.signs[static_cast<std::size_t>(kWhat)];
  const Signs<hn::TFromD<D>>& moves =
      kWhat == Beyond::overflow ? by.moves.overflow
                                : (kWhat == Beyond::infinity ? by.moves.infinity : by.moves.nan);
  const V positive = hn::Set(d, signs.positive) + hn::And(by.pattern, hn::Set(d, moves.positive));
  const V minus = hn::Set(d, signs.negative) + hn::And(by.pattern, hn::Set(d, moves.negative));
  return hn::IfThenElse(negative, minus, positive);
}

template <class D, class V = hn::Vec<D>>
struct Input {
  V magnitude, sign;
  hn::Mask<D> negative;
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE Input<D> take_apart(D d, V x, const Grid<hn::TFromD<D>>& grid) {
  using Bits = hn::TFromD<D>;
  const V sign_bit = hn::Set(d, static_cast<Bits>(Bits{1} << sign_place<Bits>));
  const V sign = hn::And(x, sign_bit);
  V magnitude = hn::AndNot(sign_bit, x);
  if (grid.flush_inputs) {
    const hn::Mask<D> subnormal = magnitude < hn::Set(d, Bits{1} << fraction_width<Bits>);
    magnitude = hn::IfThenZeroElse(subnormal, magnitude);
  }
  return {magnitude, sign, sign == sign_bit};
}

// Results beyond the limit replaced by what stands for an overflow, an infinity or NaN. Overflow is
// common enough in narrow formats to cost no branch; the others are rare.
template <class D, class By, class V = hn::Vec<D>>
HWY_INLINE V replace_beyond(D d, const Input<D>& x, V result, hn::Mask<D> beyond,
                            const Replacements<hn::TFromD<D>>& all, const By& by) {
  using Bits = hn::TFromD<D>;
  constexpr int fraction = fraction_width<Bits>;
  constexpr Bits infinity =
      static_cast<Bits>(((Bits{1} << (sign_place<Bits> - fraction)) - 1) << fraction);
  const V top = hn::Set(d, infinity);
  result = hn::IfThenElse(beyond, replacement<Beyond::overflow>(d, x.negative, all, by), result);
  const hn::Mask<D> special = x.magnitude > hn::Set(d, Bits{infinity - 1});
  if (HWY_UNLIKELY(!hn::AllFalse(d, special))) {
    const V infinite = replacement<Beyond::infinity>(d, x.negative, all, by);
    const V kept = hn::And(x.magnitude, hn::Set(d, all.nan_fraction));
    const V nan = hn::Or(replacement<Beyond::nan>(d, x.negative, all, by),
                         hn::ShiftRightSame(kept, all.nan_shift));
    result = hn::IfThenElse(special, hn::IfThenElse(x.magnitude == top, infinite, nan), result);
  }
  return result;
}

template <class D, class V = hn::Vec<D>>
HWY_NOINLINE void count_vector(D d, const Input<D>& x, V result, hn::Mask<D> beyond,
                               Counts& counts) {
  using Bits = hn::TFromD<D>;
  constexpr int fraction = fraction_width<Bits>;
  const V sign_bit = hn::Set(d, static_cast<Bits>(Bits{1} << sign_place<Bits>));
  const V top =
      hn::Set(d, static_cast<Bits>((Bits{1} << (sign_place<Bits> - fraction)) - 1) << fraction);
  const V delivered = hn::AndNot(sign_bit, result);
  const hn::Mask<D> nan = x.magnitude > top;
  const hn::Mask<D> number = hn::Not(nan);
  const hn::Mask<D> infinite = x.magnitude == top;
  const hn::Mask<D> over = hn::And(beyond, number);
  const hn::Mask<D> both_zero = hn::Or(x.magnitude, delivered) == hn::Zero(d);
  const hn::Mask<D> changed =
      hn::And(number, hn::And(result != hn::Or(x.magnitude, x.sign), hn::Not(both_zero)));
  const hn::Mask<D> lost_nan = hn::And(nan, hn::Not(delivered > top));
  const hn::Mask<D> flushed = hn::And(changed, delivered == hn::Zero(d));
  counts.saturated += hn::CountTrue(d, hn::Or(over, infinite));
  counts.flushed += hn::CountTrue(d, flushed);
  counts.inexact += hn::CountTrue(d, hn::Or(changed, lost_nan));
}

template <RoundingKind kKind, class D, class By, class V = hn::Vec<D>>
HWY_INLINE V round_vector(D d, V bits, V random, const Grid<hn::TFromD<D>>& grid, const By& by,
                          Counts* counts) {
  using Bits = hn::TFromD<D>;
  constexpr int fraction = fraction_width<Bits>;
  const Input<D> x = take_apart(d, bits, grid);
  const Cut<V> cut = cut_magnitude<kKind>(d, x.magnitude, hn::ShiftRight<sign_place<Bits>>(x.sign),
                                          random, grid, by);
  V result = cut.below + hn::Shl(cut.kept, cut.shift);
  // Deep below the least number the shift is limited, and the sum above is wrong: what rounds up
  // there becomes the least number, what does not becomes zero in the line after.
  if constexpr (!rounds_to_nearest(kKind)) {
    const hn::Mask<D> deep = cut.discarded > hn::Set(d, Bits{fraction + 1});
    result = hn::IfThenElse(deep, moved_number(d, hn::Set(d, grid.least_number), by), result);
  }
  result = hn::IfThenZeroElse(cut.kept == hn::Zero(d), result);
  V sign = x.sign;
  V limit = moved_number(d, hn::Set(d, grid.limit.positive), by);
  if constexpr (!is_simple(kKind)) {
    limit = by_sign(d, x.negative, grid.limit);
    // A limit of nothing but zero stays.
    limit = hn::IfThenZeroElse(limit == hn::Zero(d), moved_number(d, limit, by));
    if (!grid.negative_zero) sign = hn::IfThenZeroElse(result == hn::Zero(d), sign);
  }
  const hn::Mask<D> beyond = result > limit;
  result = hn::Or(result, sign);
  // A moved NaN is the product of a scale and a NaN, as arithmetic gives it.
  const Bits nan_fraction = std::is_same_v<By, Unmoved> ? grid.nan_fraction : Bits{0};
  const Replacements<Bits> all{{&grid.overflow, &grid.infinity, &grid.nan}, nan_fraction, 0};
  result = replace_beyond(d, x, result, beyond, all, by);
  if (counts != nullptr) count_vector(d, x, result, beyond, *counts);
  return result;
}

template <RoundingKind kKind, class D, class By, class V = hn::Vec<D>>
HWY_INLINE V encode_vector(D d, V bits, V random, const Grid<hn::TFromD<D>>& grid, const By& by) {
  using Bits = hn::TFromD<D>;
  const Input<D> x = take_apart(d, bits, grid);
  const Cut<V> cut = cut_magnitude<kKind>(d, x.magnitude, hn::ShiftRight<sign_place<Bits>>(x.sign),
                                          random, grid, by);
  const V rank = hn::ShiftLeftSame(cut.binade, grid.fraction_bits) + cut.kept;
  hn::Mask<D> negative = x.negative;
  V limit = hn::Set(d, grid.code_limit.positive);
  if constexpr (!is_simple(kKind)) {
    limit = by_sign(d, x.negative, grid.code_limit);
    if (!grid.negative_zero) negative = hn::And(negative, rank != hn::Zero(d));
  }
  const hn::Mask<D> beyond = rank > limit;
  V code;
  if (grid.code_mask == 0) {
    code = hn::Or(rank, hn::IfThenElseZero(negative, hn::Set(d, grid.code_sign)));
  } else {
    const V minus = hn::And(hn::Zero(d) - rank, hn::Set(d, grid.code_mask));
    code = hn::IfThenElse(negative, minus, rank);
  }
  const Replacements<Bits> all{{&grid.code_overflow, &grid.code_infinity, &grid.code_nan},
                               grid.nan_fraction,
                               fraction_width<Bits> - grid.fraction_bits};
  code = replace_beyond(d, x, code, beyond, all, Unmoved{});
  return code;
}

// function(bits, random) for every vector of the array; the last one through buffers that are full.
template <bool kRandom, class D, typename In, typename Out, class Function>
HWY_INLINE void for_each_vector(D d, const In* in, std::size_t count, const hn::TFromD<D>* random,
                                Out* out, const Function& function) {
  using V = hn::Vec<D>;
  using Bits = hn::TFromD<D>;
  const hn::Rebind<In, D> d_in;
  const hn::Rebind<Out, D> d_out;
  const std::size_t lanes = hn::Lanes(d);
  const auto draw = [&](const Bits* from) HWY_ATTR -> V {
    if constexpr (kRandom) return hn::LoadU(d, from);
    return hn::Zero(d);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V bits = hn::BitCast(d, hn::LoadU(d_in, in + i));
    hn::StoreU(hn::BitCast(d_out, function(bits, draw(random + (kRandom ? i : 0)), lanes)), d_out,
               out + i);
  }
  if (i == count) return;
  const std::size_t rest = count - i;
  HWY_ALIGN In last[hn::MaxLanes(d)] = {};
  HWY_ALIGN Bits last_random[hn::MaxLanes(d)] = {};
  HWY_ALIGN Out last_out[hn::MaxLanes(d)];
  for (std::size_t k = 0; k < rest; ++k) {
    last[k] = in[i + k];
    if constexpr (kRandom) last_random[k] = random[i + k];
  }
  const V bits = hn::BitCast(d, hn::Load(d_in, last));
  hn::Store(hn::BitCast(d_out, function(bits, hn::Load(d, last_random), rest)), d_out, last_out);
  for (std::size_t k = 0; k < rest; ++k) out[i + k] = last_out[k];
}

constexpr bool draws(RoundingKind kind) {
  return kind == RoundingKind::stochastic_simple || kind == RoundingKind::stochastic ||
         kind == RoundingKind::stochastic_tie || kind == RoundingKind::equal;
}

// Calls function with the kind as a compile-time constant.
template <class Function>
HWY_INLINE void with_kind(RoundingKind kind, const Function& function) {
  switch (kind) {
    case RoundingKind::nearest_even_simple:
      return function.template operator()<RoundingKind::nearest_even_simple>();
    case RoundingKind::stochastic_simple:
      return function.template operator()<RoundingKind::stochastic_simple>();
    case RoundingKind::nearest:
      return function.template operator()<RoundingKind::nearest>();
    case RoundingKind::directed:
      return function.template operator()<RoundingKind::directed>();
    case RoundingKind::stochastic:
      return function.template operator()<RoundingKind::stochastic>();
    case RoundingKind::stochastic_tie:
      return function.template operator()<RoundingKind::stochastic_tie>();
    case RoundingKind::equal:
      return function.template operator()<RoundingKind::equal>();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_ROUND_LANES_H

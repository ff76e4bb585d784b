// SPDX-License-Identifier: MIT
//
// Arithmetic on codes of floats in words of 64 bits. A number is a significand and an exponent,
// that of bit 62 less the least exponent of the result, which the constants see to. Normal numbers
// begin at bit 61, their products at 60 or 61; subnormal numbers stand lower, and nothing is
// normalized before the result. What falls off the right end of the addend of the lower exponent is
// jammed into bit 0 (scalar/exact.h), of two's complement as well: rounding to odd takes the
// neighbour whose last bit is set, whichever the sign.
//
// The result is normalized to bit 62. With d bits to discard its magnitude m becomes
// (m + i) >> d, where i is 0 (toward zero), 2^(d-1) - 1 or 2^(d-1) (to nearest, down or up from
// ties) or 2^d - 1 (away from zero), as the mode, the sign and the last bit that is kept say. These
// are the leading d bits of 0, 01...1, 10...0 and 1...1, so that the mode is four constants.
//
// This file is compiled for every instruction set: some have shifts that leave the flags alone.
#include "emulator/kernels/words.h"

#include <algorithm>

#include "formats/rounding.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/words.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {

constexpr WordOutcome elsewhere{0, not_a_word};

struct Unpacked {
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;
  std::uint64_t negative = 0;
  bool served = true;
};

HWY_INLINE Unpacked unpack(const WordInput& input, std::uint64_t code) {
  const std::uint64_t magnitude = code & input.magnitude_mask;
  const std::uint64_t field = magnitude >> input.fraction_bits;
  const std::uint64_t binade = field - std::uint64_t{field != 0};
  return {.significand = magnitude - (binade << input.fraction_bits),
          .exponent = static_cast<std::int64_t>(binade) + input.exponent,
          .negative = code >> input.sign_place,
          .served = magnitude - input.least <= input.span};
}

// A magnitude whose bit 62 is its first; `exponent` is that of the place, less the least exponent.
HWY_NOINLINE WordOutcome round_subnormal(const WordConstants& c, std::uint64_t magnitude,
                                         std::int64_t exponent, std::uint64_t negative) {
  std::int64_t discarded = c.discarded - exponent;
  if (discarded > 63) {  // less than half of the least number, by however much
    magnitude = 1;
    discarded = 63;
  }
  const std::uint64_t kept = magnitude >> discarded;
  const std::uint64_t increment = c.increments[2 * (kept & 1) + negative] >> (64 - discarded);
  const std::uint64_t rank = (magnitude + increment) >> discarded;
  const bool inexact = kept << discarded != magnitude;
  const std::uint64_t code = rank | negative << c.sign_place;
  // Whether what rounds up to the least normal number is tiny is a question of its own.
  const bool becomes_normal = rank >> c.fraction_bits != 0;
  if (becomes_normal || code == c.missing) return elsewhere;
  return {code, inexact ? flags::inexact | flags::underflow : std::uint64_t{0}};
}

HWY_INLINE std::uint64_t flag_of(std::uint64_t rest) { return rest != 0 ? flags::inexact : 0; }

// A magnitude below 2^63, not zero; `exponent` is that of bit 62, less the least exponent.
HWY_INLINE WordOutcome round(const WordConstants& c, std::uint64_t magnitude, std::int64_t exponent,
                             std::uint64_t negative) {
  const int zeros = __builtin_clzll(magnitude) - 1;
  magnitude <<= zeros;
  exponent -= zeros;
  if (exponent < 0) [[unlikely]]
    return round_subnormal(c, magnitude, exponent, negative);
  const std::uint64_t odd = magnitude >> c.discarded & 1;
  const std::uint64_t rounded =
      (magnitude + c.normal_increments[2 * odd + negative]) >> c.discarded;
  const std::uint64_t rank = (static_cast<std::uint64_t>(exponent) << c.fraction_bits) + rounded;
  if (rank > c.largest) [[unlikely]]
    return elsewhere;
  return {rank | negative << c.sign_place, flag_of(magnitude & c.rest)};
}

HWY_INLINE WordOutcome exact_zero(const WordConstants& c, std::uint64_t negative) {
  const std::uint64_t code = negative << c.sign_place;
  return code == c.missing ? elsewhere : WordOutcome{code, 0};
}

struct Addend {
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;
  std::uint64_t negative = 0;
};
HWY_INLINE std::int64_t signed_number(const Addend& x) {
  return static_cast<std::int64_t>((x.significand ^ (0 - x.negative)) + x.negative);
}

HWY_INLINE WordOutcome round_sum(const WordConstants& c, const Addend& x, const Addend& y) {
  const std::int64_t from_x = signed_number(x);
  const std::int64_t from_y = signed_number(y);
  const std::int64_t apart = x.exponent - y.exponent;
  const std::int64_t y_above = apart >> 63;  // all bits or none, as compilers would branch
  const std::int64_t exchanged = (from_x ^ from_y) & y_above;
  const std::int64_t upper = from_x ^ exchanged;
  const std::int64_t lower = from_y ^ exchanged;
  const std::int64_t exponent = x.exponent - (apart & y_above);
  const std::int64_t shift = std::min<std::int64_t>((apart ^ y_above) - y_above, 63);
  const std::int64_t moved = lower >> shift;
  const bool cut = static_cast<std::int64_t>(static_cast<std::uint64_t>(moved) << shift) != lower;
  const std::int64_t sum = upper + (moved | std::int64_t{cut});
  if (sum == 0) [[unlikely]]
    return elsewhere;
  const auto sign = static_cast<std::uint64_t>(sum >> 63);
  return round(c, (static_cast<std::uint64_t>(sum) ^ sign) - sign, exponent, sign & 1);
}

// Where both formats have their normal numbers patterns are rounded as they are: one more in the
// exponent is one more of what a carry makes.
WordOutcome convert(const WordConstants& c, std::uint64_t a, std::uint64_t, std::uint64_t) {
  const WordInput& input = c.inputs[0];
  const std::uint64_t magnitude = a & input.magnitude_mask;
  const std::uint64_t negative = a >> input.sign_place;
  if (magnitude - c.least_converted <= c.span_converted) [[likely]] {
    const std::uint64_t n = magnitude - c.converted_zero;
    const std::uint64_t odd = n >> c.narrowed & 1;
    const std::uint64_t rank = (n + c.narrowing_increments[2 * odd + negative]) >> c.narrowed;
    if (rank <= c.largest) [[likely]]
      return {rank | negative << c.sign_place, flag_of(n & c.narrowing_rest)};
    return elsewhere;
  }
  const Unpacked x = unpack(input, a);
  if (!x.served) return elsewhere;
  if (x.significand == 0) return exact_zero(c, negative);
  return round(c, x.significand << c.left, x.exponent, negative);
}

WordOutcome add(const WordConstants& c, std::uint64_t a, std::uint64_t b, std::uint64_t) {
  const Unpacked x = unpack(c.inputs[0], a);
  const Unpacked y = unpack(c.inputs[1], b);
  if (!(x.served & y.served)) [[unlikely]]
    return elsewhere;
  return round_sum(c, {x.significand << c.left, x.exponent, x.negative},
                   {y.significand << c.addend_left, y.exponent, y.negative ^ c.flipped});
}

WordOutcome multiply(const WordConstants& c, std::uint64_t a, std::uint64_t b, std::uint64_t) {
  const Unpacked x = unpack(c.inputs[0], a);
  const Unpacked y = unpack(c.inputs[1], b);
  if (!(x.served & y.served)) [[unlikely]]
    return elsewhere;
  const std::uint64_t product = x.significand * y.significand;
  const std::uint64_t negative = x.negative ^ y.negative;
  if (product == 0) [[unlikely]]
    return exact_zero(c, negative);
  return round(c, product << c.left, x.exponent + y.exponent, negative);
}

WordOutcome multiply_add(const WordConstants& c, std::uint64_t a, std::uint64_t b,
                         std::uint64_t addend) {
  const Unpacked x = unpack(c.inputs[0], a);
  const Unpacked y = unpack(c.inputs[1], b);
  const Unpacked z = unpack(c.inputs[2], addend);
  if (!(x.served & y.served & z.served)) [[unlikely]]
    return elsewhere;
  const std::uint64_t product = x.significand * y.significand;
  return round_sum(c, {product << c.left, x.exponent + y.exponent, x.negative ^ y.negative},
                   {z.significand << c.addend_left, z.exponent, z.negative});
}

WordOperation choose(Op op) {
  switch (op) {
    case Op::convert:
      return convert;
    case Op::add:
    case Op::subtract:
      return add;
    case Op::multiply:
      return multiply;
    case Op::fused_multiply_add:
      return multiply_add;
    default:
      return nullptr;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(choose);

WordOperation word_operation(Op op) { return HWY_DYNAMIC_DISPATCH(choose)(op); }

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE

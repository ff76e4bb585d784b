// SPDX-License-Identifier: MIT
//
// What integer rounding has to know about the format it rounds to, as plain numbers. How the two
// neighbours of a number are found is the scheme's to say (scheme.h).
//
// One description, the grid, serves floats and fixed point: with q = max(e, least_exponent)
// - fraction_bits for a number whose leading bit is 2^e, the neighbours are multiples of 2^q, and
//     rank = ((max(e, least_exponent) - least_exponent) << fraction_bits) + |x| / 2^q - hidden
// is the magnitude part of the code. Fixed point is the case where e never exceeds least_exponent
// as long as there is no overflow. Affine integers are a grid after division by the scale.
#pragma once

#include <array>
#include <cstdint>

#include "formats/engine.h"
#include "formats/nan.h"

namespace halfulp::emulator {

struct Scheme;

struct Target {
  const Quantizer* quantizer = nullptr;
  const Scheme* scheme = nullptr;
  int bits = 0;
  int fraction_bits = 0;
  std::int64_t least_exponent = 0;
  std::int64_t most_exponent = 0;  // 2^(most_exponent + 1) is beyond every finite number
  Code hidden = 0;                 // 2^fraction_bits where exponent field 0 is an ordinary binade
  std::array<Code, 2> largest{};   // rank of the largest magnitude without and with sign
  bool is_float = false, sign = false, zero = true, subnormals = true;
  bool on_grid = false;             // floats and fixed point
  bool irrational = false;          // the numbers of the format are
  bool turns_in_logarithm = false;  // "nearest" does, at geometric means of neighbours
  bool rounds_zero = false;  // zero lies between numbers of both signs and is rounded as others are
  // The least positive number of a float without subnormals is this * 2^least_number_exponent.
  Code least_number = 0;
  std::int64_t least_number_exponent = 0;
  // Affine: the scale, and what stands for zero.
  Code scale = 1;
  std::int64_t scale_exponent = 0;
  std::int64_t zero_point = 0;
  // Bits that the numbers and turns of the format have beyond fraction_bits.
  int further_bits = 0;
};

// True where a jammed number may not tell how it is rounded: it takes the number in full.
inline bool rounds_in_full(const Target& target) {
  return target.irrational || target.turns_in_logarithm;
}

// Significand bits and random bits that a rounding to this target looks at, and some more.
inline int bits_needed(const Target& target) {
  const Rounding& rounding = target.quantizer->rounding;
  const int random_bits = is_stochastic(rounding.mode) ? rounding.random_bits : 0;
  return target.fraction_bits + 7 + random_bits + static_cast<int>(target.further_bits);
}

// The code of a number of this rank.
inline Code code_of_rank(const Target& target, Code rank, bool negative) {
  const Code sign_bit = Code{1} << (target.bits - 1);
  if (target.is_float) return negative ? rank | sign_bit : rank;
  const Code integer = (negative ? ~rank + 1 : rank) + static_cast<Code>(target.zero_point);
  return integer & ((sign_bit << 1) - 1);
}

// What is delivered in the place of a finite result, with its flags.
Outcome deliver_zero(const Target& target, bool negative);
Outcome deliver_infinity(const Target& target, bool negative);
Outcome deliver_nan(const Target& target, const NanCause& cause);
// `flags`: those that the rounding has raised besides overflow.
Outcome deliver_overflow(const Target& target, bool negative, std::uint8_t flags);
// A negative number below zero's reach in an unsigned format that does not drop the sign.
Outcome deliver_negative(const Target& target);
// A nonzero number that rounds to zero, or below the least number of a format without zero.
Outcome deliver_underflow(const Target& target, bool negative, std::uint8_t flags);

}  // namespace halfulp::emulator

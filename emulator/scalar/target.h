// SPDX-License-Identifier: MIT
//
// What integer rounding has to know about the format it rounds to, as plain numbers, and operands
// as plain numbers. A scheme finds the two neighbours of a number (round_exact.h chooses by it).
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

enum class Scheme : std::uint8_t { grid, affine, tapered, codebook, logarithmic };

struct Ratio;

struct Target {
  const Quantizer* quantizer = nullptr;
  Scheme scheme = Scheme::grid;
  int bits = 0;
  int fraction_bits = 0;
  std::int64_t least_exponent = 0;
  std::int64_t most_exponent = 0;  // 2^(most_exponent + 1) is beyond every finite number
  Code hidden = 0;                 // 2^fraction_bits where exponent field 0 is an ordinary binade
  std::array<Code, 2> largest{};   // rank of the largest magnitude without and with sign
  bool is_float = false, sign = false, zero = true, subnormals = true;
  // The least positive number of a float without subnormals is this * 2^least_number_exponent.
  Code least_number = 0;
  std::int64_t least_number_exponent = 0;
  // Affine: the scale, and what stands for zero.
  Code scale = 1;
  std::int64_t scale_exponent = 0;
  std::int64_t zero_point = 0;
  // Bits that the numbers and turns of the format have beyond fraction_bits.
  int further_bits = 0;
  // nearest_log only: what is being rounded, in full (scalar/ratio.h).
  const Ratio* number = nullptr;
};

// The quantizer must outlive the target.
Target target_of(const Quantizer& quantizer);

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

struct Operand {
  enum class Class : std::uint8_t { zero, finite, infinite, nan };
  Class kind = Class::zero;
  bool negative = false;
  bool signalling = false;
  bool subnormal = false;  // finite: below the full precision of its format
  Code significand = 0;    // finite: nonzero; NaN: its fraction field from the top of 128 bits down
  std::int64_t exponent = 0;
  // The further factor 2^(two / 2^64) * e^(natural / 2^64) of numbers of logarithmic formats.
  std::uint64_t two = 0;
  Rank natural = 0;

  [[nodiscard]] bool is_irrational() const { return two != 0 || natural != 0; }
};

inline NanOperand nan_operand(const Operand& x) {
  const bool is_nan = x.kind == Operand::Class::nan;
  return {is_nan, x.negative, x.signalling, is_nan ? x.significand : Code{0}};
}
inline NanCause conversion_of(const Operand& x) {
  return {.conversion = true, .operands = {nan_operand(x)}, .count = 1};
}

Operand unpack(const Format& format, Code code);
Operand unpack_double(double x);
Operand unpack_float(float x);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Between zero (or nothing) and the least number of a float without subnormals. With a zero the
// neighbours are zero and the least number, v = |x| / least; without one they are least / 2 and
// least (the rank below is least / 2 as value_at says), v = 2 |x| / least - 1, and everything up to
// least / 2 rounds below. The least number is (2^t + 1) 2^k in formats with a zero, so v comes from
// an integer division.
#include "emulator/scalar/round_exact.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

// floor(x / least * 2^bits) with the remainder jammed. Precondition: x < least.
WideWord scaled_ratio(const Target& target, const Exact<WideWord>& x, int bits) {
  const std::int64_t shift = x.exponent - target.least_number_exponent + bits;
  WideWord numerator = x.significand;
  bool lost = false;
  if (shift >= 0) {
    numerator <<= static_cast<int>(shift);
  } else {
    const int cut = static_cast<int>(std::min<std::int64_t>(-shift, word_bits<WideWord>));
    numerator = cut == word_bits<WideWord> ? WideWord(0) : WideWord(x.significand >> cut);
    lost = cut == word_bits<WideWord> || WideWord(numerator << cut) != x.significand;
  }
  const WideWord least = from_code<WideWord>(target.least_number);
  const WideWord quotient = numerator / least;
  lost = lost || WideWord(quotient * least) != numerator;
  return lost ? WideWord(quotient | 1) : quotient;
}

bool is_tiny_without_subnormals(const Target& target, Tininess rule, const Exact<WideWord>& x,
                                std::uint64_t random) {
  if (rule == Tininess::before_rounding) return true;
  // x rounded to full precision is m * 2^place; both sides are compared as multiples of
  // 2^(least_number_exponent - 2).
  const std::int64_t exponent = x.exponent + bit_length(x.significand) - 1;
  const std::int64_t place = exponent - target.fraction_bits - target.least_number_exponent;
  if (place < -2) return true;
  const Cut<WideWord> cut = cut_at(target, x, exponent, random);
  const WideWord rounded = from_code<WideWord>(cut.kept + (cut.up ? 1 : 0));
  return WideWord(rounded << static_cast<int>(place + 2)) <
         WideWord(from_code<WideWord>(target.least_number) << 2);
}

// rest: v * 2^bits, jammed; nonzero.
bool rounds_to_least(const Target& target, const Exact<WideWord>& x, const WideWord& rest, int bits,
                     std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  const bool lower_is_odd = !target.zero;  // rank 0 or rank -1
  if (rounding.mode != Mode::nearest_log) {
    return rounds_up(rounding, rest, bits, lower_is_odd, x.negative, random);
  }
  if (target.zero) return true;
  const Exact<Integer> least{false, from_code<Integer>(target.least_number),
                             target.least_number_exponent};
  const Exact<Integer> half{false, least.significand, least.exponent - 1};
  const int order = compare_to_geometric_mean(*target.number, half, least);
  return goes_out(rounding.mode, order, lower_is_odd, x.negative);
}

}  // namespace

Outcome round_below_least(const Target& target, const Exact<WideWord>& x, std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  // Three bits more than are looked at, so that the jammed one lies below them.
  const int bits = rounding.random_bits + 3;
  WideWord rest = scaled_ratio(target, x, target.zero ? bits : bits + 1);
  bool up = true;
  if (!target.zero) {
    const WideWord half = WideWord(1) << bits;
    up = rest > half;
    if (up) rest -= half;
  }
  up = up && rounds_to_least(target, x, rest, bits, random);
  if (up && x.negative && !target.sign) return deliver_negative(target);
  const std::optional<Tininess>& flush = rounding.flush_outputs;
  if (flush && is_tiny_without_subnormals(target, *flush, x, random)) {
    return deliver_underflow(target, x.negative, flags_of_flush(rounding));
  }
  const bool tiny = is_tiny_without_subnormals(target, rounding.tininess, x, random);
  const std::uint8_t raised = flags::inexact | (tiny ? flags::underflow : 0);
  if (!up) return deliver_underflow(target, x.negative, raised);
  return {code_of_rank(target, target.zero ? 1 : 0, x.negative), raised};
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Between zero (or nothing) and the least number of a float without subnormals. With a zero the
// neighbours are zero and the least number, v = |x| / least; without one they are least / 2 and
// least (the rank below is least / 2 as value_at says), v = 2 |x| / least - 1, and everything up to
// least / 2 rounds below. The least number is (2^t + 1) 2^k in formats with a zero, so v comes from
// an integer division.
#include "emulator/scalar/round_below.h"

#include <algorithm>
#include <optional>

#include "emulator/scalar/cut.h"
#include "emulator/scalar/ratio.h"

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

bool is_tiny_without_subnormals(const Target& target, Tininess rule, const Exactly<WideWord>& x,
                                std::uint64_t random) {
  if (rule == Tininess::before_rounding) return true;
  // x rounded to full precision is m * 2^place; both sides are compared as multiples of
  // 2^(least_number_exponent - 2).
  const std::int64_t exponent = leading_exponent(x.cut);
  const std::int64_t place = exponent - target.fraction_bits - target.least_number_exponent;
  if (place < -2) return true;
  const Cut cut = cut_at(target, InUnits<WideWord>{x.cut, x}, exponent, random);
  const WideWord rounded = from_code<WideWord>(cut.kept + (cut.up ? 1 : 0));
  return WideWord(rounded << static_cast<int>(place + 2)) <
         WideWord(from_code<WideWord>(target.least_number) << 2);
}

// rest: v * 2^bits, jammed; nonzero.
struct GapBelowLeast {
  const Target& target;
  const Exactly<WideWord>& number;
  const WideWord& rest;
  int bits;
  bool odd;
  bool negative;

  [[nodiscard]] int order() const { return compare_to_half(rest, bits); }
  [[nodiscard]] int order_in_logarithm() const {
    if (target.zero) return 1;
    const Exact<Integer> least{false, from_code<Integer>(target.least_number),
                               target.least_number_exponent};
    const Exact<Integer> half{false, least.significand, least.exponent - 1};
    return compare_to_geometric_mean(number, half, least);
  }
  [[nodiscard]] Position position(int random_bits) const {
    return emulator::position(rest, bits, random_bits);
  }
};

Outcome round_in_wide_word(const Target& target, const Exactly<WideWord>& x, std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  // Three bits more than are looked at, so that the jammed one lies below them.
  const int bits = rounding.random_bits + 3;
  const bool negative = x.negative();
  WideWord rest = scaled_ratio(target, x.cut, target.zero ? bits : bits + 1);
  bool up = true;
  if (!target.zero) {
    const WideWord half = WideWord(1) << bits;
    up = rest > half;
    if (up) rest -= half;
  }
  const bool odd = !target.zero;  // rank 0 or rank -1
  const GapBelowLeast gap{target, x, rest, bits, odd, negative};
  up = up && goes_out(rounding, gap, random);
  if (up && negative && !target.sign) return deliver_negative(target);
  const std::optional<Tininess>& flush = rounding.flush_outputs;
  if (flush && is_tiny_without_subnormals(target, *flush, x, random)) {
    return deliver_underflow(target, negative, flags_of_flush(rounding));
  }
  const bool tiny = is_tiny_without_subnormals(target, rounding.tininess, x, random);
  const std::uint8_t raised = flags::inexact | (tiny ? flags::underflow : 0);
  if (!up) return deliver_underflow(target, negative, raised);
  return {code_of_rank(target, target.zero ? 1 : 0, negative), raised};
}

}  // namespace

template <typename Word>
bool is_below_least(const Target& target, const Exact<Word>& x) {
  const std::int64_t exponent = leading_exponent(x);
  const std::int64_t least = target.least_number_exponent + bit_length(target.least_number) - 1;
  if (exponent != least) return exponent < least;
  const int length = std::max(bit_length(x.significand), bit_length(target.least_number));
  Exact<WideWord> a = widened(x);
  Exact<WideWord> b{false, from_code<WideWord>(target.least_number), target.least_number_exponent};
  normalise(a, length);
  normalise(b, length);
  return a.significand < b.significand;
}

template bool is_below_least(const Target&, const Exact<Code>&);
template bool is_below_least(const Target&, const Exact<WideWord>&);

template <typename Word>
Outcome round_below_least(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  return round_in_wide_word(target, with_cut(widened(x.cut), x), random);
}

template Outcome round_below_least(const Target&, const Exactly<Code>&, std::uint64_t);
template Outcome round_below_least(const Target&, const Exactly<WideWord>&, std::uint64_t);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Which of its two neighbours a number is rounded to. What is cut off a number is `rest` below
// 2^discarded; v = rest / 2^discarded is the position between the two, counted on magnitudes.
// IEEE 754-2019 clause 4.3, P3109 report 4.0 section 4.7 for the stochastic modes.
//
// A kind of format describes the gap between the neighbours and answers what the mode asks for:
//     odd, negative                 of the code of the neighbour nearer to zero; of the number
//     order()                       of the number and where "nearest" turns
//     order_in_logarithm()          of the number and the neighbours' geometric mean
//     position(bits)                v * 2^bits
// Here alone it is decided which of them a mode asks for.
#pragma once

#include <cstdint>

#include "emulator/scalar/exact.h"
#include "formats/rounding.h"

namespace halfulp::emulator {

// v * 2^bits = count + remainder; `half` is the order of the remainder and 1/2.
struct Position {
  Code count = 0;
  int half = -1;
};

// Order of rest and 2^(discarded - 1): -1, 0 or 1. Precondition: rest < 2^discarded.
template <typename Word>
int compare_to_half(const Word& rest, std::int64_t discarded) {
  const int length = bit_length(rest);
  if (length == 0 || length < discarded) return -1;
  return rest == (Word(1) << (length - 1)) ? 0 : 1;
}

template <typename Word>
Position position(const Word& rest, std::int64_t discarded, int bits) {
  const std::int64_t shift = discarded - bits;
  if (shift <= 0) return {to_code(Word(rest << static_cast<int>(-shift))), -1};
  if (shift >= word_bits<Word>) return {0, compare_to_half(rest, shift)};
  const Word count = rest >> static_cast<int>(shift);
  return {to_code(count), compare_to_half(Word(rest - (count << static_cast<int>(shift))), shift)};
}

inline bool turns_in_logarithm(const Rounding& rounding) {
  return rounding.mode == Mode::nearest_log;
}

// Is the neighbour farther from zero delivered, in a mode without random bits? order: of the number
// and where "nearest" turns; odd: parity of the code of the nearer one.
inline bool goes_out(Mode mode, int order, bool odd, bool negative) {
  switch (mode) {
    case Mode::nearest_even:
    case Mode::nearest_log:
      return order > 0 || (order == 0 && odd);
    case Mode::nearest_away:
      return order >= 0;
    case Mode::nearest_zero:
      return order > 0;
    case Mode::nearest_up:
      return order > 0 || (order == 0 && !negative);
    case Mode::nearest_down:
      return order > 0 || (order == 0 && negative);
    case Mode::nearest_odd:
      return order > 0 || (order == 0 && !odd);
    case Mode::toward_positive:
      return !negative;
    case Mode::toward_negative:
      return negative;
    case Mode::away_from_zero:
      return true;
    case Mode::to_odd:
      return !odd;
    default:
      return false;
  }
}

// The same in the stochastic modes. p: of v * 2^random_bits; not read by stochastic_equal.
inline bool carries(const Rounding& rounding, const Position& p, std::uint64_t random) {
  if (rounding.mode == Mode::stochastic_equal) return (random & 1) != 0;
  const bool tie_up = rounding.mode == Mode::stochastic_b ||
                      (rounding.mode == Mode::stochastic_c && (p.count & 1) != 0);
  const bool nearer = rounding.mode != Mode::stochastic && (p.half > 0 || (p.half == 0 && tie_up));
  return ((p.count + (nearer ? 1 : 0) + random) >> rounding.random_bits) != 0;
}

// Is the neighbour farther from zero delivered? The number is neither of the two.
template <typename Gap>
bool goes_out(const Rounding& rounding, const Gap& gap, std::uint64_t random) {
  if (rounding.mode == Mode::stochastic_equal) return carries(rounding, {}, random);
  if (is_stochastic(rounding.mode))
    return carries(rounding, gap.position(rounding.random_bits), random);
  const int order = turns_in_logarithm(rounding) ? gap.order_in_logarithm() : gap.order();
  return goes_out(rounding.mode, order, gap.odd, gap.negative);
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Numbers cut at a place of a grid, and rounded there.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/neighbour.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// A number in units of a grid, cut to a word and jammed, and the number itself: of affine formats
// the quotient by the scale, of others the same.
template <typename Word>
struct InUnits {
  const Exact<Word>& units;
  const Exactly<Word>& number;
};

// x cut at 2^place, and whether it is rounded up there.
struct Cut {
  Code kept = 0;
  bool inexact = false;
  bool up = false;
};

// Between kept * 2^place and (kept + 1) * 2^place.
template <typename Word>
struct GridGap {
  const Target& target;
  const Exactly<Word>& number;
  const Word& rest;
  std::int64_t discarded;
  Code kept;
  std::int64_t place;
  bool odd;
  bool negative;

  [[nodiscard]] int order() const { return compare_to_half(rest, discarded); }
  [[nodiscard]] int order_in_logarithm() const;
  [[nodiscard]] Position position(int bits) const {
    return emulator::position(rest, discarded, bits);
  }
};

// Cuts fraction_bits below 2^exponent.
template <typename Word>
Cut cut_at(const Target& target, const InUnits<Word>& x, std::int64_t exponent,
           std::uint64_t random) {
  const Exact<Word>& units = x.units;
  const std::int64_t discarded = exponent - target.fraction_bits - units.exponent;
  if (discarded <= 0) {
    return {to_code(units.significand) << static_cast<int>(-discarded), false, false};
  }
  Cut cut;
  Word rest = units.significand;
  if (discarded < word_bits<Word>) {
    const Word kept = units.significand >> static_cast<int>(discarded);
    rest -= kept << static_cast<int>(discarded);
    cut.kept = to_code(kept);
  }
  if (rest == 0) return cut;
  // The exponent's share of the rank is even unless there are no fraction bits.
  const bool binade_odd =
      target.fraction_bits == 0 && ((exponent - target.least_exponent) & 1) != 0;
  const bool odd = (((cut.kept + target.hidden) & 1) != 0) != binade_odd;
  const GridGap<Word> gap{
      target, x.number, rest, discarded, cut.kept, units.exponent + discarded, odd, units.negative};
  cut.inexact = true;
  cut.up = goes_out(target.quantizer->rounding, gap, random);
  return cut;
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Logarithmic numbers (Swartzlander and Alexopoulos, "The Sign/Logarithm Number System", IEEE TC
// 1975; the coding is that of the lns type of the Universal library): (-1)^sign * 2^(L /
// 2^fraction_bits), L a two's complement integer of integer_bits + fraction_bits bits. The lowest L
// stands for zero, and with the sign for NaN, so the rank of a positive number counts from there.
// "Nearest" turns half a step of L between two neighbours: the geometric mean. Half a step below
// the least number it turns to zero, half a step above the largest to overflow.
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

int logarithm_bits(const Log& f) { return f.integer_bits + f.fraction_bits; }

Rank zero_logarithm(const Log& f) { return -(Rank{1} << (logarithm_bits(f) - 1)); }

Code logarithm_mask(const Log& f) { return (Code{1} << logarithm_bits(f)) - 1; }

Value signed_value(bool negative, Value v) { return negative ? negated(std::move(v)) : v; }

}  // namespace

int bits(const Log& f) { return logarithm_bits(f) + (f.sign ? 1 : 0); }

Range finite_range(const Log& f) {
  const auto highest = static_cast<Rank>(logarithm_mask(f));
  return {.lowest = f.sign ? -highest : 0, .highest = highest};
}

Value value_at(const Log& f, Rank rank) {
  if (rank == 0) return zero_value();
  const Rank magnitude = rank < 0 ? -rank : rank;
  return signed_value(rank < 0, power_of_two(magnitude + zero_logarithm(f), f.fraction_bits));
}

Value boundary_above(const Log& f, Rank rank) {
  const Rank inner = rank < 0 ? -(rank + 1) : rank;
  return signed_value(rank < 0,
                      power_of_two(2 * (inner + zero_logarithm(f)) + 1, f.fraction_bits + 1));
}

Code zero_code(const Log& f) { return Code{1} << (logarithm_bits(f) - 1); }

Code code_at(const Log& f, Rank rank) {
  const Rank magnitude = rank < 0 ? -rank : rank;
  const Code sign = rank < 0 ? Code{1} << logarithm_bits(f) : 0;
  return (static_cast<Code>(magnitude + zero_logarithm(f)) & logarithm_mask(f)) | sign;
}

Rank rank_of(const Log& f, Code code) {
  const auto magnitude = static_cast<Rank>((code + zero_code(f)) & logarithm_mask(f));
  const bool negative = f.sign && ((code >> logarithm_bits(f)) & 1) != 0;
  return negative ? -magnitude : magnitude;
}

Value decode(const Log& f, Code code) {
  const bool nan = f.sign && code == (zero_code(f) | (Code{1} << logarithm_bits(f)));
  return nan ? nan_value() : value_at(f, rank_of(f, code));
}

void validate(const Log& f) {
  constexpr int most_integer_bits = 21;
  if (f.integer_bits < 1 || f.integer_bits > most_integer_bits) {
    throw Error(std::to_string(f.integer_bits) + " integer bits", "integer_bits",
                "1 to 21 are supported, the sign of the logarithm among them");
  }
  if (f.fraction_bits < 0 || logarithm_bits(f) < 2 || bits(f) > 64) {
    throw Error(std::to_string(f.fraction_bits) + " fraction bits", "fraction_bits",
                "at least 0; the logarithm has at least 2 bits and the format at most 64");
  }
}

}  // namespace halfulp::kinds

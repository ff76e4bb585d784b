// SPDX-License-Identifier: MIT
//
// Fixed point and integers: the value is the code, read as two's complement (or unsigned), times
// 2^-fraction_bits. The rank is that integer. A symmetric format never delivers its lowest code,
// but decodes it.
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

Code mask(const Fixed& f) { return (Code{1} << f.bits) - 1; }

}  // namespace

int bits(const Fixed& f) { return f.bits; }

Range finite_range(const Fixed& f) {
  const Rank half = Rank{1} << (f.bits - 1);
  if (!f.sign) return {.lowest = 0, .highest = 2 * half - 1};
  return {.lowest = f.symmetric ? 1 - half : -half, .highest = half - 1};
}

Value value_at(const Fixed& f, Rank rank) {
  const auto magnitude = static_cast<Code>(rank < 0 ? -rank : rank);
  Value v;
  v.negative = rank < 0;
  v.significand = magnitude;
  v.exponent = rank == 0 ? 0 : -f.fraction_bits;
  return v;
}

Code code_at(const Fixed& f, Rank rank) { return static_cast<Code>(rank) & mask(f); }

Rank rank_of(const Fixed& f, Code code) {
  const auto rank = static_cast<Rank>(code & mask(f));
  const bool negative = f.sign && ((code >> (f.bits - 1)) & 1) != 0;
  return negative ? rank - (Rank{1} << f.bits) : rank;
}

Value decode(const Fixed& f, Code code) { return value_at(f, rank_of(f, code)); }

void validate(const Fixed& f) {
  if (f.bits < 1 || f.bits > 64)
    throw Error(std::to_string(f.bits) + " bits", "bits", "1 to 64 are supported");
  if (f.fraction_bits < -1000 || f.fraction_bits > 1000) {
    throw Error(std::to_string(f.fraction_bits) + " fraction bits", "fraction_bits",
                "-1000 to 1000 are supported");
  }
  if (f.symmetric && (!f.sign || f.bits < 2)) {
    throw Error("a symmetric format needs a sign and at least 2 bits", "symmetric",
                "set \"sign\" to true");
  }
}

}  // namespace halfulp::kinds

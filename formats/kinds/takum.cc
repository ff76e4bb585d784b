// SPDX-License-Identifier: MIT
//
// Takums (Hunhold, "Beating Posits at Their Own Game: Takum Arithmetic", arXiv 2404.18603, section
// 3). Codes are ordered as two's complement integers, and negation of the number is negation of the
// integer, so the rank is that integer. 0...0 is zero, 10...0 is NaR. A positive code is
//     sign 0, direction D (1 bit), regime R (3 bits), characteristic C (r bits), mantissa M
//     r = R if D = 1, else 7 - R
//     c = 2^r - 1 + C if D = 1, else -2^(r+1) + 1 + C
//     m = M / 2^(bits of M)
//     linear: (1 + m) * 2^c;    logarithmic: sqrt(e)^(c + m)
// and a code of fewer than 12 bits stands for the one with zeros appended. As in posits "nearest"
// turns at the takum of one more bit, and nothing but zero rounds to zero, and nothing to NaR.
#include <algorithm>

#include "formats/counted.h"
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

Code low_bits(Code code, int count) {
  return count >= 128 ? code : code & ((Code{1} << count) - 1);
}

// Of the positive takum whose `width` bits below the sign are `body`.
Value value_of_body(Code body, int width, bool logarithmic) {
  constexpr int head_bits = 4;        // direction and regime
  constexpr int least_width = 4 + 7;  // with the longest characteristic
  body <<= std::max(least_width - width, 0);
  width = std::max(width, least_width);
  const auto head = static_cast<int>(body >> (width - head_bits));
  const bool up = (head >> 3) != 0;
  const int r = up ? head & 7 : 7 - (head & 7);
  const int mantissa_bits = width - head_bits - r;
  const auto field = static_cast<std::int64_t>(low_bits(body >> mantissa_bits, r));
  const std::int64_t c = (up ? (std::int64_t{1} << r) - 1 : 1 - (std::int64_t{2} << r)) + field;
  const Code mantissa = low_bits(body, mantissa_bits);
  if (logarithmic) {
    const Power power = (static_cast<Power>(c) << mantissa_bits) + static_cast<Power>(mantissa);
    return power_of_e(power, mantissa_bits + 1);
  }
  Value v;
  v.significand = (Code{1} << mantissa_bits) | mantissa;
  v.exponent = c - mantissa_bits;
  return v;
}

Value signed_value(bool negative, Value v) { return negative ? negated(std::move(v)) : v; }

}  // namespace

int bits(const Takum& f) { return f.bits; }

Range finite_range(const Takum& f) {
  const Rank highest = static_cast<Rank>((Code{1} << (f.bits - 1)) - 1);
  return {.lowest = -highest, .highest = highest};
}

// One step beyond the ends is twice as far.
Value value_at(const Takum& f, Rank rank) {
  if (rank == 0) return zero_value();
  const Rank highest = finite_range(f).highest;
  const Rank magnitude = rank < 0 ? -rank : rank;
  if (magnitude > highest) return signed_value(rank < 0, scaled(value_at(f, highest), 1));
  return signed_value(rank < 0,
                      value_of_body(static_cast<Code>(magnitude), f.bits - 1, f.logarithmic));
}

Value boundary_above(const Takum& f, Rank rank) {
  if (rank == 0 || rank == -1) return zero_value(rank < 0);
  const Range range = finite_range(f);
  if (rank >= range.highest) return infinite_value();
  if (rank < range.lowest) return infinite_value(true);
  const Rank inner = rank < 0 ? -(rank + 1) : rank;
  return signed_value(rank < 0,
                      value_of_body((static_cast<Code>(inner) << 1) | 1, f.bits, f.logarithmic));
}

Code code_at(const Takum& f, Rank rank) { return low_bits(static_cast<Code>(rank), f.bits); }

Rank rank_of(const Takum& f, Code code) {
  const int unused = 128 - f.bits;
  return static_cast<Rank>(code << unused) >> unused;
}

Value decode(const Takum& f, Code code) {
  if (low_bits(code, f.bits) == Code{1} << (f.bits - 1)) return nan_value();
  return value_at(f, rank_of(f, code));
}

void validate(const Takum& f) {
  const int most = f.logarithmic ? 64 : 128;
  if (f.bits < 2 || f.bits > most) {
    throw Error(counted(f.bits, "bit"), "bits", "2 to 128 are supported, to 64 logarithmic");
  }
}

}  // namespace halfulp::kinds

// SPDX-License-Identifier: MIT
//
// Posits (Standard for Posit Arithmetic 2022, sections 3 and 4; there exponent_bits is 2). Codes
// are ordered as two's complement integers, and negation of the number is negation of the integer,
// so the rank is that integer. 0...0 is zero, 10...0 is NaR. Below the sign a positive code is
//     regime: k equal bits R0 ended by their opposite; r = k - 1 if R0 = 1, else -k
//     exponent: the next exponent_bits bits e, missing ones 0
//     fraction: the rest f, of fraction_bits bits
//     value = (1 + f / 2^fraction_bits) * 2^(r * 2^exponent_bits + e)
// Between neighbours "nearest" turns at the posit of one more bit that lies between them, also
// where the cut goes through exponent or regime. Nothing but zero rounds to zero, and nothing to
// NaR.
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

Code low_bits(Code code, int count) {
  return count >= 128 ? code : code & ((Code{1} << count) - 1);
}

// Of the positive posit whose `width` bits below the sign are `body`.
Value value_of_body(Code body, int width, int exponent_bits) {
  const auto bit = [&](int position) { return static_cast<int>(body >> position) & 1; };
  const int first = bit(width - 1);
  int run = 1;
  while (run < width && bit(width - 1 - run) == first) ++run;
  const std::int64_t regime = first != 0 ? run - 1 : -run;
  const int rest = std::max(width - run - 1, 0);
  const Code tail = low_bits(body, rest);
  const int fraction_bits = std::max(rest - exponent_bits, 0);
  const auto exponent = static_cast<std::int64_t>(tail >> fraction_bits)
                        << std::max(exponent_bits - rest, 0);
  Value v;
  v.significand = (Code{1} << fraction_bits) | low_bits(tail, fraction_bits);
  v.exponent = (regime << exponent_bits) + exponent - fraction_bits;
  return v;
}

Value signed_value(bool negative, Value v) { return negative ? negated(std::move(v)) : v; }

}  // namespace

int bits(const Posit& f) { return f.bits; }

Range finite_range(const Posit& f) {
  const Rank highest = static_cast<Rank>((Code{1} << (f.bits - 1)) - 1);
  return {.lowest = -highest, .highest = highest};
}

// One step beyond the ends the regime goes on.
Value value_at(const Posit& f, Rank rank) {
  if (rank == 0) return zero_value();
  const Rank highest = finite_range(f).highest;
  const Rank magnitude = rank < 0 ? -rank : rank;
  if (magnitude > highest)
    return signed_value(rank < 0, scaled(value_at(f, highest), std::int64_t{1} << f.exponent_bits));
  return signed_value(rank < 0,
                      value_of_body(static_cast<Code>(magnitude), f.bits - 1, f.exponent_bits));
}

Value boundary_above(const Posit& f, Rank rank) {
  if (rank == 0 || rank == -1) return zero_value(rank < 0);
  const Range range = finite_range(f);
  if (rank >= range.highest) return infinite_value();
  if (rank < range.lowest) return infinite_value(true);
  const Rank inner = rank < 0 ? -(rank + 1) : rank;
  return signed_value(rank < 0,
                      value_of_body((static_cast<Code>(inner) << 1) | 1, f.bits, f.exponent_bits));
}

Code code_at(const Posit& f, Rank rank) { return low_bits(static_cast<Code>(rank), f.bits); }

Rank rank_of(const Posit& f, Code code) {
  const int unused = 128 - f.bits;
  return static_cast<Rank>(code << unused) >> unused;
}

Value decode(const Posit& f, Code code) {
  if (low_bits(code, f.bits) == Code{1} << (f.bits - 1)) return nan_value();
  return value_at(f, rank_of(f, code));
}

void validate(const Posit& f) {
  constexpr int most_exponent_bits = 16;
  if (f.bits < 2 || f.bits > 128)
    throw Error(counted(f.bits, "bit"), "bits", "2 to 128 are supported");
  if (f.exponent_bits < 0 || f.exponent_bits > most_exponent_bits) {
    throw Error(std::to_string(f.exponent_bits) + " exponent bits", "exponent_bits",
                "0 to 16 are supported; the standard has 2");
  }
}

}  // namespace halfulp::kinds

// SPDX-License-Identifier: MIT
//
// What Value is, for numbers of 128 bits: the numbers that cases of floats of up to 53 bits are
// drawn from, whose products have 106.
//
// A sum may be of terms too far apart for a word. Then its larger term has 125 bits, and bit 0 of
// the sum is set in the place of everything below. As numbers of 54 bits and their products with
// one of 53 are multiples of more than bit 0, the sum lies on the side of each of them that the
// exact one lies on, and is none of them: it rounds as the exact one does, and so does its quotient
// by a number.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "formats/format.h"
#include "formats/numbers/value.h"

namespace halfulp::vectors {

struct WordNumber {
  static constexpr int widest = 53;  // significands of the formats

  Value::Class kind = Value::Class::finite;
  bool negative = false;
  Code significand = 0;
  std::int64_t exponent = 0;

  [[nodiscard]] bool is_nan() const { return kind == Value::Class::nan; }
  [[nodiscard]] bool is_finite() const { return kind == Value::Class::finite; }
  [[nodiscard]] bool is_zero() const { return is_finite() && significand == 0; }
  [[nodiscard]] static bool is_dyadic() { return true; }
};

inline int bit_length(Code n) {
  const auto high = static_cast<std::uint64_t>(n >> 64);
  return high != 0 ? 64 + std::bit_width(high) : std::bit_width(static_cast<std::uint64_t>(n));
}

inline WordNumber negated(WordNumber a) {
  a.negative = !a.negative;
  return a;
}
inline WordNumber absolute(WordNumber a) {
  a.negative = false;
  return a;
}
inline WordNumber scaled(WordNumber a, std::int64_t power) {
  a.exponent += power;
  return a;
}
inline std::int64_t leading_exponent(const WordNumber& a) {
  return a.exponent + bit_length(a.significand) - 1;
}

// Precondition: the product has 128 bits at most.
inline WordNumber product(const WordNumber& a, const WordNumber& b) {
  return {.negative = a.negative != b.negative,
          .significand = a.significand * b.significand,
          .exponent = a.exponent + b.exponent};
}

// Of at most 125 bits, see above. What is not finite counts as the sum of Values has it: the term
// of the lesser exponent says what kind the sum is.
inline WordNumber sum(WordNumber a, WordNumber b) {
  if (a.is_zero() && b.is_zero()) return {.negative = a.negative && b.negative};
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  a.kind = a.exponent <= b.exponent ? a.kind : b.kind;
  if (b.significand == 0) return a;
  if (a.significand == 0) {
    b.kind = a.kind;
    return b;
  }
  const Value::Class kind = a.kind;
  if (a.exponent < b.exponent) std::swap(a, b);
  a.kind = kind;
  constexpr int room = 125;
  const std::int64_t apart = a.exponent - b.exponent;
  const std::int64_t up = std::min<std::int64_t>(apart, room - bit_length(a.significand));
  const std::int64_t down = apart - up;
  a.significand <<= static_cast<unsigned>(up);
  a.exponent -= up;
  if (down > 0) {
    const Code kept = down < 128 ? b.significand >> static_cast<unsigned>(down) : 0;
    const bool lost = down >= 128 || kept << static_cast<unsigned>(down) != b.significand;
    b.significand = kept | (lost ? 1 : 0);
  }
  if (a.negative == b.negative) {
    a.significand += b.significand;
    return a;
  }
  if (a.significand == b.significand) return {};
  const bool first = a.significand > b.significand;
  a.significand = first ? a.significand - b.significand : b.significand - a.significand;
  a.negative = first ? a.negative : b.negative;
  return a;
}

// The number of a Value of as many bits.
inline WordNumber word_number(const Value& v) {
  WordNumber made{.kind = v.kind, .negative = v.negative, .exponent = v.exponent};
  made.significand = static_cast<Code>(v.significand & ~std::uint64_t{0}) |
                     static_cast<Code>((v.significand >> 64) & ~std::uint64_t{0}) << 64;
  return made;
}

}  // namespace halfulp::vectors

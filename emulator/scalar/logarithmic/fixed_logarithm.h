// SPDX-License-Identifier: MIT
//
// Logarithms and powers in fixed point with proven error bounds: what decides nearly every rounding
// to or from logarithmic formats without exact arithmetic. Integers only.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/format.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// A real number: whole + fraction / 2^128, at most error / 2^128 away. Exact where error is 0.
struct Logarithm {
  std::int64_t whole = 0;
  Code fraction = 0;
  std::uint64_t error = 0;
};

// A positive number: mantissa * 2^(exponent - 127), mantissa >= 2^127, at most `error` units of the
// mantissa away. Exact where error is 0.
struct Near {
  Code mantissa = Code{1} << 127;
  std::int64_t exponent = 0;
  std::uint64_t error = 0;
};

// What logarithm() and power() add to the error of their argument, at most.
inline constexpr std::uint64_t logarithm_error = 16;
inline constexpr std::uint64_t power_error = 16;

Logarithm sum(const Logarithm& a, const Logarithm& b);
Logarithm negated(const Logarithm& a);
// Precondition: the last bit of an exact fraction is 0.
Logarithm halved(const Logarithm& a);
// a * log2 e, and a * 2 ln 2. Zero stays exact. Precondition: |a| < 2^50.
Logarithm times_log2_e(const Logarithm& a);
Logarithm times_2_ln2(const Logarithm& a);

// To base 2, exact for powers of two.
Logarithm logarithm(const Near& a);
// 2^a, exact for whole numbers.
Near power(const Logarithm& a);

// n * 2^exponent, n nonzero, cut to 128 bits.
Near near_number(Code n, std::int64_t exponent);
Near near_number(const Integer& n, std::int64_t exponent);
Near product(const Near& a, const Near& b);
Near sum(const Near& a, const Near& b);
// a - b; empty where what is left is not surely positive, or hardly known.
std::optional<Near> difference(const Near& a, const Near& b);

}  // namespace halfulp::emulator

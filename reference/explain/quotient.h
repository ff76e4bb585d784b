// SPDX-License-Identifier: MIT
//
// Exact numbers that follow from the numbers of formats by + - * and one division: positions in a
// gap, expected values, biases. They are rational where the formats are; of logarithmic formats
// they are not, and are still compared exactly and written with as many certain digits as are asked
// for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/numbers/value.h"

namespace halfulp::reference {

// The sum of the numerator's terms over that of the denominator's, which is positive. All are
// finite.
struct Quotient {
  std::vector<Value> numerator;
  std::vector<Value> denominator{make_value(1)};
};

// Precondition: x is finite and no root.
Quotient quotient_of(const Real& x);
// -1, 0 or 1, exactly.
int sign(const Quotient& q);
// Order of two: -1, 0 or 1, exactly.
int compare(const Quotient& a, const Quotient& b);

// (-1)^negative * numerator / denominator * 2^exponent: both odd, or 0 / 1 * 2^0; in lowest terms
// unless both have more than 20000 bits.
struct Fraction {
  bool negative = false;
  Integer numerator = 0, denominator = 1;
  std::int64_t exponent = 0;
};
// Nothing where a term is irrational.
std::optional<Fraction> fraction_of(const Quotient& q);
// "1/10", "-3 * 2^-4", "13/5 * 2^70"; nothing where that is longer than `longest` characters.
std::optional<std::string> fraction_text(const Fraction& f, std::size_t longest);

struct DecimalText {
  std::string text;
  bool exact = true;
};
// All digits where there are at most `most_exact`, else the first `rounded` ones, to nearest.
DecimalText decimal_of(const Quotient& q, int most_exact, int rounded);

}  // namespace halfulp::reference

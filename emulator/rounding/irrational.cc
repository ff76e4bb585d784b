// SPDX-License-Identifier: MIT
#include "emulator/rounding/irrational.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/logarithmic/enclosed.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/logarithmic/logarithmic.h"
#include "emulator/scalar/long.h"
#include "emulator/scalar/ratio.h"

namespace halfulp::emulator {
namespace {

// Of a dyadic target both ends of what x may be are rounded; where they agree, so does x, as
// rounding never decreases, and an irrational x is no number of the format between them.
std::optional<Outcome> round_ends(const Target& target, const Near& x, bool negative,
                                  std::uint64_t random) {
  constexpr Code top_bit = Code{1} << 127;
  const Code low = (x.mantissa - x.error - 1) | 1;
  const Code high = (x.mantissa + x.error) | 1;
  if (low < top_bit || high < top_bit) return std::nullopt;
  const std::int64_t exponent = x.exponent - 127;
  const Outcome inner = round(target, Exactly<Code>{{negative, low, exponent}}, random);
  const Outcome outer = round(target, Exactly<Code>{{negative, high, exponent}}, random);
  if (inner == outer) return inner;
  return std::nullopt;
}

// The number lies between the ends, and is neither: each is moved a quarter of a unit inwards where
// it is asked what is cut off, and stays where it is asked on which side of a mean it lies.
Outcome round_narrowed(const Target& target, const Result& x, std::uint64_t random) {
  const Real magnitude = x.magnitude();
  for (int bits = 256;; bits *= 2) {
    const std::optional<Enclosed> ends = enclosed(magnitude, bits);
    if (!ends) continue;
    const int inwards = ends->low == ends->high ? 0 : 1;
    const auto at = [&](const Integer& n, int step) {
      const Ratio end{.numerator = {x.negative(), n, ends->exponent}};
      const Exact<Integer> moved{x.negative(), (n << 2) + step, ends->exponent - 2};
      return round(target, Exactly<Integer>{.cut = moved, .ratio = &end}, random);
    };
    const Outcome inner = at(ends->low, inwards);
    if (inner == at(ends->high, -inwards)) return inner;
  }
}

// The square of a magnitude where that is rational, as the root that the magnitude is: 2^(1/2) is
// the geometric mean of 1 and 2, which no narrowing tells.
std::optional<Ratio> rational_square(const Real& x) {
  if (x.enclosure) return std::nullopt;
  Value numerator = x.numerator;
  if (!x.addend.is_zero()) {
    if (!same_irrational_factor(numerator, x.addend)) return std::nullopt;
    numerator = halfulp::sum(numerator, x.addend);
  }
  Value denominator = x.denominator;
  if (!x.root) {
    numerator = halfulp::product(numerator, numerator);
    denominator = halfulp::product(denominator, denominator);
  }
  if (!same_irrational_factor(numerator, denominator)) return std::nullopt;
  return Ratio{.numerator = {false, numerator.significand, numerator.exponent},
               .denominator = {false, denominator.significand, denominator.exponent},
               .root = true};
}

// The same of a sum whose lesser term is so small that it but says on which side of the greater the
// sum lies: 2^(1/2) - 2^-20000 is next to the geometric mean of 1 and 2. The square moves by
// 2^-2048, far less than squares of numbers and products of neighbours differ by.
std::optional<Ratio> square_of_greater(const Real& x) {
  if (x.enclosure || x.addend.is_zero()) return std::nullopt;
  constexpr int far = 2048;
  const auto exponent = [](const Value& v) { return leading_exponent(truncated(v, 64)); };
  Real greater = x;
  Value lesser = x.addend;
  if (exponent(greater.numerator) < exponent(lesser)) std::swap(greater.numerator, lesser);
  if (exponent(greater.numerator) - exponent(lesser) < far) return std::nullopt;
  greater.addend = zero_value();
  std::optional<Ratio> square = rational_square(greater);
  if (!square) return std::nullopt;
  Exact<Integer>& n = square->numerator;
  n.significand <<= far;
  n.significand += greater.numerator.negative == lesser.negative ? 1 : -1;
  n.exponent -= far;
  return square;
}

Outcome round_root(const Target& target, const Ratio& x, bool negative, std::uint64_t random) {
  const int bits = std::max(400, bits_needed(target));
  Exact<Integer> cut = long_root(long_quotient(x.numerator, x.denominator, 2 * bits + 4), bits);
  cut.negative = negative;
  return round(target, Exactly<Integer>{.cut = cut, .ratio = &x}, random);
}

}  // namespace

Outcome round_result(const Target& target, const Result& x, std::uint64_t random) {
  if (target.irrational) return round_logarithmic(target, x, random);
  if (target.turns_in_logarithm) {
    const Real magnitude = x.magnitude();
    std::optional<Ratio> square = rational_square(magnitude);
    if (!square) square = square_of_greater(magnitude);
    if (square) return round_root(target, *square, x.negative(), random);
  }
  if (const auto near = round_ends(target, x.near(), x.negative(), random)) return *near;
  return round_narrowed(target, x, random);
}

}  // namespace halfulp::emulator

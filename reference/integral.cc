// SPDX-License-Identifier: MIT
#include "reference/integral.h"

#include <algorithm>

#include "reference/round.h"

namespace halfulp::reference {
namespace {

namespace mp = boost::multiprecision;

// floor(x), x > 0: by a shift, or where the factor is irrational by search.
Integer floor_of(const Value& x) {
  if (x.is_dyadic()) {
    if (x.exponent >= 0) return x.significand << static_cast<unsigned>(x.exponent);
    return leading_exponent(x) < 0 ? Integer(0)
                                   : Integer(x.significand >> static_cast<unsigned>(-x.exponent));
  }
  Integer low = 0;
  Integer high = 1;
  while (compare(x, integer_value(high)) >= 0) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {  // invariant: low <= x < high
    const Integer middle = (low + high) / 2;
    (compare(x, integer_value(middle)) >= 0 ? low : high) = middle;
  }
  return low;
}

// Of |x| and |y| with one irrational factor, which cancels in the quotient: integers X and Y in
// units of the smaller exponent. Y divides t - X, and 2 Y does, so that t = X mod 2 Y has the
// remainder and tells whether floor(X / Y) is odd.
Value remainder_of_like(const Value& x, const Value& y) {
  const std::int64_t unit = std::min(x.exponent, y.exponent);
  const Integer divisor = y.significand << static_cast<unsigned>(y.exponent - unit);
  const Integer twice = 2 * divisor;
  const Integer power = mp::powm(Integer(2), Integer(x.exponent - unit), twice);
  const Integer t = (x.significand % twice) * power % twice;
  const bool odd = t >= divisor;
  const Integer rest = odd ? Integer(t - divisor) : t;
  const int order = Integer(2 * rest).compare(divisor);
  const bool up = order > 0 || (order == 0 && odd);
  Value result = x;  // its irrational factor
  result.negative = up;
  result.significand = up ? Integer(divisor - rest) : rest;
  result.exponent = unit;
  return result.significand.is_zero() ? zero_value() : result;
}

}  // namespace

Value rounded_to_integer(const Value& x, const Rounding& rounding, std::uint64_t random) {
  const bool negative = x.negative;
  constexpr std::int64_t farthest = 1024;
  if (!x.is_dyadic() && leading_exponent(x) >= farthest) return x;
  const Real magnitude = real(absolute(x));
  Integer n = floor_of(magnitude.numerator);
  if (compare(magnitude, integer_value(n)) != 0) {
    const bool odd = mp::bit_test(n, 0);
    Gap gap{.inner = integer_value(n), .outer = integer_value(n + 1), .inner_odd = odd};
    gap.tie_out = odd;
    gap.middle = compare(magnitude, scaled(integer_value(2 * n + 1), -1));
    if (goes_out(magnitude, negative, gap, rounding, random)) ++n;
  }
  Value result = integer_value(n);
  result.negative = negative;
  return result;
}

Value remainder(const Value& x, const Value& y) {
  const Value a = absolute(x);
  const Value b = absolute(y);
  if (compare(scaled(a, 1), b) < 0) return x;
  Value result = remainder_of_like(a, b);
  result.negative = result.is_zero() ? x.negative : result.negative != x.negative;
  return result;
}

bool is_integer(const Value& x) {
  if (x.is_zero() || !x.is_dyadic()) return x.is_zero();
  return x.exponent >= 0 || static_cast<std::int64_t>(mp::lsb(x.significand)) >= -x.exponent;
}

Value scaled_by(const Value& x, const Value& n) {
  constexpr std::int64_t farthest = std::int64_t{1} << 24;
  if (n.is_zero()) return x;
  std::int64_t power = farthest;
  if (compare(absolute(n), make_value(farthest)) < 0)
    power = static_cast<std::int64_t>(floor_of(absolute(n)));
  return scaled(x, n.negative ? -power : power);
}

}  // namespace halfulp::reference

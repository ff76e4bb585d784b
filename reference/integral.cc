// SPDX-License-Identifier: MIT
#include "reference/integral.h"

#include <algorithm>
#include <array>
#include <utility>

#include "reference/round.h"

namespace halfulp::reference {
namespace {

namespace mp = boost::multiprecision;

// floor(n / d) of positive dyadic numbers.
Integer floor_of_quotient(const Value& n, const Value& d) {
  const std::int64_t shift = n.exponent - d.exponent;
  if (shift >= 0) return (n.significand << static_cast<unsigned>(shift)) / d.significand;
  if (leading_exponent(n) < leading_exponent(d)) return 0;
  return n.significand / (d.significand << static_cast<unsigned>(-shift));
}

// floor(x), x > 0: by division, or where factors are irrational by search.
Integer floor_of(const Real& x) {
  const bool quotient = !x.root && x.addend.is_zero() && !x.enclosure;
  if (quotient && x.numerator.is_dyadic() && x.denominator.is_dyadic())
    return floor_of_quotient(x.numerator, x.denominator);
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

Real negated(Real x, bool negative) {
  if (!negative) return x;
  x.numerator.negative = !x.numerator.negative;
  x.addend.negative = !x.addend.negative;
  return x;
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

// n |y| and |x| have different irrational factors: their difference is not zero.
Real remainder_of_unlike(const Value& x, const Value& y) {
  const Real quotient{.numerator = x, .denominator = y};
  const Value n = rounded_to_integer(quotient, Rounding{}, 0);
  if (n.is_zero()) return real(x);
  Value multiple = product(n, y);
  multiple.negative = true;
  const bool x_is_larger = compare(x, absolute(multiple)) > 0;
  return {.numerator = x_is_larger ? x : multiple, .addend = x_is_larger ? std::move(multiple) : x};
}

}  // namespace

Value rounded_to_integer(const Real& x, const Rounding& rounding, std::uint64_t random) {
  const bool negative = x.numerator.negative;
  const Real magnitude = absolute(x);
  Integer n = floor_of(magnitude);
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

Real remainder(const Value& x, const Value& y) {
  const Value a = absolute(x);
  const Value b = absolute(y);
  if (compare(scaled(a, 1), b) < 0) return real(x);
  if (!same_irrational_factor(a, b)) return negated(remainder_of_unlike(a, b), x.negative);
  Value result = remainder_of_like(a, b);
  result.negative = result.negative != x.negative;
  return real(result);
}

bool is_integer(const Value& x) {
  if (x.is_zero() || !x.is_dyadic()) return x.is_zero();
  return x.exponent >= 0 || static_cast<std::int64_t>(mp::lsb(x.significand)) >= -x.exponent;
}

Value scaled_by(const Value& x, const Value& n) {
  constexpr std::int64_t farthest = std::int64_t{1} << 40;
  if (n.is_zero()) return x;
  std::int64_t power = farthest;
  if (compare(absolute(n), make_value(farthest)) < 0)
    power = static_cast<std::int64_t>(floor_of_quotient(absolute(n), make_value(1)));
  return scaled(x, n.negative ? -power : power);
}

}  // namespace halfulp::reference

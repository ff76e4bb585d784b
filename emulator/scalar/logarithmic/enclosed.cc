// SPDX-License-Identifier: MIT
#include "emulator/scalar/logarithmic/enclosed.h"

#include <algorithm>

#include "emulator/scalar/wide.h"

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;

// A number of either sign in [low, high] * 2^exponent.
struct Interval {
  Integer low, high;
  std::int64_t exponent = 0;
};

// What `truncated` cuts off is less than one unit of its last place, and so is what it sets there.
Interval interval_of(const Value& a, int bits) {
  if (a.is_zero()) return {};
  const Value v = a.is_dyadic() ? a : truncated(a, bits);
  const int doubt = a.is_dyadic() ? 0 : 1;
  const Integer n = a.negative ? Integer(-v.significand) : v.significand;
  return {n - doubt, n + doubt, v.exponent};
}

Interval sum(const Interval& a, const Interval& b) {
  if (a.exponent < b.exponent) return sum(b, a);
  const auto shift = static_cast<unsigned>(a.exponent - b.exponent);
  return {(a.low << shift) + b.low, (a.high << shift) + b.high, b.exponent};
}

// Of positive numbers.
Enclosed quotient(const Enclosed& a, const Interval& b, int bits) {
  const int shift = std::max(0, bits + bit_length(b.high) - bit_length(a.low));
  Enclosed q;
  q.low = (a.low << shift) / b.high;
  Integer rest;
  mp::divide_qr(Integer(a.high << shift), b.low, q.high, rest);
  if (!rest.is_zero()) ++q.high;
  q.exponent = a.exponent - b.exponent - shift;
  q.negative = a.negative;
  return q;
}

Enclosed root(const Enclosed& a, int bits) {
  int shift = std::max(0, 2 * bits - bit_length(a.low));
  if (((a.exponent - shift) & 1) != 0) ++shift;
  Enclosed r;
  r.low = mp::sqrt(Integer(a.low << shift));
  Integer rest;
  r.high = mp::sqrt(Integer(a.high << shift), rest);
  if (!rest.is_zero()) ++r.high;
  r.exponent = (a.exponent - shift) / 2;
  return r;
}

// Both bounds on the lower of their exponents.
Enclosed of_bounds(const Bounds& bounds) {
  const bool negative = bounds.lower.negative;
  const Value& low = negative ? bounds.upper : bounds.lower;
  const Value& high = negative ? bounds.lower : bounds.upper;
  const std::int64_t exponent = std::min(low.exponent, high.exponent);
  return {negative, low.significand << static_cast<unsigned>(low.exponent - exponent),
          high.significand << static_cast<unsigned>(high.exponent - exponent), exponent};
}

}  // namespace

std::optional<Enclosed> enclosed(const Real& x, int bits) {
  if (x.enclosure) return of_bounds((*x.enclosure)(bits));
  Interval n = interval_of(x.numerator, bits);
  if (!x.addend.is_zero()) n = sum(n, interval_of(x.addend, bits));
  if (n.low <= 0 && n.high >= 0) return std::nullopt;
  Enclosed result{n.high < 0, abs(n.low), abs(n.high), n.exponent};
  if (result.negative) result.low.swap(result.high);
  if (x.denominator.significand != 1 || !x.denominator.is_dyadic()) {
    result = quotient(result, interval_of(x.denominator, bits), bits);
  } else {
    result.exponent -= x.denominator.exponent;
  }
  return x.root ? root(result, bits) : result;
}

Enclosed surely_enclosed(const Real& x) {
  constexpr int enough = 130;
  for (int bits = 192;; bits *= 2) {
    const std::optional<Enclosed> result = enclosed(x, bits);
    if (!result) continue;
    const Integer width = result->high - result->low;
    if (width.is_zero() || bit_length(width) + enough <= bit_length(result->low)) return *result;
  }
}

Near near_number(const Enclosed& x) {
  Near near = near_number(x.low, x.exponent);
  if (x.low == x.high) return near;
  const int cut = std::max(0, bit_length(x.low) - 128);
  near.error = 2 + static_cast<std::uint64_t>(Integer(x.high - x.low) >> cut);
  return near;
}

}  // namespace halfulp::emulator

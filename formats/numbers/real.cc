// SPDX-License-Identifier: MIT
//
// Reals (declared in value.h): their order against numbers.
#include <array>
#include <utility>

#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

bool is_one(const Value& v) {
  return v.is_dyadic() && v.exponent == 0 && !v.negative && v.significand == 1;
}

}  // namespace

Real negated(Real x) {
  x.numerator.negative = !x.numerator.negative;
  x.addend.negative = !x.addend.negative;
  if (x.enclosure) {
    x.enclosure = std::make_shared<const BoundsOf>([inner = x.enclosure](int bits) {
      const Bounds bounds = (*inner)(bits);
      return Bounds{negated(bounds.upper), negated(bounds.lower)};
    });
  }
  return x;
}

Real absolute(Real x) { return x.numerator.negative ? negated(std::move(x)) : x; }

int decide_by_bounds(const Real& x, const std::function<int(const Value&)>& order) {
  constexpr int fewest = 96;
  constexpr int most = 1 << 16;
  for (int bits = fewest; bits <= most; bits *= 2) {
    const Bounds bounds = (*x.enclosure)(bits);
    const int low = order(bounds.lower);
    const int high = order(bounds.upper);
    // The number lies strictly between its bounds.
    if (low >= 0) return 1;
    if (high <= 0) return -1;
  }
  throw Error("a number and one that it is compared with cannot be told apart within " +
              std::to_string(most) + " bits");
}

int compare(const Real& x, const Value& v) {
  if (!x.numerator.is_finite() || !v.is_finite()) return compare(x.numerator, v);
  if (x.enclosure)
    return decide_by_bounds(x, [&](const Value& bound) { return compare(bound, v); });
  if (!x.addend.is_zero()) {
    const std::array<Value, 3> terms{x.numerator, x.addend, negated(product(v, x.denominator))};
    return sign_of_sum(terms);
  }
  if (!x.root && is_one(x.denominator)) return compare(x.numerator, v);
  if (!x.root) return compare(x.numerator, product(v, x.denominator));
  if (v.negative && !v.is_zero()) return 1;
  return compare(x.numerator, product(product(v, v), x.denominator));
}

}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "emulator/scalar/logarithmic/irrational.h"

#include <optional>
#include <utility>

#include "emulator/scalar/logarithmic/enclosed.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {
namespace {

Integer to_integer(Code n) { return from_code<Integer>(n); }

bool is_exact_one(const Near& a) { return a.error == 0 && a.mantissa == Code{1} << 127; }

// The fraction of the exponents' sum or difference; what goes over it belongs to the exponent.
std::uint64_t add_exponents(std::uint64_t a, std::uint64_t b, std::int64_t& exponent) {
  const std::uint64_t sum = a + b;
  exponent += sum < a ? 1 : 0;
  return sum;
}
std::uint64_t subtract_exponents(std::uint64_t a, std::uint64_t b, std::int64_t& exponent) {
  exponent -= a < b ? 1 : 0;
  return a - b;
}

// n / 2^64.
Logarithm in_units(Power n) {
  return {static_cast<std::int64_t>(n >> 64), static_cast<Code>(n) << 64, 0};
}

}  // namespace

Result::Result(const Expression& expression) : expression_(expression) {
  const Operand& x = *expression.number;
  negative_ = x.negative;
  factors_ = {near_rational(x), {}, x.two, x.natural, expression.root};
  std::int64_t& exponent = factors_.numerator.exponent;
  if (const Operand* factor = expression.factor) {
    factors_.numerator = product(factors_.numerator, near_rational(*factor));
    factors_.two = add_exponents(x.two, factor->two, exponent);
    factors_.natural += factor->natural;
    negative_ = negative_ != factor->negative;
  }
  if (const Operand* divisor = expression.divisor) {
    factors_.denominator = near_rational(*divisor);
    factors_.two = subtract_exponents(x.two, divisor->two, exponent);
    factors_.natural -= divisor->natural;
    negative_ = negative_ != divisor->negative;
  }
  if (expression.addend != nullptr) add(*expression.addend);
}

// Terms of one irrational factor are added before it, so that exact sums stay exact.
void Result::add(const Operand& addend) {
  const bool like = factors_.two == addend.two && factors_.natural == addend.natural;
  const Near a = like ? factors_.numerator : near();
  const Near b = like ? near_rational(addend) : near_number(addend);
  if (!like) factors_ = {};
  if (negative_ == addend.negative) {
    factors_.numerator = sum(a, b);
  } else if (const std::optional<Near> rest = difference(a, b)) {
    factors_.numerator = *rest;
  } else if (const std::optional<Near> other = difference(b, a)) {
    factors_.numerator = *other;
    negative_ = addend.negative;
  } else if (a.error == 0 && b.error == 0) {
    zero_ = true;
  } else {
    factors_ = {};
    const Enclosed ends = surely_enclosed(real());
    factors_.numerator = near_number(ends);
    negative_ = ends.negative;
  }
}

Result::Result(const Near& magnitude, bool negative, std::function<Real()> exact)
    : exact_(std::move(exact)), negative_(negative) {
  factors_.numerator = magnitude;
}

Result::Result(const Real& x) : exact_([&x] { return x; }) {
  const Enclosed ends = surely_enclosed(x);
  factors_.numerator = near_number(ends);
  negative_ = ends.negative;
}

Near Result::near() const {
  const bool rational = factors_.two == 0 && factors_.natural == 0 && !factors_.root;
  if (rational && is_exact_one(factors_.denominator) && factors_.denominator.exponent == 0)
    return factors_.numerator;
  return power(logarithm_2());
}

// log2 of the magnitude without the factor e^n. Equal odd parts have the same mantissa.
Logarithm Result::rational_logarithm() const {
  const Near& a = factors_.numerator;
  const Near& b = factors_.denominator;
  Logarithm l{a.exponent - b.exponent, Code{factors_.two} << 64, 0};
  const bool equal = a.mantissa == b.mantissa && a.error == 0 && b.error == 0;
  if (!equal) {
    l.whole = 0;
    l = sum(l, sum(logarithm(a), negated(logarithm(b))));
  }
  return factors_.root ? halved(l) : l;
}

Logarithm Result::logarithm_2() const {
  const Logarithm l = rational_logarithm();
  if (factors_.natural == 0) return l;
  const Logarithm n = in_units(factors_.natural);
  return sum(l, times_log2_e(factors_.root ? halved(n) : n));
}

Logarithm Result::logarithm_root_e() const {
  const Logarithm l = times_2_ln2(rational_logarithm());
  return sum(l, in_units(factors_.root ? factors_.natural : 2 * factors_.natural));
}

Real Result::real() const {
  if (exact_) return exact_();
  const Expression& e = expression_;
  Real x{.numerator = exact_value(*e.number), .root = e.root};
  if (e.factor != nullptr) x.numerator = halfulp::product(x.numerator, exact_value(*e.factor));
  if (e.addend != nullptr) x.addend = exact_value(*e.addend);
  if (e.divisor != nullptr) {
    x.denominator = exact_value(*e.divisor);
    x.numerator.negative = x.numerator.negative != x.denominator.negative;
    x.denominator.negative = false;
  }
  return x;
}

Real Result::magnitude() const { return negative_ ? halfulp::negated(real()) : real(); }

Pair without_product_of_factors(const Operand& a, const Operand& b) {
  Pair pair{a, b};
  if (a.two + b.two != 0 || a.natural + b.natural != 0) return pair;
  pair.a.exponent += a.two != 0 ? 1 : 0;
  pair.a.two = pair.b.two = 0;
  pair.a.natural = pair.b.natural = 0;
  return pair;
}

Pair without_quotient_of_factors(const Operand& a, const Operand& b) {
  Pair pair{a, b};
  if (a.two != b.two || a.natural != b.natural) return pair;
  pair.a.two = pair.b.two = 0;
  pair.a.natural = pair.b.natural = 0;
  return pair;
}

Near near_rational(const Operand& x) { return near_number(x.significand, x.exponent); }

Near near_number(const Operand& x) { return Result({.number = &x}).near(); }

Value exact_value(const Operand& x) {
  Value v;
  v.negative = x.negative;
  v.significand = to_integer(x.significand);
  v.exponent = x.exponent;
  if (!x.is_irrational()) return v;
  v.binary_power = x.two;
  v.natural_power = x.natural;
  v.power_bits = 64;
  return v;
}

// Both ends rounded to the last bit that is kept.
Operand nearest(const Operand& x, int precision) {
  const Near near = near_number(x);
  const int cut = 128 - precision;
  const auto rounded = [&](Code n) { return (n >> cut) + ((n >> (cut - 1)) & 1); };
  Operand result;
  result.kind = Operand::Class::finite;
  result.negative = x.negative;
  result.exponent = near.exponent - 127 + cut;
  result.significand = rounded(near.mantissa - near.error);
  if (result.significand == rounded(near.mantissa + near.error)) return result;
  const Value v = exact_value(x);
  result = precision == 53 ? unpack_double(nearest_double(v)) : unpack_float(nearest_float(v));
  return result;
}

}  // namespace halfulp::emulator

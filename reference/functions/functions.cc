// SPDX-License-Identifier: MIT
#include "reference/functions/functions.h"

#include <optional>
#include <utility>

#include "formats/error.h"
#include "reference/functions/enclosed_functions.h"
#include "reference/functions/exact_powers.h"
#include "reference/integral.h"

namespace halfulp::reference {
namespace {

Exact number(Value v) { return {.value = real(std::move(v))}; }
Exact zero(bool negative = false) { return number(zero_value(negative)); }
Exact one(bool negative = false) { return number(make_value(negative ? -1 : 1)); }
Exact infinity(bool negative = false, std::uint8_t raised = 0) {
  return {.value = real(infinite_value(negative)), .flags = raised};
}
Exact invalid() { return {.value = real(nan_value())}; }

// A pole at a finite operand: 7.3.
Exact pole(bool negative) { return infinity(negative, flags::divide_by_zero); }

Exact rooted(Value numerator, Value denominator = make_value(1)) {
  Exact result = number(std::move(numerator));
  result.value.denominator = std::move(denominator);
  result.value.root = true;
  return result;
}

// 9.2.1:            -inf       zero       +inf
//   exp, exp2       +0         1          +inf
//   expm1           -1         itself     +inf
//   cosh            +inf       1          +inf
//   sinh            itself     itself     itself
//   tanh, erf       -1         itself     1
//   sigmoid         +0         1/2        1
//   gelu, silu      -0         itself     +inf
//   softplus        +0         log 2      +inf
//   cbrt            itself     itself     itself
//   atan            -pi/2      itself     pi/2
//   sin, tan        invalid    itself     invalid
//   cos             invalid    1          invalid
std::optional<Exact> special_everywhere(Op op, const Value& x) {
  const bool is_low = x.is_infinite() && x.negative;
  if (!x.is_infinite() && !x.is_zero()) return std::nullopt;
  switch (op) {
    case Op::exp:
    case Op::exp2:
      return x.is_zero() ? one() : (is_low ? zero() : infinity());
    case Op::expm1:
      return is_low ? one(true) : number(x);
    case Op::cosh:
      return x.is_zero() ? one() : infinity();
    case Op::sinh:
    case Op::cube_root:
      return number(x);
    case Op::tanh:
    case Op::erf:
      return x.is_zero() ? number(x) : one(is_low);
    case Op::sigmoid:
      return x.is_zero() ? number(make_value(1, -1)) : (is_low ? zero() : one());
    case Op::gelu:
    case Op::silu:
      return is_low ? zero(true) : number(x);
    case Op::softplus:
      if (x.is_zero()) return std::nullopt;
      return is_low ? zero() : infinity();
    case Op::atan:
      return x.is_zero() ? number(x) : Exact{.value = half_pi(is_low)};
    case Op::sin:
    case Op::tan:
      return x.is_zero() ? number(x) : invalid();
    case Op::cos:
      return x.is_zero() ? one() : invalid();
    default:
      return std::nullopt;
  }
}

// 9.2.1, 7.3:            less      zero     1      +inf
//   log, log2, log10     invalid   -inf *   +0     +inf
//   rsqrt                invalid   inf *           +0      * divide by zero, the sign of the zero
std::optional<Exact> special_of_positive(Op op, const Value& x) {
  const bool root = op == Op::reciprocal_square_root;
  if (x.is_zero()) return pole(!root || x.negative);
  if (x.negative) return invalid();
  if (x.is_infinite()) return root ? zero() : infinity();
  if (!root && compare(x, make_value(1)) == 0) return zero();
  return std::nullopt;
}

// 9.2.1, 7.3: log1p      < -1: invalid   -1: -inf, divide by zero   zero: itself   +inf: +inf
std::optional<Exact> special_log1p(const Value& x) {
  if (x.is_zero()) return number(x);
  const int order = compare(x, make_value(-1));
  if (order <= 0) return order < 0 ? invalid() : pole(true);
  if (x.is_infinite()) return infinity();
  return std::nullopt;
}

// 9.2.1:   asin, acos   beyond +-1: invalid     asin of zero: itself     acos 1 = +0
std::optional<Exact> special_arc(Op op, const Value& x) {
  if (compare(absolute(x), make_value(1)) > 0) return invalid();
  if (op == Op::asin && x.is_zero()) return number(x);
  if (op == Op::acos && compare(x, make_value(1)) == 0) return zero();
  return std::nullopt;
}

std::optional<Exact> special(Op op, const Value& x) {
  switch (op) {
    case Op::log:
    case Op::log2:
    case Op::log10:
    case Op::reciprocal_square_root:
      return special_of_positive(op, x);
    case Op::log1p:
      return special_log1p(x);
    case Op::asin:
    case Op::acos:
      return special_arc(op, x);
    default:
      return special_everywhere(op, x);
  }
}

Exact unary(Op op, std::span<const Value> x) {
  if (std::optional<Exact> result = special(op, x[0])) return *result;
  if (op == Op::reciprocal_square_root) return rooted(make_value(1), x[0]);
  if (std::optional<Value> value = exact_result(op, x[0])) return number(std::move(*value));
  return {.value = enclosed(op, x)};
}

bool is_odd_integer(const Value& x) {
  return x.is_finite() && !x.is_zero() && is_integer(x) && !is_integer(scaled(x, -1));
}

// 9.2.1 pow, x zero or infinite, y not zero. Large: the result is.
//   pow(+-0, y)    y < 0: inf, divide by zero unless y is infinite    y > 0: 0
//   pow(+-inf, y)  y < 0: 0                                           y > 0: inf
// with the sign of x where y is an odd integer.
Exact power_of_end(const Value& x, const Value& y) {
  const bool negative = x.negative && is_odd_integer(y);
  if (x.is_infinite() == y.negative) return zero(negative);
  const bool at_pole = x.is_zero() && y.is_finite();
  return infinity(negative, at_pole ? flags::divide_by_zero : std::uint8_t{0});
}

// 9.2.1 pow(x, +-inf), x a number not zero: by |x| below, at or above 1.
Exact power_to_infinity(const Value& x, const Value& y) {
  const int order = compare(absolute(x), make_value(1));
  if (order == 0) return one();
  return (order > 0) == y.negative ? zero() : infinity();
}

Exact power(const Value& x, const Value& y) {
  if (y.is_zero()) return one();
  if (x.is_finite() && compare(x, make_value(1)) == 0) return one();
  if (x.is_zero() || x.is_infinite()) return power_of_end(x, y);
  if (y.is_infinite()) return power_to_infinity(x, y);
  const bool integer = is_integer(y);
  if (x.negative && !integer) return invalid();
  const std::array<Value, 2> operands{absolute(x), y};
  const bool is_one = compare(operands[0], make_value(1)) == 0;
  std::optional<Real> result;
  if (is_one) result = real(make_value(1));
  if (!result) result = exact_power(operands[0], y);
  if (!result) result = enclosed(Op::power, operands);
  const bool negative = x.negative && is_odd_integer(y);
  return {.value = negative ? negated(*result) : *result};
}

// 9.2.1 hypot: an infinity beside anything, NaN too, gives infinity. Numbers: the root of a sum.
Exact hypotenuse(const Value& x, const Value& y) {
  if (x.is_infinite() || y.is_infinite()) return infinity();
  if (x.is_zero() || y.is_zero()) return number(absolute(x.is_zero() ? y : x));
  const Value a = product(x, x);
  const Value b = product(y, y);
  const std::int64_t apart = leading_exponent(a) - leading_exponent(b);
  if (apart > beside_bits + 2 || apart < -beside_bits - 2)
    return {.value = hypotenuse_of_unlike(absolute(apart > 0 ? x : y))};
  if (same_irrational_factor(a, b)) return rooted(sum(a, b));
  const std::array<Value, 2> operands{absolute(x), absolute(y)};
  return {.value = enclosed(Op::hypotenuse, operands)};
}

}  // namespace

Exact function(Op op, std::span<const Value> operands) {
  if (op == Op::power) return power(operands[0], operands[1]);
  if (op == Op::hypotenuse) return hypotenuse(operands[0], operands[1]);
  return unary(op, operands);
}

}  // namespace halfulp::reference

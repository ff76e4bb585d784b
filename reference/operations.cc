// SPDX-License-Identifier: MIT
#include "reference/operations.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "formats/codes.h"
#include "formats/error.h"
#include "reference/choice.h"
#include "reference/functions/functions.h"
#include "reference/integral.h"

namespace halfulp::reference {
namespace {

Exact number(Value v) { return {.value = real(std::move(v))}; }
Exact infinity(bool negative, std::uint8_t raised = 0) {
  return {.value = real(infinite_value(negative)), .flags = raised};
}
Exact invalid() { return {.value = real(nan_value())}; }

// Nonzero, of different irrational factors: the sum is not zero, and the larger term has its sign.
Exact sum_of_unlike(const Value& a, const Value& b) {
  const bool a_is_larger = compare(absolute(a), absolute(b)) > 0;
  Exact result = number(a_is_larger ? a : b);
  result.value.addend = a_is_larger ? b : a;
  return result;
}

// 6.1, 6.3, 7.2 d:   a \ b      -inf     number   +inf
//                    -inf       -inf     -inf     invalid
//                    number     -inf     sum      +inf
//                    +inf       invalid  +inf     +inf
Exact add(const Value& a, const Value& b) {
  if (a.is_infinite() && b.is_infinite())
    return a.negative == b.negative ? infinity(a.negative) : invalid();
  if (a.is_infinite()) return infinity(a.negative);
  if (b.is_infinite()) return infinity(b.negative);
  if (!a.is_zero() && !b.is_zero() && !same_irrational_factor(a, b)) return sum_of_unlike(a, b);
  Exact result = number(sum(a, b));
  const bool zeros_of_one_sign = a.is_zero() && b.is_zero() && a.negative == b.negative;
  result.sign_by_mode = result.value.numerator.is_zero() && !zeros_of_one_sign;
  return result;
}

// 6.1, 6.3, 7.2 b:   a \ b      zero     number   infinity      signs multiply
//                    zero       zero     zero     invalid
//                    number     zero     product  infinity
//                    infinity   invalid  infinity infinity
Exact multiply(const Value& a, const Value& b) {
  const bool infinite = a.is_infinite() || b.is_infinite();
  if (infinite && (a.is_zero() || b.is_zero())) return invalid();
  if (infinite) return infinity(a.negative != b.negative);
  return number(product(a, b));
}

// 6.1, 6.3, 7.2 e, 7.3:  a \ b      zero            number    infinity      signs multiply
//                        zero       invalid         zero      zero
//                        number     divide by zero  quotient  zero
//                        infinity   infinity        infinity  invalid
Exact divide(const Value& a, const Value& b) {
  const bool negative = a.negative != b.negative;
  if (a.is_infinite()) return b.is_infinite() ? invalid() : infinity(negative);
  if (b.is_infinite()) return number(zero_value(negative));
  if (b.is_zero()) return a.is_zero() ? invalid() : infinity(negative, flags::divide_by_zero);
  if (a.is_zero()) return number(zero_value(negative));
  Exact result;
  result.value.numerator = a;
  result.value.numerator.negative = negative;
  result.value.denominator = absolute(b);
  return result;
}

// 7.2 b, c, d: the product is exact and the sum is an addition.
Exact fused_multiply_add(const Value& a, const Value& b, const Value& c) {
  const Exact ab = multiply(a, b);
  return ab.value.numerator.is_nan() ? ab : add(ab.value.numerator, c);
}

// 6.3, 7.2 g: the root of -0 is -0.
Exact square_root(const Value& a) {
  if (a.is_zero()) return number(a);
  if (a.negative) return invalid();
  if (a.is_infinite()) return infinity(false);
  Exact result = number(a);
  result.value.root = true;
  return result;
}

// 5.3.1, 7.2 f: x \ y   zero      number      infinity
//               zero     invalid   zero        zero
//               number   invalid   remainder   x
//               infinity invalid   invalid     invalid
// Numbers whose quotient is irrational, which are numbers of logarithmic formats, have none.
Exact remainder_of(const Value& x, const Value& y) {
  if (x.is_infinite() || y.is_zero()) return invalid();
  if (x.is_zero() || y.is_infinite()) return number(x);
  return same_irrational_factor(x, y) ? number(remainder(x, y)) : invalid();
}

// 5.3.1: zeros and infinities are themselves; an integer that is zero has the sign of x.
Exact integral(Op op, const Value& x, const Rounding& rounding, std::uint64_t random) {
  if (!x.is_finite() || x.is_zero()) return number(x);
  Exact result = number(rounded_to_integer(x, rounding, random));
  const bool exact_form = op == Op::round_to_integral_exact || op == Op::to_integer_exact;
  if (exact_form && compare(result.value.numerator, x) != 0) result.flags = flags::inexact;
  return result;
}

// 5.3.3 with the limits for infinite n:   x \ n     -infinity   integer   +infinity   other
//                                         zero      zero        zero      invalid     invalid
//                                         number    zero        x 2^n     infinity    invalid
//                                         infinity  invalid     infinity  infinity    invalid
Exact scale(const Value& x, const Value& n) {
  if (n.is_finite() && !is_integer(n)) return invalid();
  const bool to_zero = n.is_infinite() && n.negative;
  if (n.is_infinite() && (to_zero ? x.is_infinite() : x.is_zero())) return invalid();
  if (to_zero) return number(zero_value(x.negative));
  if (n.is_infinite()) return infinity(x.negative);
  return number(x.is_infinite() || x.is_zero() ? x : scaled_by(x, n));
}

// 5.3.3, 7.3.
Exact log_b(const Value& x) {
  if (x.is_zero()) return infinity(true, flags::divide_by_zero);
  if (x.is_infinite()) return infinity(false);
  return number(make_value(leading_exponent(x)));
}

// 5.5.1.
Exact with_sign(Op op, std::span<const Value> x) {
  Value v = x[0];
  v.negative = op == Op::negate ? !v.negative : op == Op::copy_sign && x[1].negative;
  Exact result = number(v);
  result.copied = true;
  if (v.is_nan()) result.nan = {.conversion = true, .operands = {nan_operand(v)}, .count = 1};
  return result;
}

Exact comparison(Op op, const Value& a, const Value& b) {
  const Comparison compared = compare_operands(op, a, b);
  Exact result = number(compared.holds ? make_value(1) : zero_value());
  if (compared.invalid) result.flags = flags::invalid;
  return result;
}

// 6.2: NaN operands pass as NaN.
Exact propagate_nan(Op op, std::span<const Value> operands) {
  NanCause cause{.count = operands.size()};
  std::transform(operands.begin(), operands.end(), cause.operands.begin(), nan_operand);
  cause.infinite_times_zero = op == Op::fused_multiply_add && !operands[0].is_nan() &&
                              !operands[1].is_nan() &&
                              multiply(operands[0], operands[1]).value.numerator.is_nan();
  return {.value = real(nan_value()), .nan = cause};
}

}  // namespace

namespace {

Exact choice(Op op, std::span<const Value> x) {
  Choice chosen = choose(op, x[0], x[1]);
  if (chosen.value.is_nan()) return propagate_nan(op, x);
  Exact result = number(std::move(chosen.value));
  if (chosen.invalid) result.flags = flags::invalid;
  return result;
}

Exact numerical(Op op, std::span<const Value> operands, const Rounding& rounding,
                std::uint64_t random) {
  switch (op) {
    case Op::add:
      return add(operands[0], operands[1]);
    case Op::subtract:
      return add(operands[0], negated(operands[1]));
    case Op::multiply:
      return multiply(operands[0], operands[1]);
    case Op::divide:
      return divide(operands[0], operands[1]);
    case Op::fused_multiply_add:
      return fused_multiply_add(operands[0], operands[1], operands[2]);
    case Op::square_root:
      return square_root(operands[0]);
    case Op::reciprocal:
      return divide(make_value(1), operands[0]);
    case Op::remainder:
      return remainder_of(operands[0], operands[1]);
    case Op::round_to_integral:
    case Op::round_to_integral_exact:
    case Op::to_integer:
    case Op::to_integer_exact:
      return integral(op, operands[0], rounding, random);
    case Op::scale_b:
      return scale(operands[0], operands[1]);
    case Op::log_b:
      return log_b(operands[0]);
    default:
      return function(op, operands);
  }
}

// Powers and hypotenuses of some operands are numbers whatever the other operand is (9.2.1).
bool is_number_in_spite_of_nan(Op op, std::span<const Value> x) {
  const auto is_one = [](const Value& v) {
    return v.is_finite() && compare(v, make_value(1)) == 0;
  };
  const bool signalling =
      std::any_of(x.begin(), x.end(), [](const Value& v) { return v.is_nan() && v.signalling; });
  if (signalling) return false;
  if (op == Op::power) return x[1].is_zero() || is_one(x[0]);
  return op == Op::hypotenuse && (x[0].is_infinite() || x[1].is_infinite());
}

Exact result(Op op, std::span<const Value> operands, const Rounding& rounding,
             std::uint64_t random) {
  if (op == Op::convert) return number(operands[0]);
  if (is_sign_operation(op)) return with_sign(op, operands);
  if (is_comparison(op)) return comparison(op, operands[0], operands[1]);
  if (op >= Op::min_num && op <= Op::maximum_magnitude_number) return choice(op, operands);
  if (std::any_of(operands.begin(), operands.end(), [](const Value& v) { return v.is_nan(); }) &&
      !is_number_in_spite_of_nan(op, operands))
    return propagate_nan(op, operands);
  return numerical(op, operands, rounding, random);
}

// What a conversion to an integer raises: invalid alone where another number is delivered.
std::uint8_t flags_of_integer(const Exact& x, const Quantizer& q, const Outcome& outcome) {
  const Value delivered = decode(q.format, outcome.code);
  const Value& integer = x.value.numerator;
  const bool held =
      integer.is_finite() && delivered.is_finite() && compare(delivered, integer) == 0;
  return held ? x.flags : flags::invalid;
}

bool delivers_an_operand(Op op) {
  return is_sign_operation(op) || (op >= Op::min_num && op <= Op::maximum_magnitude_number);
}

}  // namespace

Exact exact(Op op, std::span<const Value> operands, const Rounding& rounding,
            std::uint64_t random) {
  HALFULP_REQUIRE(operands.size() == static_cast<std::size_t>(arity(op)),
                  "exact: wrong number of operands");
  Exact x = result(op, operands, rounding, random);
  x.arithmetic = op != Op::convert;
  return x;
}

Located locate(const Exact& x, const Format& format) {
  Located located = locate(x.value, format);
  located.flags = x.flags;
  if (x.arithmetic) located.nan = x.nan;
  located.copied = x.copied;
  located.sign_by_mode = x.sign_by_mode;
  return located;
}

Outcome deliver(Op op, const Exact& x, const Quantizer& quantizer, std::uint64_t random) {
  if (delivers_an_operand(op) && quantizer.rounding.flush_outputs) {
    Quantizer unflushed = quantizer;
    unflushed.rounding.flush_outputs.reset();
    return decide(locate(x, quantizer.format), unflushed, random);
  }
  Outcome outcome = decide(locate(x, quantizer.format), quantizer, random);
  if (is_to_integer(op)) outcome.flags = flags_of_integer(x, quantizer, outcome);
  return outcome;
}

Outcome operate(Op op, std::span<const Value> operands, const Quantizer& quantizer,
                std::uint64_t random) {
  return deliver(op, exact(op, operands, quantizer.rounding, random), quantizer, random);
}

Value flushed(const Format& format, const Value& operand) {
  const bool subnormal = std::holds_alternative<Float>(format.kind) && operand.is_finite() &&
                         !operand.is_zero() &&
                         compare(absolute(operand), smallest_normal(format)) < 0;
  return subnormal ? zero_value(operand.negative) : operand;
}

bool fits(const Format& format, Carrier carrier) {
  return carrier == Carrier::binary32 ? fits_binary32(format) : fits_binary64(format);
}

Value number_of(const Format& format, Carrier carrier, const Value& element) {
  if (is_dyadic(format) || !fits(format, carrier) || !element.is_finite() || element.is_zero())
    return element;
  const Range range = finite_range(format);
  const Located at = locate(real(element), format);
  const Rank end = element.negative ? range.lowest : range.highest;
  const bool between = at.place == Located::Place::between;
  for (const Rank rank : {between ? at.inner : end, between ? at.outer : end}) {
    if (rank == 0 || rank < range.lowest || rank > range.highest) continue;
    Value number = value_at(format, rank);
    const double carried = carrier == Carrier::binary32 ? static_cast<double>(nearest_float(number))
                                                        : nearest_double(number);
    if (compare(from_double(carried), element) == 0) return number;
  }
  return element;
}

Value operand(const Format& format, Code code, bool flush) {
  Value v = decode(format, code);
  return flush ? flushed(format, v) : v;
}

}  // namespace halfulp::reference

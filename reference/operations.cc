// SPDX-License-Identifier: MIT
#include "reference/operations.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "formats/codes.h"
#include "formats/error.h"

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

Exact result(Op op, std::span<const Value> operands) {
  if (std::any_of(operands.begin(), operands.end(), [](const Value& v) { return v.is_nan(); }))
    return propagate_nan(op, operands);
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
  }
  return invalid();
}

}  // namespace

Exact exact(Op op, std::span<const Value> operands) {
  HALFULP_REQUIRE(operands.size() == static_cast<std::size_t>(arity(op)),
                  "exact: wrong number of operands");
  Exact x = result(op, operands);
  x.arithmetic = true;
  return x;
}

Located locate(const Exact& x, const Format& format) {
  Located located = locate(x.value, format);
  located.flags = x.flags;
  if (x.arithmetic) located.nan = x.nan;
  located.sign_by_mode = x.sign_by_mode;
  return located;
}

Outcome operate(Op op, std::span<const Value> operands, const Quantizer& quantizer,
                std::uint64_t random) {
  return decide(locate(exact(op, operands), quantizer.format), quantizer, random);
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
    const Value number = value_at(format, rank);
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

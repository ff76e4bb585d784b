// SPDX-License-Identifier: MIT
#include "emulator/operations/exact_operand.h"

#include <algorithm>

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

ExactOperand only(const Operand& x, std::uint8_t raised = 0) {
  ExactOperand result{.x = x, .real = {}};
  result.x.subnormal = false;
  result.flags = raised;
  return result;
}

ExactOperand nan() {
  Operand x;
  x.kind = Class::nan;
  return only(x);
}

ExactOperand infinity(bool negative, std::uint8_t raised = 0) {
  Operand x;
  x.kind = Class::infinite;
  x.negative = negative;
  return only(x, raised);
}

ExactOperand zero(bool negative) {
  Operand x;
  x.negative = negative;
  return only(x);
}

ExactOperand sign(Op op, std::span<const Operand> x) {
  ExactOperand result{.x = x[0], .real = {}};
  const bool minus = op == Op::negate ? !x[0].negative : op == Op::copy_sign && x[1].negative;
  result.x.negative = minus;
  result.copied = true;
  return result;
}

ExactOperand integral(Op op, const Operand& x, const Rounding& rounding, std::uint64_t random) {
  if (x.kind != Class::finite) return only(x);
  ExactOperand result = integer_near(x, rounding, random);
  const bool exact_form = op == Op::round_to_integral_exact || op == Op::to_integer_exact;
  const bool changed = result.real || compare(result.x, x) != 0;
  if (exact_form && changed) result.flags = flags::inexact;
  return result;
}

ExactOperand scale(const Operand& x, const Operand& n) {
  if (n.kind == Class::infinite) {
    if (x.kind == (n.negative ? Class::infinite : Class::zero)) return nan();
    return n.negative ? zero(x.negative) : infinity(x.negative);
  }
  if (!is_integer(n)) return nan();
  return only(x.kind == Class::finite ? scaled(x, n) : x);
}

ExactOperand exponent(const Operand& x) {
  if (x.kind == Class::zero) return infinity(true, flags::divide_by_zero);
  if (x.kind == Class::infinite) return infinity(false);
  return only(operand_of(leading_exponent(x)));
}

ExactOperand remainder_of(const Operand& x, const Operand& y) {
  if (x.kind == Class::infinite || y.kind == Class::zero) return nan();
  if (x.kind == Class::zero || y.kind == Class::infinite) return only(x);
  const bool rational = x.two == y.two && x.natural == y.natural;
  return rational ? remainder(x, y) : nan();
}

}  // namespace

ExactOperand exact_operand(Op op, const Rounding& rounding, std::span<const Operand> operands,
                           std::uint64_t random) {
  if (is_sign_operation(op)) return sign(op, operands);
  if (is_comparison(op)) return comparison(op, operands[0], operands[1]);
  if (op >= Op::min_num && op <= Op::maximum_magnitude_number)
    return extreme(op, operands[0], operands[1]);
  if (std::any_of(operands.begin(), operands.end(),
                  [](const Operand& x) { return x.kind == Class::nan; }))
    return nan();
  switch (op) {
    case Op::remainder:
      return remainder_of(operands[0], operands[1]);
    case Op::scale_b:
      return scale(operands[0], operands[1]);
    case Op::log_b:
      return exponent(operands[0]);
    default:
      return integral(op, operands[0], rounding, random);
  }
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
#include "emulator/arrays/elements.h"

#include "emulator/functions/function_table.h"
#include "emulator/functions/functions.h"
#include "emulator/operations/exact_operand.h"
#include "emulator/operations/operate.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// What an exact result is, as far as counting has to know: zero stands for "finite" as well.
Class class_of_result(Op op, std::span<const Operand> x) {
  if (is_function(op)) return class_of_function(op, x);
  bool any_infinite = false;
  for (const Operand& operand : x) {
    if (operand.kind == Class::nan) return Class::nan;
    any_infinite = any_infinite || operand.kind == Class::infinite;
  }
  const bool negative_product = x[0].negative != x[x.size() > 1 ? 1 : 0].negative;
  switch (op) {
    case Op::add:
    case Op::subtract: {
      const bool opposite = negative_product == (op == Op::add);
      if (x[0].kind == x[1].kind && any_infinite && opposite) return Class::nan;
      break;
    }
    case Op::multiply:
    case Op::fused_multiply_add: {
      const bool infinite = x[0].kind == Class::infinite || x[1].kind == Class::infinite;
      if (infinite && (x[0].kind == Class::zero || x[1].kind == Class::zero)) return Class::nan;
      const bool meets = infinite && x.size() == 3 && x[2].kind == Class::infinite;
      if (meets && x[2].negative != negative_product) return Class::nan;
      break;
    }
    case Op::divide:
      if (x[1].kind == Class::infinite)
        return any_infinite && x[0].kind == x[1].kind ? Class::nan : Class::zero;
      if (x[1].kind == Class::zero) return x[0].kind == Class::zero ? Class::nan : Class::infinite;
      break;
    case Op::square_root:
      if (x[0].negative && x[0].kind != Class::zero) return Class::nan;
      break;
    default:
      break;
  }
  return any_infinite ? Class::infinite : Class::finite;
}

bool has_operand_result(Op op) {
  return !is_arithmetic(op) && !is_function(op) && op != Op::convert;
}

}  // namespace

// A code is told by a rounding that loses nothing.
std::optional<Outcome> Elements::by_table(const TabulatedFunction& function, const Operand& x,
                                          std::uint64_t random) const {
  const bool flushed = x.subnormal && target_.quantizer->rounding.flush_inputs;
  if (x.kind != Class::finite || flushed) return std::nullopt;
  const Outcome code = round_operand(function.plain, x, 0);
  if (code.flags != 0) return std::nullopt;
  return function_by_table(function.table, code.code, target_, random, memory_);
}

void Elements::count(Class exact, const Outcome& outcome) const {
  const Operand delivered = unpack(target_.quantizer->format, outcome.code);
  // A flushed result may raise underflow alone.
  constexpr std::uint8_t not_exact = flags::inexact | flags::underflow | flags::invalid;
  const bool changed = (outcome.flags & not_exact) != 0;
  ++counts_->elements;
  if (exact == Class::infinite || (outcome.flags & flags::overflow) != 0) ++counts_->saturated;
  if (exact == Class::nan) {
    counts_->inexact += delivered.kind == Class::nan ? 0 : 1;
  } else if (changed) {
    ++counts_->inexact;
    if (delivered.kind == Class::zero) ++counts_->flushed;
  }
}

Outcome Elements::round(Operand x, std::uint64_t index) const {
  const Outcome outcome = round_operand(target_, x, draw(index));
  if (counts_ != nullptr) count(x.kind, outcome);
  return outcome;
}

Outcome Elements::operate(Op op, std::span<Operand> operands, std::uint64_t index,
                          const TabulatedFunction* function) const {
  const std::uint64_t random = draw(index);
  std::optional<Outcome> known;
  if (function != nullptr) known = by_table(*function, operands[0], random);
  const Outcome outcome =
      known ? *known : emulator::operate(op, target_, operands, random, memory_);
  // operate() has flushed the operands in place, so that the class is that of what was computed.
  if (counts_ == nullptr) return outcome;
  if (has_operand_result(op)) {
    const Delivered delivered = operate_by_operand(op, target_, operands, random);
    count(delivered.exact, {outcome.code, delivered.rounding_flags});
  } else {
    count(class_of_result(op, operands), outcome);
  }
  return outcome;
}

// A number that landed on NaN has plus, in conversions its own sign.
bool Elements::nan_is_negative(Op op, std::span<const Operand> operands) const {
  if (has_operand_result(op)) {
    const ExactOperand exact = exact_operand(op, target_.quantizer->rounding, operands, 0);
    if (exact.x.kind != Class::nan) return false;
    if (exact.copied) return exact.x.negative;
    return choose_nan(target_.quantizer->rounding.nan, cause_of(op, operands)).negative;
  }
  if (op == Op::convert) {
    const Operand& x = operands[0];
    return x.kind == Class::nan
               ? choose_nan(target_.quantizer->rounding.nan, conversion_of(x)).negative
               : x.negative;
  }
  return class_of_result(op, operands) == Class::nan &&
         choose_nan(target_.quantizer->rounding.nan, cause_of(op, operands)).negative;
}

}  // namespace halfulp::emulator

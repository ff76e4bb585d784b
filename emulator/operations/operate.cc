// SPDX-License-Identifier: MIT
#include "emulator/operations/operate.h"

#include <variant>

#include "emulator/functions/functions.h"
#include "emulator/operations/arithmetic.h"
#include "emulator/operations/exact_operand.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// What is delivered instead of a number by operations on signs: the NaN itself.
Outcome copy_nan(const Target& target, const Operand& x) {
  const Landing landing = land_nan(*target.quantizer, x.negative);
  if (landing != Landing::nan)
    return {code_of(target.quantizer->format, landing, x.negative), flags::invalid};
  return {copied_nan(target.quantizer->format, nan_operand(x)), 0};
}

Outcome deliver(const Target& target, const ExactOperand& exact, std::uint64_t random) {
  if (exact.real) return round_real(target, *exact.real, random);
  if (exact.copied && target.quantizer->rounding.flush_outputs) {
    Quantizer unflushed = *target.quantizer;
    unflushed.rounding.flush_outputs.reset();
    return round_operand(target_of(unflushed), exact.x, random);
  }
  return round_operand(target, exact.x, random);
}

// Conversions to integers: invalid alone where something else than the integer is delivered.
bool is_held(const ExactOperand& exact, const Format& format, Code code) {
  const Operand delivered = unpack(format, code);
  return !exact.real && exact.x.kind != Class::infinite && delivered.kind == exact.x.kind &&
         compare(delivered, exact.x) == 0;
}

}  // namespace

Delivered operate_by_operand(Op op, const Target& target, std::span<const Operand> operands,
                             std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  ExactOperand exact = exact_operand(op, rounding, operands, random);
  if (exact.x.kind == Class::nan) {
    Outcome outcome =
        exact.copied ? copy_nan(target, exact.x) : deliver_nan(target, cause_of(op, operands));
    if (is_to_integer(op)) outcome.flags = flags::invalid;
    return {Class::nan, outcome, outcome.flags};
  }
  exact.x.subnormal = false;  // operands are flushed already
  const Outcome rounded = deliver(target, exact, random);
  Delivered result{exact.x.kind, rounded, rounded.flags};
  result.outcome.flags |= exact.flags;
  if (is_to_integer(op))
    result.outcome.flags =
        is_held(exact, target.quantizer->format, rounded.code) ? exact.flags : flags::invalid;
  return result;
}

// NaR of posits and takums is less than every number and equal to itself.
Operand unpack_operand(Op op, const Format& format, Code code) {
  Operand x = unpack(format, code);
  if (!is_comparison(op) || x.kind != Class::nan) return x;
  const bool has_nar =
      std::holds_alternative<Posit>(format.kind) || std::holds_alternative<Takum>(format.kind);
  if (has_nar) {
    x.kind = Class::infinite;
    x.negative = true;
  }
  return x;
}

Outcome operate(Op op, const Target& target, std::span<Operand> operands, std::uint64_t random,
                RealMemory* memory) {
  bool any_nan = false;
  for (Operand& x : operands) {
    const bool flushes = target.quantizer->rounding.flush_inputs && !is_sign_operation(op);
    if (flushes && x.subnormal) x.kind = Class::zero;
    any_nan = any_nan || x.kind == Class::nan;
  }
  if (op == Op::convert) return round_operand(target, operands[0], random);
  if (op == Op::reciprocal && operands[0].kind == Class::finite) {
    const Operand one{.kind = Class::finite, .significand = 1};
    return divide(target, one, operands[0], random);
  }
  if (is_function(op)) return function(op, target, operands, random, memory);
  if (!is_arithmetic(op)) return operate_by_operand(op, target, operands, random).outcome;
  if (any_nan) return deliver_nan(target, cause_of(op, operands));
  if (op == Op::fused_multiply_add && infinite_times_zero(operands[0], operands[1]))
    return deliver_nan(target, NanCause{});
  return arithmetic(op, target, operands, random);
}

}  // namespace halfulp::emulator

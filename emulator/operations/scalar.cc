// SPDX-License-Identifier: MIT
//
// The special cases of each operation (IEEE 754-2019 6.1 to 6.3, 7.2, 7.3), then its exact result,
// then one rounding. Which word holds the exact result follows from the widths of the operands and
// what the rounding looks at.
#include "emulator/operations/scalar.h"

#include <algorithm>
#include <array>
#include <variant>

#include "emulator/functions/functions.h"
#include "emulator/operations/exact_operand.h"
#include "emulator/operations/operate.h"
#include "emulator/scalar/exact.h"
#include "emulator/scalar/gap.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/long.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/round_exact.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

Outcome with_flags(Outcome outcome, std::uint8_t raised) {
  outcome.flags |= raised;
  return outcome;
}

Outcome invalid(const Target& target) { return deliver_nan(target, NanCause{}); }

template <typename Word>
Exact<Word> exact(const Operand& x) {
  return {x.negative, from_code<Word>(x.significand), x.exponent};
}

// True where logarithms are needed: no integer is the result, or its neighbours are none.
bool leaves_integers(const Target& target, const Operand& a) {
  return target.scheme == Scheme::logarithmic || a.is_irrational();
}
bool leaves_integers(const Target& target, const Operand& a, const Operand& b) {
  return leaves_integers(target, a) || b.is_irrational();
}

Outcome round_number(const Target& target, const Operand& x, std::uint64_t random) {
  if (leaves_integers(target, x)) return round_result(target, Result({.number = &x}), random);
  return round_exact(target, exact<Code>(x), random);
}

// Zero lies between the numbers of a codebook of both signs that lacks it.
Outcome round_zero(const Target& target, bool negative, std::uint64_t random) {
  const bool between = target.scheme == Scheme::codebook && target.sign && !target.zero;
  return between ? round_codebook(target, Exact<Code>{}, random) : deliver_zero(target, negative);
}

// An exact sum that is zero: IEEE 754-2019 6.3.
bool sign_of_zero_sum(const Target& target, bool a, bool b) {
  return a == b ? a : target.quantizer->rounding.mode == Mode::toward_negative;
}

Outcome round_sum(const Target& target, const Expression& sum, std::uint64_t random) {
  const Result x(sum);
  if (!x.is_zero()) return round_result(target, x, random);
  return round_zero(target, target.quantizer->rounding.mode == Mode::toward_negative, random);
}

template <typename Word>
Outcome round_sum(const Target& target, const Exact<Word>& a, const Exact<Word>& b,
                  std::uint64_t random) {
  const auto round = [&](const auto& sum, const auto& round_nonzero) {
    const bool zero = sum.significand == 0;
    return zero ? round_zero(target, sign_of_zero_sum(target, a.negative, b.negative), random)
                : round_nonzero(target, sum, random);
  };
  if constexpr (std::is_same_v<Word, WideWord>) {
    if (needs_long(target)) return round(long_sum(exact_integer(a), exact_integer(b)), round_long);
  }
  return round(exact_sum(a, b), round_exact<Word>);
}

// Neither is NaN.
Outcome add(const Target& target, const Operand& a, const Operand& b, std::uint64_t random) {
  if (a.kind == Class::infinite || b.kind == Class::infinite) {
    const bool both = a.kind == b.kind;
    if (both && a.negative != b.negative) return invalid(target);
    return deliver_infinity(target, a.kind == Class::infinite ? a.negative : b.negative);
  }
  if (a.kind == Class::zero && b.kind == Class::zero) {
    return round_zero(target, sign_of_zero_sum(target, a.negative, b.negative), random);
  }
  if (a.kind == Class::zero) return round_number(target, b, random);
  if (b.kind == Class::zero) return round_number(target, a, random);
  if (leaves_integers(target, a, b)) return round_sum(target, {.number = &a, .addend = &b}, random);
  const int widest = std::max(bit_length(a.significand), bit_length(b.significand));
  constexpr int exact_bits = word_bits<Code> - 4;
  if (widest <= exact_bits && bits_needed(target) <= exact_bits) {
    return round_sum(target, exact<Code>(a), exact<Code>(b), random);
  }
  return round_sum(target, exact<WideWord>(a), exact<WideWord>(b), random);
}

Outcome multiply(const Target& target, const Operand& a, const Operand& b, std::uint64_t random) {
  const bool negative = a.negative != b.negative;
  const bool zero = a.kind == Class::zero || b.kind == Class::zero;
  if (a.kind == Class::infinite || b.kind == Class::infinite) {
    return zero ? invalid(target) : deliver_infinity(target, negative);
  }
  if (zero) return round_zero(target, negative, random);
  if (leaves_integers(target, a, b)) {
    const Pair pair = without_product_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b)) return multiply(target, pair.a, pair.b, random);
    return round_result(target, Result({.number = &a, .factor = &b}), random);
  }
  if (bit_length(a.significand) + bit_length(b.significand) <= word_bits<Code>) {
    return round_exact(target, exact_product(exact<Code>(a), exact<Code>(b)), random);
  }
  return round_exact(target, exact_product(exact<WideWord>(a), exact<WideWord>(b)), random);
}

Outcome divide(const Target& target, const Operand& a, const Operand& b, std::uint64_t random) {
  const bool negative = a.negative != b.negative;
  if (a.kind == Class::infinite) {
    return b.kind == Class::infinite ? invalid(target) : deliver_infinity(target, negative);
  }
  if (b.kind == Class::infinite) return round_zero(target, negative, random);
  if (b.kind == Class::zero) {
    if (a.kind == Class::zero) return invalid(target);
    return with_flags(deliver_infinity(target, negative), flags::divide_by_zero);
  }
  if (a.kind == Class::zero) return round_zero(target, negative, random);
  if (leaves_integers(target, a, b)) {
    const Pair pair = without_quotient_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b)) return divide(target, pair.a, pair.b, random);
    return round_result(target, Result({.number = &a, .divisor = &b}), random);
  }
  if (bits_needed(target) + bit_length(b.significand) <= word_bits<Code>) {
    return round_exact(target, exact_quotient(exact<Code>(a), exact<Code>(b)), random);
  }
  if (bits_needed(target) + bit_length(b.significand) > word_bits<WideWord>) {
    const int bits = bits_needed(target);
    return round_long(target, long_quotient(exact_integer(a), exact_integer(b), bits), random);
  }
  return round_exact(target, exact_quotient(exact<WideWord>(a), exact<WideWord>(b)), random);
}

Outcome square_root(const Target& target, const Operand& a, std::uint64_t random) {
  if (a.kind == Class::zero) return round_zero(target, a.negative, random);
  if (a.negative) return invalid(target);
  if (a.kind == Class::infinite) return deliver_infinity(target, false);
  if (leaves_integers(target, a))
    return round_result(target, Result({.number = &a, .root = true}), random);
  const int bits = std::max(bits_needed(target), bit_length(a.significand) / 2 + 2);
  if (2 * bits <= word_bits<Code>) {
    return round_exact(target, exact_root(exact<Code>(a), bits), random);
  }
  if (2 * bits > word_bits<WideWord>) {
    return round_long(target, long_root(exact_integer(a), bits), random);
  }
  return round_exact(target, exact_root(exact<WideWord>(a), bits), random);
}

// a * b + c, c not NaN; a and b neither NaN nor infinite times zero.
Outcome fused(const Target& target, std::span<const Operand, 3> x, std::uint64_t random) {
  const auto& [a, b, c] = std::tie(x[0], x[1], x[2]);
  const bool negative = a.negative != b.negative;
  if (a.kind == Class::infinite || b.kind == Class::infinite) {
    if (c.kind == Class::infinite && c.negative != negative) return invalid(target);
    return deliver_infinity(target, negative);
  }
  if (c.kind == Class::infinite) return deliver_infinity(target, c.negative);
  if (a.kind == Class::zero || b.kind == Class::zero) {
    Operand product;
    product.negative = negative;
    return add(target, product, c, random);
  }
  if (c.kind == Class::zero) return multiply(target, a, b, random);
  if (leaves_integers(target, a, b) || c.is_irrational()) {
    const Pair pair = without_product_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b) && !c.is_irrational())
      return fused(target, std::array{pair.a, pair.b, c}, random);
    return round_sum(target, {.number = &a, .factor = &b, .addend = &c}, random);
  }
  const int widest =
      std::max(bit_length(a.significand) + bit_length(b.significand), bit_length(c.significand));
  constexpr int exact_bits = word_bits<Code> - 4;
  if (widest <= exact_bits && bits_needed(target) <= exact_bits) {
    return round_sum(target, exact_product(exact<Code>(a), exact<Code>(b)), exact<Code>(c), random);
  }
  return round_sum(target, exact_product(exact<WideWord>(a), exact<WideWord>(b)),
                   exact<WideWord>(c), random);
}

bool infinite_times_zero(const Operand& a, const Operand& b) {
  return (a.kind == Class::infinite && b.kind == Class::zero) ||
         (a.kind == Class::zero && b.kind == Class::infinite);
}

// Operands neither NaN nor infinite times zero.
Outcome operate_on_numbers(Op op, const Target& target, std::span<const Operand> operands,
                           std::uint64_t random) {
  switch (op) {
    case Op::add:
      return add(target, operands[0], operands[1], random);
    case Op::subtract: {
      Operand minus = operands[1];
      minus.negative = !minus.negative;
      return add(target, operands[0], minus, random);
    }
    case Op::multiply:
      return multiply(target, operands[0], operands[1], random);
    case Op::divide:
      return divide(target, operands[0], operands[1], random);
    case Op::fused_multiply_add:
      return fused(target, operands.first<3>(), random);
    case Op::square_root:
      return square_root(target, operands[0], random);
    default:
      return invalid(target);
  }
}

// The exact result as far as it is one of integers: irrational factors that cancel are not in it,
// others make another way decide, which does not ask.
Ratio number_of(Op op, std::span<const Operand> operands) {
  std::array<Operand, 3> plain;
  std::copy(operands.begin(), operands.end(), plain.begin());
  const bool multiplies = op == Op::multiply || op == Op::fused_multiply_add;
  if (multiplies || op == Op::divide) {
    const Pair pair = multiplies ? without_product_of_factors(plain[0], plain[1])
                                 : without_quotient_of_factors(plain[0], plain[1]);
    plain[0] = pair.a;
    plain[1] = pair.b;
  }
  return exact_result(op, std::span(plain).first(operands.size()));
}

// nearest_log: with the exact result beside. Where there is none, nothing is rounded.
Outcome operate_in_logarithm(Op op, const Target& target, std::span<const Operand> operands,
                             std::uint64_t random) {
  const auto is_finite = [](const Operand& x) {
    return x.kind == Class::zero || x.kind == Class::finite;
  };
  Ratio number;
  if (std::all_of(operands.begin(), operands.end(), is_finite)) number = number_of(op, operands);
  Target with_number = target;
  with_number.number = &number;
  return operate_on_numbers(op, with_number, operands, random);
}

}  // namespace

NanCause cause_of(Op op, std::span<const Operand> operands) {
  NanCause cause{.count = operands.size()};
  for (std::size_t i = 0; i < operands.size(); ++i) cause.operands[i] = nan_operand(operands[i]);
  cause.infinite_times_zero =
      op == Op::fused_multiply_add && infinite_times_zero(operands[0], operands[1]);
  return cause;
}

namespace {

// What is delivered instead of a number by operations on signs: the NaN itself.
Outcome copy_nan(const Target& target, const Operand& x) {
  const Landing landing = land_nan(*target.quantizer, x.negative);
  if (landing != Landing::nan)
    return {code_of(target.quantizer->format, landing, x.negative), flags::invalid};
  return {copied_nan(target.quantizer->format, nan_operand(x)), 0};
}

Outcome deliver(const Target& target, const ExactOperand& exact, std::uint64_t random) {
  if (exact.real) return round_real(*exact.real, *target.quantizer, random);
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

Outcome operate(Op op, const Target& target, std::span<Operand> operands, std::uint64_t random,
                RealMemory* memory) {
  bool any_nan = false;
  for (Operand& x : operands) {
    const bool flushes = target.quantizer->rounding.flush_inputs && !is_sign_operation(op);
    if (flushes && x.subnormal) x.kind = Class::zero;
    any_nan = any_nan || x.kind == Class::nan;
  }
  if (op == Op::convert) return round_operand(target, operands[0], random);
  if (!is_arithmetic(op) && !is_function(op))
    return operate_by_operand(op, target, operands, random).outcome;
  if (is_function(op)) return function(op, target, operands, random, memory);
  if (any_nan) return deliver_nan(target, cause_of(op, operands));
  if (op == Op::fused_multiply_add && infinite_times_zero(operands[0], operands[1])) {
    return invalid(target);
  }
  return target.quantizer->rounding.mode == Mode::nearest_log
             ? operate_in_logarithm(op, target, operands, random)
             : operate_on_numbers(op, target, operands, random);
}

Outcome round_operand(const Target& target, Operand x, std::uint64_t random) {
  if (target.quantizer->rounding.flush_inputs && x.subnormal) x.kind = Class::zero;
  switch (x.kind) {
    case Class::zero:
      return round_zero(target, x.negative, random);
    case Class::infinite:
      return deliver_infinity(target, x.negative);
    case Class::nan:
      return deliver_nan(target, conversion_of(x));
    case Class::finite:
      break;
  }
  if (target.quantizer->rounding.mode != Mode::nearest_log) {
    return round_number(target, x, random);
  }
  const Ratio number{.numerator = exact_integer(x)};
  Target with_number = target;
  with_number.number = &number;
  return round_number(with_number, x, random);
}

// NaR of posits and takums is less than every number and equal to itself.
Operand unpack_operand(Op op, const Format& format, Code code) {
  Operand x = unpack(format, code);
  const bool has_nar =
      std::holds_alternative<Posit>(format.kind) || std::holds_alternative<Takum>(format.kind);
  if (is_comparison(op) && has_nar && x.kind == Class::nan) {
    x.kind = Class::infinite;
    x.negative = true;
  }
  return x;
}

Outcome apply(const Operation& operation, std::span<const Code> operands, std::uint64_t random) {
  const auto count = static_cast<std::size_t>(arity(operation.op));
  HALFULP_REQUIRE(operation.inputs.size() == count && operands.size() == count,
                  "apply: the operation takes another number of operands");
  std::array<Operand, 3> unpacked;
  for (std::size_t i = 0; i < count; ++i) {
    unpacked[i] = unpack_operand(operation.op, operation.inputs[i], operands[i]);
  }
  const Target target = target_of(*operation.output);
  return operate(operation.op, target, std::span(unpacked).first(count), random);
}

Outcome convert(const Format& from, Code code, const Quantizer& quantizer, std::uint64_t random) {
  return round_operand(target_of(quantizer), unpack(from, code), random);
}

namespace {

Exact<Integer> exact_integer(const Value& v) { return {v.negative, v.significand, v.exponent}; }

// numerator / denominator or its root, to at least 400 bits and a jammed one.
Exact<Integer> cut_real(const Real& x, const Target& target) {
  const int bits = std::max(400, bits_needed(target));
  const Exact<Integer> a = exact_integer(x.numerator);
  const Exact<Integer> b = exact_integer(x.denominator);
  if (!x.root) return long_quotient(a, b, bits);
  // A jammed quotient has a jammed root.
  return long_root(long_quotient(a, b, 2 * bits + 4), bits);
}

}  // namespace

Outcome round_real(const Real& x, const Quantizer& quantizer, std::uint64_t random) {
  Target target = target_of(quantizer);
  const Value& a = x.numerator;
  if (a.is_nan()) {
    return deliver_nan(target, {.conversion = true, .operands = {nan_operand(a)}, .count = 1});
  }
  if (a.is_infinite()) return deliver_infinity(target, a.negative);
  if (a.is_zero()) return round_zero(target, a.negative, random);
  const bool dyadic =
      !x.enclosure && a.is_dyadic() && x.denominator.is_dyadic() && x.addend.is_dyadic();
  if (target.scheme == Scheme::logarithmic || !dyadic)
    return round_result(target, Result(x), random);
  const Ratio number{
      .numerator = exact_integer(a), .denominator = exact_integer(x.denominator), .root = x.root};
  target.number = &number;
  return round_long(target, cut_real(x, target), random);
}

}  // namespace halfulp::emulator

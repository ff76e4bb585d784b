// SPDX-License-Identifier: MIT
//
// What functions give at the ends of their domains: IEEE 754-2019 9.2.1, 7.2, 7.3.
#include <array>

#include "emulator/functions/functions.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

enum class Answer : std::uint8_t {
  computed,
  invalid,
  zero,
  minus_zero,
  half,
  one,
  minus_one,
  infinity,
  itself,
  pole_down,  // -infinity by a division by zero
  pole,       // the same with the operand's sign
};

enum class Domain : std::uint8_t {
  all,
  positive,
  above_minus_one,
  within_one,
};

struct Behaviour {
  Op op;
  Answer at_minus_infinity, at_zero, at_infinity;
  Domain domain = Domain::all;
  Answer at_one = Answer::computed;
};

using enum Answer;
constexpr auto behaviours = std::to_array<Behaviour>({
    {Op::exp, zero, one, infinity},
    {Op::exp2, zero, one, infinity},
    {Op::expm1, minus_one, itself, infinity},
    {Op::log, invalid, pole_down, infinity, Domain::positive, zero},
    {Op::log2, invalid, pole_down, infinity, Domain::positive, zero},
    {Op::log10, invalid, pole_down, infinity, Domain::positive, zero},
    {Op::log1p, invalid, itself, infinity, Domain::above_minus_one},
    {Op::sin, invalid, itself, invalid},
    {Op::cos, invalid, one, invalid},
    {Op::tan, invalid, itself, invalid},
    {Op::asin, invalid, itself, invalid, Domain::within_one},
    {Op::acos, invalid, computed, invalid, Domain::within_one, zero},
    {Op::atan, computed, itself, computed},
    {Op::sinh, itself, itself, itself},
    {Op::cosh, infinity, one, infinity},
    {Op::tanh, minus_one, itself, one},
    {Op::sigmoid, zero, half, one},
    {Op::erf, minus_one, itself, one},
    {Op::gelu, minus_zero, itself, infinity},
    {Op::silu, minus_zero, itself, infinity},
    {Op::softplus, zero, computed, infinity},
    {Op::reciprocal_square_root, invalid, pole, zero, Domain::positive},
    {Op::reciprocal, minus_zero, pole, zero},
    {Op::cube_root, itself, itself, itself},
});
static_assert(behaviours.size() + 2 == op_count - static_cast<int>(Op::exp));

KnownResult special(Class kind, bool negative, std::uint8_t raised = 0) {
  KnownResult result{.number = {}, .flags = raised};
  result.number.kind = kind;
  result.number.negative = negative;
  return result;
}

KnownResult power_of_two(std::int64_t exponent, bool negative) {
  KnownResult result = special(Class::finite, negative);
  result.number.significand = 1;
  result.number.exponent = exponent;
  return result;
}

std::optional<KnownResult> result_of(Answer answer, const Operand& x) {
  switch (answer) {
    case computed:
      return std::nullopt;
    case invalid:
      return special(Class::nan, false);
    case zero:
    case minus_zero:
      return special(Class::zero, answer == minus_zero);
    case half:
      return power_of_two(-1, false);
    case one:
    case minus_one:
      return power_of_two(0, answer == minus_one);
    case infinity:
      return special(Class::infinite, false);
    case itself:
      return special(x.kind, x.negative);
    case pole_down:
    case pole:
      return special(Class::infinite, answer == pole_down || x.negative, flags::divide_by_zero);
  }
  return std::nullopt;
}

Answer answer_of_number(const Behaviour& f, const Operand& x) {
  const bool positive_only = f.domain == Domain::positive;
  if (positive_only && x.negative) return invalid;
  if (f.domain == Domain::all) return computed;
  if (f.at_one == computed && positive_only) return computed;
  const int order = compare_to_one(x);
  if (f.domain == Domain::within_one && order > 0) return invalid;
  if (f.domain == Domain::above_minus_one && x.negative && order >= 0)
    return order > 0 ? invalid : pole_down;
  return order == 0 && !x.negative ? f.at_one : computed;
}

bool is_integer(const Operand& x) {
  if (x.is_irrational()) return false;
  const int zeros = x.significand == 0 ? 0 : bit_length(x.significand & (~x.significand + 1)) - 1;
  return x.exponent + zeros >= 0;
}

KnownResult with_sign(KnownResult result, bool negative) {
  result.number.negative = negative;
  return result;
}

// hypot: infinities first, then zeros, beside which the other is the result.
std::optional<KnownResult> known_hypotenuse(const Operand& x, const Operand& y) {
  if (x.kind == Class::infinite || y.kind == Class::infinite)
    return special(Class::infinite, false);
  if (x.kind != Class::zero && y.kind != Class::zero) return std::nullopt;
  KnownResult result{.number = x.kind == Class::zero ? y : x};
  result.number.subnormal = false;
  return with_sign(result, false);
}

}  // namespace

int compare_to_one(const Operand& x) {
  if (x.is_irrational()) {
    Operand magnitude = x;
    magnitude.negative = false;
    return compare(exact_value(magnitude), make_value(1));
  }
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  if (leading != 0) return leading < 0 ? -1 : 1;
  return (x.significand & (x.significand - 1)) == 0 ? 0 : 1;
}

bool is_odd_integer(const Operand& x) {
  if (x.kind != Class::finite || !is_integer(x)) return false;
  Operand half = x;
  --half.exponent;
  return !is_integer(half);
}

// pow, after the exponent 0 and the base 1. What is left has a finite base, and is computed; |x| =
// 1 with an infinite exponent is 1.
std::optional<KnownResult> known_power(const Operand& x, const Operand& y) {
  if (y.kind == Class::zero) return power_of_two(0, false);
  const bool is_number = x.kind == Class::finite;
  const int order = is_number ? compare_to_one(x) : (x.kind == Class::zero ? -1 : 1);
  if (order == 0 && !x.negative) return power_of_two(0, false);
  const bool negative = x.negative && is_odd_integer(y);
  if (is_number && y.kind == Class::finite) {
    if (x.negative && !is_integer(y)) return special(Class::nan, false);
    if (order == 0) return power_of_two(0, negative);
    return std::nullopt;
  }
  if (order == 0) return power_of_two(0, false);
  const bool grows = (order > 0) != y.negative;
  if (!grows) return special(Class::zero, negative);
  const bool at_pole = x.kind == Class::zero && y.kind == Class::finite;
  return special(Class::infinite, negative, at_pole ? flags::divide_by_zero : std::uint8_t{0});
}

std::optional<KnownResult> known_function(Op op, std::span<const Operand> operands) {
  const Operand& x = operands[0];
  if (op == Op::power) return known_power(x, operands[1]);
  if (op == Op::hypotenuse) return known_hypotenuse(x, operands[1]);
  const Behaviour& f = behaviours[static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::exp)];
  switch (x.kind) {
    case Class::zero:
      return result_of(f.at_zero, x);
    case Class::infinite:
      return result_of(x.negative ? f.at_minus_infinity : f.at_infinity, x);
    default:
      return result_of(answer_of_number(f, x), x);
  }
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// The special cases of each operation (IEEE 754-2019 6.1, 6.3, 7.2, 7.3), then its exact result.
// Which word holds that follows from the widths of the operands and what the rounding looks at.
#include "emulator/operations/arithmetic.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <type_traits>

#include "emulator/rounding/irrational.h"
#include "emulator/rounding/number.h"
#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/long.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

Outcome with_flags(Outcome outcome, std::uint8_t raised) {
  outcome.flags |= raised;
  return outcome;
}

Outcome invalid(const Target& target) { return deliver_nan(target, NanCause{}); }

bool leaves_integers(const Target& target, const Operand& a, const Operand& b) {
  return emulator::leaves_integers(target, a) || b.is_irrational();
}

// An exact sum that is zero: IEEE 754-2019 6.3.
bool sign_of_zero_sum(const Target& target, bool a, bool b) {
  return a == b ? a : target.quantizer->rounding.mode == Mode::toward_negative;
}

// By logarithms.
Outcome round_sum(const Target& target, const Expression& sum, std::uint64_t random) {
  const Result x(sum);
  if (!x.is_zero()) return round_result(target, x, random);
  return round_zero(target, target.quantizer->rounding.mode == Mode::toward_negative, random);
}

// a + b, which is `whole`.
template <typename Word>
Outcome round_sum(const Target& target, const Expression& whole, const Exact<Word>& a,
                  const Exact<Word>& b, std::uint64_t random) {
  const auto finish = [&](const auto& sum) {
    if (sum.cut.significand != 0) return round(target, sum, random);
    return round_zero(target, sign_of_zero_sum(target, a.negative, b.negative), random);
  };
  if constexpr (std::is_same_v<Word, WideWord>) {
    const bool needs_long = bits_needed(target) > word_bits<WideWord> - 4;
    if (needs_long)
      return finish(Exactly<Integer>{long_sum(exact_integer(a), exact_integer(b)), &whole});
  }
  return finish(Exactly<Word>{exact_sum(a, b), &whole});
}

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
  const Expression sum{.number = &a, .addend = &b};
  if (leaves_integers(target, a, b)) return round_sum(target, sum, random);
  const int widest = std::max(bit_length(a.significand), bit_length(b.significand));
  constexpr int exact_bits = word_bits<Code> - 4;
  if (widest <= exact_bits && bits_needed(target) <= exact_bits) {
    return round_sum(target, sum, exact<Code>(a), exact<Code>(b), random);
  }
  return round_sum(target, sum, exact<WideWord>(a), exact<WideWord>(b), random);
}

Outcome multiply(const Target& target, const Operand& a, const Operand& b, std::uint64_t random) {
  const bool negative = a.negative != b.negative;
  const bool zero = a.kind == Class::zero || b.kind == Class::zero;
  if (a.kind == Class::infinite || b.kind == Class::infinite) {
    return zero ? invalid(target) : deliver_infinity(target, negative);
  }
  if (zero) return round_zero(target, negative, random);
  const Expression whole{.number = &a, .factor = &b};
  if (leaves_integers(target, a, b)) {
    const Pair pair = without_product_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b)) return multiply(target, pair.a, pair.b, random);
    return round_result(target, Result(whole), random);
  }
  if (bit_length(a.significand) + bit_length(b.significand) <= word_bits<Code>) {
    const Exact<Code> product = exact_product(exact<Code>(a), exact<Code>(b));
    return round(target, Exactly<Code>{product, &whole}, random);
  }
  const Exact<WideWord> product = exact_product(exact<WideWord>(a), exact<WideWord>(b));
  return round(target, Exactly<WideWord>{product, &whole}, random);
}

Outcome square_root(const Target& target, const Operand& a, std::uint64_t random) {
  if (a.kind == Class::zero) return round_zero(target, a.negative, random);
  if (a.negative) return invalid(target);
  if (a.kind == Class::infinite) return deliver_infinity(target, false);
  const Expression whole{.number = &a, .root = true};
  if (leaves_integers(target, a)) return round_result(target, Result(whole), random);
  const int bits = std::max(bits_needed(target), bit_length(a.significand) / 2 + 2);
  if (2 * bits <= word_bits<Code>)
    return round(target, Exactly<Code>{exact_root(exact<Code>(a), bits), &whole}, random);
  if (2 * bits <= word_bits<WideWord>)
    return round(target, Exactly<WideWord>{exact_root(exact<WideWord>(a), bits), &whole}, random);
  return round(target, Exactly<Integer>{long_root(exact_integer(a), bits), &whole}, random);
}

// a * b + c
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
  const Expression whole{.number = &a, .factor = &b, .addend = &c};
  if (leaves_integers(target, a, b) || c.is_irrational()) {
    const Pair pair = without_product_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b) && !c.is_irrational())
      return fused(target, std::array{pair.a, pair.b, c}, random);
    return round_sum(target, whole, random);
  }
  const int widest =
      std::max(bit_length(a.significand) + bit_length(b.significand), bit_length(c.significand));
  constexpr int exact_bits = word_bits<Code> - 4;
  if (widest <= exact_bits && bits_needed(target) <= exact_bits) {
    const Exact<Code> product = exact_product(exact<Code>(a), exact<Code>(b));
    return round_sum(target, whole, product, exact<Code>(c), random);
  }
  const Exact<WideWord> product = exact_product(exact<WideWord>(a), exact<WideWord>(b));
  return round_sum(target, whole, product, exact<WideWord>(c), random);
}

}  // namespace

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
  const Expression whole{.number = &a, .divisor = &b};
  if (leaves_integers(target, a, b)) {
    const Pair pair = without_quotient_of_factors(a, b);
    if (!leaves_integers(target, pair.a, pair.b)) return divide(target, pair.a, pair.b, random);
    return round_result(target, Result(whole), random);
  }
  const int bits = bits_needed(target);
  const int length = bits + bit_length(b.significand);
  if (length <= word_bits<Code>) {
    const Exact<Code> quotient = exact_quotient(exact<Code>(a), exact<Code>(b));
    return round(target, Exactly<Code>{quotient, &whole}, random);
  }
  if (length <= word_bits<WideWord>) {
    const Exact<WideWord> quotient = exact_quotient(exact<WideWord>(a), exact<WideWord>(b));
    return round(target, Exactly<WideWord>{quotient, &whole}, random);
  }
  const Exact<Integer> quotient = long_quotient(exact_integer(a), exact_integer(b), bits);
  return round(target, Exactly<Integer>{quotient, &whole}, random);
}

Outcome arithmetic(Op op, const Target& target, std::span<const Operand> operands,
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

}  // namespace halfulp::emulator

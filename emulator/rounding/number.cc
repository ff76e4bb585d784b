// SPDX-License-Identifier: MIT
#include "emulator/rounding/number.h"

#include <algorithm>

#include "emulator/rounding/irrational.h"
#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/long.h"
#include "emulator/scalar/ratio.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

Exact<Integer> exact_integer(const Value& v) { return {v.negative, v.significand, v.exponent}; }

// A ratio, to at least 400 bits and a jammed one.
Exact<Integer> cut_of(const Ratio& x, const Target& target) {
  const int bits = std::max(400, bits_needed(target));
  if (!x.root) return long_quotient(x.numerator, x.denominator, bits);
  // A jammed quotient has a jammed root.
  return long_root(long_quotient(x.numerator, x.denominator, 2 * bits + 4), bits);
}

bool is_dyadic(const Real& x) {
  return !x.enclosure && x.numerator.is_dyadic() && x.denominator.is_dyadic() &&
         x.addend.is_dyadic();
}

}  // namespace

Outcome round_number(const Target& target, const Operand& x, std::uint64_t random) {
  if (leaves_integers(target, x)) return round_result(target, Result({.number = &x}), random);
  return round(target, Exactly<Code>{exact<Code>(x)}, random);
}

Outcome round_operand(const Target& target, Operand x, std::uint64_t random) {
  if (target.quantizer->rounding.flush_inputs && x.subnormal) x.kind = Operand::Class::zero;
  switch (x.kind) {
    case Operand::Class::zero:
      return round_zero(target, x.negative, random);
    case Operand::Class::infinite:
      return deliver_infinity(target, x.negative);
    case Operand::Class::nan:
      return deliver_nan(target, conversion_of(x));
    case Operand::Class::finite:
      break;
  }
  return round_number(target, x, random);
}

Outcome round_real(const Target& target, const Real& x, std::uint64_t random) {
  const Value& a = x.numerator;
  if (a.is_nan()) {
    return deliver_nan(target, {.conversion = true, .operands = {nan_operand(a)}, .count = 1});
  }
  if (a.is_infinite()) return deliver_infinity(target, a.negative);
  if (a.is_zero()) return round_zero(target, a.negative, random);
  if (target.irrational || !is_dyadic(x)) return round_result(target, Result(x), random);
  const Ratio ratio{
      .numerator = exact_integer(a), .denominator = exact_integer(x.denominator), .root = x.root};
  return round(target, Exactly<Integer>{.cut = cut_of(ratio, target), .ratio = &ratio}, random);
}

}  // namespace halfulp::emulator

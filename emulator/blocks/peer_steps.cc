// SPDX-License-Identifier: MIT
#include "emulator/blocks/peer_steps.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

Operand divide(const Operand& a, const Operand& b) { return binary32(Op::divide, a, b); }
Operand multiply(const Operand& a, const Operand& b) { return binary32(Op::multiply, a, b); }

Operand most_of_binary32() {
  Operand x = one_operand();
  x.significand = (1U << 24) - 1;
  x.exponent = 104;
  return x;
}

Operand three_halves() {
  Operand x = one_operand();
  x.significand = 3;
  x.exponent = -1;
  return x;
}

}  // namespace

Operand encoding_factor(const Operand& a0, const Operand& most) {
  if (a0.kind == Class::zero) return one_operand();
  const Operand factor = least_of(divide(most, a0), most_of_binary32());
  return factor.kind == Class::zero ? one_operand() : factor;
}

bool has_scale_steps(Arithmetic arithmetic) {
  return arithmetic != Arithmetic::exact && arithmetic != Arithmetic::qpytorch;
}

Operand asked_outer(Arithmetic arithmetic, const Operand& a0, const CompiledLevel& outer) {
  const Operand& most = outer.multiplied();
  if (!encodes(arithmetic)) return divide(a0, most);
  return divide(one_operand(), encoding_factor(a0, most));
}

Operand encoding_step(const Operand& a0, const std::array<const CompiledLevel*, 2>& levels) {
  const Operand factor = encoding_factor(a0, levels[0]->multiplied());
  return multiply(factor, divide(one_operand(), levels[1]->multiplied()));
}

Operand asked_inner(Arithmetic arithmetic, const Operand& a0, const Operand& a1, const Operand& s0,
                    const std::array<const CompiledLevel*, 2>& levels, bool second) {
  const Operand& m = levels[1]->multiplied();
  if (arithmetic == Arithmetic::transformer_engine) {
    return least_of(multiply(a1, encoding_step(a0, levels)), most_of_binary32());
  }
  if (arithmetic == Arithmetic::four_over_six) {
    const Operand factor = encoding_factor(a0, levels[0]->multiplied());
    const Operand base = multiply(divide(a1, m), factor);
    return least_of(second ? multiply(base, three_halves()) : base, most_of_binary32());
  }
  if (arithmetic == Arithmetic::torchao) {
    return largest_of(divide(divide(a1, m), s0), levels[1]->least_normal());
  }
  const Operand quotient = divide(a1, multiply(m, s0));
  if (quotient.kind == Class::zero) return quotient;
  return largest_of(quotient, levels[1]->least());
}

Former former_of(const BlockFormat& format, const Operand& total, const Operand& s0,
                 const Operand& s1) {
  using How = Former::How;
  const bool ordinary = total.kind == Class::finite;
  switch (format.arithmetic) {
    case Arithmetic::transformer_engine:
    case Arithmetic::four_over_six: {
      // A zero scale has its quotients too.
      if (!ordinary && total.kind != Class::zero) break;
      const Operand reciprocal = divide(one_operand(), multiply(s1, s0));
      return {.how = How::multiply32,
              .by = least_of(reciprocal, most_of_binary32()),
              .by_total = false};
    }
    case Arithmetic::torchao:
      return {.how = How::multiply32, .by = divide(divide(one_operand(), s0), s1)};
    case Arithmetic::modelopt:
      return {.how = How::divide32, .by = multiply(s1, s0)};
    case Arithmetic::qpytorch:
      return {.how = How::shifted, .by = total};
    case Arithmetic::exact:
      if (format.division == Division::exact || !ordinary) break;
      if (format.division == Division::binary32) return {.how = How::divide32, .by = total};
      return {.how = How::multiply32, .by = divide(one_operand(), total)};
  }
  return {.how = How::divide, .by = total};
}

}  // namespace halfulp::emulator

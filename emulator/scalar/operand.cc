// SPDX-License-Identifier: MIT
#include "emulator/scalar/operand.h"

#include <algorithm>
#include <bit>

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// The interchange formats, straight from their bits.
Operand unpack_interchange(std::uint64_t pattern, int exponent_bits, int fraction_bits) {
  const std::uint64_t fraction = pattern & ((std::uint64_t{1} << fraction_bits) - 1);
  const std::uint64_t top_field = (std::uint64_t{1} << exponent_bits) - 1;
  const std::uint64_t field = (pattern >> fraction_bits) & top_field;
  Operand x;
  x.negative = ((pattern >> (exponent_bits + fraction_bits)) & 1) != 0;
  if (field == top_field) {
    x.kind = fraction == 0 ? Class::infinite : Class::nan;
    x.signalling = fraction != 0 && (fraction >> (fraction_bits - 1)) == 0;
    x.significand = static_cast<Code>(fraction) << (word_bits<Code> - fraction_bits);
  } else if ((field | fraction) != 0) {
    x.kind = Class::finite;
    x.subnormal = field == 0;
    x.significand = fraction + (x.subnormal ? 0 : std::uint64_t{1} << fraction_bits);
    x.exponent = static_cast<std::int64_t>(std::max<std::uint64_t>(field, 1)) -
                 static_cast<std::int64_t>(top_field / 2) - fraction_bits;
  }
  return x;
}

}  // namespace

bool infinite_times_zero(const Operand& a, const Operand& b) {
  return (a.kind == Class::infinite && b.kind == Class::zero) ||
         (a.kind == Class::zero && b.kind == Class::infinite);
}

NanCause cause_of(Op op, std::span<const Operand> operands) {
  NanCause cause{.count = operands.size()};
  for (std::size_t i = 0; i < operands.size(); ++i) cause.operands[i] = nan_operand(operands[i]);
  cause.infinite_times_zero =
      op == Op::fused_multiply_add && infinite_times_zero(operands[0], operands[1]);
  return cause;
}

Operand unpack_double(double x) {
  return unpack_interchange(std::bit_cast<std::uint64_t>(x), 11, 52);
}

Operand unpack_float(float x) { return unpack_interchange(std::bit_cast<std::uint32_t>(x), 8, 23); }

}  // namespace halfulp::emulator

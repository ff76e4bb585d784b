// SPDX-License-Identifier: MIT
//
// Fixed point: a grid of one binade.
#include <variant>

#include "emulator/scalar/grid.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

void describe(const Format& format, Target& t) {
  const Fixed& f = std::get<Fixed>(format.kind);
  t.on_grid = true;
  t.sign = f.sign;
  t.bits = f.bits;
  t.fraction_bits = f.bits;
  t.least_exponent = f.bits - f.fraction_bits;
  const Code half = Code{1} << (f.bits - 1);
  t.largest = {f.sign ? half - 1 : 2 * half - 1, f.sign ? half - (f.symmetric ? 1 : 0) : 0};
  t.most_exponent = most_exponent_of(t);
}

Operand unpack(const Format& format, Code code) {
  const Fixed& f = std::get<Fixed>(format.kind);
  Operand x;
  x.negative = f.sign && ((code >> (f.bits - 1)) & 1) != 0;
  x.significand = (x.negative ? ~code + 1 : code) & ones(f.bits);
  x.exponent = -f.fraction_bits;
  x.kind = x.significand == 0 ? Operand::Class::zero : Operand::Class::finite;
  return x;
}

template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  return round_to_grid(target, InUnits<Word>{x.cut, x}, random);
}

}  // namespace

const Scheme fixed_scheme{describe, unpack, round<Code>, round<WideWord>, round_by_wide_word};

}  // namespace halfulp::emulator

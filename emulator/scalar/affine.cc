// SPDX-License-Identifier: MIT
//
// Affine integers: the quotient by the scale, an odd integer times a power of two, on the grid of
// integers. Turns, and the points that random bits choose, are dyadic multiples of the scale,
// shorter than what a jammed number or quotient keeps.
#include <variant>

#include "emulator/scalar/grid.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// The quotient has one bit more than the integers, whose zero point may be at either end.
void describe(const Format& format, Target& t) {
  const Affine& f = std::get<Affine>(format.kind);
  t.bits = f.bits;
  t.fraction_bits = f.bits + 1;
  t.least_exponent = t.fraction_bits;
  t.zero_point = f.zero_point;
  const Operand scale = unpack_double(f.scale);
  t.scale = scale.significand;
  t.scale_exponent = scale.exponent;
  t.further_bits = bit_length(t.scale);
  const Rank zero = f.zero_point;
  const Rank half = Rank{1} << (f.bits - 1);
  t.largest = {static_cast<Code>((f.sign ? half : 2 * half) - 1 - zero),
               static_cast<Code>(zero + (f.sign ? half : 0))};
  t.sign = t.largest[1] != 0;
  t.most_exponent = most_exponent_of(t);
}

Operand unpack(const Format& format, Code code) {
  const Affine& f = std::get<Affine>(format.kind);
  const bool below_zero = f.sign && ((code >> (f.bits - 1)) & 1) != 0;
  const Rank integer =
      static_cast<Rank>(code & ones(f.bits)) - (below_zero ? Rank{1} << f.bits : 0);
  const Rank rank = integer - f.zero_point;
  const Operand scale = unpack_double(f.scale);
  Operand x;
  x.negative = rank < 0;
  x.significand = static_cast<Code>(rank < 0 ? -rank : rank) * scale.significand;
  x.exponent = scale.exponent;
  x.kind = rank == 0 ? Operand::Class::zero : Operand::Class::finite;
  return x;
}

template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  if constexpr (std::is_same_v<Word, Code>) {
    if (bits_needed(target) + bit_length(target.scale) > word_bits<Code>)
      return round(target, with_cut(widened(x.cut), x), random);
  }
  const Exact<Word> scale{false, from_code<Word>(target.scale), target.scale_exponent};
  const Exact<Word> quotient = exact_quotient(x.cut, scale);
  return round_to_grid(target, InUnits<Word>{quotient, x}, random);
}

}  // namespace

const Scheme affine_scheme{describe, unpack, round<Code>, round<WideWord>, round_by_wide_word};

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
#include "emulator/rounding/round.h"

#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// What became of a negative number whose sign is dropped: it is beyond the numbers of the format
// unless it rounds to zero. `magnitude`: what its magnitude is rounded to.
Outcome without_sign(const Target& target, const Outcome& magnitude) {
  const Operand delivered = target.scheme->unpack(target.quantizer->format, magnitude.code);
  if (delivered.kind == Operand::Class::zero) return magnitude;
  return {magnitude.code, flags::overflow | flags::inexact};
}

template <typename Word>
Outcome round_by(RoundTo<Word> round_to, const Target& target, const Exactly<Word>& x,
                 std::uint64_t random) {
  if (!x.negative() || !drops_sign(*target.quantizer)) return round_to(target, x, random);
  Exactly<Word> magnitude = x;
  magnitude.cut.negative = false;
  return without_sign(target, round_to(target, magnitude, random));
}

}  // namespace

Outcome round(const Target& target, const Exactly<Code>& x, std::uint64_t random) {
  return round_by(target.scheme->round, target, x, random);
}

Outcome round(const Target& target, const Exactly<WideWord>& x, std::uint64_t random) {
  return round_by(target.scheme->round_wide, target, x, random);
}

Outcome round(const Target& target, const Exactly<Integer>& x, std::uint64_t random) {
  return round_by(target.scheme->round_long, target, x, random);
}

Outcome round_zero(const Target& target, bool negative, std::uint64_t random) {
  return target.rounds_zero ? round(target, Exactly<Code>{}, random)
                            : deliver_zero(target, negative);
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// What the emulator does with a kind of format, one file a kind. Formats are looked up in the table
// of rounding/kinds.cc.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"
#include "formats/engine.h"

namespace halfulp::emulator {

template <typename Word>
using RoundTo = Outcome (*)(const Target& target, const Exactly<Word>& x, std::uint64_t random);

struct Scheme {
  // What rounding has to know; the target has its quantizer already.
  void (*describe)(const Format& format, Target& target);
  // The operand that a code stands for.
  Operand (*unpack)(const Format& format, Code code);
  // x rounded once; nonzero, or zero where the target rounds it as other numbers.
  RoundTo<Code> round;
  RoundTo<WideWord> round_wide;
  RoundTo<Integer> round_long;
};

extern const Scheme float_scheme, fixed_scheme, affine_scheme;
extern const Scheme posit_scheme, takum_scheme, codebook_scheme;

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Posits and linear takums: targets of rounding and operands.
#pragma once

#include <cstdint>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

void describe(const Posit& f, Target& target);
void describe(const Takum& f, Target& target);

// x nonzero, rounded once. For Word = Code, WideWord, Integer.
template <typename Word>
Outcome round_tapered(const Target& target, const Exact<Word>& x, std::uint64_t random);

// The bits below the sign of the takum of a positive x that lies within the range of exponents, cut
// toward zero. order: of what is cut off and half a unit of them.
struct TaperedCut {
  Code kept = 0;
  bool inexact = false;
  int order = -1;
};
TaperedCut cut_takum(const Target& target, const Exact<Code>& x);

Operand unpack(const Posit& f, Code code);
Operand unpack(const Takum& f, Code code);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Posits and linear takums: targets of rounding and operands.
#pragma once

#include <cstdint>

#include "emulator/internal/exact.h"
#include "emulator/internal/target.h"

namespace halfulp::emulator {

void describe(const Posit& f, Target& target);
void describe(const Takum& f, Target& target);

// x nonzero, rounded once. For Word = Code, WideWord, Integer.
template <typename Word>
Outcome round_tapered(const Target& target, const Exact<Word>& x, std::uint64_t random);

Operand unpack(const Posit& f, Code code);
Operand unpack(const Takum& f, Code code);

}  // namespace halfulp::emulator

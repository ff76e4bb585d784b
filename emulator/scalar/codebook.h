// SPDX-License-Identifier: MIT
//
// Codebooks: targets of rounding and operands.
#pragma once

#include <cstdint>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

void describe(const Codebook& f, Target& target);

// x rounded once; zero only where the format has none, and both signs. For Word = Code, WideWord,
// Integer.
template <typename Word>
Outcome round_codebook(const Target& target, const Exact<Word>& x, std::uint64_t random);

Operand unpack(const Codebook& f, Code code);

}  // namespace halfulp::emulator

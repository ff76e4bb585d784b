// SPDX-License-Identifier: MIT
//
// Numbers that are irrational: logarithmic formats and logarithmic takums, as targets of rounding
// and as operands.
#pragma once

#include <cstdint>

#include "emulator/internal/exact.h"
#include "emulator/internal/target.h"

namespace halfulp::emulator {

// Formats whose numbers are no integers times powers of two.
bool is_logarithmic(const Format& format);

// What rounding has to know, into a target whose scheme is logarithmic.
void describe_logarithmic(const Format& format, Target& target);

// x nonzero, rounded once.
Outcome round_logarithmic(const Target& target, const Exact<WideWord>& x, std::uint64_t random);

// The operand that a code of a logarithmic format stands for.
Operand unpack_logarithmic(const Format& format, Code code);

}  // namespace halfulp::emulator

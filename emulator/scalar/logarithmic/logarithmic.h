// SPDX-License-Identifier: MIT
//
// Numbers that are irrational: logarithmic formats and logarithmic takums, as targets of rounding
// and as operands.
#pragma once

#include <cstdint>

#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// Formats whose numbers are not all integers times powers of two, and what is rounded like them.
bool is_logarithmic(const Format& format);

// What rounding has to know, into a target whose scheme is logarithmic.
void describe_logarithmic(const Format& format, Target& target);

// x nonzero, rounded once.
Outcome round_logarithmic(const Target& target, const Result& x, std::uint64_t random);

// The operand that a code of a logarithmic format stands for.
Operand unpack_logarithmic(const Format& format, Code code);

// What an element of a carrier that fits the target's format stands for: the number of the format
// that it is next to, else itself.
Operand number_of(const Target& target, Carrier carrier, const Operand& element);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Numbers that are irrational: logarithmic formats and logarithmic takums, as targets of rounding
// and as operands.
#pragma once

#include <cstdint>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

extern const Scheme log_scheme, logarithmic_takum_scheme;

class Result;

// x nonzero, rounded once.
Outcome round_logarithmic(const Target& target, const Result& x, std::uint64_t random);

// What an element of a carrier that fits the target's format stands for: the number of the format
// that it is next to, else itself.
Operand number_of(const Target& target, Carrier carrier, const Operand& element);

}  // namespace halfulp::emulator

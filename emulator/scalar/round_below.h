// SPDX-License-Identifier: MIT
//
// Between zero (or nothing) and the least number of a float without subnormals.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// Is the magnitude of x, nonzero, less than the least number? For Word = Code and WideWord.
template <typename Word>
bool is_below_least(const Target& target, const Exact<Word>& x);

// x nonzero and below it, rounded once. For the same words.
template <typename Word>
Outcome round_below_least(const Target& target, const Exactly<Word>& x, std::uint64_t random);

}  // namespace halfulp::emulator

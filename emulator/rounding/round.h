// SPDX-License-Identifier: MIT
//
// A number, rounded once to a target of any kind.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// x nonzero. In words of more than 128 bits: see round_wide.h.
Outcome round(const Target& target, const Exactly<Code>& x, std::uint64_t random);

Outcome round_zero(const Target& target, bool negative, std::uint64_t random);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// round.h of numbers in words of more than 128 bits.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

Outcome round(const Target& target, const Exactly<WideWord>& x, std::uint64_t random);
// More bits than are needed where the cut does not end.
Outcome round(const Target& target, const Exactly<Integer>& x, std::uint64_t random);

}  // namespace halfulp::emulator

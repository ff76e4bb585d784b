// SPDX-License-Identifier: MIT
//
// Which formats without a grid have kernels for arrays of binary32, without counts, and the
// constants of these.
#pragma once

#include <cstdint>
#include <optional>

#include "emulator/arrays/steps.h"
#include "emulator/kernels/gridless_round.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// Posits to nearest even, whose numbers beyond the largest become it.
std::optional<kernels::PositRounding> posit_rounding_of(const Target& target);

std::optional<kernels::Staircase> staircase_of(const Steps<std::uint32_t>& steps);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Results in which irrational numbers take part, rounded to a target of any kind.
#pragma once

#include <cstdint>

#include "emulator/scalar/target.h"

namespace halfulp::emulator {

class Result;  // scalar/logarithmic/irrational.h

// Precondition: x is nonzero; irrational, unless the target is.
Outcome round_result(const Target& target, const Result& x, std::uint64_t random);

}  // namespace halfulp::emulator

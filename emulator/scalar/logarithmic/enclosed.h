// SPDX-License-Identifier: MIT
//
// Intervals around real numbers, as narrow as is asked for, in integers of any length: what is left
// to ask where fixed point does not decide.
#pragma once

#include <cstdint>
#include <optional>

#include "emulator/scalar/logarithmic/fixed_logarithm.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// The magnitude lies in [low, high] * 2^exponent, 0 < low <= high.
struct Enclosed {
  bool negative = false;
  Integer low, high;
  std::int64_t exponent = 0;
};

// x finite and nonzero, its irrational terms known to `bits` bits. Empty where these do not tell
// the sign.
std::optional<Enclosed> enclosed(const Real& x, int bits);
// At least as narrow as a Near can tell; exact where x is dyadic.
Enclosed surely_enclosed(const Real& x);

Near near_number(const Enclosed& x);

}  // namespace halfulp::emulator

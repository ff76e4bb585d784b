// SPDX-License-Identifier: MIT
//
// Where a number lies between two neighbours whose distance is no power of two: through exponent or
// regime bits of a tapered format, or between two numbers of a list.
#pragma once

#include "emulator/scalar/neighbour.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

// v = (x - inner) / (outer - inner), exactly. Precondition: x lies between the two; bits <= 64.
Position position_between(Exact<Integer> x, const Exact<Integer>& inner,
                          const Exact<Integer>& outer, int bits);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Exact results that no word holds: of neighbours far apart, whose sum is longer than a word, and
// of decimal literals. What does not end within `bits` bits is jammed as in exact.h.
#pragma once

#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

// Operands nonzero; that of the root positive. A zero sum has significand 0.
Exact<Integer> long_sum(const Exact<Integer>& a, const Exact<Integer>& b);
Exact<Integer> long_quotient(const Exact<Integer>& a, const Exact<Integer>& b, int bits);
Exact<Integer> long_root(const Exact<Integer>& a, int bits);

// At most `bits` bits of the significand, what is below jammed.
Exact<WideWord> jammed(const Exact<Integer>& x, int bits);

}  // namespace halfulp::emulator

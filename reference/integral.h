// SPDX-License-Identifier: MIT
//
// Operations around integers: IEEE 754-2019 5.3.1 (round to integral, remainder), 5.3.3 (scaleB,
// logB) and 5.8. Operands are neither NaN nor infinite, and not zero.
#pragma once

#include <cstdint>

#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::reference {

// The integer next to x that the mode chooses, with the sign of x, zero too. Irrational numbers of
// 2^1024 and more are themselves: no format tells them from the integers beside them.
Value rounded_to_integer(const Value& x, const Rounding& rounding, std::uint64_t random);

// x - y n, n the integer nearest to x / y and even at a tie; a zero has the sign of x. Exact.
// Precondition: x / y is rational.
Value remainder(const Value& x, const Value& y);

bool is_integer(const Value& x);
// x 2^n of an integer n, which beyond +-2^24 counts as that: no format reaches so far.
Value scaled_by(const Value& x, const Value& n);

}  // namespace halfulp::reference

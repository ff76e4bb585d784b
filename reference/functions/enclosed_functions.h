// SPDX-License-Identifier: MIT
//
// Functions enclosed by MPFR, see interval.h. What is defined by others (the sigmoid, the
// activation functions, powers) is composed of intervals.
#pragma once

#include <span>

#include "formats/numbers/value.h"
#include "formats/operation.h"

namespace halfulp::reference {

// Operands finite, of the function's domain, and the result neither zero nor equal to any number
// that it will be compared with. Results beyond every format stand at 2^+-farthest.
Real enclosed(Op op, std::span<const Value> operands);

// What is nearer to an irrational operand than one 2^-512th of it is only known to lie beside it.
inline constexpr std::int64_t beside_bits = 512;

// The root of x^2 + y^2, x positive and y^2 less than 2^-beside_bits of x^2.
Real hypotenuse_of_unlike(const Value& larger);

// pi / 2 with a sign: what the arc tangent of an infinity is.
Real half_pi(bool negative);

}  // namespace halfulp::reference

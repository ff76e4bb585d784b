// SPDX-License-Identifier: MIT
//
// The exact results of functions (IEEE 754-2019 9.2): exact where they are numbers that a format
// may hold or be compared with, else enclosed by MPFR as closely as a comparison asks.
#pragma once

#include <span>

#include "formats/numbers/value.h"
#include "formats/operation.h"
#include "reference/exact.h"

namespace halfulp::reference {

// Precondition: is_function(op); NaN operands only where the result is a number in spite of them
// (9.2.1: pow, hypot).
Exact function(Op op, std::span<const Value> operands);

}  // namespace halfulp::reference

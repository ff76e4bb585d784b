// SPDX-License-Identifier: MIT
//
// Exact results in full, as quotients of integers or roots of them. Where "nearest" turns at a
// geometric mean, which is irrational as a rule, a jammed word does not tell on which side of it
// the result lies; the squares of both do.
#pragma once

#include <span>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/target.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// numerator / denominator, or its root. The denominator is positive.
struct Ratio {
  Exact<Integer> numerator;
  Exact<Integer> denominator{false, 1, 0};
  bool root = false;
};

// The result of an operation whose operands are zeros and numbers, a divisor not zero, and what is
// under a root not negative.
Ratio exact_result(Op op, std::span<const Operand> operands);

// Order of |x| and the geometric mean of two magnitudes.
int compare_to_geometric_mean(const Ratio& x, const Exact<Integer>& a, const Exact<Integer>& b);

// The same for the neighbours kept * 2^place and (kept + 1) * 2^place on the target's grid, of
// target.number.
int compare_in_logarithm(const Target& target, Code kept, std::int64_t place);

}  // namespace halfulp::emulator

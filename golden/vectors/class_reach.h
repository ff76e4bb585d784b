// SPDX-License-Identifier: MIT
//
// Which kinds of results an operation has in its formats, as far as that follows from their kinds
// and ends.
#pragma once

#include "formats/numbers/value.h"
#include "golden/vectors/calculation.h"

namespace halfulp::vectors {

const Float* as_float(const Format& format);
// Bits of a significand; 0 of formats where they differ from number to number.
int precision_of(const Format& format);

bool is_sum(Op op);
bool is_product(Op op);
bool is_to_integral(Op op);
bool is_choice(Op op);
// The exact result is rounded, and nothing was lost before.
bool is_rounded(Op op);

// The ends of what the operation makes of finite operands, as far as they are easily told.
Value least_result(const Calculation& calculation);
Value largest_result(const Calculation& calculation);
// Is the exact result of tiny operands inexact? Sums of one format are not.
bool has_tiny_results(const Calculation& calculation);
bool has_overflow(const Calculation& calculation);
// Do results come between the largest number and a spacing beyond it?
bool reaches_overflow_closely(const Calculation& calculation);
// Are there exact results between the numbers?
bool loses_bits(const Calculation& calculation);
// Do numbers and infinities have no result?
bool has_invalid(const Calculation& calculation);
int operand_precision(const Calculation& calculation);  // the greatest
// How near a number, or a middle, results come: 2^-nearness of a spacing. precision: of the result.
int nearness_of(const Calculation& calculation, int precision);

}  // namespace halfulp::vectors

// SPDX-License-Identifier: MIT
//
// The five questions of codes.h for each kind; codes.cc chooses among them.
#pragma once

#include "formats/codes.h"

namespace halfulp::kinds {

int bits(const Float& f);
Range finite_range(const Float& f);
Value value_at(const Float& f, Rank rank);
Code code_at(const Float& f, Rank rank);
Rank rank_of(const Float& f, Code code);
Value decode(const Float& f, Code code);
void validate(const Float& f);

// The magnitude part (sign removed) of the quiet NaN, of the infinity, of the largest finite value.
Code quiet_nan_magnitude(const Float& f);
Code infinity_magnitude(const Float& f);
Code largest_magnitude(const Float& f);
// The exponent of the least normal number.
std::int64_t smallest_exponent(const Float& f);
bool has_signalling_nan(const Float& f);

int bits(const Fixed& f);
Range finite_range(const Fixed& f);
Value value_at(const Fixed& f, Rank rank);
Code code_at(const Fixed& f, Rank rank);
Rank rank_of(const Fixed& f, Code code);
Value decode(const Fixed& f, Code code);
void validate(const Fixed& f);

}  // namespace halfulp::kinds

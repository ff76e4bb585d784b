// SPDX-License-Identifier: MIT
//
// The five questions of codes.h for each kind; codes.cc chooses among them.
#pragma once

#include "formats/format.h"

namespace halfulp {
struct Value;  // formats/numbers/value.h
}

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
// NaNs with every fraction but 0, the top bit being the quiet one.
bool has_nan_fraction(const Float& f);

int bits(const Fixed& f);
Range finite_range(const Fixed& f);
Value value_at(const Fixed& f, Rank rank);
Code code_at(const Fixed& f, Rank rank);
Rank rank_of(const Fixed& f, Code code);
Value decode(const Fixed& f, Code code);
void validate(const Fixed& f);

int bits(const Affine& f);
Range finite_range(const Affine& f);
Value value_at(const Affine& f, Rank rank);
Code code_at(const Affine& f, Rank rank);
Rank rank_of(const Affine& f, Code code);
Value decode(const Affine& f, Code code);
void validate(const Affine& f);

int bits(const Posit& f);
Range finite_range(const Posit& f);
Value value_at(const Posit& f, Rank rank);
Value boundary_above(const Posit& f, Rank rank);
Code code_at(const Posit& f, Rank rank);
Rank rank_of(const Posit& f, Code code);
Value decode(const Posit& f, Code code);
void validate(const Posit& f);

int bits(const Takum& f);
Range finite_range(const Takum& f);
Value value_at(const Takum& f, Rank rank);
Value boundary_above(const Takum& f, Rank rank);
Code code_at(const Takum& f, Rank rank);
Rank rank_of(const Takum& f, Code code);
Value decode(const Takum& f, Code code);
void validate(const Takum& f);

int bits(const Log& f);
Range finite_range(const Log& f);
Value value_at(const Log& f, Rank rank);
Value boundary_above(const Log& f, Rank rank);
Code code_at(const Log& f, Rank rank);
Rank rank_of(const Log& f, Code code);
Value decode(const Log& f, Code code);
void validate(const Log& f);
// The code of zero; with the sign it is NaN.
Code zero_code(const Log& f);

int bits(const Codebook& f);
Range finite_range(const Codebook& f);
Value value_at(const Codebook& f, Rank rank);
Value boundary_above(const Codebook& f, Rank rank);
Code code_at(const Codebook& f, Rank rank);
Rank rank_of(const Codebook& f, Code code);
Value decode(const Codebook& f, Code code);
void validate(const Codebook& f);
bool has_negative_zero(const Codebook& f);
Code negative_zero_code(const Codebook& f);

}  // namespace halfulp::kinds

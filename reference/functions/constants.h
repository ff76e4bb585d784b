// SPDX-License-Identifier: MIT
//
// Elementary functions of binary64 arguments, correctly rounded to binary64 (nearest even) by MPFR,
// subnormal results included. The C library's differ in the last bit between machines and versions;
// these do not, so constants made with them are the same bytes everywhere. Special arguments as in
// ISO C annex F: power(x, 0) = 1, logarithm(0) = -infinity, sine(infinity) = NaN (positive).
#pragma once

namespace halfulp::reference {

double power(double base, double exponent);
double logarithm(double x);
double exponential(double x);
double sine(double x);

}  // namespace halfulp::reference

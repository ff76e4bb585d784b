// SPDX-License-Identifier: MIT
//
// The results of functions that a format may hold, or that lie where its roundings turn: everything
// else that a function gives is known by bounds, and must not be equal to any such number.
//
// Why no other result is: e^x, sin x and the like are transcendental for algebraic x other than 0
// (Lindemann), and so is the logarithm of x to base 2 unless it is rational (Gelfond and
// Schneider), while numbers of formats and points between them are sums of multiples of 2^b e^n
// with positive coefficients; where both have powers of e, the theorem of Lindemann and Weierstrass
// leaves no equality. Roots are numbers of a format only where they are single multiples of 2^b
// e^n, as powers of sums with positive coefficients have more than one term; so are the squares of
// roots, which rounding in the logarithm compares.
#pragma once

#include <optional>

#include "formats/numbers/value.h"
#include "formats/operation.h"

namespace halfulp::reference {

// Beyond 2^+-farthest no number of any format lies: their exponents are within +-2^23 (posits of
// 128 bits), random bits and turns look at less than 2^8 more.
inline constexpr std::int64_t farthest = std::int64_t{1} << 24;

// The results of exp, exp2, log, log2, log10 and cbrt of a finite nonzero number of their domain
// other than those of the tables in functions.cc.
std::optional<Value> exact_result(Op op, const Value& x);

// x^y, or its root: x > 0, neither zero; nothing where both are known to equal no such number, or
// are longer than any.
std::optional<Real> exact_power(const Value& x, const Value& y);

}  // namespace halfulp::reference

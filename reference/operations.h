// SPDX-License-Identifier: MIT
//
// The exact results of operations before they are rounded: IEEE 754-2019 clause 5 for numbers,
// clauses 6.1, 6.3, 7.2 and 7.3 for infinities, the signs of zeros, invalid operations and division
// by zero. Which NaN a result is, and whether it raises invalid, is left to formats/nan.h.
#pragma once

#include <cstdint>
#include <span>

#include "formats/engine.h"
#include "formats/format.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"
#include "reference/exact.h"
#include "reference/round.h"

namespace halfulp::reference {

// operands: arity(op) of them. The rounding, and its random bits, choose integers.
Exact exact(Op op, std::span<const Value> operands, const Rounding& rounding = {},
            std::uint64_t random = 0);

Located locate(const Exact& x, const Format& format);

// Rounds the exact result of an operation. Conversions to integers raise invalid alone where the
// format does not hold the integer; signs and choices of operands are never flushed.
Outcome deliver(Op op, const Exact& x, const Quantizer& quantizer, std::uint64_t random);
// One operation, rounded once.
Outcome operate(Op op, std::span<const Value> operands, const Quantizer& quantizer,
                std::uint64_t random);

// The operand that a code stands for; with flush, a number below the least normal one of its format
// is a zero of its sign. Fixed-point formats have no such numbers.
Value operand(const Format& format, Code code, bool flush);
Value flushed(const Format& format, const Value& operand);

// What an element of an array stands for in an operation whose numbers are of `format`. Irrational
// numbers are carried as the carrier's numbers next to them, and an element that is one of these
// stands for the irrational number; every other element for itself.
Value number_of(const Format& format, Carrier carrier, const Value& element);
bool fits(const Format& format, Carrier carrier);

}  // namespace halfulp::reference

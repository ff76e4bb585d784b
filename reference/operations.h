// SPDX-License-Identifier: MIT
//
// The exact results of arithmetic before they are rounded: IEEE 754-2019 clause 5.4.1 for numbers,
// clauses 6.1, 6.3, 7.2 and 7.3 for infinities, the signs of zeros, invalid operations and division
// by zero. Which NaN a result is, and whether it raises invalid, is left to formats/nan.h.
#pragma once

#include <cstdint>
#include <span>

#include "formats/engine.h"
#include "formats/format.h"
#include "formats/nan.h"
#include "formats/rounding.h"
#include "formats/value.h"
#include "reference/round.h"

namespace halfulp::reference {

// An exact result: a number, an infinity or NaN, with the flags that the operation itself raises.
struct Exact {
  Real value;
  std::uint8_t flags = 0;   // divide by zero
  bool arithmetic = false;  // the result of an operation, not a number to be converted
  NanCause nan = {};        // of NaN in arithmetic
  // An exact zero sum of terms that are not zeros of one sign: -0 toward negative, else +0 (6.3).
  bool sign_by_mode = false;
};

// operands: arity(op) of them.
Exact exact(Op op, std::span<const Value> operands);

Located locate(const Exact& x, const Format& format);

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

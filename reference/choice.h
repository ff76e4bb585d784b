// SPDX-License-Identifier: MIT
//
// Operations that choose rather than compute: comparisons (IEEE 754-2019 5.6.1, 5.11), minimum and
// maximum (9.6, and 5.3.1 of IEEE 754-2008).
#pragma once

#include <optional>
#include <span>

#include "formats/numbers/value.h"
#include "formats/operation.h"

namespace halfulp::reference {

struct Comparison {
  bool holds = false;
  bool invalid = false;
};
Comparison compare_operands(Op op, const Value& a, const Value& b);

// The operand that a minimum or maximum delivers, NaN for NaN; invalid: the result is a number and
// a signalling NaN was beside it.
struct Choice {
  Value value;
  bool invalid = false;
};
Choice choose(Op op, const Value& a, const Value& b);

}  // namespace halfulp::reference

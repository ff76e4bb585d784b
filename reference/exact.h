// SPDX-License-Identifier: MIT
//
// What an operation delivers before it is rounded.
#pragma once

#include <cstdint>

#include "formats/nan.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// An exact result: a number, an infinity or NaN, with the flags that the operation itself raises.
struct Exact {
  Real value;
  std::uint8_t flags = 0;   // divide by zero, invalid, and inexact where an integer was chosen
  bool arithmetic = false;  // the result of an operation, not a number to be converted
  bool copied = false;      // an operand; NaN with its own sign and fraction, and quiet
  NanCause nan = {};        // of NaN in arithmetic
  // An exact zero sum of terms that are not zeros of one sign: -0 toward negative, else +0 (6.3).
  bool sign_by_mode = false;
};

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Operands as the patterns of the interchange formats that hold them: what unpack_double and
// unpack_float undo.
#pragma once

#include "emulator/scalar/operand.h"

namespace halfulp::emulator {

// Preconditions: not irrational; the number is one of the carrier. NaNs become quiet and keep sign
// and fraction.
double pack_double(const Operand& x);
float pack_float(const Operand& x);

}  // namespace halfulp::emulator

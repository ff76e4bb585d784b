// SPDX-License-Identifier: MIT
//
// Sums, products, quotients and roots: the exact result, then one rounding.
#pragma once

#include <cstdint>
#include <span>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/operation.h"

namespace halfulp::emulator {

// Precondition: is_arithmetic(op); operands are flushed already, none is NaN, and infinity is not
// multiplied by zero.
Outcome arithmetic(Op op, const Target& target, std::span<const Operand> operands,
                   std::uint64_t random);

Outcome divide(const Target& target, const Operand& a, const Operand& b, std::uint64_t random);

}  // namespace halfulp::emulator

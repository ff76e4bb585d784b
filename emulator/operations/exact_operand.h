// SPDX-License-Identifier: MIT
//
// Operations whose exact result is again a number with a short significand, an infinity or NaN: all
// but arithmetic and functions. IEEE 754-2019 5.3.1 and 5.3.3 (integers, remainder, scaleB, logB),
// 5.5.1 (signs), 5.6.1 (comparisons), 9.6 and 5.3.1 of IEEE 754-2008 (minimum, maximum), 5.8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "emulator/scalar/operand.h"
#include "formats/numbers/value.h"
#include "formats/operation.h"
#include "formats/rounding.h"

namespace halfulp::emulator {

struct ExactOperand {
  Operand x;                 // of NaN the kind alone
  std::optional<Real> real;  // in the place of x: integers of more than 128 bits
  std::uint8_t flags = 0;    // raised besides those of rounding
  bool copied = false;       // a NaN keeps sign and fraction, and nothing is flushed
};

// Precondition: neither is_arithmetic(op) nor is_function(op). Operands are flushed already.
// `random` chooses integers in the stochastic modes.
ExactOperand exact_operand(Op op, const Rounding& rounding, std::span<const Operand> operands,
                           std::uint64_t random);

// Parts of it; operands are finite and not zero, and the quotient of a remainder is rational.
ExactOperand integer_near(const Operand& x, const Rounding& rounding, std::uint64_t random);
ExactOperand remainder(const Operand& x, const Operand& y);
bool is_integer(const Operand& x);
Operand scaled(Operand x, const Operand& n);
std::int64_t leading_exponent(const Operand& x);
Operand operand_of(std::int64_t n);

// Order of two numbers or infinities.
int compare(const Operand& a, const Operand& b);
// NaN, too, has an order or none.
ExactOperand comparison(Op op, const Operand& a, const Operand& b);
ExactOperand extreme(Op op, const Operand& a, const Operand& b);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Functions (IEEE 754-2019 9.2) of unpacked operands, rounded once. What a rounding looks at is cut
// from MPFR's result, which rounds each of its functions correctly toward zero and says whether
// anything was lost; where the neighbours are irrational, or operands are, or nearest turns in the
// logarithm, bounds and exact comparison decide (scalar/logarithmic/irrational.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"
#include "formats/numbers/value.h"
#include "formats/operation.h"

namespace halfulp::emulator {

class RealMemory;

// Precondition: is_function(op); operands are flushed already. The reciprocal of a finite number is
// a division (operations/arithmetic.h) and not answered here. memory: may be null.
Outcome function(Op op, const Target& target, std::span<const Operand> operands,
                 std::uint64_t random, RealMemory* memory = nullptr);
// What the exact result is: finite stands for zero as well.
Operand::Class class_of_function(Op op, std::span<const Operand> operands);

// Results that a table tells: 9.2.1 and clause 7. NaN is an invalid operation.
struct KnownResult {
  Operand number;
  std::uint8_t flags = 0;
};
// Nothing where the function has to be computed. Operands are not NaN.
std::optional<KnownResult> known_function(Op op, std::span<const Operand> operands);
std::optional<KnownResult> known_power(const Operand& x, const Operand& y);
// Is x an odd integer?
bool is_odd_integer(const Operand& x);
// Order of |x| and 1; x nonzero and finite.
int compare_to_one(const Operand& x);

// The operands of what is left: finite, or infinite and zero where the result is no table's. The
// base of a power is positive.

// At least `bits` bits of the result of dyadic operands, jammed. Results beyond every format stand
// at 2^+-2^24.
Exact<Integer> cut_function(Op op, std::span<const Operand> operands, int bits);
// The same of an irrational operand, where bounds tell it: nothing of what is exact, lies beside
// its operand or takes long to be known.
std::optional<Exact<Integer>> cut_irrational(Op op, const Operand& x, int bits);
// A cut, rounded. Nothing where nearest turns in the logarithm and the cut does not tell on which
// side of a turn the result lies.
std::optional<Outcome> round_cut(const Target& target, const Exact<Code>& cut,
                                 std::uint64_t random);
// The same result of any operands, as what it is or by bounds. memory: may be null.
Real real_function(Op op, std::span<const Operand> operands, RealMemory* memory = nullptr);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Operands and real numbers, rounded once to a target of any kind.
#pragma once

#include <cstdint>

#include "emulator/rounding/kinds.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"

namespace halfulp {
struct Real;
}

namespace halfulp::emulator {

// True where logarithms are needed: the operand is irrational, or its neighbours are.
inline bool leaves_integers(const Target& target, const Operand& x) {
  return target.irrational || x.is_irrational();
}

// A finite operand as it stands; one of any class, flushed where the rounding says so: conversion.
Outcome round_number(const Target& target, const Operand& x, std::uint64_t random);
Outcome round_operand(const Target& target, Operand x, std::uint64_t random);

Outcome round_real(const Target& target, const Real& x, std::uint64_t random);

}  // namespace halfulp::emulator

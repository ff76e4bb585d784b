// SPDX-License-Identifier: MIT
//
// The scalar path on unpacked operands: what arrays fall back to, element by element, where lanes
// cannot do it. `random` as in Engine::apply.
#pragma once

#include <cstdint>
#include <span>

#include "emulator/rounding/kinds.h"
#include "emulator/rounding/number.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/operation.h"

namespace halfulp::emulator {

class RealMemory;

// A code as an operand of the operation.
Operand unpack_operand(Op op, const Format& format, Code code);

// Operands are changed: flushed where the rounding says so. memory: of functions; may be null.
Outcome operate(Op op, const Target& target, std::span<Operand> operands, std::uint64_t random,
                RealMemory* memory = nullptr);

// An operation that is neither arithmetic nor a function: what its exact result is (zero stands for
// finite too), and the flags of its rounding apart from those of choosing.
struct Delivered {
  Operand::Class exact = Operand::Class::zero;
  Outcome outcome;
  std::uint8_t rounding_flags = 0;
};
Delivered operate_by_operand(Op op, const Target& target, std::span<const Operand> operands,
                             std::uint64_t random);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Arithmetic on arrays of binary32, rounded once to a narrower grid, at the speed of the
// processor's own arithmetic. Where it is had is the instruction set's to say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/array_round.h"
#include "emulator/kernels/kernels.h"
#include "formats/operation.h"

namespace halfulp::emulator::kernels {

struct ArrayOperation {
  ArrayRounding rounding;  // of results
  bool fused = false;      // whether results are rounded where they are made, without a buffer
  bool to_nan = false;     // fused, by the adder: overflows and infinities are the one NaN
};

// None where binary32 has fewer than two bits more than the grid, or no way of rounding serves. Of
// grids of results: no operand is flushed and there is one NaN.
std::optional<ArrayOperation> array_operation_of(const Grid<std::uint32_t>& grid);

// Views that are no operand's are null. out may be one of the operands.
struct ArrayOperands {
  std::array<const float*, 3> in{};
  std::size_t count = 0;
  bool zero_sum_negative = false;  // an exact zero sum is -0
  bool past_caches = false;        // as in round
  float* out = nullptr;
};

// True where this instruction set has these.
bool has_array_operations();

// out[i] = op(in[0][i], ...) rounded once. Floating-point arithmetic, in
// operation.rounding.direction. Precondition: is_arithmetic(op) and has_array_operations().
void operate(Op op, const ArrayOperation& operation, const ArrayOperands& operands);

}  // namespace halfulp::emulator::kernels

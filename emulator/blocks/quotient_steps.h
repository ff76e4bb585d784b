// SPDX-License-Identifier: MIT
//
// Arithmetic on arrays of doubles that quotients of blocks and their scales are made of.
#pragma once

#include <cstddef>

#include "emulator/arrays/arrays.h"
#include "emulator/kernels/kernels.h"
#include "formats/catalogue/families.h"

namespace halfulp::emulator {

constexpr std::size_t least_narrow_block = 8;

// Products and quotients of numbers in this range, and their errors, stay in that of binary64.
inline constexpr double least_on_lanes = 0x1p-400;
inline constexpr double most_on_lanes = 0x1p400;

inline bool in_range(double x) { return x >= least_on_lanes && x <= most_on_lanes; }

inline const CompiledPlan& binary32_plan() {
  static const CompiledPlan plan({.format = {"binary32", ieee(8, 23)}, .rounding = {}});
  return plan;
}

// a op b on arrays, rounded to odd, or to binary32. NaN where exact arithmetic has to decide;
// answers whether there are any.
inline bool step_to_odd(Op op, const double* a, const double* b, std::size_t count, double* out) {
  return kernels::operate_to_odd({.op = op}, a, b, b, count, out);
}

inline bool step32(Op op, const double* a, const double* b, std::size_t count, double* out) {
  const bool marked = kernels::operate_to_odd({.op = op}, a, b, b, count, out);
  kernels::round(out, count, binary32_plan().arithmetic_grid(), nullptr, out, nullptr);
  return marked;
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// The array functions of the engine's table, and their preconditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/elements.h"
#include "emulator/arrays/plan.h"
#include "emulator/scalar/logarithmic/logarithmic.h"
#include "formats/engine.h"
#include "formats/error.h"

namespace halfulp::emulator {

// Elements of binary32 that are read and written within the caches of most machines: 32 MiB.
inline constexpr std::size_t most_cached = std::size_t{1} << 22;

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts);
void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts);
void encode_array(const View& in, const Plan& plan, const Random& random,
                  std::span<std::uint8_t> out, Counts* counts);
void decode_array(std::span<const std::uint8_t> in, const CompiledPlan& plan,
                  const MutableView& out);
void decode_array(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out);

// An element whose number is of the plan's format: an element next to an irrational one stands for
// it.
inline Operand load_number(const CompiledPlan& plan, const View& view, std::size_t row,
                           std::size_t column) {
  const Operand x = load_operand(view, row, column);
  if (!plan.irrational() || !plan.fits(view.carrier)) return x;
  return number_of(plan.target(), view.carrier, x);
}

// Preconditions.
inline void require_same_shape(const View& a, const MutableView& b) {
  HALFULP_REQUIRE(a.rows == b.rows && a.columns == b.columns, "views of different shapes");
}

inline void require_fits(const CompiledPlan& plan, Carrier carrier) {
  HALFULP_REQUIRE(plan.fits(carrier), "the carrier does not hold every number of " +
                                          plan.quantizer().format.name +
                                          "; use codes (operate, convert, encode)");
}

inline Operand delivered(const CompiledPlan& plan, const Outcome& outcome, bool nan_negative) {
  return delivered(plan.quantizer().format, outcome, nan_negative);
}

}  // namespace halfulp::emulator

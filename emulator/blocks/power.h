// SPDX-License-Identifier: MIT
//
// Blocks under one level of scales that are powers of two, on lanes. The scale of a block is 2^k,
// k = floor(log2 a) - e plus one from some fraction of a on: in terms of a's pattern in the
// carrier, a sum and the exponent field of it. That is so as long as everything is a normal number
// and the scale holds 2^k exactly; blocks where it is not so are left to exact arithmetic.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/blocks/block_scale.h"
#include "emulator/kernels/block_round.h"
#include "emulator/kernels/kernels.h"
#include "formats/block.h"

namespace halfulp::emulator {

template <typename Bits>
struct PowerRule {
  // For patterns p of a from `least` on, p - least <= span: with sum = p + addend,
  // k << fraction bits = sum without its fraction bits - origin.
  Bits least = 0, span = 0, addend = 0, origin = 0;
  int least_power = 0;
  std::vector<Code> codes;  // of the scales 2^k from least_power on
  // Of a block of zeros; absent where it is for exact arithmetic.
  std::optional<Code> zero_block;
  kernels::MovingGrid<Bits> grid;
  // The fast way, of binary32 without counts, and the shifts that it takes.
  std::optional<kernels::MovedRounding> moved;
  Bits least_moved = 0, moved_span = 0;

  static constexpr int fraction_bits = sizeof(Bits) == 4 ? 23 : 52;

  // The shift of a block's grid; false where it is for exact arithmetic.
  bool shift(Bits largest, Bits& moved) const {
    constexpr Bits fraction = (Bits{1} << fraction_bits) - 1;
    moved = ((largest + addend) & ~fraction) - origin;
    if (largest - least <= span) return true;
    moved = 0;
    return largest == 0 && zero_block;
  }
  // Whether the fast way takes the block.
  [[nodiscard]] bool moves(Bits shift) const { return shift - least_moved <= moved_span; }
  [[nodiscard]] Code code(Bits largest, Bits moved) const {
    if (largest == 0) return *zero_block;
    const auto power = static_cast<std::make_signed_t<Bits>>(moved) >> fraction_bits;
    return codes[static_cast<std::size_t>(power - least_power)];
  }
};

// Null where lanes cannot do it.
std::unique_ptr<const PowerRule<std::uint32_t>> power_rule32(const BlockFormat& format,
                                                             const CompiledLevel& level,
                                                             const CompiledPlan& element);
std::unique_ptr<const PowerRule<std::uint64_t>> power_rule64(const BlockFormat& format,
                                                             const CompiledLevel& level,
                                                             const CompiledPlan& element);

// A grid that can be moved, and whose NaN results are positive.
template <typename Bits>
kernels::MovingGrid<Bits> moving_grid(const kernels::Grid<Bits>& grid);
// The powers of two by which it may be moved.
struct Powers {
  int least = 0, most = 0;
};
template <typename Bits>
Powers powers_of(const kernels::Grid<Bits>& grid);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded to formats that have no grid: posits to nearest even, and those of
// which few patterns are delivered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator::kernels {

// Constants of gridless_round.cc. Zeros become +0.
struct PositRounding {
  std::uint32_t least = 0, largest = 0;  // patterns of the least and the largest magnitude
  std::uint32_t offset = 0;
  std::uint32_t regime = 0;            // that of 1, with the offset
  int regime_place = 0;                // its lowest bit
  int longest = 0;                     // n - 3
  int dropped = 0;                     // bits that a number with the shortest regime loses
  Signs<std::uint32_t> infinity, nan;  // what becomes of them, for the caller to say
};
// None where a magnitude is no normal number of binary32, or has more bits than it.
std::optional<PositRounding> posit_rounding_of(int bits, int exponent_bits);
void round_posits(const float* in, std::size_t count, const PositRounding& rounding, float* out);

// Patterns from begins[k] on, up to the next, become values[k]; begins[0] is 0, and what is behind
// the last repeats it, with the greatest of all patterns.
struct Staircase {
  static constexpr std::size_t most = 32;
  std::array<std::uint32_t, most> begins, values;
};
// False, and nothing written, where the machine has no kernel for it.
bool round_by_staircase(const float* in, std::size_t count, const Staircase& stairs, float* out);

}  // namespace halfulp::emulator::kernels

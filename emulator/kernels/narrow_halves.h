// SPDX-License-Identifier: MIT
//
// Elements of four bits under scales of at most eight that many blocks share, by tables of those
// scales.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "emulator/kernels/array_codes.h"
#include "emulator/kernels/block_round.h"
#include "emulator/kernels/kernels.h"

namespace halfulp::emulator::kernels {

// Constants of narrow_halves.cc.
struct HalvesRounding {
  float least = 1;          // the least normal number
  std::uint32_t most = 0;   // the place of the largest
  std::uint32_t raise = 0;  // added to a place
  std::uint32_t far = 0;    // bits of the sum, all zero where a turn is near
  int spare_bits = 0;
};
// Precondition: what narrow_by_quotients made, of codes of four bits.
HalvesRounding halves_rounding_of(const MovedRounding& rounding);

// Of each code of a scale: what a magnitude is multiplied by, and what elements become.
struct HalvesTable {
  struct By {
    float once = 1, twice = 2;
  };
  std::array<By, 256> by;
  ScaledHalves halves;
};
// numbers: of the elements' codes. False where the machine has no such kernel, or a scale is too
// near to the ends of floats. Precondition: that of narrow_by_quotients. Floating-point arithmetic.
bool make_halves(const HalvesRounding& rounding, const DecodeTable& numbers,
                 const ScaleNumbers& scales, HalvesTable& table);

// Blocks of whole vectors of 16 elements: the codes of their scales, and these.
struct ScaledBlocks {
  const std::uint64_t* codes = nullptr;
  const double* scales = nullptr;
  std::size_t block = 16;
};
// As round_narrow of finite numbers; codes packed, two in a byte, may be null. Precondition:
// make_halves was true, and the forced instruction set is the same. count is a multiple of 16.
// Floating-point arithmetic.
void round_halves(const float* in, std::size_t count, const NarrowTable& turns,
                  const HalvesRounding& rounding, const HalvesTable& table,
                  const ScaledBlocks& blocks, float* out, std::uint8_t* codes);

}  // namespace halfulp::emulator::kernels

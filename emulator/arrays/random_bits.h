// SPDX-License-Identifier: MIT
//
// Random::bits for many elements at once, through the vector generator.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/random.h"

namespace halfulp::emulator {

// The elements whose draws are wanted: index first, first + stride, ... ; count at most
// draw_segment.
inline constexpr std::size_t draw_segment = 256;
struct Draws {
  std::uint64_t first = 0, stride = 1;
  std::size_t count = 0;
};

// out[i] = random.bits(first + i * stride, bits). 32-bit words: bits at most 32.
void draw(const Random& random, int bits, const Draws& draws, std::uint32_t* out);
void draw(const Random& random, int bits, const Draws& draws, std::uint64_t* out);

}  // namespace halfulp::emulator

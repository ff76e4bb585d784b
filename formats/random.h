// SPDX-License-Identifier: MIT
//
// Random bits by counter: a pure function of (seed, stream, index), so that what an element draws
// depends neither on order nor on threads, lanes or the other elements. The generator is
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011), with
//     key = (low, high word of seed),  counter = (low, high word of index / 4, low, high word of
//     stream),
// whose output word index mod 4 is word(index).
#pragma once

#include <array>
#include <cstdint>

namespace halfulp {

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key);

struct Random {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t offset = 0;  // added to every index: where a part of an array begins in the whole

  [[nodiscard]] std::uint32_t word(std::uint64_t index) const;
  // `count` (1 to 64) random bits for one element: the high bits of its word; above 32, of the two
  // words 2 index (high) and 2 index + 1 (low).
  [[nodiscard]] std::uint64_t bits(std::uint64_t index, int count) const;
};

}  // namespace halfulp

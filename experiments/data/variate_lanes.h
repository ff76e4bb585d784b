// SPDX-License-Identifier: MIT
//
// What fills long arrays of variates, on the machine's vectors (experiments/data/variates.h has the
// definition).
#pragma once

#include <cstddef>
#include <cstdint>

namespace halfulp::experiments {

inline constexpr std::size_t variate_block = 512;  // numbers at a time, at most

// q of count variates, the middles of their cells less one half, from two words of the generator
// each, the high one first. count: at most variate_block.
void cells(const std::uint32_t* words, std::size_t count, double* q);

// Normal variates of count q. count: at most variate_block.
void normals(const double* q, std::size_t count, double* out);

}  // namespace halfulp::experiments

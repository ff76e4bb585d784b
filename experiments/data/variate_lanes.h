// SPDX-License-Identifier: MIT
//
// What fills long arrays of variates, on the machine's vectors (experiments/data/variates.h has the
// definition).
#pragma once

#include <cstddef>
#include <cstdint>

namespace halfulp::experiments {

inline constexpr std::size_t variate_block = 512;  // numbers at a time, at most

// q of count variates, the middles of their cells less one half, from a unit of the generator each.
// count: of whole vectors of any target, as below, and at most variate_block.
void cells(const std::uint64_t* units, std::size_t count, double* q);

// Normal variates of count q. count: at most variate_block.
void normals(const double* q, std::size_t count, double* out);

}  // namespace halfulp::experiments

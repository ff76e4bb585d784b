// SPDX-License-Identifier: MIT
//
// Is one engine equal to the reference on matrices in block formats, bit for bit? Matrices are
// drawn, each a pure function of its number: its shape (ragged ends, single rows and columns,
// gaps), its carriers, numbers at those of the element's format and the middles between them times
// powers of two and scales, zeros, and numbers at the ends of the carrier, infinities and NaN.
// Compared are values, codes, scales, zero points and counts.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/block.h"
#include "formats/engine.h"
#include "golden/equality/equality.h"

namespace halfulp::equality {

// Matrices [begin, end) of those drawn for a format.
struct Matrices {
  BlockFormat format;
  bool decoded = false;  // random codes back to numbers; else numbers to the format
};

// How many cases a matrix makes, about: what a budget is divided by.
inline constexpr std::uint64_t cases_per_matrix = 100;

// Elements are rounded in all modes by turns; of every second matrix the choices for zero and
// special blocks are drawn too.
Tally check_matrices(const Matrices& matrices, const CaseRange& range,
                     const std::vector<Mode>& modes, const Engine& engine);
// The engine's answers alone as one number, as digest_range.
std::uint64_t digest_matrices(const Matrices& matrices, const CaseRange& range,
                              const std::vector<Mode>& modes, const Engine& engine);

}  // namespace halfulp::equality

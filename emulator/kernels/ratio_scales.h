// SPDX-License-Identifier: MIT
//
// Scales of many blocks at once, each the ratio of the block's largest magnitude and a number that
// all have in common, rounded to a float with few bits: for those formats that allow it, which is
// decided once, at preparation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

struct RatioRounding {
  Magic<std::uint64_t> magic;
  std::uint64_t spare_bits = 0, offset = 0;  // of ranks (ratio_scales.cc)
};
// None where the scale's rounding is not to nearest even, or where a quotient rounded to binary64
// might round otherwise than the exact one. divisor_bits: that the divisor has at most.
std::optional<RatioRounding> ratio_rounding_of(const Grid<std::uint64_t>& grid, int divisor_bits);

struct Ratio {
  double divisor = 1, outer = 1;  // both finite and positive, from 2^-400 to 2^400
};
// totals[k]: largest[k] / divisor rounded, times outer; NaN where the largest is no finite number
// above zero or its quotient rounds to zero or beyond the largest scale; answers whether none is.
// largest: patterns without sign. ranks: of the scales, which are their codes; not of those that
// are NaN. Floating-point arithmetic.
bool ratio_scales(const std::uint32_t* largest, std::size_t count, const RatioRounding& rounding,
                  const Ratio& ratio, double* totals, std::uint64_t* ranks);

// The largest of many blocks' largest; 0 of none.
std::uint32_t largest_of(const std::uint32_t* largest, std::size_t count);

}  // namespace halfulp::emulator::kernels

// SPDX-License-Identifier: MIT
//
// Operands of the figures, and the comparison of engines that precedes every timing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/format.h"

namespace halfulp::cli::bench {

inline constexpr std::size_t l2_elements = std::size_t{1} << 16;

// Numbers of both signs over the range of a format, in which every branch of a rounding is taken:
// most near one, some that are subnormal or overflow in the format, ties, and a few zeros,
// infinities and NaN. Beyond 64 Ki elements they come again.
std::vector<float> numbers_for(const Format& format, std::size_t count, std::uint64_t stream);
// Numbers of the format near one, positive and negative, whose sums stay in its range.
std::vector<float> tame_numbers(const Format& format, std::size_t count, std::uint64_t stream);

// How many elements of an array are compared with the reference.
inline constexpr std::size_t compared = 4096;
// Throws Error naming the figure where the bytes differ; NaN of floats counts as NaN.
void require_same(const std::vector<float>& got, const std::vector<float>& want,
                  const std::string& figure);
void require_same(const std::vector<std::uint8_t>& got, const std::vector<std::uint8_t>& want,
                  const std::string& figure);

}  // namespace halfulp::cli::bench

// SPDX-License-Identifier: MIT
//
// The roundings under which a range of operands is checked: every mode in its plain form, and some
// more with drawn overflow rules, tininess, flushing and NaN rules.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/random.h"
#include "formats/rounding.h"

namespace halfulp::equality {

inline constexpr int variations = 6;  // a range of operands
inline constexpr std::uint64_t draw_seed = 2;

struct Instance {
  Quantizer quantizer;
  bool extremes = false;  // stochastic: with random bits all zero and all one too
  Generator generator = Generator::philox4x32_10;
};

// Of results in a format; number: that of the range, by which the roundings differ.
std::vector<Instance> instances_of(const Format& format, std::uint64_t number,
                                   const std::vector<Mode>& modes);

}  // namespace halfulp::equality

// SPDX-License-Identifier: MIT
//
// Random variates of mean 0 and variance 1 by counter: variate i of a stream is a function of that
// stream's words 2 i and 2 i + 1 alone, so arrays can be filled in any order and in any pieces.
// Normal variates are the inverse normal distribution function (experiments/data/inverse_normal.h)
// at the middle of one of 2^53 equal cells of (0, 1). The words are
// Philox's, whatever Random::generator says: data do not change with the bits that roundings draw.
#pragma once

#include <cstdint>
#include <span>

#include "formats/random.h"

namespace halfulp::experiments {

enum class Law : std::uint8_t { gaussian, uniform, two_point };

// Fills out with variates first, first + 1, ... of the stream. Precondition: random.offset is 0.
void fill_variates(Law law, const Random& random, std::uint64_t first, std::span<double> out);

// The fourth central moment of the law.
double fourth_moment(Law law);

}  // namespace halfulp::experiments

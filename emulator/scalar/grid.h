// SPDX-License-Identifier: MIT
//
// Rounding to multiples of powers of two: floats, fixed point and affine integers.
#pragma once

#include <cstdint>

#include "emulator/scalar/cut.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

// x nonzero, rounded once with the exponent unbounded above, then delivered; of a float without
// subnormals not below its least number. For Word = Code and WideWord.
template <typename Word>
Outcome round_to_grid(const Target& target, const InUnits<Word>& x, std::uint64_t random);

// By the scheme's widest word: turns and random bits look at no more of a number on a grid.
Outcome round_by_wide_word(const Target& target, const Exactly<Integer>& x, std::uint64_t random);

// Of a grid whose other fields are set.
std::int64_t most_exponent_of(const Target& target);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded at the speed of memory, for those grids that allow it: which way
// serves a grid is decided once, at preparation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/array_rounding.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

// None where no way serves; then kernels::round does.
std::optional<ArrayRounding> array_rounding_of(const Grid<std::uint32_t>& grid);

// As kernels::round without counts. past_caches: by stores that leave the caches alone and wait for
// no line of memory to be read. Floating-point arithmetic, in rounding.direction.
void round(const float* in, std::size_t count, const ArrayRounding& rounding, bool past_caches,
           float* out);

// Mode::stochastic with at most 24 random bits, into floats with a sign and a negative zero
// (array_stochastic.cc).
struct StochasticRounding {
  Magic<std::uint32_t> magic;
  int random_bits = 1;
  float unit = 0;           // 2^(-t - R): times the leading power and a draw, what is added
  std::uint32_t clamp = 0;  // magnitudes are cut to the number behind the limit
  std::uint32_t limit = 0;  // patterns; overflow's stands in magic
  std::uint32_t nan_above = 0, nan = 0;
};
std::optional<StochasticRounding> stochastic_rounding_of(const Grid<std::uint32_t>& grid);

// Draws Random::bits of element i at index i. Floating-point arithmetic, in Direction::zero.
void round(const float* in, std::size_t count, const StochasticRounding& rounding,
           const Random& random, bool past_caches, float* out);

// Fields of random_units, from field `skipped` on, and how results are stored.
struct FieldRun {
  const std::uint64_t* units = nullptr;
  std::size_t skipped = 0;
  bool past_caches = false;
};

}  // namespace halfulp::emulator::kernels

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded at the speed of memory, for those grids that allow it: which way
// serves a grid is decided once, at preparation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/environment.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

// How array_round.cc rounds.
enum class ArrayWay : std::uint8_t {
  shift,       // the format has the carrier's exponents: every number discards the same bits
  conversion,  // binary16, by the processor's own
  adder,       // magic_round.h
  directed,    // the same under a rounding direction
  halves,      // half a quantum is added first
  odd          // toward zero, then to odd
};

// What stands for infinities and NaN, where infinities are like overflows or NaN and no NaN keeps a
// fraction: then that is a comparison.
enum class ArrayForm : std::uint8_t {
  symmetric,  // the sign of a result is the operand's, its magnitude that of either sign
  one_nan,    // the same but for NaN, which is the same of both signs
  plain,      // signs differ
  any         // none of this
};

struct ArrayRounding {
  ArrayWay way = ArrayWay::adder;
  ArrayForm form = ArrayForm::any;
  Direction direction = Direction::nearest;  // of the environment that the kernel needs
  Magic<std::uint32_t> magic;                // shift: of these only what stands beyond the last
  std::uint32_t spare_bits = 0;              // shift: how many bits are discarded
  bool of_magnitude = false;                 // directed, halves: |x| is rounded
  float half = 0;               // halves: of the quantum, times the leading power of two
  std::uint32_t nan_above = 0;  // not of any form: NaN stands for magnitudes above
  Signs<std::uint32_t> infinity, nan;
  std::uint32_t nan_fraction = 0;
};

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

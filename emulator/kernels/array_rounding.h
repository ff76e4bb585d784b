// SPDX-License-Identifier: MIT
//
// What array_round.cc makes of a grid, in plain types.
#pragma once

#include <cstdint>

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

}  // namespace halfulp::emulator::kernels

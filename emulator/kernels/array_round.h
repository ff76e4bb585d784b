// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded at the speed of memory, for those grids that allow it: which way
// serves a grid is decided once, at preparation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

// How array_round.cc rounds. `shift`: the format has the carrier's exponents, so that every number
// discards the same bits. `adder`: magic_round.h. `conversion`: binary16, by the processor's own.
enum class ArrayWay : std::uint8_t { shift, adder, conversion };

struct ArrayRounding {
  ArrayWay way = ArrayWay::adder;
  // shift: of these only what stands beyond the last; simple where a carry makes it infinite.
  Magic<std::uint32_t> magic;
  std::uint32_t spare_bits = 0;  // shift: how many bits are discarded
  Signs<std::uint32_t> infinity, nan;
  std::uint32_t nan_fraction = 0;
};

// None where no way serves; then kernels::round does.
std::optional<ArrayRounding> array_rounding_of(const Grid<std::uint32_t>& grid);

// As kernels::round without counts. Floating-point arithmetic.
void round(const float* in, std::size_t count, const ArrayRounding& rounding, float* out);

}  // namespace halfulp::emulator::kernels

// SPDX-License-Identifier: MIT
//
// Blocks of binary32 under scales that are powers of two, in few operations a vector, for those
// element formats that allow it: which, and which powers, is decided once, at preparation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/kernels/array_codes.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

// What becomes of numbers beyond the largest.
enum class MovedForm : std::uint8_t {
  saturating,  // the largest, which both signs share; there is a negative zero
  by_sign,     // the largest of their sign
  overflowing  // infinity or NaN; otherwise like `saturating`
};

// To nearest, ties to even, into a grid that a power of two moves.
struct MovedRounding {
  MovedForm form = MovedForm::saturating;
  Magic<std::uint32_t> magic;  // of the grid as it is
  Signs<std::uint32_t> clamp;  // magnitudes are no larger: the limit, or the number behind it
  // The powers that magic_round.h's sum allows.
  int least_power = 0, most_power = 0;
  int width = 0;  // of the codes, 8 or 4; 0 where they are for other kernels
  std::uint32_t spare_bits = 0, offset = 0;  // ArrayEncoding
  // Added to the pattern of the leading power of two: that of a distance from the rounded number
  // which is nearly half of the spacing (narrow.cc).
  std::uint32_t close = 0;
};
// None where the adder does not serve the grid, or numbers beyond the largest become something
// else. encoding: of the same grid; may be null.
std::optional<MovedRounding> moved_rounding_of(const MovingGrid<std::uint32_t>& moving,
                                               const ArrayEncoding* encoding);

// The rounding that round_narrow may do by quotients: saturating, few fraction bits, far from the
// ends of floats. scale_bits: that scales have at most.
std::optional<MovedRounding> narrow_by_quotients(const MovingGrid<std::uint32_t>& moving,
                                                 const ArrayEncoding* encoding, int scale_bits);
// round_narrow with it; null for turns alone.
void round_narrow(const float* in, std::size_t count, const NarrowTable& table,
                  const MovedRounding* quotients, const Scales& scales, float* out,
                  std::uint8_t* codes);

// As round_moved and encode_moved, of finite numbers. Precondition: all powers are within those
// that may be. codes: packed, may be null; the bits behind the last of a byte are zero.
// Floating-point arithmetic.
void round_moved(const float* in, std::size_t count, const MovedRounding& rounding,
                 const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes);

}  // namespace halfulp::emulator::kernels

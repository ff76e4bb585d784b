// SPDX-License-Identifier: MIT
//
// Numbers in their carriers: elements of views as operands, and back.
#pragma once

#include <cstddef>
#include <vector>

#include "emulator/rounding/kinds.h"
#include "emulator/scalar/operand.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// The double, or float, of an operand that it holds, or next to an irrational one. NaNs are quiet
// and keep sign and fraction.
double double_of(const Operand& x);
float float_of(const Operand& x);

// The numbers of all codes of a format, of at most 16 bits, as the carrier holds them.
std::vector<double> carried_numbers(const Format& format, Carrier carrier);

// Elements of a view.
inline Operand load_operand(const View& view, std::size_t row, std::size_t column) {
  const std::size_t place = row * view.stride + column;
  return view.carrier == Carrier::binary32
             ? unpack_float(static_cast<const float*>(view.data)[place])
             : unpack_double(static_cast<const double*>(view.data)[place]);
}

// A number or NaN that the carrier holds into its place.
inline void store(const MutableView& out, std::size_t index, const Operand& x) {
  const std::size_t place = index / out.columns * out.stride + index % out.columns;
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = float_of(x);
  } else {
    static_cast<double*>(out.data)[place] = double_of(x);
  }
}

}  // namespace halfulp::emulator

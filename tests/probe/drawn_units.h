// SPDX-License-Identifier: MIT
//
// Units of the family that probing looks for (docs/probe.md), drawn: any operands, accumulator,
// rounding, alignment, structure, order and handling of special numbers.
#pragma once

#include "formats/matrix_unit.h"
#include "tests/support/sampling.h"

namespace halfulp::probe {

MatrixUnit draw_unit(sampling::Stream& stream);

}  // namespace halfulp::probe

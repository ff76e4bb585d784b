// SPDX-License-Identifier: MIT
//
// Tables of elements with few magnitudes (kernels::NarrowTable), for those whose rounding is the
// same on both sides of zero.
#pragma once

#include <optional>

#include "emulator/kernels/kernels.h"
#include "formats/rounding.h"

namespace halfulp::emulator {

// Nothing where elements are no floats or fixed point with a sign and few magnitudes, saturated and
// rounded alike on both sides of zero.
std::optional<kernels::NarrowTable> narrow_table(const Quantizer& element);

}  // namespace halfulp::emulator

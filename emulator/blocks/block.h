// SPDX-License-Identifier: MIT
//
// Matrices in block formats: the engine's functions.
#pragma once

#include "formats/engine.h"

namespace halfulp::emulator {

void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts);
void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Matrices in block formats, step by step as formats/block.h numbers them: every scale and every
// element is one exact quotient, rounded once by reference/round.h; the steps that peers make in
// binary32 are this folder's own operations on exact numbers.
#pragma once

#include "formats/engine.h"

namespace halfulp::reference {

BlockPlan prepare_block(const BlockFormat& format, const Preparation& preparation);
void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts);
void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out);

}  // namespace halfulp::reference

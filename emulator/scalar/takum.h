// SPDX-License-Identifier: MIT
//
// Linear takums (arXiv 2404.18603, section 3), as whose codes logarithmic ones are coded.
#pragma once

#include "emulator/scalar/tapered.h"

namespace halfulp::emulator {

// The takum of a positive x.
TaperedCut cut_takum(const Target& target, const Exact<Code>& x);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// The fast engine: descriptions compiled to plans, plans run on vector lanes, everything that lanes
// cannot do by integer arithmetic on codes. It agrees in every bit with reference::engine(), on
// every instruction set and in every floating-point environment of the caller.
#pragma once

#include "formats/engine.h"

namespace halfulp::emulator {

const Engine& engine();

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Elementwise operations on arrays of binary32 without counts, where lanes of binary32 or of
// functions serve.
#pragma once

#include <span>

#include "emulator/arrays/plan.h"
#include "formats/engine.h"
#include "formats/operation.h"

namespace halfulp::emulator {

// False, with nothing done, where they do not serve. Preconditions: those of map_array.
bool map_floats(Op op, std::span<const View> in, const CompiledPlan& plan, const MutableView& out);

}  // namespace halfulp::emulator

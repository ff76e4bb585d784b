// SPDX-License-Identifier: MIT
//
// Which of the processor's vector instructions the kernels use. It selects speed only, never
// results; the tests force each in turn. The choice holds for the whole process: set it before work
// is started on other threads.
#pragma once

#include <string>
#include <vector>

namespace halfulp::emulator {

// Those that this machine can run, best first, such as "AVX3", "AVX2", "SSE4", "SCALAR".
std::vector<std::string> instruction_sets();

// Uses the named one; the best again for the empty name. Throws Error for one that the machine has
// not.
void force_instruction_set(const std::string& name_or_empty);

// The one in use.
std::string instruction_set();

}  // namespace halfulp::emulator

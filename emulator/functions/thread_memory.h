// SPDX-License-Identifier: MIT
#pragma once

namespace halfulp::emulator {

// Gives back what MPFR keeps for the calling thread once functions were computed on it: constants
// and memory for numbers, about a kilobyte. No result depends on them. MPFR keeps them beyond the
// thread's end.
void release_thread_memory();

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
#include "emulator/functions/thread_memory.h"

#include <mpfr.h>

namespace halfulp::emulator {

void release_thread_memory() { mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE); }

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// What the program keeps between its calculations, for as long as it runs: tables of functions,
// which lie in a folder too, under $HALFULP_CACHE, else $XDG_CACHE_HOME/halfulp, else
// ~/.cache/halfulp. HALFULP_CACHE=off keeps them in memory only.
#pragma once

#include "formats/caches.h"

namespace halfulp::cli {

Caches& program_caches();

}  // namespace halfulp::cli

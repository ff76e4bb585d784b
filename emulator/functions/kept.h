// SPDX-License-Identifier: MIT
//
// What this engine keeps in a program's Caches.
#pragma once

#include <memory>

#include "emulator/functions/function_table.h"
#include "emulator/functions/real_memory.h"
#include "formats/caches.h"

namespace halfulp::emulator {

struct Kept {
  FunctionTables tables;
  RealMemory reals;
};

// Null where there is nothing to keep it in.
inline std::shared_ptr<Kept> kept_in(Caches* caches) {
  if (caches == nullptr) return nullptr;
  return caches->at<Kept>("emulator", [caches] {
    return std::shared_ptr<Kept>(new Kept{.tables = FunctionTables(caches->folder()), .reals = {}});
  });
}

}  // namespace halfulp::emulator

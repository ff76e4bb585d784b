// SPDX-License-Identifier: MIT
//
// What comes out of a repeat of a point.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/metrics.h"

namespace halfulp::experiments {

struct RepeatOutcome {
  std::string error;  // why this point failed, else empty
  Metrics metrics, theory;
  std::vector<Series> series;  // of equal names and steps in every repeat of a point
  std::string note;            // what a reader must know of this repeat besides; empty: nothing
  std::uint64_t digest = 0;    // of all that was trained, bit for bit
};

}  // namespace halfulp::experiments

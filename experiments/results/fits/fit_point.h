// SPDX-License-Identifier: MIT
//
// A point of a study as fits see it.
#pragma once

#include <optional>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// What a fit sees of a point: what the sweep set, the whole document, and each metric's value in
// every repeat (absent for a point that failed).
struct FitPoint {
  const Json* set = nullptr;
  const Json* document = nullptr;
  std::vector<std::optional<std::vector<double>>> metrics;  // in the order of metric_names
};

}  // namespace halfulp::experiments

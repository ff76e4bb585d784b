// SPDX-License-Identifier: MIT
//
// Laws fitted to the points of a study: one record for each fit and group. results/fits/ has a file
// a kind, and scatter.h how errors follow from the repeats.
#pragma once

#include <optional>
#include <string>
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

// The list `fits` of a document, defaults filled in. swept: the pointers of its sweep; group_by is
// by default all of them but the fit's axes. resolved: one point's document. Throws Error.
Json check_fits(const Json& fits, const std::vector<std::string>& swept, const Json& resolved);

// One record for each fit and group (for each fit and point, for effective sizes). A group that
// allows no fit has a record with "error".
Json compute_fits(const Json& checked, const std::vector<FitPoint>& points);

}  // namespace halfulp::experiments

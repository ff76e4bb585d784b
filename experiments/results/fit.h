// SPDX-License-Identifier: MIT
//
// Laws fitted to the points of a study: one record for each fit and group. results/fits/ has a file
// a kind, and scatter.h how errors follow from the repeats.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/fits/fit_point.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The list `fits` of a document, defaults filled in; group_by is by default all that is swept but
// the fit's axes. resolved: one point's document. Throws Error.
Json check_fits(const Json& fits, const FitScope& scope, const Json& resolved);

// One record for each fit and group (for each fit and point, for effective sizes). A group that
// allows no fit has a record with "error".
Json compute_fits(const Json& checked, const std::vector<FitPoint>& points);

}  // namespace halfulp::experiments

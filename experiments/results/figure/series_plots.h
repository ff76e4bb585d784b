// SPDX-License-Identifier: MIT
//
// Plots of what was measured at several steps of training: a plot a series, a curve a point of the
// study, both axes logarithmic.
#pragma once

#include <vector>

#include "experiments/results/figure/plots.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Empty where the result has no series. At most 20 curves a plot; captions say what is left out.
std::vector<Plot> series_plots(const Json& result);

}  // namespace halfulp::experiments

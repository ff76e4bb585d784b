// SPDX-License-Identifier: MIT
//
// How a document wants its sweep drawn as maps of cells: what stands along the rows and columns,
// and which metric gives a cell its colour. figure/map_plots.h makes them of a result.
#pragma once

#include <vector>

#include "experiments/results/fits/fit_point.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The list `maps` of a document, defaults filled in. sets: of every point, what the sweep has
// there. Throws Error.
Json check_maps(const Json& maps, const FitScope& scope, const std::vector<const Json*>& sets);

}  // namespace halfulp::experiments

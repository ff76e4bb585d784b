// SPDX-License-Identifier: MIT
//
// The maps that a result's document asks for (results/map.h): a row and a column for every value,
// or tuple of values, of the fields along the sides; what else is swept makes panels. Values are
// means over the repeats, or their ratios to the point that is relative_to's and else the same.
#pragma once

#include <vector>

#include "experiments/results/figure/plot.h"
#include "formats/json.h"

namespace halfulp::experiments {

// At most 24 maps of 200 rows, 100 columns and 12 panels; captions say what is left out. A map that
// is not well formed is passed over, so that any result can be shown.
std::vector<Plot> map_plots(const Json& result);

}  // namespace halfulp::experiments

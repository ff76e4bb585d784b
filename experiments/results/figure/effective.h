// SPDX-License-Identifier: MIT
//
// The picture that states a law of effective sizes: risk against model size, and beside it the
// sizes of model and data in full precision that each precision is worth, where fits of the kind
// effective_sizes say them.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/plot.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The effective sizes of both axes for the precision of the point `sample`, bars 95 % intervals.
// Empty where no fit of `metric` over the model size x holds it.
EffectiveSizes effective_sizes(const Json& result, const std::string& x, const std::string& metric,
                               const Json& sample);

// A plot of three panels for every panel of `plot` whose curves have effective sizes: lines are
// theory's, points measured. The curve of full precision is the line on which sizes count as
// they are.
std::vector<Plot> law_plots(const Plot& plot);

}  // namespace halfulp::experiments

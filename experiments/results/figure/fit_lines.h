// SPDX-License-Identifier: MIT
//
// The fits of a result that belong to one curve of a plot, as lines to draw.
#pragma once

#include "experiments/results/figure/plots.h"

namespace halfulp::experiments {

// The fits of `metric` against the field `x` whose group holds the point `sample`. measured: the
// curve's points in increasing x; a line goes from the first to the last of them that is in the
// fit's range. Anything but a fit with finite numbers is passed over.
std::vector<FitLine> fit_lines(const Json& result, const std::string& x, const std::string& metric,
                               const Json& sample, const std::vector<PlotPoint>& measured);

// The fitted law at x; NaN where x / ln x has no meaning.
double fit_at(const FitLine& line, double x);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Which plots a result asks for: what stands on the axes, which points make a curve, what becomes a
// panel of its own, and beside each the ratio to full precision.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/plot.h"
#include "experiments/results/figure/swept.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The plots of a result: x a swept number, y a metric, both axes logarithmic. metrics: those to
// plot; empty: those that the fits name, else the one the experiment is about. Where fits say what
// sizes are worth, a plot of three panels stands before the one it comes from. At most 24 plots of
// 6 panels of 20 curves; captions say what is left out.
std::vector<Plot> natural_plots(const Json& result, const std::vector<std::string>& metrics);

// Why a result has no plot, as a sentence without its stop.
std::string why_no_plot(const Json& result);

}  // namespace halfulp::experiments

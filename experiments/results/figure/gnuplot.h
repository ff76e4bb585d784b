// SPDX-License-Identifier: MIT
//
// Plots as scripts for gnuplot, which draws them as SVG. A script stands alone, with its numbers in
// it, so that it can be kept beside a paper and changed there. Colours are those of Okabe and Ito,
// "Color Universal Design" (2008), which people with any colour vision can tell apart; every curve
// has its own mark too.
//
// Curves stand side by side: each is moved along x, with its theory and its fit, by a few pixels
// that are the same at all its points, so that policies of equal risk stay visible. Beside the risk
// (below it, where there are several panels) stands the ratio to full precision.
#pragma once

#include <string>

#include "experiments/results/figure/plot.h"

namespace halfulp::experiments {

// The commands that draw the plot into the file `output`. Texts of the plot stand in it as single-
// quoted strings in which gnuplot expands nothing.
std::string gnuplot_script(const Plot& plot, const std::string& output);

}  // namespace halfulp::experiments

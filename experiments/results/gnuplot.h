// SPDX-License-Identifier: MIT
//
// Plots drawn by gnuplot as SVG. A script stands alone, with its numbers in it, so that it can be
// kept beside a paper and changed there. Colours are those of Okabe and Ito, "Color Universal
// Design" (2008), which people with any colour vision can tell apart; every curve has its own mark
// too.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/plots.h"

namespace halfulp::experiments {

// The commands that draw the plot into the file `output`. Texts of the plot stand in it as single-
// quoted strings in which gnuplot expands nothing.
std::string gnuplot_script(const Plot& plot, const std::string& output);

// Runs gnuplot in a temporary folder over each plot and answers the SVG texts. Throws Error where
// gnuplot is missing or fails.
std::vector<std::string> draw(const std::vector<Plot>& plots);

}  // namespace halfulp::experiments

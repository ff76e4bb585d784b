// SPDX-License-Identifier: MIT
//
// Runs gnuplot over the scripts of plots.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/plot.h"

namespace halfulp::experiments {

// Runs gnuplot over each plot and answers the SVG texts. scratch: where a folder of its own is made
// for as long as that takes. Throws Error where gnuplot or that folder is missing, or gnuplot
// fails.
std::vector<std::string> draw(const std::vector<Plot>& plots, const std::string& scratch = "/tmp");

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Runs gnuplot over the scripts of plots.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/plots.h"

namespace halfulp::experiments {

// Runs gnuplot in a temporary folder over each plot and answers the SVG texts. Throws Error where
// gnuplot or the folder for temporary files is missing, or gnuplot fails.
std::vector<std::string> draw(const std::vector<Plot>& plots);

}  // namespace halfulp::experiments

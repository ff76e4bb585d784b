// SPDX-License-Identifier: MIT
//
// A map as a script for gnuplot. Colours go from nearly white to nearly black through one hue, so
// that they keep their order for any colour vision and in print; the number stands in the cell
// where there is room, and what became of a point is told by letters, which the legend explains.
#pragma once

#include <string>

#include "experiments/results/figure/heat_map.h"

namespace halfulp::experiments {

// The commands that draw the map into the file `output`. Texts stand in it as single-quoted strings
// in which gnuplot expands nothing.
std::string map_script(const HeatMap& map, const std::string& output);

// A share of the way from the lowest to the highest number as 0xRRGGBB.
unsigned map_colour(double share);
// "0.98", "12", "3e5": two digits in few characters.
std::string short_number(double x);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// A plot as numbers and words. Nothing here knows how it is drawn.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/fit_lines.h"
#include "experiments/results/figure/heat_map.h"

namespace halfulp::experiments {

// What the sizes along an axis are worth in full precision.
struct EffectiveCurve {
  std::vector<PlotPoint> measured, theory;
};
struct EffectiveSizes {
  std::string model_axis, data_axis;
  EffectiveCurve model, data;
};

struct Curve {
  std::size_t style = 0;            // its place in the plot's labels, and its colour and mark
  std::vector<PlotPoint> measured;  // in increasing x, like all lists here
  std::vector<PlotPoint> theory;
  std::vector<PlotPoint> ratio, ratio_theory;  // to the curve of full precision
  std::vector<double> above, below;  // x of points that have no place: diverged or beyond the axis,
                                     // and not positive
  std::vector<FitLine> fits;
  EffectiveSizes effective;
  bool level = false;      // a single value that does not depend on x: drawn as a horizontal line
  bool joined = true;      // by a line from point to point, where no fit is drawn; else lines are
                           // theory's alone
  bool reference = false;  // of full precision: its ratio is 1
};

struct Panel {
  std::string title;
  std::string x_label, y_label;  // of its own axes; empty: those of the plot
  std::vector<Curve> curves;
};

struct Plot {
  std::string title;            // "excess risk against model size M"
  std::string caption;          // what was held fixed, what was left out
  std::string caption_of_risk;  // the part of it that goes without the ratio
  std::string x_label, y_label;
  std::string ratio_label;          // "ratio to binary64"; empty: no ratios
  std::vector<std::string> labels;  // of all curves, in the order of their colours
  std::vector<Panel> panels;
  HeatMap map;  // in place of panels, axes and labels
};

}  // namespace halfulp::experiments

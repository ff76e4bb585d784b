// SPDX-License-Identifier: MIT
//
// Which plots a result asks for: what stands on the axes, which points make a curve, what becomes a
// panel of its own, and beside each the ratio to full precision. Nothing here knows how a plot is
// drawn.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/figure/fit_lines.h"
#include "experiments/results/figure/swept.h"
#include "formats/json.h"

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
};

// The plots of a result: x a swept number, y a metric, both axes logarithmic. metrics: those to
// plot; empty: those that the fits name, else the one the experiment is about. Where fits say what
// sizes are worth, a plot of three panels stands before the one it comes from. At most 24 plots of
// 6 panels of 20 curves; captions say what is left out.
std::vector<Plot> natural_plots(const Json& result, const std::vector<std::string>& metrics);

// Why a result has no plot, as a sentence without its stop.
std::string why_no_plot(const Json& result);

}  // namespace halfulp::experiments

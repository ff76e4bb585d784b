// SPDX-License-Identifier: MIT
//
// Which plots a result asks for: what stands on the axes, which points make a curve, what becomes a
// panel of its own. Nothing here knows how a plot is drawn.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

struct PlotPoint {
  double x = 0, y = 0;
  double error = 0;  // standard error of y; 0 where there is none
};

// y = 10^intercept * x^slope over [lowest, highest], or of x / ln x in the place of x.
struct FitLine {
  double slope = 0, intercept = 0;
  double slope_low = 0, slope_high = 0;  // 95 % interval; equal where it is not known
  double lowest = 0, highest = 0;
  bool over_log = false;
};

struct Curve {
  std::string label;
  std::vector<PlotPoint> measured;  // in increasing x
  std::vector<PlotPoint> theory;
  std::vector<FitLine> fits;
  bool level = false;  // a single value that does not depend on x: drawn as a horizontal line
};

struct Panel {
  std::string title;
  std::vector<Curve> curves;
};

struct Plot {
  std::string title;    // "excess risk against model size M"
  std::string caption;  // what was held fixed, what was left out
  std::string x_label, y_label;
  std::vector<Panel> panels;
};

// One point of a result with its swept fields.
struct SweptPoint {
  std::vector<std::pair<std::string, Json>> set;
  const Json* record = nullptr;  // of the result
};

// The mean and standard error of a metric, and the theory's value; NaN where there is none.
struct Measured {
  double mean = 0, error = 0, theory = 0;
};
Measured measured_of(const Json& point, const std::string& metric);

// The metrics of a result, in its order, that are numbers at some point.
std::vector<std::string> metrics_of(const Json& result);

// The plots of a result: x a swept number, y a metric, both axes logarithmic. metrics: those to
// plot; empty: those that the fits name, else the one the experiment is about.
std::vector<Plot> natural_plots(const Json& result, const std::vector<std::string>& metrics);

}  // namespace halfulp::experiments

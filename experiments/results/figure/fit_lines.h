// SPDX-License-Identifier: MIT
//
// The fits of a result that belong to one curve of a plot, as lines to draw.
#pragma once

#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

struct PlotPoint {
  double x = 0, y = 0;
  double low = 0, high = 0;  // the ends of its error bar; y where there is none
};

// A fitted law drawn through one curve: y = exp(intercept) x^slope + floor over [lowest, highest],
// or of x / ln x in the place of x.
struct FitLine {
  enum class Law { power, power_and_floor, joint };
  Law law = Law::power;
  double slope = 0, intercept = 0;
  double floor = 0;                      // of a joint law: with the term of the other size
  double slope_low = 0, slope_high = 0;  // 95 % intervals; NaN where they are not known
  double floor_low = 0, floor_high = 0;
  double lowest = 0, highest = 0;
  double chi_square = 0, degrees = 0;  // NaN where they are not known
  double curvature = 0;                // of a power law, NaN where it is not known
  bool over_log = false, ranged = false;
  bool misfit = false;  // the points do not lie on it
};

// Whether the group of a fit holds the point `sample`. Members of the group that the sweep did not
// set are the same at all points.
bool group_holds(const Json& fit, const Json& sample);
// The ends of a list of two numbers; false where there is none.
bool read_interval(const Json& fit, const std::string& key, double& low, double& high);

// The fits of `metric` against the field `x` whose group holds the point `sample`. measured: the
// curve's points in increasing x; a line goes from the first to the last of them that is in the
// fit's range. Anything but a fit with finite numbers is passed over.
std::vector<FitLine> fit_lines(const Json& result, const std::string& x, const std::string& metric,
                               const Json& sample, const std::vector<PlotPoint>& measured);

// The fitted law at x; NaN where x / ln x has no meaning.
double fit_at(const FitLine& line, double x);

}  // namespace halfulp::experiments

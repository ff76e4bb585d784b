// SPDX-License-Identifier: MIT
//
// y = exp(intercept) x^slope: a least-squares line through the logarithms, every point counting
// alike, with what tells whether a line is right: the scatter about it and its curvature.
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/fits/distributions.h"
#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/scatter.h"
#include "experiments/results/fits/select.h"

namespace halfulp::experiments {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The line and the parabola through points at log_x, as sums over the points' ln y.
struct Line {
  double centre = 0.0;
  std::vector<double> slope;      // coefficients of the slope
  std::vector<double> curvature;  // of the coefficient of log_x squared; empty below three sizes
  Linearized linear;              // parameters: the height at the centre, the slope
};

Line line_through(const std::vector<double>& log_x) {
  const std::size_t count = log_x.size();
  Line line;
  line.centre = mean_of(log_x);
  std::vector<double> x;
  for (const double value : log_x) x.push_back(value - line.centre);
  const double squares = dot(x, x);
  for (const double value : x) line.slope.push_back(value / squares);
  const std::vector<double> ones(count, 1.0);
  line.linear.design = {ones, x};
  line.linear.estimator = {std::vector<double>(count, 1.0 / static_cast<double>(count)),
                           line.slope};
  if (count_distinct(log_x) < 3) return line;
  // What of the squares neither a constant nor the line takes up.
  std::vector<double> bend;
  for (const double value : x) bend.push_back(value * value);
  const double height = mean_of(bend);
  const double tilt = dot(bend, line.slope);
  for (std::size_t i = 0; i < count; ++i) bend[i] -= height + tilt * x[i];
  const double bends = dot(bend, bend);
  for (const double value : bend) line.curvature.push_back(value / bends);
  return line;
}

void write_curvature(const Line& line, const Scatter& scatter, Json& record, double& probability) {
  const bool bends = !line.curvature.empty();
  const double curvature = bends ? dot(line.curvature, scatter.log_mean) : 0.0;
  record["curvature"] = bends ? number_json(curvature) : Json();
  record["curvature_error"] = nullptr;
  if (!bends || !scatter.known) return;
  const Spread spread = spread_of(scatter, line.curvature);
  record["curvature_error"] = number_json(spread.error);
  if (spread.error > 0.0) probability = student_tails(curvature / spread.error, spread.degrees);
}

void write_line(const Selection& selection, Json& record) {
  const Scatter scatter = scatter_of(selection.y);
  const Line line = line_through(selection.log_x[0]);
  // From the centre, not from the coefficients: an exact law comes back to the last bits.
  const double centre_y = mean_of(scatter.log_mean);
  double above = 0.0;
  double below = 0.0;
  for (std::size_t i = 0; i < scatter.log_mean.size(); ++i) {
    const double x = line.linear.design[1][i];
    above += x * (scatter.log_mean[i] - centre_y);
    below += x * x;
  }
  const double slope = above / below;
  record["slope"] = number_json(slope);
  record["intercept"] = number_json(centre_y - slope * line.centre);
  record["slope_interval"] = nullptr;
  if (scatter.known) {
    const Spread spread = spread_of(scatter, line.slope);
    const double reach = student_95(spread.degrees) * spread.error;
    record["slope_interval"] = interval_json(slope - reach, slope + reach);
  }
  record["points"] = selection.y.size();
  record["excluded"] = selection.excluded;
  std::vector<double> residual;
  for (std::size_t i = 0; i < scatter.log_mean.size(); ++i)
    residual.push_back(scatter.log_mean[i] - centre_y - slope * line.linear.design[1][i]);
  record["residual"] = number_json(root_mean_square(residual));
  const std::optional<Goodness> goodness = goodness_of(scatter, line.linear, residual);
  write_goodness(goodness, record);
  double bent = 1.0;
  write_curvature(line, scatter, record, bent);
  // Two tests, each with half of the probability.
  record["misfit"] = goodness ? Json(goodness->probability < 0.5 * misfit_probability ||
                                     bent < 0.5 * misfit_probability)
                              : Json();
}

}  // namespace

Json check_power_law(ObjectReader& reader, const FitScope& scope) {
  Json checked;
  checked["kind"] = "power_law";
  checked["x"] = check_axis(reader, "x", scope.swept);
  checked["y"] = check_metric(reader, scope.metrics);
  checked["group_by"] = check_group(reader, scope.swept, {checked["x"].get<std::string>()});
  const Json range = check_range(reader, "range");
  if (!range.is_null()) checked["range"] = range;
  checked["x_scale"] = check_scale(reader, "x_scale");
  return checked;
}

void compute_power_law(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const Axis axis{.pointer = fit["x"].get<std::string>(),
                  .range = fit.value("range", Json()),
                  .over_log = fit["x_scale"] == "over_log"};
  for (const Members& members : group_points(points, fit["group_by"])) {
    Json record = begin_record(fit, members, {"kind", "x", "y"}, {"range", "x_scale"});
    const Selection selection = select_points(points, members, fit["y"].get<std::string>(), {axis});
    if (count_distinct(selection.log_x[0]) < 2) {
      record["error"] = "fewer than two sizes";
      record["points"] = selection.y.size();
      record["excluded"] = selection.excluded;
    } else {
      write_line(selection, record);
    }
    records.push_back(std::move(record));
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/results/figure/series_plots.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/results/figure/swept.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_curves = 20;
// Curves of more points are drawn with every so manieth, and their last.
constexpr std::size_t most_points = 50;

std::string label_of(const Swept& swept, const SweptPoint& point) {
  std::string text;
  for (std::size_t i = 0; i < swept.fields.size(); ++i) {
    if (point.value[i] < 0) continue;
    const Field& field = swept.fields[i];
    const std::string& words = field.words[static_cast<std::size_t>(point.value[i])];
    const bool several = swept.fields.size() > 1;
    text += (text.empty() ? "" : "; ") + (several ? field_words(field.pointer) + ": " : "") + words;
  }
  return text.empty() ? "training" : text;
}

double number_at(const Json& list, std::size_t i) {
  return list.is_array() && i < list.size() && list[i].is_number() ? list[i].get<double>() : NAN;
}

std::vector<PlotPoint> points_of(const Json& series) {
  std::vector<PlotPoint> points;
  const Json* steps = member_of(series, "steps");
  const Json* means = member_of(series, "mean");
  const Json* errors = member_of(series, "stderr");
  if (steps == nullptr || means == nullptr || errors == nullptr || !steps->is_array())
    return points;
  const std::size_t stride = (steps->size() + most_points - 1) / most_points;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    if (i % stride != 0 && i + 1 != steps->size()) continue;
    const double x = number_at(*steps, i);
    const double y = number_at(*means, i);
    const double error = number_at(*errors, i);
    if (!(x > 0 && y > 0) || !std::isfinite(y)) continue;  // logarithms have no place for them
    const double bar = std::isfinite(error) ? std::fabs(error) : 0;
    points.push_back({x, y, y - bar, y + bar});
  }
  return points;
}

Plot plot_of(const std::string& name, const Swept& swept) {
  Plot plot;
  plot.title = metric_words(name) + " over the steps of training";
  plot.x_label = "step";
  plot.y_label = metric_words(name);
  plot.panels.emplace_back();
  std::size_t left_out = 0;
  for (const SweptPoint& point : swept.points) {
    const Json* all = member_of(*point.record, "series");
    const Json* series = all == nullptr ? nullptr : member_of(*all, name);
    if (series == nullptr) continue;
    Curve curve;
    curve.measured = points_of(*series);
    if (curve.measured.size() < 2) continue;
    if (plot.labels.size() == most_curves) {
      ++left_out;
      continue;
    }
    curve.style = plot.labels.size();
    plot.labels.push_back(label_of(swept, point));
    plot.panels.front().curves.push_back(std::move(curve));
  }
  if (left_out > 0)
    plot.caption = std::to_string(left_out) + " further " +
                   (left_out == 1 ? "curve is" : "curves are") +
                   " left out; the result has every point.";
  return plot;
}

}  // namespace

std::vector<Plot> series_plots(const Json& result) {
  std::vector<std::string> names;
  for (const Json& point : result["points"]) {
    const Json* series = member_of(point, "series");
    if (series == nullptr || !series->is_object()) continue;
    for (const auto& member : series->items()) {
      if (std::find(names.begin(), names.end(), member.key()) == names.end())
        names.push_back(member.key());
    }
  }
  constexpr std::size_t most_series = 8;
  if (names.size() > most_series) names.resize(most_series);
  std::vector<Plot> plots;
  if (names.empty()) return plots;
  const Swept swept = swept_of(settings_of(result));
  for (const std::string& name : names) {
    Plot plot = plot_of(name, swept);
    if (!plot.labels.empty()) plots.push_back(std::move(plot));
  }
  return plots;
}

}  // namespace halfulp::experiments

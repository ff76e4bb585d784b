// SPDX-License-Identifier: MIT
#include "experiments/results/figure/effective.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/results/figure/fit_lines.h"
#include "experiments/results/figure/swept.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr double smallest = 1e-100, largest = 1e100;  // that is drawn

bool drawable(double size) { return size > smallest && size < largest; }

std::string text_of(const Json& fit, const char* key) {
  const Json* value = member_of(fit, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

void sort_points(std::vector<PlotPoint>& points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
}

// The record of one size.
void add_size(const Json& fit, EffectiveCurve& curve) {
  const double size = number_or(fit, "size", 0);
  const double effective = number_or(fit, "effective_size", 0);
  const double theory = number_or(fit, "theory", 0);
  if (!drawable(size)) return;
  if (drawable(theory)) curve.theory.push_back({size, theory, theory, theory});
  if (!drawable(effective)) return;
  PlotPoint point{size, effective, effective, effective};
  double low = 0;
  double high = 0;
  if (read_interval(fit, "effective_size_interval", low, high) && low > 0 && low <= effective &&
      high >= effective && drawable(high)) {
    point.low = low;
    point.high = high;
  }
  curve.measured.push_back(point);
}

Curve curve_like(const Curve& curve, const EffectiveCurve& points) {
  Curve copy;
  copy.style = curve.style;
  copy.measured = points.measured;
  copy.theory = points.theory;
  copy.joined = false;
  return copy;
}

using Side = EffectiveCurve EffectiveSizes::*;

// Effective against nominal sizes, with the line on which both are the same.
Panel size_panel(const Panel& panel, Side side, const std::string& axis) {
  Panel sizes;
  sizes.x_label = field_words(axis);
  sizes.y_label = "effective " + sizes.x_label;
  std::set<double> nominal;
  for (const Curve& curve : panel.curves) {
    for (const PlotPoint& point : (curve.effective.*side).measured) nominal.insert(point.x);
  }
  for (const Curve& curve : panel.curves) {
    EffectiveCurve points = curve.effective.*side;
    if (curve.reference) {
      for (const double size : nominal) points.theory.push_back({size, size, size, size});
    }
    if (!points.measured.empty() || !points.theory.empty())
      sizes.curves.push_back(curve_like(curve, points));
  }
  return sizes;
}

}  // namespace

EffectiveSizes effective_sizes(const Json& result, const std::string& x, const std::string& metric,
                               const Json& sample) {
  EffectiveSizes sizes;
  const Json* fits = member_of(result, "fits");
  if (fits == nullptr || !fits->is_array()) return sizes;
  bool found = false;
  for (const Json& fit : *fits) {
    if (text_of(fit, "kind") != "effective_sizes" || text_of(fit, "y") != metric) continue;
    if (!group_holds(fit, sample)) continue;
    const std::string axis = text_of(fit, "axis");
    if (axis.empty()) {
      // The first law is drawn; the records of its sizes follow it.
      if (found) break;
      found = text_of(fit, "model_size") == x && member_of(fit, "error") == nullptr;
      sizes.model_axis = x;
      sizes.data_axis = text_of(fit, "data_size");
    } else if (found) {
      if (axis == sizes.model_axis) add_size(fit, sizes.model);
      if (axis == sizes.data_axis) add_size(fit, sizes.data);
    }
  }
  for (EffectiveCurve* curve : {&sizes.model, &sizes.data}) {
    sort_points(curve->measured);
    sort_points(curve->theory);
  }
  return sizes;
}

std::vector<Plot> law_plots(const Plot& plot) {
  std::vector<Plot> laws;
  for (const Panel& panel : plot.panels) {
    const auto known =
        std::find_if(panel.curves.begin(), panel.curves.end(), [](const Curve& curve) {
          return !curve.effective.model.measured.empty() && !curve.effective.data.measured.empty();
        });
    if (known == panel.curves.end()) continue;
    Plot law;
    law.labels = plot.labels;
    law.x_label = plot.x_label;
    law.y_label = plot.y_label;
    Panel risk = panel;
    risk.x_label = plot.x_label;
    risk.y_label = plot.y_label;
    for (Curve& curve : risk.curves) {
      curve.ratio.clear();
      curve.ratio_theory.clear();
      curve.fits.clear();
      curve.joined = false;
    }
    law.panels = {risk, size_panel(panel, &EffectiveSizes::model, known->effective.model_axis),
                  size_panel(panel, &EffectiveSizes::data, known->effective.data_axis)};
    law.title = plot.y_label + ", " + law.panels[1].y_label + " and " + law.panels[2].y_label;
    law.caption = plot.caption_of_risk + (plot.caption_of_risk.empty() ? "" : " ") +
                  "Lines: theory. Effective sizes are those at which full precision is as good, "
                  "with their 95 % "
                  "intervals; a table below has the law that they belong to.";
    laws.push_back(std::move(law));
  }
  return laws;
}

}  // namespace halfulp::experiments

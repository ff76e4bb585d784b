// SPDX-License-Identifier: MIT
#include "experiments/results/plots.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_colours = 8;
constexpr std::size_t most_panels = 6;
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

struct Field {
  std::string pointer;
  std::vector<Json> values;  // distinct, in the order of the points
  [[nodiscard]] bool numeric() const {
    return std::all_of(values.begin(), values.end(),
                       [](const Json& value) { return value.is_number(); });
  }
};

// Points over which plots are drawn, and those that do not depend on the view's own axis.
struct View {
  std::vector<SweptPoint> points;
  std::vector<SweptPoint> levels;
  std::vector<std::string> axes;
};

// How the fields other than x are shown.
struct Roles {
  std::string x;
  std::vector<Field> colours, facets, fixed;
};

const Json* value_at_field(const SweptPoint& point, const std::string& pointer) {
  for (const auto& [key, value] : point.set) {
    if (key == pointer) return &value;
  }
  return nullptr;
}

std::vector<Field> fields_of(const std::vector<SweptPoint>& points) {
  std::vector<Field> fields;
  for (const SweptPoint& point : points) {
    for (const auto& [key, value] : point.set) {
      auto field = std::find_if(fields.begin(), fields.end(),
                                [&key = key](const Field& f) { return f.pointer == key; });
      if (field == fields.end()) field = fields.insert(fields.end(), {key, {}});
      if (std::find(field->values.begin(), field->values.end(), value) == field->values.end())
        field->values.push_back(value);
    }
  }
  return fields;
}

bool is_size(const std::string& pointer) {
  const std::string last = pointer.substr(pointer.find_last_of('/') + 1);
  return last == "sketch_size" || last == "samples" || last == "dimension" || last == "batch";
}

bool is_axis(const Field& field) {
  constexpr std::size_t fewest_values = 3;
  return field.numeric() && field.values.size() >= fewest_values &&
         std::all_of(field.values.begin(), field.values.end(),
                     [](const Json& value) { return value.get<double>() > 0; });
}

const Json* noise_of(const Json& value) {
  if (!value.is_object() || !value.contains("noise")) return nullptr;
  const Json& noise = value["noise"];
  const bool known = noise.is_object() && noise.contains("eps") && noise["eps"].is_number();
  return known && noise["eps"].get<double>() > 0 ? &noise : nullptr;
}

// Points whose field holds noises of several strengths, seen as a sweep over the strength; empty
// where the strengths are fewer than three.
std::optional<View> noise_view(const std::vector<SweptPoint>& points, const std::string& pointer) {
  View view;
  std::set<double> strengths;
  const std::string axis = pointer + "/noise/eps";
  for (const SweptPoint& point : points) {
    const Json* value = value_at_field(point, pointer);
    const Json* noise = value == nullptr ? nullptr : noise_of(*value);
    if (noise == nullptr) {
      view.levels.push_back(point);
      continue;
    }
    SweptPoint seen = point;
    const Json strength = (*noise)["eps"];
    strengths.insert(strength.get<double>());
    for (auto& [key, member] : seen.set) {
      if (key == pointer) member["noise"].erase("eps");
    }
    seen.set.emplace_back(axis, strength);
    view.points.push_back(seen);
  }
  constexpr std::size_t fewest_strengths = 3;
  if (strengths.size() < fewest_strengths) return std::nullopt;
  view.axes = {axis};
  return view;
}

// Fields that move together with x say nothing of their own.
bool follows(const std::vector<SweptPoint>& points, const std::string& field,
             const std::string& x) {
  std::map<std::string, std::string> seen;
  for (const SweptPoint& point : points) {
    const Json* key = value_at_field(point, x);
    const Json* value = value_at_field(point, field);
    if (key == nullptr || value == nullptr) return false;
    const auto [found, fresh] = seen.emplace(key->dump(), value->dump());
    if (!fresh && found->second != value->dump()) return false;
  }
  return true;
}

std::size_t combinations(const std::vector<Field>& fields) {
  std::size_t count = 1;
  for (const Field& field : fields) count *= field.values.size();
  return count;
}

Roles roles_for(const std::vector<SweptPoint>& points, const std::string& x) {
  Roles roles{.x = x, .colours = {}, .facets = {}, .fixed = {}};
  for (const Field& field : fields_of(points)) {
    const bool noise_kind = x == field.pointer + "/noise/eps";
    if (field.pointer == x || (field.values.size() < 2 && !noise_kind)) continue;
    if (follows(points, field.pointer, x) && !noise_kind) continue;
    if (!field.numeric()) {
      roles.colours.push_back(field);
    } else if (is_size(field.pointer)) {
      roles.fixed.push_back(field);
    } else {
      roles.facets.push_back(field);
    }
  }
  for (std::vector<Field>* spare : {&roles.facets, &roles.fixed}) {
    if (!roles.colours.empty() || spare->empty()) continue;
    roles.colours.push_back(spare->front());
    spare->erase(spare->begin());
  }
  while (roles.colours.size() > 1 && combinations(roles.colours) > most_colours) {
    const auto fewest = std::min_element(
        roles.colours.begin(), roles.colours.end(),
        [](const Field& a, const Field& b) { return a.values.size() < b.values.size(); });
    roles.facets.push_back(*fewest);
    roles.colours.erase(fewest);
  }
  return roles;
}

// "spectrum exponent a = 1.5, batch B = 4" of the fields at a point.
std::string setting_words(const SweptPoint& point, const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    const Json* value = value_at_field(point, field.pointer);
    if (value == nullptr) continue;
    text += text.empty() ? "" : ", ";
    text += field.numeric() ? field_words(field.pointer) + " = " + value_words(*value)
                            : value_words(*value);
  }
  return text;
}

bool at_fixed(const SweptPoint& point, const std::vector<Field>& fixed) {
  return std::all_of(fixed.begin(), fixed.end(), [&](const Field& field) {
    const Json* value = value_at_field(point, field.pointer);
    const Json& largest = *std::max_element(
        field.values.begin(), field.values.end(),
        [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); });
    return value != nullptr && *value == largest;
  });
}

bool matches_group(const Json& fit, const SweptPoint& point) {
  if (!fit.contains("group") || !fit["group"].is_object()) return true;
  for (const auto& member : fit["group"].items()) {
    const Json* value = value_at_field(point, member.key());
    if (value == nullptr || *value != member.value()) return false;
  }
  return true;
}

double number_or(const Json& object, const char* key, double otherwise) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return otherwise;
  return object[key].get<double>();
}

// The fitted lines of one curve: through the centre of the logarithms of the points in range, as a
// least-squares line goes.
void add_fits(const Json& result, const std::string& x, const std::string& metric,
              const SweptPoint& sample, Curve& curve) {
  if (!result.contains("fits") || !result["fits"].is_array()) return;
  for (const Json& fit : result["fits"]) {
    if (!fit.is_object() || fit.value("kind", Json()) != "power_law") continue;
    if (fit.value("x", Json()) != x || fit.value("y", Json()) != metric) continue;
    const double slope = number_or(fit, "slope", not_known);
    if (!matches_group(fit, sample) || std::isnan(slope)) continue;
    FitLine line;
    line.slope = line.slope_low = line.slope_high = slope;
    line.over_log = fit.value("x_scale", Json()) == "over_log";
    if (fit.contains("slope_interval") && fit["slope_interval"].is_array() &&
        fit["slope_interval"].size() == 2 && fit["slope_interval"][0].is_number() &&
        fit["slope_interval"][1].is_number()) {
      line.slope_low = fit["slope_interval"][0].get<double>();
      line.slope_high = fit["slope_interval"][1].get<double>();
    }
    const bool ranged = fit.contains("range") && fit["range"].is_array() &&
                        fit["range"].size() == 2 && fit["range"][0].is_number();
    const double lowest = ranged ? fit["range"][0].get<double>() : 0;
    const double highest =
        ranged ? number_or(Json{{"x", fit["range"][1]}}, "x", HUGE_VAL) : HUGE_VAL;
    double sum_x = 0;
    double sum_y = 0;
    double count = 0;
    for (const PlotPoint& point : curve.measured) {
      if (point.x < lowest || point.x > highest) continue;
      if (count == 0) line.lowest = point.x;
      line.highest = point.x;
      sum_x += std::log10(line.over_log ? point.x / std::log(point.x) : point.x);
      sum_y += std::log10(point.y);
      count += 1;
    }
    if (count < 2) continue;
    line.intercept = (sum_y - slope * sum_x) / count;
    curve.fits.push_back(line);
  }
}

void add_point(const SweptPoint& point, const std::string& x, const std::string& metric,
               Curve& curve) {
  const Json* at = value_at_field(point, x);
  const double position = at == nullptr ? 1 : at->get<double>();
  const Measured measured = measured_of(*point.record, metric);
  if (measured.mean > 0 && std::isfinite(measured.mean)) {
    const double error = std::isfinite(measured.error) ? measured.error : 0;
    curve.measured.push_back({.x = position, .y = measured.mean, .error = error});
  }
  if (measured.theory > 0 && std::isfinite(measured.theory))
    curve.theory.push_back({.x = position, .y = measured.theory});
}

void sort_points(std::vector<PlotPoint>& points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
}

// The panel called `title`, and in it the curve called `label`; made where they are not there yet.
Curve& curve_of(Plot& plot, const std::string& title, const std::string& label) {
  auto panel = std::find_if(plot.panels.begin(), plot.panels.end(),
                            [&](const Panel& p) { return p.title == title; });
  if (panel == plot.panels.end()) panel = plot.panels.insert(panel, {title, {}});
  auto curve = std::find_if(panel->curves.begin(), panel->curves.end(),
                            [&](const Curve& c) { return c.label == label; });
  if (curve == panel->curves.end()) {
    curve = panel->curves.insert(curve, Curve{});
    curve->label = label;
  }
  return *curve;
}

Plot make_plot(const Json& result, const View& view, const Roles& roles,
               const std::string& metric) {
  Plot plot;
  plot.x_label = field_words(roles.x);
  plot.y_label = metric_words(metric);
  plot.title = plot.y_label + " against " + plot.x_label;
  for (const SweptPoint& point : view.points) {
    if (!at_fixed(point, roles.fixed)) continue;
    if (plot.caption.empty() && !roles.fixed.empty())
      plot.caption = "At " + setting_words(point, roles.fixed) + ".";
    Curve& curve =
        curve_of(plot, setting_words(point, roles.facets), setting_words(point, roles.colours));
    add_point(point, roles.x, metric, curve);
  }
  for (const SweptPoint& point : view.levels) {
    if (!at_fixed(point, roles.fixed)) continue;
    Curve& curve =
        curve_of(plot, setting_words(point, roles.facets), setting_words(point, roles.colours));
    curve.level = true;
    add_point(point, roles.x, metric, curve);
  }
  for (const SweptPoint& point : view.points) {
    if (!at_fixed(point, roles.fixed)) continue;
    Curve& curve =
        curve_of(plot, setting_words(point, roles.facets), setting_words(point, roles.colours));
    if (!curve.fits.empty()) continue;
    sort_points(curve.measured);
    sort_points(curve.theory);
    add_fits(result, roles.x, metric, point, curve);
  }
  return plot;
}

// Removes curves without points; false where no curve with two points is left.
bool tidy(Plot& plot) {
  bool drawable = false;
  for (Panel& panel : plot.panels) {
    std::erase_if(panel.curves, [](const Curve& curve) {
      return curve.measured.empty() && curve.theory.empty();
    });
    for (const Curve& curve : panel.curves)
      drawable = drawable || curve.measured.size() > 1 || curve.theory.size() > 1;
  }
  std::erase_if(plot.panels, [](const Panel& panel) { return panel.curves.empty(); });
  if (plot.panels.size() > most_panels) {
    plot.caption += (plot.caption.empty() ? "" : " ") +
                    std::to_string(plot.panels.size() - most_panels) +
                    " further panels are left out; the tables have every point.";
    plot.panels.resize(most_panels);
  }
  return drawable;
}

std::vector<std::string> metrics_for(const Json& result, const std::string& x,
                                     const std::vector<std::string>& wanted) {
  if (!wanted.empty()) return wanted;
  std::vector<std::string> metrics;
  const auto add = [&](const std::string& metric) {
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
      metrics.push_back(metric);
  };
  if (result.contains("fits") && result["fits"].is_array()) {
    for (const Json& fit : result["fits"]) {
      if (fit.is_object() && fit.value("x", Json()) == x && fit.contains("y") &&
          fit["y"].is_string())
        add(fit["y"].get<std::string>());
    }
  }
  if (!metrics.empty()) return metrics;
  const std::vector<std::string> known = metrics_of(result);
  const Json::json_pointer averaging("/document/training/averaging");
  const bool averaged = result.contains(averaging) && result[averaging] != "none";
  for (const char* name : {"excess_clean_average", "excess_clean_last", "floor", "approximation"}) {
    if (std::string_view(name) == "excess_clean_average" && !averaged) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) return {name};
  }
  if (!known.empty()) add(known.front());
  return metrics;
}

}  // namespace

Measured measured_of(const Json& point, const std::string& metric) {
  Measured measured{not_known, not_known, not_known};
  if (point.contains("metrics") && point["metrics"].is_object() &&
      point["metrics"].contains(metric)) {
    measured.mean = number_or(point["metrics"][metric], "mean", not_known);
    measured.error = number_or(point["metrics"][metric], "stderr", not_known);
  }
  if (point.contains("theory"))
    measured.theory = number_or(point["theory"], metric.c_str(), not_known);
  return measured;
}

std::vector<std::string> metrics_of(const Json& result) {
  std::vector<std::string> metrics;
  for (const Json& point : result["points"]) {
    if (!point.contains("metrics") || !point["metrics"].is_object()) continue;
    for (const auto& member : point["metrics"].items()) {
      const Measured measured = measured_of(point, member.key());
      if (std::isnan(measured.mean)) continue;
      if (std::find(metrics.begin(), metrics.end(), member.key()) == metrics.end())
        metrics.push_back(member.key());
    }
  }
  return metrics;
}

std::vector<Plot> natural_plots(const Json& result, const std::vector<std::string>& metrics) {
  View all;
  for (const Json& record : result["points"]) {
    SweptPoint point;
    point.record = &record;
    for (const auto& member : record["set"].items())
      point.set.emplace_back(member.key(), member.value());
    all.points.push_back(point);
  }
  std::vector<View> views;
  for (const Field& field : fields_of(all.points)) {
    if (is_axis(field)) {
      const bool joined = std::any_of(all.axes.begin(), all.axes.end(), [&](const std::string& x) {
        return follows(all.points, field.pointer, x);
      });
      if (!joined) all.axes.push_back(field.pointer);
    } else if (std::optional<View> view = noise_view(all.points, field.pointer)) {
      views.push_back(*view);
    }
  }
  // A sweep over sizes shows noises of several strengths as curves; else the strength is the axis.
  if (!all.axes.empty() || views.empty()) views.insert(views.begin(), all);
  std::vector<Plot> plots;
  for (const View& view : views) {
    for (const std::string& x : view.axes) {
      const Roles roles = roles_for(view.points, x);
      for (const std::string& metric : metrics_for(result, x, metrics)) {
        Plot plot = make_plot(result, view, roles, metric);
        if (tidy(plot)) plots.push_back(plot);
      }
    }
  }
  return plots;
}

}  // namespace halfulp::experiments

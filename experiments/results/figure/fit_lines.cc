// SPDX-License-Identifier: MIT
#include "experiments/results/figure/fit_lines.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/results/figure/swept.h"

namespace halfulp::experiments {

bool group_holds(const Json& fit, const Json& sample) {
  const Json* group = member_of(fit, "group");
  const Json* set = member_of(sample, "set");
  if (group == nullptr || !group->is_object() || set == nullptr) return true;
  for (const auto& member : group->items()) {
    const Json* value = member_of(*set, member.key());
    if (value != nullptr && *value != member.value()) return false;
  }
  return true;
}

bool read_interval(const Json& fit, const std::string& key, double& low, double& high) {
  const Json* list = member_of(fit, key);
  if (list == nullptr || !list->is_array() || list->size() != 2) return false;
  if (!(*list)[0].is_number() || !(*list)[1].is_number()) return false;
  low = (*list)[0].get<double>();
  high = (*list)[1].get<double>();
  return true;
}

namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_lines = 4;

bool is_text(const Json& fit, const char* key, const std::string& text) {
  const Json* value = member_of(fit, key);
  return value != nullptr && value->is_string() && *value == text;
}

void read_goodness(const Json& fit, FitLine& line) {
  line.chi_square = number_or(fit, "chi_square", not_known);
  line.degrees = number_or(fit, "degrees_of_freedom", not_known);
  line.curvature = number_or(fit, "curvature", not_known);
  const Json* misfit = member_of(fit, "misfit");
  line.misfit = misfit != nullptr && *misfit == true;
}

// The members "exponent" and "exponent_interval" of a law that falls as x^-exponent.
void read_exponent(const Json& fit, const std::string& name, FitLine& line) {
  line.slope = -number_or(fit, name, not_known);
  double low = not_known;
  double high = not_known;
  read_interval(fit, name + "_interval", low, high);
  line.slope_low = -high;
  line.slope_high = -low;
}

FitLine read_power_law(const Json& fit) {
  FitLine line;
  line.slope = number_or(fit, "slope", not_known);
  line.intercept = number_or(fit, "intercept", not_known);
  line.slope_low = line.slope_high = not_known;
  read_interval(fit, "slope_interval", line.slope_low, line.slope_high);
  line.over_log = is_text(fit, "x_scale", "over_log");
  return line;
}

void read_floor(const Json& fit, FitLine& line) {
  line.floor = number_or(fit, "floor", 0);
  line.floor_low = line.floor_high = not_known;
  read_interval(fit, "floor_interval", line.floor_low, line.floor_high);
}

FitLine read_power_law_floor(const Json& fit) {
  FitLine line;
  line.law = FitLine::Law::power_and_floor;
  read_exponent(fit, "exponent", line);
  line.intercept = std::log(number_or(fit, "amplitude", not_known));
  line.over_log = is_text(fit, "x_scale", "over_log");
  read_floor(fit, line);
  return line;
}

// The law in one size at the other size of the point.
FitLine read_joint_law(const Json& fit, const std::string& x, const Json& sample) {
  FitLine line;
  line.law = FitLine::Law::joint;
  const bool along_model = is_text(fit, "model_size", x);
  const std::string along = along_model ? "model" : "data";
  const std::string across = along_model ? "data" : "model";
  read_exponent(fit, along + "_exponent", line);
  line.intercept = std::log(number_or(fit, along + "_amplitude", not_known));
  read_floor(fit, line);
  const Json* pointer = member_of(fit, across + "_size");
  const Json* set = member_of(sample, "set");
  const bool named = pointer != nullptr && pointer->is_string() && set != nullptr;
  double size = named ? number_or(*set, pointer->get<std::string>(), not_known) : not_known;
  const bool data_over_log = is_text(fit, "data_scale", "over_log");
  line.over_log = data_over_log && !along_model;
  if (data_over_log && along_model) size = size > 1 ? size / std::log(size) : not_known;
  line.floor += number_or(fit, across + "_amplitude", not_known) *
                std::pow(size, -number_or(fit, across + "_exponent", not_known));
  return line;
}

// The fit as a law in x, if it is one.
std::optional<FitLine> read_line(const Json& fit, const std::string& x, const Json& sample) {
  if (is_text(fit, "kind", "power_law") && is_text(fit, "x", x)) return read_power_law(fit);
  if (is_text(fit, "kind", "power_law_floor") && is_text(fit, "x", x))
    return read_power_law_floor(fit);
  if (is_text(fit, "kind", "joint_power_law") &&
      (is_text(fit, "model_size", x) || is_text(fit, "data_size", x)))
    return read_joint_law(fit, x, sample);
  return std::nullopt;
}

}  // namespace

std::vector<FitLine> fit_lines(const Json& result, const std::string& x, const std::string& metric,
                               const Json& sample, const std::vector<PlotPoint>& measured) {
  std::vector<FitLine> lines;
  const Json* fits = member_of(result, "fits");
  if (fits == nullptr || !fits->is_array()) return lines;
  for (const Json& fit : *fits) {
    if (lines.size() == most_lines) break;
    if (!is_text(fit, "y", metric) || !group_holds(fit, sample)) continue;
    std::optional<FitLine> read = read_line(fit, x, sample);
    if (!read) continue;
    FitLine line = *read;
    read_goodness(fit, line);
    double lowest = 0;
    double highest = HUGE_VAL;
    line.ranged = read_interval(fit, "range", lowest, highest);
    std::size_t count = 0;
    for (const PlotPoint& point : measured) {
      if (point.x < lowest || point.x > highest) continue;
      if (count++ == 0) line.lowest = point.x;
      line.highest = point.x;
    }
    const auto drawable = [](double y) { return y > 0 && std::isfinite(y); };
    if (count > 1 && drawable(fit_at(line, line.lowest)) && drawable(fit_at(line, line.highest)))
      lines.push_back(line);
  }
  return lines;
}

double fit_at(const FitLine& line, double x) {
  if (line.over_log && !(x > 1)) return not_known;
  const double base = line.over_log ? x / std::log(x) : x;
  return std::exp(line.intercept + line.slope * std::log(base)) + line.floor;
}

}  // namespace halfulp::experiments

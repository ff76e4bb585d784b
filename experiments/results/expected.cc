// SPDX-License-Identifier: MIT
#include "experiments/results/expected.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/results/pattern.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double largest = std::numeric_limits<double>::max();

double value_of(const Json& point, const std::string& of, const std::string& metric) {
  const auto group = point.find(of);
  if (group == point.end() || !group->is_object()) return nan;
  const auto value = group->find(metric);
  if (value == group->end()) return nan;
  const Json& number = value->is_object() ? value->at("mean") : *value;
  return number.is_number() ? number.get<double>() : nan;
}

// The number at a pointer that begins with one of the swept ones: "/policy/feature/noise/eps".
double coordinate(const Json& point, const std::string& pointer) {
  for (const auto& member : point.at("set").items()) {
    if (!pointer.starts_with(member.key())) continue;
    const std::string rest = pointer.substr(member.key().size());
    if (!rest.empty() && rest[0] != '/') continue;
    const Json::json_pointer inside(rest);
    if (!member.value().contains(inside)) continue;
    const Json& value = member.value().at(inside);
    if (value.is_number()) return value.get<double>();
  }
  return nan;
}

struct Figure {
  std::string what, of, metric, slope_in;
  Json at = Json::object(), minus, over, in_fit;
  bool over_log = false, paired = false;
  double low = 0, high = largest;
  double expected = 0, relative = 0, absolute = 0;
};

Figure figure_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Figure figure;
  figure.what = reader.text("what", "");
  figure.of = reader.choice("of", 0, {"metrics", "theory"}) == 0 ? "metrics" : "theory";
  reader.require("metric");
  figure.metric = reader.text("metric", "");
  if (const Json* in_fit = reader.find("in_fit")) {
    figure.in_fit = *in_fit;
  } else {
    figure.at = reader.require("at");
  }
  if (const Json* minus = reader.find("minus")) figure.minus = *minus;
  if (const Json* over = reader.find("over")) figure.over = *over;
  figure.slope_in = reader.text("slope_in", "");
  figure.over_log = reader.choice("x", 0, {"value", "over_log"}) == 1;
  if (const Json* range = reader.find("range")) {
    if (!range->is_array() || range->size() != 2) {
      throw Error("a range is a list of two numbers", reader.place("range"));
    }
    figure.low = number_from(range->at(0), reader.place("range/0"), 0, largest);
    figure.high = number_from(range->at(1), reader.place("range/1"), 0, largest);
  }
  figure.paired = reader.boolean("paired", false);
  if (figure.paired && figure.over.is_null())
    throw Error("\"paired\" is of a ratio", reader.place("paired"), "add \"over\"");
  reader.require("expected");
  figure.expected = reader.number("expected", 0, -largest, largest);
  figure.relative = reader.number("relative", 0, 0, 1);
  figure.absolute = reader.number("absolute", 0, 0, largest);
  if (!reader.has("relative") && !reader.has("absolute")) {
    throw Error("a tolerance is missing", where, "add \"relative\" or \"absolute\"");
  }
  reader.finish();
  return figure;
}

// The one point that matches; nullptr where none or several do.
const Json* find_point(const Json& points, const Json& at) {
  const Json* found = nullptr;
  for (const Json& point : points) {
    if (!matches(point.at("set"), at)) continue;
    if (found != nullptr) return nullptr;
    found = &point;
  }
  return found;
}

// The number at that point; NaN, which no tolerance allows, where there is not one.
double at_point(const Json& points, const Json& at, const Figure& figure) {
  const Json* point = find_point(points, at);
  return point == nullptr ? nan : value_of(*point, figure.of, figure.metric);
}

// Of every repeat; empty where the result does not have them.
std::vector<double> repeats_at(const Json& points, const Json& at, const Figure& figure) {
  const Json* point = find_point(points, at);
  const Json::json_pointer place("/metrics/" + figure.metric + "/repeats");
  std::vector<double> values;
  if (point == nullptr || !point->contains(place)) return values;
  for (const Json& value : point->at(place))
    values.push_back(value.is_number() ? value.get<double>() : nan);
  return values;
}

void measure_pairs(const Json& points, const Figure& figure, Verdict& verdict) {
  const std::vector<double> above = repeats_at(points, figure.at, figure);
  const std::vector<double> below = repeats_at(points, figure.over, figure);
  verdict.measured = nan;
  if (above.empty() || above.size() != below.size()) return;
  const auto n = static_cast<double>(above.size());
  double sum = 0;
  double squares = 0;
  for (std::size_t r = 0; r < above.size(); ++r) sum += above[r] / below[r];
  for (std::size_t r = 0; r < above.size(); ++r) {
    const double off = above[r] / below[r] - sum / n;
    squares += off * off;
  }
  verdict.measured = sum / n;
  verdict.pairs = above.size();
  verdict.standard_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : nan;
}

double slope(const Json& points, const Figure& figure) {
  double n = 0;
  double sum_x = 0;
  double sum_y = 0;
  double sum_xx = 0;
  double sum_xy = 0;
  for (const Json& point : points) {
    if (!matches(point.at("set"), figure.at)) continue;
    const double x = coordinate(point, figure.slope_in);
    if (!(x >= figure.low && x <= figure.high)) continue;
    const double u = std::log(figure.over_log ? x / std::log(x) : x);
    const double v = std::log(value_of(point, figure.of, figure.metric));
    n += 1;
    sum_x += u;
    sum_y += v;
    sum_xx += u * u;
    sum_xy += u * v;
  }
  return n < 2 ? nan : (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
}

double in_fits(const Json& fits, const Figure& figure) {
  for (const Json& fit : fits) {
    if (!contains(fit, figure.in_fit)) continue;
    const auto value = fit.find(figure.metric);
    return value != fit.end() && value->is_number() ? value->get<double>() : nan;
  }
  return nan;
}

double measure(const Json& result, const Figure& figure) {
  if (!figure.in_fit.is_null()) return in_fits(result.at("fits"), figure);
  if (!figure.slope_in.empty()) return slope(result.at("points"), figure);
  return at_point(result.at("points"), figure.at, figure);
}

std::string tolerance_text(const Figure& figure) {
  std::ostringstream out;
  if (figure.relative > 0) {
    out << 100 * figure.relative << " %";
  } else {
    out << figure.absolute;
  }
  return out.str();
}

}  // namespace

std::vector<Verdict> compare_with_expected(const Json& expected, const Json& result) {
  ObjectReader reader(expected, "");
  reader.text("experiment", "");
  reader.text("source", "");
  reader.text("data", "");
  const Json& figures = reader.require("figures");
  reader.finish();
  const Json& points = result.at("points");
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const Figure figure = figure_from_json(figures[i], "/figures/" + std::to_string(i));
    Verdict verdict{.what = figure.what, .expected = figure.expected};
    if (figure.paired) {
      measure_pairs(points, figure, verdict);
    } else {
      verdict.measured = measure(result, figure);
      if (!figure.minus.is_null()) verdict.measured -= at_point(points, figure.minus, figure);
      if (!figure.over.is_null()) verdict.measured /= at_point(points, figure.over, figure);
    }
    const double allowed = std::fmax(figure.relative * std::fabs(figure.expected), figure.absolute);
    verdict.tolerance = tolerance_text(figure);
    verdict.good = std::fabs(verdict.measured - figure.expected) <= allowed;
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/results/fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/execute.h"
#include "experiments/machine.h"
#include "experiments/sweep.h"
#include "formats/error.h"
#include "reference/constants.h"

namespace halfulp::experiments {
namespace {

constexpr int resamples = 1000;

std::size_t metric_index(const std::string& name) {
  return static_cast<std::size_t>(std::find(metric_names.begin(), metric_names.end(), name) -
                                  metric_names.begin());
}

std::string check_metric(ObjectReader& reader, const std::string& otherwise) {
  const std::vector<std::string> names(metric_names.begin(), metric_names.end());
  const std::size_t first = metric_index(otherwise);
  return names[reader.choice("y", first < names.size() ? first : 0, names)];
}

std::string check_axis(ObjectReader& reader, const std::string& key,
                       const std::vector<std::string>& swept) {
  reader.require(key);
  std::string pointer = reader.text(key, "");
  if (std::find(swept.begin(), swept.end(), pointer) != swept.end()) return pointer;
  const std::string hint = suggest(pointer, swept);
  throw Error("\"" + pointer + "\" is not swept", reader.place(key),
              hint.empty() ? "name a pointer of the sweep" : hint);
}

Json check_group(ObjectReader& reader, const std::vector<std::string>& swept,
                 const std::string& x) {
  Json group = Json::array();
  const Json* given = reader.find("group_by");
  if (given == nullptr) {
    for (const std::string& pointer : swept) {
      if (pointer != x) group.push_back(pointer);
    }
    return group;
  }
  if (!given->is_array())
    throw Error("no list stands here", reader.place("group_by"), "a list of pointers is needed");
  for (std::size_t i = 0; i < given->size(); ++i) {
    const std::string place = reader.place("group_by") + "/" + std::to_string(i);
    const Json& pointer = (*given)[i];
    if (!pointer.is_string() || pointer.get<std::string>().rfind('/', 0) != 0)
      throw Error("no JSON pointer stands here", place, "as in \"/policy/feature\"");
    group.push_back(pointer);
  }
  return group;
}

Json check_range(ObjectReader& reader) {
  const Json* range = reader.find("range");
  if (range == nullptr) return nullptr;
  if (!range->is_array() || range->size() != 2)
    throw Error("no range stands here", reader.place("range"), "write [lowest, highest]");
  const double low = number_from((*range)[0], reader.place("range") + "/0", 0.0, 1e300);
  const double high = number_from((*range)[1], reader.place("range") + "/1", low, 1e300);
  return Json::array({low, high});
}

Json check_power_law(ObjectReader& reader, const std::vector<std::string>& swept) {
  const std::vector<std::string> scales{"linear", "over_log"};
  Json checked;
  checked["kind"] = "power_law";
  checked["x"] = check_axis(reader, "x", swept);
  reader.require("y");
  checked["y"] = check_metric(reader, "");
  checked["group_by"] = check_group(reader, swept, checked["x"].get<std::string>());
  const Json range = check_range(reader);
  if (!range.is_null()) checked["range"] = range;
  checked["x_scale"] = scales[reader.choice("x_scale", 0, scales)];
  return checked;
}

Json check_effective_size(ObjectReader& reader, const std::vector<std::string>& swept) {
  Json checked;
  checked["kind"] = "effective_size";
  checked["axis"] = check_axis(reader, "axis", swept);
  checked["y"] = check_metric(reader, "excess_clean_last");
  const Json& reference = reader.require("reference");
  if (!reference.is_object() || reference.empty())
    throw Error("no object stands here", reader.place("reference"),
                "write {\"/policy/feature\": \"binary32\"}, values as the sweep has them");
  for (const auto& member : reference.items()) {
    if (std::find(swept.begin(), swept.end(), member.key()) == swept.end())
      throw Error("\"" + member.key() + "\" is not swept",
                  reader.place("reference") + "/" + escaped(member.key()),
                  "name a pointer of the sweep");
  }
  checked["reference"] = reference;
  return checked;
}

// A group: the values of some pointers, and the points that have them.
struct Members {
  Json group;
  std::vector<std::size_t> points;
};

Json value_of(const FitPoint& point, const std::string& pointer) {
  if (const auto set = point.set->find(pointer); set != point.set->end()) return *set;
  const Json* found = find_at(*point.document, pointer);
  return found == nullptr ? Json() : *found;
}

std::vector<Members> group_points(const std::vector<FitPoint>& points, const Json& pointers) {
  std::vector<Members> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < points.size(); ++i) {
    Json group = Json::object();
    for (const Json& pointer : pointers)
      group[pointer.get<std::string>()] = value_of(points[i], pointer.get<std::string>());
    const auto [place, fresh] = known.try_emplace(group.dump(), groups.size());
    if (fresh) groups.push_back({group, {}});
    groups[place->second].points.push_back(i);
  }
  return groups;
}

struct Line {
  double slope = 0.0, intercept = 0.0;
};

// Least squares, sums in the order of the points.
Line fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i];
    mean_y += y[i];
  }
  mean_x /= n;
  mean_y /= n;
  double above = 0.0;
  double below = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    above += (x[i] - mean_x) * (y[i] - mean_y);
    below += (x[i] - mean_x) * (x[i] - mean_x);
  }
  const double slope = above / below;
  return {slope, mean_y - slope * mean_x};
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

// The points of a group that a line goes through.
struct Curve {
  std::vector<double> x, log_x;
  std::vector<const std::vector<double>*> y;
  std::string error;
};

Curve curve_of(const Json& fit, const std::vector<FitPoint>& points, const Members& members,
               const std::string& axis) {
  Curve curve;
  const std::size_t metric = metric_index(fit["y"].get<std::string>());
  const bool over_log = fit.value("x_scale", "linear") == "over_log";
  for (const std::size_t i : members.points) {
    const Json x = value_of(points[i], axis);
    const auto& y = points[i].metrics[metric];
    if (!x.is_number() || !y) continue;
    const auto value = x.get<double>();
    if (fit.contains("range") &&
        (value < fit["range"][0].get<double>() || value > fit["range"][1].get<double>()))
      continue;
    if (!(mean_of(*y) > 0.0) || std::isinf(mean_of(*y)) || !(value > (over_log ? 1.0 : 0.0))) {
      curve.error = "a value is not positive and finite, so it has no logarithm";
      return curve;
    }
    const double log_x = reference::logarithm(value);
    curve.x.push_back(value);
    curve.log_x.push_back(over_log ? log_x - reference::logarithm(log_x) : log_x);
    curve.y.push_back(&*y);
  }
  const bool distinct =
      std::any_of(curve.x.begin(), curve.x.end(), [&](double x) { return x != curve.x.front(); });
  if (!distinct) curve.error = "fewer than two sizes";
  return curve;
}

// Slopes over resampled repeats, sorted. Points with the same number of repeats are resampled
// together, as they share their samples. Empty where a point has fewer than two repeats.
std::vector<double> bootstrap(const Curve& curve, std::uint64_t seed) {
  std::size_t most = 0;
  for (const auto* y : curve.y) {
    if (y->size() < 2) return {};
    most = std::max(most, y->size());
  }
  const Random random = Machine{nullptr, seed, 0}.random(Site::bootstrap);
  std::vector<std::uint64_t> draws(most);
  std::vector<double> slopes;
  std::vector<double> log_y(curve.y.size());
  for (std::uint64_t b = 0; b < resamples; ++b) {
    for (std::size_t k = 0; k < most; ++k) draws[k] = random.bits(b * most + k, 64);
    bool positive = true;
    for (std::size_t i = 0; i < curve.y.size(); ++i) {
      const std::vector<double>& y = *curve.y[i];
      double sum = 0.0;
      for (std::size_t k = 0; k < y.size(); ++k) sum += y[draws[k] % y.size()];
      const double mean = sum / static_cast<double>(y.size());
      positive = positive && mean > 0.0 && std::isfinite(mean);
      log_y[i] = positive ? reference::logarithm(mean) : 0.0;
    }
    if (positive) slopes.push_back(fit_line(curve.log_x, log_y).slope);
  }
  std::sort(slopes.begin(), slopes.end());
  return slopes;
}

Json power_law(const Json& fit, const std::vector<FitPoint>& points, const Members& members,
               std::uint64_t seed) {
  Json record;
  for (const char* key : {"kind", "x", "y"}) record[key] = fit[key];
  record["group"] = members.group;
  if (fit.contains("range")) record["range"] = fit["range"];
  record["x_scale"] = fit["x_scale"];
  const Curve curve = curve_of(fit, points, members, fit["x"].get<std::string>());
  if (!curve.error.empty()) {
    record["error"] = curve.error;
    return record;
  }
  std::vector<double> log_y;
  for (const auto* y : curve.y) log_y.push_back(reference::logarithm(mean_of(*y)));
  const Line line = fit_line(curve.log_x, log_y);
  record["slope"] = number_json(line.slope);
  record["intercept"] = number_json(line.intercept);
  const std::vector<double> slopes = bootstrap(curve, seed);
  if (!slopes.empty()) {
    const std::size_t n = slopes.size();
    record["slope_interval"] = Json::array(
        {number_json(slopes[n * 25 / 1000]), number_json(slopes[(n * 975 - 1) / 1000])});
  } else {
    record["slope_interval"] = nullptr;
  }
  record["points"] = curve.x.size();
  return record;
}

// Where the piecewise straight curve through (log_x, log_y), in increasing x, has the height
// `wanted`: the first crossing. Absent beyond its ends.
std::optional<double> crossing(const std::vector<std::pair<double, double>>& curve, double wanted) {
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const auto [x0, y0] = curve[i];
    const auto [x1, y1] = curve[i + 1];
    if (wanted == y0) return x0;
    if ((y0 < wanted) == (y1 < wanted) && wanted != y1) continue;
    return x0 + (wanted - y0) / (y1 - y0) * (x1 - x0);
  }
  return std::nullopt;
}

void effective_sizes(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const std::string axis = fit["axis"].get<std::string>();
  const std::size_t metric = metric_index(fit["y"].get<std::string>());
  const auto is_reference = [&fit](const Json& group) {
    return std::all_of(fit["reference"].items().begin(), fit["reference"].items().end(),
                       [&](const auto& m) { return group.value(m.key(), Json()) == m.value(); });
  };
  // Curves are told apart by everything that is swept but the axis; a curve's reference agrees with
  // it in everything but the reference's pointers.
  Json others = Json::array();
  for (const auto& member : points.front().set->items()) {
    if (member.key() != axis) others.push_back(member.key());
  }
  std::map<std::string, std::vector<std::pair<double, double>>> references;
  const auto key_of = [&fit](Json group) {
    for (const auto& member : fit["reference"].items()) group.erase(member.key());
    return group.dump();
  };
  const std::vector<Members> groups = group_points(points, others);
  for (const Members& members : groups) {
    if (!is_reference(members.group)) continue;
    const Curve curve = curve_of(fit, points, members, axis);
    if (!curve.error.empty()) continue;
    auto& line = references[key_of(members.group)];
    for (std::size_t i = 0; i < curve.x.size(); ++i)
      line.emplace_back(curve.log_x[i], reference::logarithm(mean_of(*curve.y[i])));
    std::sort(line.begin(), line.end());
  }
  for (const Members& members : groups) {
    if (is_reference(members.group)) continue;
    for (const std::size_t i : members.points) {
      Json record;
      for (const char* key : {"kind", "axis", "y"}) record[key] = fit[key];
      record["group"] = members.group;
      record["size"] = value_of(points[i], axis);
      const auto found = references.find(key_of(members.group));
      const auto& y = points[i].metrics[metric];
      const double mean = y ? mean_of(*y) : 0.0;
      std::optional<double> log_size;
      if (found != references.end() && mean > 0.0 && std::isfinite(mean))
        log_size = crossing(found->second, reference::logarithm(mean));
      // Null: the reference has no such risk at any of its sizes.
      record["effective_size"] = log_size ? number_json(reference::exponential(*log_size)) : Json();
      records.push_back(record);
    }
  }
}

}  // namespace

Json check_fits(const Json& fits, const std::vector<std::string>& swept, const Json& resolved) {
  if (!fits.is_array()) throw Error("no list stands here", "/fits", "write [{\"kind\": ...}]");
  Json checked = Json::array();
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const std::string where = "/fits/" + std::to_string(i);
    ObjectReader reader(fits[i], where);
    reader.require("kind");
    const std::size_t kind =
        reader.choice("kind", 0, {"power_law", "effective_size", "precision_law"});
    if (kind == 2)
      throw Error("fits of the kind \"precision_law\" are not offered yet", where + "/kind",
                  "power_law and effective_size are");
    checked.push_back(kind == 0 ? check_power_law(reader, swept)
                                : check_effective_size(reader, swept));
    reader.finish();
    for (const Json& pointer : checked.back().value("group_by", Json::array())) {
      const auto text = pointer.get<std::string>();
      if (std::find(swept.begin(), swept.end(), text) == swept.end() &&
          find_at(resolved, text) == nullptr)
        throw Error("\"" + text + "\" is no field of the document", where + "/group_by",
                    suggest(text, swept));
    }
  }
  return checked;
}

Json compute_fits(const Json& checked, const std::vector<FitPoint>& points, std::uint64_t seed) {
  Json records = Json::array();
  for (const Json& fit : checked) {
    if (fit["kind"] == "effective_size") {
      effective_sizes(fit, points, records);
      continue;
    }
    for (const Members& members : group_points(points, fit["group_by"]))
      records.push_back(power_law(fit, points, members, seed));
  }
  return records;
}

}  // namespace halfulp::experiments

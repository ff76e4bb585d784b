// SPDX-License-Identifier: MIT
//
// At which size a reference curve, taken as straight lines between its points on log-log axes, has
// the risk that a point has.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/select.h"
#include "experiments/sweep.h"
#include "formats/error.h"
#include "reference/constants.h"

namespace halfulp::experiments {
namespace {

// (log_x, log_y) in increasing x.
using Curve = std::vector<std::pair<double, double>>;

// Where the piecewise straight curve has the height `wanted`: the first crossing. Absent beyond its
// ends.
std::optional<double> crossing(const Curve& curve, double wanted) {
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const auto [x0, y0] = curve[i];
    const auto [x1, y1] = curve[i + 1];
    if (wanted == y0) return x0;
    if ((y0 < wanted) == (y1 < wanted) && wanted != y1) continue;
    return x0 + (wanted - y0) / (y1 - y0) * (x1 - x0);
  }
  return std::nullopt;
}

bool is_reference(const Json& fit, const Json& group) {
  return std::all_of(fit["reference"].items().begin(), fit["reference"].items().end(),
                     [&](const auto& m) { return group.value(m.key(), Json()) == m.value(); });
}

// A curve's reference agrees with it in everything but the reference's pointers.
std::string key_of(const Json& fit, Json group) {
  for (const auto& member : fit["reference"].items()) group.erase(member.key());
  return group.dump();
}

std::map<std::string, Curve> reference_curves(const Json& fit, const std::vector<FitPoint>& points,
                                              const std::vector<Members>& groups) {
  const Axis axis{.pointer = fit["axis"].get<std::string>(), .range = nullptr};
  std::map<std::string, Curve> references;
  for (const Members& members : groups) {
    if (!is_reference(fit, members.group)) continue;
    const Selection selection = select_points(points, members, fit["y"].get<std::string>(), {axis});
    if (count_distinct(selection.log_x[0]) < 2) continue;
    Curve& curve = references[key_of(fit, members.group)];
    for (std::size_t i = 0; i < selection.y.size(); ++i)
      curve.emplace_back(selection.log_x[0][i], reference::logarithm(mean_of(*selection.y[i])));
    std::sort(curve.begin(), curve.end());
  }
  return references;
}

}  // namespace

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

void compute_effective_size(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const std::string axis = fit["axis"].get<std::string>();
  // Curves are told apart by everything that is swept but the axis.
  Json others = Json::array();
  for (const auto& member : points.front().set->items()) {
    if (member.key() != axis) others.push_back(member.key());
  }
  const std::vector<Members> groups = group_points(points, others);
  const std::map<std::string, Curve> references = reference_curves(fit, points, groups);
  for (const Members& members : groups) {
    if (is_reference(fit, members.group)) continue;
    for (const std::size_t i : members.points) {
      Json record;
      for (const char* key : {"kind", "axis", "y"}) record[key] = fit[key];
      record["group"] = members.group;
      record["size"] = value_of(points[i], axis);
      const auto found = references.find(key_of(fit, members.group));
      const auto& y = points[i].metrics[metric_index(fit["y"].get<std::string>())];
      const double mean = y ? mean_of(*y) : 0.0;
      std::optional<double> log_size;
      if (found != references.end() && mean > 0.0 && std::isfinite(mean))
        log_size = crossing(found->second, reference::logarithm(mean));
      // Null: the reference has no such risk at any of its sizes.
      record["effective_size"] = log_size ? number_json(reference::exponential(*log_size)) : Json();
      records.push_back(std::move(record));
    }
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// At which size a reference curve, taken as straight lines between its points on log-log axes, has
// the risk that a point has. Its interval is to first order in the logarithms of three means: the
// point's and those of the reference's two points beside it.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/pointers.h"
#include "experiments/results/fits/distributions.h"
#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/scatter.h"
#include "experiments/results/fits/select.h"
#include "formats/error.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

struct CurvePoint {
  double log_x = 0.0, log_y = 0.0;
  const std::vector<double>* repeats = nullptr;
};
// In increasing x.
using Curve = std::vector<CurvePoint>;

// Where a curve has a height: how far, in shares, from one of its points to the next.
struct Crossing {
  double log_x = 0.0, share = 0.0;
  CurvePoint left, right;
};

// The first crossing of the height `wanted`. Absent beyond the curve's ends.
std::optional<Crossing> crossing(const Curve& curve, double wanted) {
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const CurvePoint& left = curve[i];
    const CurvePoint& right = curve[i + 1];
    const double rise = right.log_y - left.log_y;
    if ((left.log_y < wanted) == (right.log_y < wanted) && wanted != left.log_y &&
        wanted != right.log_y)
      continue;
    if (rise == 0.0) return Crossing{left.log_x, 0.0, left, right};
    const double share = (wanted - left.log_y) / rise;
    return Crossing{left.log_x + share * (right.log_x - left.log_x), share, left, right};
  }
  return std::nullopt;
}

// 95 %, by the repeats; null where they do not tell.
Json interval_of(const Crossing& at, const std::vector<double>& y) {
  const Scatter scatter = scatter_of({&y, at.left.repeats, at.right.repeats});
  const double rise = at.right.log_y - at.left.log_y;
  if (!scatter.known || rise == 0.0) return nullptr;
  const double slope = (at.right.log_x - at.left.log_x) / rise;
  const Spread spread = spread_of(scatter, {slope, -slope * (1.0 - at.share), -slope * at.share});
  const double reach = student_95(spread.degrees) * spread.error;
  return interval_json(reference::exponential(at.log_x - reach),
                       reference::exponential(at.log_x + reach));
}

std::map<std::string, Curve> reference_curves(const Json& fit, const std::vector<FitPoint>& points,
                                              const std::vector<Members>& groups) {
  const Axis axis{.pointer = fit["axis"].get<std::string>(), .range = nullptr};
  std::map<std::string, Curve> references;
  for (const Members& members : groups) {
    if (!is_reference(fit["reference"], members.group)) continue;
    const Selection selection = select_points(points, members, fit["y"].get<std::string>(), {axis});
    if (count_distinct(selection.log_x[0]) < 2) continue;
    Curve& curve = references[key_beside(fit["reference"], members.group)];
    for (std::size_t i = 0; i < selection.y.size(); ++i)
      curve.push_back({.log_x = selection.log_x[0][i],
                       .log_y = reference::logarithm(mean_of(*selection.y[i])),
                       .repeats = selection.y[i]});
    std::stable_sort(curve.begin(), curve.end(),
                     [](const CurvePoint& a, const CurvePoint& b) { return a.log_x < b.log_x; });
  }
  return references;
}

}  // namespace

Json check_effective_size(ObjectReader& reader, const FitScope& scope) {
  Json checked;
  checked["kind"] = "effective_size";
  checked["axis"] = check_axis(reader, "axis", scope.swept);
  checked["y"] = scope.metrics[reader.choice("y", 0, scope.metrics)];
  checked["reference"] = check_reference(reader, scope.swept);
  return checked;
}

void compute_effective_size(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const std::string axis = fit["axis"].get<std::string>();
  const std::vector<Members> groups = group_points(points, swept_but(points, {axis}));
  const std::map<std::string, Curve> references = reference_curves(fit, points, groups);
  for (const Members& members : groups) {
    if (is_reference(fit["reference"], members.group)) continue;
    for (const std::size_t i : members.points) {
      Json record;
      for (const char* key : {"kind", "axis", "y"}) record[key] = fit[key];
      record["group"] = members.group;
      record["size"] = value_of(points[i], axis);
      const auto found = references.find(key_beside(fit["reference"], members.group));
      const std::vector<double>* y = points[i].repeats_of(fit["y"].get<std::string>());
      const double mean = y ? mean_of(*y) : 0.0;
      std::optional<Crossing> at;
      if (found != references.end() && mean > 0.0 && std::isfinite(mean))
        at = crossing(found->second, reference::logarithm(mean));
      // Null: the reference has no such risk at any of its sizes.
      record["effective_size"] = at ? number_json(reference::exponential(at->log_x)) : Json();
      record["effective_size_interval"] = at ? interval_of(*at, *y) : Json();
      records.push_back(std::move(record));
    }
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// y = amplitude x^-exponent + floor: a fall that ends.
#include <nlohmann/json.hpp>

#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/law.h"
#include "experiments/results/fits/select.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t fewest_sizes = 4;

FittedLaw law_of(const Selection& selection) {
  const CentredPower power(selection.log_x[0]);
  const std::vector<double> ones(selection.y.size(), 1.0);
  return {.amplitudes = {{.name = "amplitude", .exponent = 0, .centre = power.centre},
                         {.name = "floor"}},
          .shapes = {{.name = "exponent", .low = 0.02, .high = 10.0}},
          .terms = [power, ones](std::span<const double> shapes) {
            std::vector<double> values = power.value(shapes[0]);
            std::vector<double> slopes = power.slope(shapes[0], values);
            return Terms{.value = {std::move(values), ones}, .slope = {{std::move(slopes)}, {{}}}};
          }};
}

}  // namespace

Json check_power_law_floor(ObjectReader& reader, const FitScope& scope) {
  Json checked = check_power_law(reader, scope);
  checked["kind"] = "power_law_floor";
  return checked;
}

void compute_power_law_floor(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const Axis axis{.pointer = fit["x"].get<std::string>(),
                  .range = fit.value("range", Json()),
                  .over_log = fit["x_scale"] == "over_log"};
  for (const Members& members : group_points(points, fit["group_by"])) {
    Json record = begin_record(fit, members, {"kind", "x", "y"}, {"range", "x_scale"});
    const Selection selection = select_points(points, members, fit["y"].get<std::string>(), {axis});
    record["points"] = selection.y.size();
    record["excluded"] = selection.excluded;
    if (count_distinct(selection.log_x[0]) < fewest_sizes) {
      record["error"] = "fewer than four sizes";
    } else {
      write_law(law_of(selection), selection.y, record);
    }
    records.push_back(std::move(record));
  }
}

}  // namespace halfulp::experiments

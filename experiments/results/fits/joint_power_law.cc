// SPDX-License-Identifier: MIT
//
// y = floor + model_amplitude M^-model_exponent + data_amplitude N^-data_exponent of a model size M
// and a data size N.
#include <nlohmann/json.hpp>

#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/law.h"
#include "experiments/results/fits/select.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t fewest_sizes = 3;

FittedLaw law_of(const Selection& selection, bool with_floor) {
  const CentredPower model(selection.log_x[0]);
  const CentredPower data(selection.log_x[1]);
  const std::size_t count = selection.y.size();
  FittedLaw law{.amplitudes = {{.name = "model_amplitude", .exponent = 0, .centre = model.centre},
                               {.name = "data_amplitude", .exponent = 1, .centre = data.centre}},
                .shapes = {{.name = "model_exponent", .low = 0.05, .high = 5.0},
                           {.name = "data_exponent", .low = 0.05, .high = 5.0}},
                .terms = [model, data, count, with_floor](std::span<const double> shapes) {
                  Terms terms;
                  terms.value = {model.value(shapes[0]), data.value(shapes[1])};
                  terms.slope = {{model.slope(shapes[0], terms.value[0]), {}},
                                 {{}, data.slope(shapes[1], terms.value[1])}};
                  if (with_floor) {
                    terms.value.emplace_back(count, 1.0);
                    terms.slope.push_back({{}, {}});
                  }
                  return terms;
                }};
  if (with_floor) law.amplitudes.push_back({.name = "floor"});
  return law;
}

}  // namespace

Json check_joint_power_law(ObjectReader& reader, const FitScope& scope) {
  Json checked;
  checked["kind"] = "joint_power_law";
  checked["model_size"] = check_axis(reader, "model_size", scope.swept);
  checked["data_size"] = check_axis(reader, "data_size", scope.swept);
  checked["y"] = check_metric(reader, scope.metrics);
  checked["group_by"] = check_group(
      reader, scope.swept,
      {checked["model_size"].get<std::string>(), checked["data_size"].get<std::string>()});
  for (const char* key : {"model_range", "data_range"}) {
    const Json range = check_range(reader, key);
    if (!range.is_null()) checked[key] = range;
  }
  checked["data_scale"] = check_scale(reader, "data_scale");
  checked["with_floor"] = reader.boolean("with_floor", true);
  return checked;
}

void compute_joint_power_law(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const Axis model{.pointer = fit["model_size"].get<std::string>(),
                   .range = fit.value("model_range", Json())};
  const Axis data{.pointer = fit["data_size"].get<std::string>(),
                  .range = fit.value("data_range", Json()),
                  .over_log = fit["data_scale"] == "over_log"};
  const bool with_floor = fit["with_floor"].get<bool>();
  for (const Members& members : group_points(points, fit["group_by"])) {
    Json record = begin_record(fit, members, {"kind", "model_size", "data_size", "y"},
                               {"model_range", "data_range", "data_scale"});
    const Selection selection =
        select_points(points, members, fit["y"].get<std::string>(), {model, data});
    record["points"] = selection.y.size();
    record["excluded"] = selection.excluded;
    const FittedLaw law = law_of(selection, with_floor);
    if (count_distinct(selection.log_x[0]) < fewest_sizes ||
        count_distinct(selection.log_x[1]) < fewest_sizes) {
      record["error"] = "fewer than three sizes of the model or of the data";
    } else {
      write_law(law, selection.y, record);
      if (record.contains("floor_below"))
        record["hint"] = "\"with_floor\": false fits the law without a floor";
    }
    records.push_back(std::move(record));
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The law of Kumar et al. (arXiv 2411.04330): of model size N, data size D and P bits
//   y = floor + model_amplitude [N (1 - e^(-P / precision_scale))]^-model_exponent
//             + data_amplitude D^-data_exponent.
// Fewer bits act as fewer parameters. Without a data size the last term is part of the floor.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/law.h"
#include "experiments/results/fits/select.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t fewest_values = 3;

// Of one number of bits P at a scale g and the model's exponent: ln(1 - e^(-P / g)), its derivative
// by ln g, and (1 - e^(-P / g))^-exponent.
struct Saturation {
  double log_share = 0.0, slope = 0.0, power = 1.0;
};

std::map<double, Saturation> saturations(const std::vector<double>& bits, double scale,
                                         double exponent) {
  std::map<double, Saturation> by_bits;
  for (const double p : bits) {
    const auto [place, fresh] = by_bits.try_emplace(p);
    if (!fresh) continue;
    const double lost = reference::exponential(-p / scale);
    const double log_share = reference::logarithm(1.0 - lost);
    place->second = {.log_share = log_share,
                     .slope = -p / scale * lost / (1.0 - lost),
                     .power = reference::exponential(-exponent * log_share)};
  }
  return by_bits;
}

// The shapes are the model's exponent, the scale of precision, and the data's exponent.
Terms terms_of(const CentredPower& model, const std::vector<double>& bits, const CentredPower* data,
               bool with_floor, std::span<const double> shapes) {
  const double exponent = shapes[0];
  const std::map<double, Saturation> by_bits = saturations(bits, shapes[1], exponent);
  std::vector<double> value = model.value(exponent);
  std::vector<double> by_exponent = model.slope(exponent, value);
  std::vector<double> by_scale(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Saturation& at = by_bits.at(bits[i]);
    by_exponent[i] = at.power * (by_exponent[i] - exponent * at.log_share * value[i]);
    value[i] *= at.power;
    by_scale[i] = -exponent * at.slope * value[i];
  }
  Terms terms;
  terms.value.push_back(std::move(value));
  terms.slope.push_back({std::move(by_exponent), std::move(by_scale), {}});
  if (data != nullptr) {
    terms.value.push_back(data->value(shapes[2]));
    terms.slope.push_back({{}, {}, data->slope(shapes[2], terms.value.back())});
  }
  if (with_floor) {
    terms.value.emplace_back(bits.size(), 1.0);
    terms.slope.push_back({{}, {}, {}});
  }
  return terms;
}

FittedLaw law_of(const Selection& selection, bool with_floor) {
  const CentredPower model(selection.log_x[0]);
  const std::vector<double>& bits = selection.x[1];
  FittedLaw law{.amplitudes = {{.name = "model_amplitude", .exponent = 0, .centre = model.centre}},
                .shapes = {{.name = "model_exponent", .low = 0.05, .high = 5.0},
                           {.name = "precision_scale", .low = 0.3, .high = 20.0}},
                .terms = {}};
  if (selection.log_x.size() > 2) {
    const CentredPower data(selection.log_x[2]);
    law.amplitudes.push_back({.name = "data_amplitude", .exponent = 2, .centre = data.centre});
    law.shapes.push_back({.name = "data_exponent", .low = 0.05, .high = 5.0});
    law.terms = [model, bits, data, with_floor](std::span<const double> shapes) {
      return terms_of(model, bits, &data, with_floor, shapes);
    };
  } else {
    law.terms = [model, bits, with_floor](std::span<const double> shapes) {
      return terms_of(model, bits, nullptr, with_floor, shapes);
    };
  }
  if (with_floor) law.amplitudes.push_back({.name = "floor"});
  return law;
}

std::vector<Axis> axes_of(const Json& fit) {
  std::vector<Axis> axes{
      {.pointer = fit["model_size"].get<std::string>(), .range = fit.value("model_range", Json())},
      {.pointer = fit["precision"].get<std::string>(),
       .range = fit.value("precision_range", Json()),
       .bits = true}};
  if (!fit["data_size"].is_null())
    axes.push_back({.pointer = fit["data_size"].get<std::string>(),
                    .range = fit.value("data_range", Json()),
                    .over_log = fit["data_scale"] == "over_log"});
  return axes;
}

}  // namespace

Json check_precision_law(ObjectReader& reader, const FitScope& scope) {
  Json checked;
  checked["kind"] = "precision_law";
  std::vector<std::string> axes;
  for (const char* key : {"model_size", "precision", "data_size"}) {
    checked[key] = nullptr;
    if (std::string_view(key) == "data_size" && !reader.has(key)) continue;
    axes.push_back(check_axis(reader, key, scope.swept));
    checked[key] = axes.back();
  }
  checked["y"] = check_metric(reader, scope.metrics);
  checked["group_by"] = check_group(reader, scope.swept, axes);
  for (const char* key : {"model_range", "precision_range", "data_range"}) {
    const Json range = check_range(reader, key);
    if (!range.is_null()) checked[key] = range;
  }
  checked["data_scale"] = check_scale(reader, "data_scale");
  checked["with_floor"] = reader.boolean("with_floor", true);
  return checked;
}

void compute_precision_law(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  const std::vector<Axis> axes = axes_of(fit);
  for (const Members& members : group_points(points, fit["group_by"])) {
    Json record = begin_record(fit, members, {"kind", "model_size", "precision", "data_size", "y"},
                               {"model_range", "precision_range", "data_range", "data_scale"});
    const Selection selection = select_points(points, members, fit["y"].get<std::string>(), axes);
    record["points"] = selection.y.size();
    record["excluded"] = selection.excluded;
    const FittedLaw law = law_of(selection, fit["with_floor"].get<bool>());
    const bool few =
        std::any_of(selection.x.begin(), selection.x.end(),
                    [](const std::vector<double>& x) { return count_distinct(x) < fewest_values; });
    if (few) {
      record["error"] = "fewer than three sizes of the model or of the data, or of precisions";
    } else {
      write_law(law, selection.y, record);
      if (record.contains("floor_below"))
        record["hint"] = "\"with_floor\": false fits the law without a floor";
    }
    records.push_back(std::move(record));
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/series.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "experiments/results/fits/select.h"
#include "formats/error.h"

namespace halfulp::experiments {

double number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  throw Error("no number");
}

Json standard_error(const std::vector<double>& values, double mean) {
  if (values.size() < 2) return nullptr;
  const auto n = static_cast<double>(values.size());
  double squares = 0.0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return number_json(std::sqrt(squares / (n - 1.0) / n));
}

Json to_json(const std::vector<Series>& series) {
  Json object = Json::object();
  for (const Series& curve : series) {
    Json values = Json::array();
    for (const double x : curve.values) values.push_back(number_json(x));
    object[curve.name] = {{"steps", curve.steps}, {"values", std::move(values)}};
  }
  return object;
}

std::vector<Series> series_from_json(const Json& value) {
  if (!value.is_object()) throw Error("no series");
  std::vector<Series> all;
  for (const auto& member : value.items()) {
    ObjectReader reader(member.value(), "");
    Series curve{.name = member.key(), .steps = {}, .values = {}};
    const Json& steps = reader.require("steps");
    const Json& values = reader.require("values");
    reader.finish();
    if (!steps.is_array() || !values.is_array() || steps.size() != values.size())
      throw Error("no series");
    for (const Json& step : steps) {
      if (!step.is_number_unsigned()) throw Error("no step");
      curve.steps.push_back(step.get<std::uint64_t>());
    }
    for (const Json& x : values) curve.values.push_back(number_of(x));
    all.push_back(std::move(curve));
  }
  return all;
}

Json mean_series_json(const std::vector<RepeatOutcome>& outcomes) {
  Json object = Json::object();
  for (std::size_t k = 0; k < outcomes.front().series.size(); ++k) {
    const Series& first = outcomes.front().series[k];
    Json means = Json::array();
    Json errors = Json::array();
    for (std::size_t i = 0; i < first.steps.size(); ++i) {
      std::vector<double> values;
      for (const RepeatOutcome& outcome : outcomes) {
        const Series& curve = outcome.series.at(k);
        HALFULP_REQUIRE(curve.name == first.name && curve.steps == first.steps,
                        "repeats of a point are measured at the same steps");
        values.push_back(curve.values[i]);
      }
      const double mean = mean_of(values);
      means.push_back(number_json(mean));
      errors.push_back(standard_error(values, mean));
    }
    object[first.name] = {
        {"steps", first.steps}, {"mean", std::move(means)}, {"stderr", std::move(errors)}};
  }
  return object;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Made-up points of a study, for tests of fits: sizes at "/m" and "/n", a third axis "/eps", and
// the risk of every repeat.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "experiments/data/variates.h"
#include "experiments/models/linear_regression/places.h"
#include "experiments/results/fit.h"

namespace halfulp::experiments {

// How repeats scatter about the truth: by factors of mean 1, lognormal, of which a share is common
// to all points that have the repeat, as with common random numbers.
struct RepeatNoise {
  double sigma = 0.0;
  double common = 0.0;  // correlation between points
  std::uint64_t seed = 1;
};

inline double gaussian(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  double g = 0.0;
  fill_variates(Law::gaussian, {.seed = seed, .stream = stream, .offset = 0}, index,
                std::span<double>(&g, 1));
  return g;
}

class Points {
 public:
  // The risk in every repeat.
  void add(const Json& set, const std::vector<double>& repeats, const Json& document = {}) {
    sets_.push_back(std::make_unique<Json>(set));
    documents_.push_back(std::make_unique<Json>(document));
    FitPoint point{.set = sets_.back().get(),
                   .document = documents_.back().get(),
                   .policy = nullptr,
                   .metrics = {},
                   .theory = {}};
    if (document.contains("policy")) {
      policies_.push_back(
          std::make_unique<Policy>(linear_regression::parse_policy(document["policy"], "/policy")));
      point.policy = policies_.back().get();
    }
    point.metrics["excess_clean_last"] = repeats;
    points_.push_back(point);
  }
  void add_noisy(const Json& set, double risk, const RepeatNoise& noise, std::size_t repeats) {
    std::vector<double> values;
    for (std::size_t r = 0; r < repeats; ++r) {
      const double g = std::sqrt(noise.common) * gaussian(noise.seed, 0, r) +
                       std::sqrt(1.0 - noise.common) * gaussian(noise.seed, 1 + points_.size(), r);
      values.push_back(risk * std::exp(noise.sigma * g - 0.5 * noise.sigma * noise.sigma));
    }
    add(set, values);
  }
  // What theory says of the point that was added last.
  void set_theory(double risk) { points_.back().theory["excess_clean_last"] = risk; }
  void add_failed(const Json& set) {
    add(set, {1.0});
    points_.back().metrics.clear();
  }
  [[nodiscard]] Json fit(const Json& fit) const {
    FitScope scope{.swept = {}, .metrics = {"excess_clean_last", "floor"}};
    for (const auto& member : points_.front().set->items()) scope.swept.push_back(member.key());
    return compute_fits(check_fits(Json::array({fit}), scope, Json::object()), points_);
  }

 private:
  std::vector<std::unique_ptr<Json>> sets_, documents_;
  std::vector<std::unique_ptr<Policy>> policies_;
  std::vector<FitPoint> points_;
};

inline bool holds(const Json& interval, double truth) {
  return interval[0].get<double>() <= truth && truth <= interval[1].get<double>();
}

}  // namespace halfulp::experiments

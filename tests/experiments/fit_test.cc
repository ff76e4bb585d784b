// SPDX-License-Identifier: MIT
#include "experiments/results/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/datasets/variates.h"
#include "experiments/execute.h"

namespace halfulp::experiments {
namespace {

// Points (size, eps) whose risk is given, with as many repeats as there is scatter for.
class Points {
 public:
  void add(double size, double eps, double risk, double scatter = 0.0, std::size_t repeats = 1) {
    sets_.push_back(std::make_unique<Json>(Json{{"/m", size}, {"/eps", eps}}));
    std::vector<double> noise(repeats);
    fill_variates(Law::uniform, {.seed = 1, .stream = sets_.size(), .offset = 0}, 0, noise);
    std::vector<double> values;
    for (const double g : noise) values.push_back(risk * (1.0 + scatter * g));
    FitPoint point{.set = sets_.back().get(), .document = sets_.back().get(), .metrics = {}};
    point.metrics.resize(metric_count);
    point.metrics[0] = values;
    points_.push_back(point);
  }
  void add_failed(double size, double eps) {
    add(size, eps, 1.0);
    points_.back().metrics[0].reset();
  }
  [[nodiscard]] Json fit(const Json& fits) const {
    return compute_fits(check_fits(fits, {"/m", "/eps"}, Json::object()), points_, 1);
  }

 private:
  std::vector<std::unique_ptr<Json>> sets_;
  std::vector<FitPoint> points_;
};

const Json power_law{{"kind", "power_law"}, {"x", "/m"}, {"y", "excess_clean_last"}};

TEST(Fits, ExactPowerLawsComeBack) {
  Points points;
  for (const double m : {8, 16, 32, 64}) points.add(m, 0.0, 3.0 * std::pow(m, -1.25));
  for (const double m : {8, 16, 32, 64}) points.add(m, 0.5, 2.0 * std::pow(m, -0.5));
  points.add_failed(128, 0.5);
  const Json fits = points.fit(Json::array({power_law}));
  ASSERT_EQ(fits.size(), 2U);
  EXPECT_NEAR(fits[0]["slope"].get<double>(), -1.25, 1e-13);
  EXPECT_NEAR(fits[0]["intercept"].get<double>(), std::log(3.0), 1e-12);
  EXPECT_EQ(fits[0]["group"], (Json{{"/eps", 0.0}}));
  EXPECT_EQ(fits[0]["points"], 4);
  EXPECT_TRUE(fits[0]["slope_interval"].is_null());
  EXPECT_NEAR(fits[1]["slope"].get<double>(), -0.5, 1e-13);
  EXPECT_EQ(fits[1]["points"], 4);
}

TEST(Fits, RangeAndScaleOfX) {
  Points points;
  for (const double m : {4, 8, 16, 32, 64})
    points.add(m, 0.0, m < 8 ? 100.0 : std::pow(m / std::log(m), -0.5));
  Json fit = power_law;
  fit["range"] = {8, 64};
  fit["x_scale"] = "over_log";
  const Json fits = points.fit(Json::array({fit}));
  EXPECT_NEAR(fits[0]["slope"].get<double>(), -0.5, 1e-13);
  EXPECT_EQ(fits[0]["points"], 4);
}

// Over many synthetic data sets the 95 % interval must hold the truth about 95 times in 100.
TEST(Fits, IntervalsCoverTheTruth) {
  int covered = 0;
  constexpr int sets = 60;
  for (int k = 0; k < sets; ++k) {
    Points points;
    for (int skipped = 0; skipped < 3 * k; ++skipped) points.add_failed(1000 + skipped, 1.0);
    for (const double m : {8, 16, 32, 64}) points.add(m, 0.0, 3.0 * std::pow(m, -1.0), 0.2, 50);
    const Json fits = points.fit(Json::array({power_law}));
    const Json& interval = fits.back()["group"]["/eps"] == 0.0 ? fits.back()["slope_interval"]
                                                               : fits.front()["slope_interval"];
    const double low = interval[0].get<double>();
    const double high = interval[1].get<double>();
    EXPECT_LT(low, high);
    EXPECT_LT(high - low, 0.15);
    covered += low <= -1.0 && -1.0 <= high ? 1 : 0;
  }
  EXPECT_GE(covered, 51);
}

TEST(Fits, GroupsThatAllowNoFitSaySo) {
  Points points;
  points.add(8, 0.0, 1.0);
  points.add(8, 1.0, 1.0);
  points.add(16, 1.0, -1.0);
  const Json fits = points.fit(Json::array({power_law}));
  EXPECT_TRUE(fits[0].contains("error"));
  EXPECT_TRUE(fits[1].contains("error"));
}

TEST(Fits, EffectiveSizeIsReadFromTheReferenceCurve) {
  Points points;
  for (const double m : {8, 16, 32, 64}) points.add(m, 0.0, 1.0 / m);
  points.add(64, 0.5, 1.0 / 20.0);
  points.add(64, 0.7, 1.0);
  const Json fits = points.fit(
      Json::array({{{"kind", "effective_size"}, {"axis", "/m"}, {"reference", {{"/eps", 0.0}}}}}));
  ASSERT_EQ(fits.size(), 2U);
  EXPECT_NEAR(fits[0]["effective_size"].get<double>(), 20.0, 1e-12);
  EXPECT_EQ(fits[0]["size"], 64.0);
  EXPECT_TRUE(fits[1]["effective_size"].is_null());
}

}  // namespace
}  // namespace halfulp::experiments

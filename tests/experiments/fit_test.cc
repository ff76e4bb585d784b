// SPDX-License-Identifier: MIT
#include "experiments/results/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/error.h"
#include "tests/experiments/fit_points.h"

namespace halfulp::experiments {
namespace {

const Json power_law{{"kind", "power_law"}, {"x", "/m"}, {"y", "excess_clean_last"}};

Json at(double size, double eps) { return {{"/m", size}, {"/eps", eps}}; }

TEST(Fits, ExactPowerLawsComeBack) {
  Points points;
  for (const double m : {8, 16, 32, 64}) points.add(at(m, 0.0), {3.0 * std::pow(m, -1.25)});
  for (const double m : {8, 16, 32, 64}) points.add(at(m, 0.5), {2.0 * std::pow(m, -0.5)});
  const Json fits = points.fit(power_law);
  ASSERT_EQ(fits.size(), 2U);
  EXPECT_NEAR(fits[0]["slope"].get<double>(), -1.25, 1e-13);
  EXPECT_NEAR(fits[0]["intercept"].get<double>(), std::log(3.0), 1e-12);
  EXPECT_EQ(fits[0]["group"], (Json{{"/eps", 0.0}}));
  EXPECT_EQ(fits[0]["points"], 4);
  EXPECT_EQ(fits[0]["excluded"], 0);
  EXPECT_LT(fits[0]["residual"].get<double>(), 1e-13);
  EXPECT_NEAR(fits[0]["curvature"].get<double>(), 0.0, 1e-13);
  // One repeat says nothing of errors.
  for (const char* key : {"slope_interval", "chi_square", "degrees_of_freedom", "probability",
                          "curvature_error", "misfit"})
    EXPECT_TRUE(fits[0][key].is_null()) << key;
  EXPECT_NEAR(fits[1]["slope"].get<double>(), -0.5, 1e-13);
  EXPECT_EQ(fits[1]["points"], 4);
}

TEST(Fits, RangeAndScaleOfX) {
  Points points;
  for (const double m : {4, 8, 16, 32, 64})
    points.add(at(m, 0.0), {m < 8 ? 100.0 : std::pow(m / std::log(m), -0.5)});
  Json fit = power_law;
  fit["range"] = {8, 64};
  fit["x_scale"] = "over_log";
  const Json fits = points.fit(fit);
  EXPECT_NEAR(fits[0]["slope"].get<double>(), -0.5, 1e-13);
  EXPECT_EQ(fits[0]["points"], 4);
  EXPECT_EQ(fits[0]["excluded"], 0);
}

TEST(Fits, PointsThatFailedDivergedOrAreNotPositiveAreCountedAndLeftOut) {
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Points points;
  for (const double m : {8, 16, 32, 64}) points.add(at(m, 0.5), {2.0 * std::pow(m, -0.5)});
  points.add_failed(at(128, 0.5));
  points.add(at(256, 0.5), {1.0, infinite, 1.0});
  points.add(at(512, 0.5), {nan, 1.0});
  points.add(at(1024, 0.5), {-1.0, 0.5});
  const Json fits = points.fit(power_law);
  EXPECT_NEAR(fits[0]["slope"].get<double>(), -0.5, 1e-13);
  EXPECT_EQ(fits[0]["points"], 4);
  EXPECT_EQ(fits[0]["excluded"], 4);
}

TEST(Fits, GroupsThatAllowNoFitSaySo) {
  Points points;
  points.add(at(8, 0.0), {1.0});
  points.add(at(8, 1.0), {1.0});
  points.add(at(16, 1.0), {-1.0});
  const Json fits = points.fit(power_law);
  EXPECT_EQ(fits[0]["error"], "fewer than two sizes");
  EXPECT_EQ(fits[0]["excluded"], 0);
  EXPECT_EQ(fits[1]["error"], "fewer than two sizes");
  EXPECT_EQ(fits[1]["excluded"], 1);
}

// y = m^-1 (1 + m / 40): the curvature of its logarithm is that of ln(1 + m / 40).
TEST(Fits, ABentCurveIsMarkedAndAStraightOneIsNot) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    points.add_noisy(at(m, 0.0), 1.0 / m, {.sigma = 0.1, .common = 0.5}, 16);
    points.add_noisy(at(m, 1.0), (1.0 + m / 40.0) / m, {.sigma = 0.1, .common = 0.5}, 16);
  }
  const Json fits = points.fit(power_law);
  EXPECT_EQ(fits[0]["misfit"], false);
  EXPECT_LT(fits[0]["chi_square"].get<double>(), 4 * fits[0]["degrees_of_freedom"].get<double>());
  EXPECT_GT(fits[0]["probability"].get<double>(), 0.01);
  EXPECT_EQ(fits[1]["misfit"], true);
  EXPECT_GT(fits[1]["chi_square"].get<double>(), 8 * fits[1]["degrees_of_freedom"].get<double>());
  EXPECT_LT(fits[1]["probability"].get<double>(), 0.005);
  EXPECT_NEAR(fits[1]["curvature"].get<double>(), 0.104, 0.03);
  EXPECT_LT(fits[1]["curvature_error"].get<double>(), 0.03);
}

// The errors common to all points move the line up and down; they say nothing against it, and a
// bend far below them is seen.
TEST(Fits, CommonRandomNumbersSharpenWhatIsSeen) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    points.add_noisy(at(m, 0.0), 1.0 / m, {.sigma = 0.5, .common = 0.9999}, 16);
    points.add_noisy(at(m, 1.0), (1.0 + m / 400.0) / m, {.sigma = 0.5, .common = 0.9999}, 16);
  }
  const Json fits = points.fit(power_law);
  EXPECT_EQ(fits[0]["misfit"], false);
  EXPECT_EQ(fits[1]["misfit"], true);
  for (const Json& fit : fits)
    EXPECT_LT(fit["slope_interval"][1].get<double>() - fit["slope_interval"][0].get<double>(),
              0.02);
}

// Independent points of many repeats: the ordinary chi-square of points less parameters.
TEST(Fits, ChiSquareIsTheOrdinaryOneWherePointsAreIndependent) {
  Points points;
  double expected = 0.0;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> weight;
  for (const double m : {8, 16, 32, 64, 128}) {
    std::vector<double> values;
    double mean = 0.0;
    for (std::uint64_t r = 0; r < 4000; ++r) {
      values.push_back((1.0 + 0.1 * gaussian(7, static_cast<std::uint64_t>(m), r)) / m);
      mean += values.back() / 4000;
    }
    points.add(at(m, 0.0), values);
    x.push_back(std::log(m));
    y.push_back(std::log(mean));
  }
  const Json fit = points.fit(power_law)[0];
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual =
        y[i] - fit["intercept"].get<double>() - fit["slope"].get<double>() * x[i];
    expected += residual * residual / (0.1 * 0.1 / 4000);
  }
  EXPECT_NEAR(fit["chi_square"].get<double>(), expected, 0.1 * expected);
  EXPECT_NEAR(fit["degrees_of_freedom"].get<double>(), 3.0, 0.1);
}

TEST(Fits, RepeatsThatDoNotScatterGiveNoErrors) {
  Points points;
  for (const double m : {8, 16, 32, 64})
    points.add(at(m, 0.0), std::vector<double>(7, 0.1 * std::pow(m, -0.7)));
  const Json fit = points.fit(power_law)[0];
  EXPECT_NEAR(fit["slope"].get<double>(), -0.7, 1e-13);
  EXPECT_TRUE(fit["slope_interval"].is_null());
  EXPECT_TRUE(fit["misfit"].is_null());
}

TEST(Fits, EffectiveSizeIsReadFromTheReferenceCurve) {
  Points points;
  for (const double m : {8, 16, 32, 64}) points.add(at(m, 0.0), {1.0 / m});
  points.add(at(64, 0.5), {1.0 / 20.0});
  points.add(at(64, 0.7), {1.0});
  const Json fits =
      points.fit({{"kind", "effective_size"}, {"axis", "/m"}, {"reference", {{"/eps", 0.0}}}});
  ASSERT_EQ(fits.size(), 2U);
  EXPECT_NEAR(fits[0]["effective_size"].get<double>(), 20.0, 1e-12);
  EXPECT_EQ(fits[0]["size"], 64.0);
  EXPECT_TRUE(fits[0]["effective_size_interval"].is_null());  // a single repeat
  EXPECT_TRUE(fits[1]["effective_size"].is_null());
  EXPECT_TRUE(fits[1]["effective_size_interval"].is_null());
}

// Errors common to the curve and to the point cancel.
TEST(Fits, EffectiveSizesHaveIntervals) {
  const auto interval = [](double common) {
    Points points;
    const RepeatNoise noise{.sigma = 0.2, .common = common};
    for (const double m : {8, 16, 32, 64}) points.add_noisy(at(m, 0.0), 1.0 / m, noise, 8);
    points.add_noisy(at(64, 0.5), 1.0 / 20.0, noise, 8);
    const Json fits =
        points.fit({{"kind", "effective_size"}, {"axis", "/m"}, {"reference", {{"/eps", 0.0}}}});
    EXPECT_TRUE(holds(fits[0]["effective_size_interval"], 20.0)) << fits;
    return fits[0]["effective_size_interval"];
  };
  const Json independent = interval(0.0);
  EXPECT_GT(independent[1].get<double>() - independent[0].get<double>(), 2.0);
  const Json shared = interval(0.999);
  EXPECT_LT(shared[1].get<double>() - shared[0].get<double>(), 1.0);
}

TEST(Fits, AnUnknownKindNamesThoseThatThereAre) {
  Points points;
  points.add(at(8, 0.0), {1.0});
  try {
    static_cast<void>(
        points.fit({{"kind", "precision_laws"}, {"x", "/m"}, {"y", "excess_clean_last"}}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.location(), "/fits/0/kind");
    EXPECT_NE(std::string(error.what()).find("\"power_law\""), std::string::npos);
  }
}

}  // namespace
}  // namespace halfulp::experiments

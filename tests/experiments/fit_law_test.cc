// SPDX-License-Identifier: MIT
//
// Floors and joint laws on made-up points: what follows a law exactly comes back, and what the
// points do not say is not said.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/experiments/fit_points.h"

namespace halfulp::experiments {
namespace {

const Json floor_fit{{"kind", "power_law_floor"}, {"x", "/m"}, {"y", "excess_clean_last"}};
const Json joint_fit{{"kind", "joint_power_law"},
                     {"model_size", "/m"},
                     {"data_size", "/n"},
                     {"y", "excess_clean_last"}};

const std::vector<double> sizes{8, 16, 32, 64, 128, 256};

TEST(FitLaws, ExactFloorsComeBack) {
  for (const double floor : {1e-3, 0.02, 0.3}) {
    for (const double exponent : {0.3, 0.5, 1.0, 2.0}) {
      Points points;
      for (const double m : sizes) points.add({{"/m", m}}, {2.0 * std::pow(m, -exponent) + floor});
      const Json fit = points.fit(floor_fit)[0];
      ASSERT_FALSE(fit.contains("error")) << fit << " " << floor << " " << exponent;
      EXPECT_NEAR(fit["exponent"].get<double>(), exponent, 1e-7 * exponent);
      EXPECT_NEAR(fit["amplitude"].get<double>(), 2.0, 1e-6);
      EXPECT_NEAR(fit["floor"].get<double>(), floor, 1e-6 * floor);
      EXPECT_LT(fit["residual"].get<double>(), 1e-9);
      EXPECT_EQ(fit["points"], 6);
      EXPECT_TRUE(fit["floor_interval"].is_null());
    }
  }
}

TEST(FitLaws, WithoutAFloorNoneIsClaimed) {
  Points exact;
  for (const double m : sizes) exact.add({{"/m", m}}, {2.0 / m});
  const Json fit = exact.fit(floor_fit)[0];
  EXPECT_EQ(fit["error"], "the points do not determine floor");
  EXPECT_LT(fit["floor_below"].get<double>(), 1e-6);
  EXPECT_FALSE(fit.contains("exponent"));
  Points noisy;
  for (const double m : sizes)
    noisy.add_noisy({{"/m", m}}, 2.0 / m, {.sigma = 0.1, .common = 0.5, .seed = 3}, 16);
  const Json bound = noisy.fit(floor_fit)[0];
  EXPECT_EQ(bound["error"], "the points do not determine floor");
  EXPECT_LT(bound["floor_below"].get<double>(), 2.0 / 256);
}

TEST(FitLaws, FloorsAloneSayNothingOfAFall) {
  Points exact;
  Points noisy;
  for (const double m : sizes) {
    exact.add({{"/m", m}}, {0.25});
    noisy.add_noisy({{"/m", m}}, 0.25, {.sigma = 0.1, .common = 0.5}, 16);
  }
  for (const Points* points : {&exact, &noisy}) {
    const Json fit = points->fit(floor_fit)[0];
    ASSERT_TRUE(fit.contains("error")) << fit;
    EXPECT_FALSE(fit.contains("floor"));
  }
}

TEST(FitLaws, RisingCurvesHaveNoFall) {
  Points points;
  for (const double m : sizes) points.add({{"/m", m}}, {0.1 + 0.001 * m});
  EXPECT_TRUE(points.fit(floor_fit)[0].contains("error"));
}

TEST(FitLaws, FloorsOfLogarithmicAxes) {
  Points points;
  for (const double m : sizes)
    points.add({{"/m", m}}, {3.0 * std::pow(m / std::log(m), -0.8) + 0.05});
  Json fit = floor_fit;
  fit["x_scale"] = "over_log";
  const Json record = points.fit(fit)[0];
  EXPECT_NEAR(record["exponent"].get<double>(), 0.8, 1e-7);
  EXPECT_NEAR(record["amplitude"].get<double>(), 3.0, 1e-5);
}

TEST(FitLaws, FailedAndDivergedPointsAreCountedAndTooFewSaySo) {
  Points points;
  for (const double m : {8, 16, 32}) points.add({{"/m", m}}, {1.0 / m + 0.1});
  points.add_failed({{"/m", 64}});
  points.add({{"/m", 128}}, {std::numeric_limits<double>::infinity()});
  const Json few = points.fit(floor_fit)[0];
  EXPECT_EQ(few["error"], "fewer than four sizes");
  EXPECT_EQ(few["points"], 3);
  EXPECT_EQ(few["excluded"], 2);
  points.add({{"/m", 256}}, {1.0 / 256 + 0.1});
  points.add({{"/m", 512}}, {1.0 / 512 + 0.1});
  const Json enough = points.fit(floor_fit)[0];
  EXPECT_NEAR(enough["floor"].get<double>(), 0.1, 1e-7);
  EXPECT_EQ(enough["points"], 5);
  EXPECT_EQ(enough["excluded"], 2);
}

double joint(double m, double n, double floor) {
  return floor + 2.0 * std::pow(m, -0.5) + 5.0 * std::pow(n, -0.7);
}

Points joint_points(double floor, const RepeatNoise& noise, std::size_t repeats) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384})
      points.add_noisy({{"/m", m}, {"/n", n}}, joint(m, n, floor), noise, repeats);
  }
  return points;
}

TEST(FitLaws, ExactJointLawsComeBack) {
  const Json fit = joint_points(0.05, {}, 1).fit(joint_fit)[0];
  ASSERT_FALSE(fit.contains("error")) << fit;
  EXPECT_NEAR(fit["model_exponent"].get<double>(), 0.5, 1e-7);
  EXPECT_NEAR(fit["data_exponent"].get<double>(), 0.7, 1e-7);
  EXPECT_NEAR(fit["model_amplitude"].get<double>(), 2.0, 1e-6);
  EXPECT_NEAR(fit["data_amplitude"].get<double>(), 5.0, 1e-5);
  EXPECT_NEAR(fit["floor"].get<double>(), 0.05, 1e-7);
  EXPECT_EQ(fit["points"], 20);
  EXPECT_TRUE(fit["misfit"].is_null());
}

TEST(FitLaws, JointLawsWithoutAFloor) {
  const Points points = joint_points(0.0, {.sigma = 0.05, .common = 0.5}, 16);
  const Json none = points.fit(joint_fit)[0];
  EXPECT_EQ(none["error"], "the points do not determine floor");
  EXPECT_GT(none["floor_below"].get<double>(), 0.0);
  EXPECT_LT(none["floor_below"].get<double>(), 0.1);
  Json asked = joint_fit;
  asked["with_floor"] = false;
  const Json fit = points.fit(asked)[0];
  ASSERT_FALSE(fit.contains("error")) << fit;
  EXPECT_TRUE(holds(fit["model_exponent_interval"], 0.5)) << fit;
  EXPECT_TRUE(holds(fit["data_exponent_interval"], 0.7)) << fit;
  EXPECT_FALSE(fit.contains("floor"));
  EXPECT_EQ(fit["misfit"], false);
}

TEST(FitLaws, JointLawsNeedSizesOfBoth) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024}) points.add({{"/m", m}, {"/n", n}}, {joint(m, n, 0.05)});
  }
  EXPECT_EQ(points.fit(joint_fit)[0]["error"],
            "fewer than three sizes of the model or of the data");
}

// y = m^-0.5 n^-0.5 is no sum of the two.
TEST(FitLaws, AnotherLawIsMarkedAsAMisfit) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384})
      points.add_noisy({{"/m", m}, {"/n", n}}, 3.0 / std::sqrt(m * n),
                       {.sigma = 0.05, .common = 0.5}, 16);
  }
  Json fit = joint_fit;
  fit["with_floor"] = false;
  const Json record = points.fit(fit)[0];
  ASSERT_FALSE(record.contains("error")) << record;
  EXPECT_EQ(record["misfit"], true);
}

// Units do not matter: sizes and risks far from 1 give the same exponents.
TEST(FitLaws, UnitsDoNotMatter) {
  for (const double risk : {1e-300, 1e-9, 1e9, 1e290}) {
    for (const double size : {1e-100, 1e6, 1e100}) {
      Points points;
      for (const double m : sizes) points.add({{"/m", m * size}}, {risk * (2.0 / m + 0.03)});
      const Json fit = points.fit(floor_fit)[0];
      ASSERT_FALSE(fit.contains("error")) << fit << " " << risk << " " << size;
      EXPECT_NEAR(fit["exponent"].get<double>(), 1.0, 1e-6) << risk << " " << size;
      EXPECT_NEAR(fit["floor"].get<double>(), 0.03 * risk, 1e-7 * risk) << risk << " " << size;
    }
  }
}

// Numbers without any law end in an error, not in nonsense.
TEST(FitLaws, NumbersWithoutALawAreErrors) {
  const std::vector<double> odd{5e-324, 1e-300, 1e-20, 1.0, 1.0 + 1e-15, 3.0, 1e20, 1e300};
  for (std::uint64_t k = 0; k < 15; ++k) {
    Points points;
    std::uint64_t draw = 0;
    for (const double m : {1.0, 2.0, 1e3, 1e100, 1e300}) {
      for (const double n : {1e-5, 1.0, 1e5}) {
        std::vector<double> repeats;
        for (std::uint64_t r = 0; r < 1 + k % 3; ++r) {
          const Random random{.seed = 5, .stream = k, .offset = 0};
          repeats.push_back(odd[random.bits(draw++, 64) % odd.size()]);
        }
        points.add({{"/m", m}, {"/n", n}}, repeats);
      }
    }
    EXPECT_TRUE(points.fit(joint_fit)[0].contains("error")) << points.fit(joint_fit)[0];
  }
}

// Of + - * / and correctly rounded functions alone, whatever compiler and machine.
TEST(FitLaws, TheSameBytesEverywhere) {
  Points points;
  std::uint64_t stream = 0;
  for (const double m : sizes) {
    std::vector<double> repeats;
    for (std::uint64_t r = 0; r < 5; ++r)
      repeats.push_back((2.0 / m + 0.03) * (1.0 + 0.05 * gaussian(9, stream, r)));
    points.add({{"/m", m}}, repeats);
    ++stream;
  }
  EXPECT_EQ(
      points.fit(floor_fit)[0].dump(),
      R"({"kind":"power_law_floor","x":"/m","y":"excess_clean_last","group":{},"x_scale":"linear","points":6,"excluded":0,"amplitude":2.1156063353455385,"amplitude_interval":[1.9794527303536082,2.2611250561940053],"floor":0.02975506912748981,"floor_interval":[0.026432314848466424,0.033495520307524826],"exponent":1.0119932393981508,"exponent_interval":[0.9710113120441034,1.054704825664324],"residual":0.015115900349205564,"chi_square":1.159950730978301,"degrees_of_freedom":3.0,"probability":0.7646576237170611,"misfit":false})");
  const Json line{{"kind", "power_law"}, {"x", "/m"}, {"y", "excess_clean_last"}};
  EXPECT_EQ(
      points.fit(line)[0].dump(),
      R"({"kind":"power_law","x":"/m","y":"excess_clean_last","group":{},"x_scale":"linear","slope":-0.5914887736401542,"intercept":-0.18483907167667502,"slope_interval":[-0.617161451483494,-0.5658160957968144],"points":6,"excluded":0,"residual":0.13351493583685115,"chi_square":123.33649773310964,"degrees_of_freedom":3.658639835617381,"probability":4.179390319887445e-07,"curvature":0.11055577679503481,"curvature_error":0.006110263590187975,"misfit":true})");
}

}  // namespace
}  // namespace halfulp::experiments

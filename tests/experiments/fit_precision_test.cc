// SPDX-License-Identifier: MIT
//
// The law of precision on points that follow it, and on points that do not tell.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/experiments/fit_points.h"

namespace halfulp::experiments {
namespace {

const Json precision_fit{{"kind", "precision_law"},
                         {"model_size", "/m"},
                         {"precision", "/bits"},
                         {"data_size", "/n"},
                         {"y", "excess_clean_last"}};

// The published form and scale of weights (arXiv 2411.04330): 1 - e^(-P / 2.6745) is .674 at 3
// bits.
double law(double m, double bits, double n, double floor) {
  const double effective = m * (1.0 - std::exp(-bits / 2.6745));
  return 4.0 * std::pow(effective, -0.4965) + 9.0 * std::pow(n, -0.6) + floor;
}

Points law_points(const std::vector<double>& bits, double floor, const RepeatNoise& noise,
                  std::size_t repeats) {
  Points points;
  for (const double m : {32, 128, 512, 2048}) {
    for (const double n : {128, 1024, 8192}) {
      for (const double p : bits)
        points.add_noisy({{"/m", m}, {"/n", n}, {"/bits", p}}, law(m, p, n, floor), noise, repeats);
    }
  }
  return points;
}

TEST(FitPrecision, ExactLawsComeBack) {
  const Json fit = law_points({3, 4, 6, 8, 16}, 0.3, {}, 1).fit(precision_fit)[0];
  ASSERT_FALSE(fit.contains("error")) << fit;
  EXPECT_NEAR(fit["model_exponent"].get<double>(), 0.4965, 1e-6);
  EXPECT_NEAR(fit["precision_scale"].get<double>(), 2.6745, 1e-6);
  EXPECT_NEAR(fit["model_amplitude"].get<double>(), 4.0, 1e-5);
  EXPECT_NEAR(fit["data_amplitude"].get<double>(), 9.0, 1e-4);
  EXPECT_NEAR(fit["data_exponent"].get<double>(), 0.6, 1e-6);
  EXPECT_NEAR(fit["floor"].get<double>(), 0.3, 1e-6);
  EXPECT_LT(fit["residual"].get<double>(), 1e-9);
  EXPECT_EQ(fit["points"], 60);
}

TEST(FitPrecision, WithoutDataSizes) {
  Points points;
  for (const double m : {32, 128, 512, 2048}) {
    for (const double p : {3, 4, 6, 8, 16})
      points.add({{"/m", m}, {"/bits", p}}, {law(m, p, 1e300, 0.02)});
  }
  Json fit = precision_fit;
  fit.erase("data_size");
  const Json record = points.fit(fit)[0];
  ASSERT_FALSE(record.contains("error")) << record;
  EXPECT_NEAR(record["precision_scale"].get<double>(), 2.6745, 1e-6);
  EXPECT_NEAR(record["floor"].get<double>(), 0.02, 1e-6);
  EXPECT_TRUE(record["data_size"].is_null());
  EXPECT_FALSE(record.contains("data_exponent"));
}

TEST(FitPrecision, PrecisionsThatLoseNothingDetermineNoScale) {
  const Json fit = law_points({24, 32, 64}, 0.3, {.sigma = 0.02}, 8).fit(precision_fit)[0];
  ASSERT_TRUE(fit.contains("error")) << fit;
  EXPECT_FALSE(fit.contains("precision_scale"));
  const Json two = law_points({4, 8}, 0.3, {}, 1).fit(precision_fit)[0];
  EXPECT_EQ(two["error"], "fewer than three sizes of the model or of the data, or of precisions");
}

TEST(FitPrecision, NoisyLawsAreCovered) {
  constexpr int sets = 12;
  int intervals = 0;
  int covered = 0;
  int misfits = 0;
  for (std::uint64_t k = 0; k < sets; ++k) {
    const RepeatNoise noise{.sigma = 0.03, .common = k % 2 == 0 ? 0.0 : 0.9, .seed = 50 + k};
    const Json fit = law_points({3, 4, 6, 8}, 0.3, noise, 8).fit(precision_fit)[0];
    ASSERT_FALSE(fit.contains("error")) << fit;
    for (const auto& [name, truth] : std::map<std::string, double>{{"model_exponent", 0.4965},
                                                                   {"precision_scale", 2.6745},
                                                                   {"data_exponent", 0.6},
                                                                   {"floor", 0.3}}) {
      covered += holds(fit[name + "_interval"], truth) ? 1 : 0;
      ++intervals;
    }
    misfits += fit["misfit"].get<bool>() ? 1 : 0;
  }
  EXPECT_GE(covered, intervals * 85 / 100);
  EXPECT_LE(misfits, 1);
}

// Bits are those of the format at the place of the policy, with the share of a block's scale; ideal
// noise has none and is left alone.
TEST(FitPrecision, BitsOfFormatsAreRead) {
  struct Named {
    Json feature;
    double bits;
  };
  const std::vector<Named> formats{
      {"int3", 3},      {"int4", 4},
      {"mxfp4", 4.25},  {{{"format", "float8_e4m3fn"}, {"rounding", "stochastic"}}, 8},
      {"bfloat16", 16}, {"binary64", 64}};
  Points points;
  const auto add = [&](double m, const Json& feature, double risk) {
    points.add({{"/m", m}, {"/policy/feature", feature}}, {risk},
               {{"policy", {{"feature", feature}}}});
  };
  for (const double m : {32, 128, 512, 2048}) {
    for (const Named& named : formats) add(m, named.feature, law(m, named.bits, 1e300, 0.02));
    add(m, {{"noise", {{"kind", "additive"}, {"eps", 0.01}}}}, 1.0);
  }
  const Json fit{{"kind", "precision_law"},
                 {"model_size", "/m"},
                 {"precision", "/policy/feature"},
                 {"y", "excess_clean_last"}};
  const Json record = points.fit(fit)[0];
  ASSERT_FALSE(record.contains("error")) << record;
  EXPECT_EQ(record["points"], 24);
  EXPECT_EQ(record["excluded"], 0);
  EXPECT_NEAR(record["precision_scale"].get<double>(), 2.6745, 1e-6);
}

}  // namespace
}  // namespace halfulp::experiments

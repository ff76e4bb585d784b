// SPDX-License-Identifier: MIT
//
// Effective sizes on made-up laws whose effective sizes are known: both dichotomies of arXiv
// 2602.19241, points of theory, and what the points do not say.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "formats/error.h"
#include "tests/experiments/fit_points.h"

namespace halfulp::experiments {
namespace {

const Json sizes_fit{{"kind", "effective_sizes"},
                     {"model_size", "/m"},
                     {"data_size", "/n"},
                     {"y", "excess_clean_last"},
                     {"reference", {{"/policy", 64}}},
                     {"with_floor", false}};

constexpr double additive_share = 0.6, multiplicative_share = 0.8;
// Sizes count for ever less as they come near the largest effective size, 40.
double additive_size(double m) { return m / (1.0 + m / 40.0); }

double risk_of(double m, double n, double floor) {
  return floor + 2.0 * std::pow(m, -0.5) + 5.0 * std::pow(n, -0.7);
}

// Full precision ("/policy" 64), multiplicative noise (8) and additive noise (4).
Points dichotomy(const RepeatNoise& noise, std::size_t repeats, double floor = 0.0) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384}) {
      const auto add = [&](int policy, double size, double samples) {
        points.add_noisy({{"/m", m}, {"/n", n}, {"/policy", policy}}, risk_of(size, samples, floor),
                         noise, repeats);
      };
      add(64, m, n);
      add(8, m, multiplicative_share * n);
      add(4, additive_size(m), additive_share * n);
    }
  }
  return points;
}

// The record of a size of the model or the data, or, without an axis, that of the law.
Json record_of(const Json& records, int policy, const std::string& axis = "", double size = 0) {
  for (const Json& record : records) {
    if (record["group"]["/policy"] != policy) continue;
    if (axis.empty() ? record.contains("model_size")
                     : record.value("axis", "") == axis && record["size"] == size)
      return record;
  }
  return Json();
}

TEST(FitEffectiveSizes, ExactSizesComeBack) {
  for (const double floor : {0.0, 0.05}) {
    Json fit = sizes_fit;
    fit["with_floor"] = floor > 0;
    const Json records = dichotomy({}, 1, floor).fit(fit);
    ASSERT_EQ(records.size(), 2U * (1 + 5 + 4)) << records;
    for (const double m : {8, 16, 32, 64, 128}) {
      EXPECT_NEAR(record_of(records, 8, "/m", m)["effective_size"].get<double>(), m, 1e-5 * m);
      EXPECT_NEAR(record_of(records, 4, "/m", m)["effective_size"].get<double>(), additive_size(m),
                  1e-5 * m);
      EXPECT_TRUE(record_of(records, 4, "/m", m)["effective_size_interval"].is_null());
      EXPECT_TRUE(record_of(records, 4, "/m", m)["theory"].is_null());
    }
    for (const double n : {256, 16384}) {
      EXPECT_NEAR(record_of(records, 8, "/n", n)["effective_size"].get<double>(),
                  multiplicative_share * n, 1e-5 * n);
      EXPECT_NEAR(record_of(records, 4, "/n", n)["effective_size"].get<double>(),
                  additive_share * n, 1e-5 * n);
    }
    const Json law = record_of(records, 4);
    EXPECT_NEAR(law["model_exponent"].get<double>(), 0.5, 1e-6);
    EXPECT_NEAR(law["data_exponent"].get<double>(), 0.7, 1e-6);
    EXPECT_NEAR(law["model_amplitude"].get<double>(), 2.0, 1e-5);
    EXPECT_NEAR(law["data_share"].get<double>(), additive_share, 1e-6);
    EXPECT_EQ(law["points"], 40);
    EXPECT_EQ(law.contains("floor"), floor > 0);
  }
}

TEST(FitEffectiveSizes, TheoryIsFittedBesideThePoints) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384}) {
      for (const int policy : {64, 8, 4}) {
        const double size = policy == 4 ? additive_size(m) : m;
        points.add_noisy({{"/m", m}, {"/n", n}, {"/policy", policy}}, risk_of(size, n, 0.0),
                         {.sigma = 0.1, .common = 0.5}, 8);
        if (policy != 8) points.set_theory(risk_of(size, n, 0.0));
      }
    }
  }
  const Json records = points.fit(sizes_fit);
  const Json known = record_of(records, 4, "/m", 64);
  EXPECT_NEAR(known["theory"].get<double>(), additive_size(64), 1e-4);
  EXPECT_NE(known["effective_size"], known["theory"]);
  EXPECT_TRUE(holds(known["effective_size_interval"], additive_size(64)));
  EXPECT_NEAR(record_of(records, 4)["theory_data_share"].get<double>(), 1.0, 1e-5);
  // Theory says nothing of these points.
  EXPECT_TRUE(record_of(records, 8, "/m", 64)["theory"].is_null());
  EXPECT_TRUE(record_of(records, 8)["theory_data_share"].is_null());
}

// 5 % of scatter, all points of a repeat alike: sizes are known far better than risks.
TEST(FitEffectiveSizes, CommonRandomNumbersCancel) {
  const Json records = dichotomy({.sigma = 0.05, .common = 0.999}, 8).fit(sizes_fit);
  const Json interval = record_of(records, 8, "/m", 128)["effective_size_interval"];
  EXPECT_TRUE(holds(interval, 128)) << interval;
  EXPECT_GT(interval[0].get<double>(), 120);
  EXPECT_LT(interval[1].get<double>(), 136);
  EXPECT_TRUE(holds(record_of(records, 8)["data_share_interval"], multiplicative_share));
}

// What is left to learn of more weights is more: the sizes of a coupled law come back, and a law
// that is a plain sum does not fit.
TEST(FitEffectiveSizes, CoupledLawsComeBack) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384}) {
      const auto add = [&](int policy, double size, double samples) {
        points.add_noisy({{"/m", m}, {"/n", n}, {"/policy", policy}},
                         2.0 * std::pow(size, -0.5) + std::pow(size, 0.8) * std::pow(samples, -0.7),
                         {.sigma = 1e-4, .common = 0.5}, 8);
      };
      add(64, m, n);
      add(4, additive_size(m), additive_share * n);
    }
  }
  Json fit = sizes_fit;
  fit["coupled"] = true;
  const Json records = points.fit(fit);
  const Json law = record_of(records, 4);
  EXPECT_NEAR(law["coupling"].get<double>(), 0.8, 1e-2);
  EXPECT_NEAR(law["data_amplitude"].get<double>(), 1.0, 2e-2);
  EXPECT_NEAR(law["data_share"].get<double>(), additive_share, 1e-2);
  EXPECT_EQ(law["misfit"], false);
  EXPECT_NEAR(record_of(records, 4, "/m", 128)["effective_size"].get<double>(), additive_size(128),
              0.1);
  EXPECT_EQ(record_of(points.fit(sizes_fit), 4)["misfit"], true);
}

// Another exponent of the data than the reference's: no effective size says that.
TEST(FitEffectiveSizes, AnotherLawIsMarkedAsAMisfit) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {256, 1024, 4096, 16384}) {
      points.add_noisy({{"/m", m}, {"/n", n}, {"/policy", 64}}, risk_of(m, n, 0.0),
                       {.sigma = 0.02, .common = 0.5}, 16);
      points.add_noisy({{"/m", m}, {"/n", n}, {"/policy", 8}},
                       2.0 * std::pow(m, -0.5) + 5.0 * std::pow(n, -0.4),
                       {.sigma = 0.02, .common = 0.5}, 16);
    }
  }
  EXPECT_EQ(record_of(points.fit(sizes_fit), 8)["misfit"], true);
}

// Without any fall with N the share of the samples is not known; the sizes are.
TEST(FitEffectiveSizes, WhatPointsDoNotSayIsNull) {
  Points points;
  for (const double m : {8, 16, 32, 64, 128}) {
    for (const double n : {1e10, 4e10, 16e10}) {
      points.add_noisy({{"/m", m}, {"/n", n / 1e8}, {"/policy", 64}}, risk_of(m, n / 1e8, 0.0),
                       {.sigma = 0.02, .common = 0.5}, 8);
      points.add_noisy({{"/m", m}, {"/n", n / 1e8}, {"/policy", 8}}, 2.0 * std::pow(m, -0.5),
                       {.sigma = 0.02, .common = 0.5}, 8);
    }
  }
  const Json law = record_of(points.fit(sizes_fit), 8);
  if (law.contains("error")) {
    EXPECT_FALSE(law.contains("data_share"));
  } else {
    EXPECT_TRUE(law["data_share"].is_null()) << law;
    EXPECT_TRUE(law["data_share_interval"].is_null()) << law;
  }
}

TEST(FitEffectiveSizes, ErrorsSayWhatIsMissing) {
  Points lonely;
  Points few;
  for (const double m : {8, 16, 32}) {
    for (const double n : {256, 1024}) {
      lonely.add({{"/m", m}, {"/n", n}, {"/policy", 8}}, {risk_of(m, n, 0.0)});
      for (const int policy : {64, 8})
        few.add({{"/m", m}, {"/n", n}, {"/policy", policy}}, {risk_of(m, n, 0.0)});
    }
  }
  EXPECT_EQ(lonely.fit(sizes_fit)[0]["error"], "no points of the reference");
  EXPECT_EQ(few.fit(sizes_fit)[0]["error"], "fewer than three sizes of the model or of the data");
  EXPECT_EQ(few.fit(sizes_fit).size(), 1U);
  Json with_floor = sizes_fit;
  with_floor["with_floor"] = true;
  const Json record = dichotomy({.sigma = 0.05, .common = 0.5}, 16).fit(with_floor)[0];
  EXPECT_EQ(record["error"], "of the reference: the points do not determine floor");
  EXPECT_GT(record["floor_below"].get<double>(), 0.0);
  EXPECT_TRUE(record.contains("hint"));
}

TEST(FitEffectiveSizes, AReferenceIsASweptPointer) {
  const auto problem = [](const Json& reference) -> std::string {
    Json fit = sizes_fit;
    fit["reference"] = reference;
    try {
      return dichotomy({}, 1).fit(fit)[0].value("error", "");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(problem({{"/polisy", 64}}).find("\"/polisy\" is not swept"), std::string::npos);
  EXPECT_NE(problem(Json::object()).find("no object stands here"), std::string::npos);
  EXPECT_EQ(problem({{"/policy", 64}}), "");
}

}  // namespace
}  // namespace halfulp::experiments

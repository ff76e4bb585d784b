// SPDX-License-Identifier: MIT
//
// Phases that a cosine or the losses open: traces of the rules, and the policies that say them.
#include "experiments/policy/period.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/error.h"
#include "tests/experiments/layered_network.h"

namespace halfulp::experiments {
namespace {

// The figures of the released code over a cycle of 2000 steps.
TEST(Cyclic, FollowsTheCosine) {
  const Cyclic rule{.cycles = 1, .least = 3, .most = 8};
  std::vector<int> every_200th;
  double sum = 0;
  double cost = 0;
  for (std::uint64_t t = 0; t < 2000; ++t) {
    const int bits = rule.bits(t, 2000);
    if (t % 200 == 0) every_200th.push_back(bits);
    sum += bits;
    cost += (bits * bits + 2.0 * bits * 8) / 3 / 1024;
  }
  EXPECT_EQ(every_200th, (std::vector<int>{3, 3, 3, 4, 5, 6, 6, 7, 8, 8}));
  EXPECT_NEAR(sum / 2000, 5.499, 0.0005);
  EXPECT_NEAR(cost / 2000, 0.03958, 0.000005);
}

TEST(Cyclic, StaysAfterTheLastStep) {
  const Cyclic rule{.cycles = 4, .least = 3, .most = 8};
  EXPECT_EQ(rule.bits(999, 1000), 8);
  EXPECT_EQ(rule.bits(1000, 1000), 8);
  EXPECT_EQ(rule.bits(1003, 1000), 8);
}

TEST(Cyclic, BeginsAnewWithEveryCycle) {
  const Cyclic rule{.cycles = 4, .least = 2, .most = 6};
  for (std::uint64_t t = 0; t < 30; ++t) EXPECT_EQ(rule.bits(t, 120), rule.bits(t + 90, 120)) << t;
  EXPECT_EQ(rule.bits(0, 120), 2);
  EXPECT_EQ(rule.bits(29, 120), 6);
  // A half goes to the even number: 4.5 between 3 and 6, in the middle of the only cycle.
  EXPECT_EQ((Cyclic{.cycles = 1, .least = 3, .most = 6}.bits(50, 100)), 4);
}

// Stages after so many losses, an epoch a loss.
std::vector<int> stages(const std::vector<double>& losses, const Plateau& rule) {
  PlateauWatch watch(rule);
  std::vector<int> all;
  for (const double loss : losses) {
    watch.note(loss);
    all.push_back(watch.stage());
  }
  return all;
}

TEST(Plateau, AdvancesAtTheFifthOfEqualLosses) {
  EXPECT_EQ(stages(std::vector<double>(11, 1.0), {}),
            (std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2}));
}

TEST(Plateau, NeverAdvancesWhileLossesImproveByMoreThanTheThreshold) {
  std::vector<double> losses;
  for (int i = 0; i < 60; ++i) losses.push_back(10.0 - 0.15 * i);
  for (const int stage : stages(losses, {})) EXPECT_EQ(stage, 0);
}

// Against the mean of the first losses, geometric improvement comes to rest in the end.
TEST(Plateau, MeasuresByTheMeanOfTheFirstTenEpochs) {
  std::vector<double> losses;
  for (int i = 0; i < 40; ++i) losses.push_back(std::pow(0.9, i));
  const std::vector<int> all = stages(losses, {});
  const auto first = std::find(all.begin(), all.end(), 1) - all.begin();
  // S = (1 - .9^10) / .1 / 10 = .6513; the oldest of five is .9^(i - 4): .9^(i-4) (1 - .9^4) <= .05
  // S holds from .9^(i-4) <= .0947 on: at i - 4 = 23.
  EXPECT_EQ(first, 27);
}

TEST(Plateau, ThresholdShrinksTwice) {
  // Steps of .02 about 1: within .05, not within .015.
  std::vector<double> losses(5, 1.0);
  for (int i = 0; i < 20; ++i) losses.push_back(i % 2 == 0 ? 1.01 : 0.99);
  EXPECT_EQ(stages(losses, {}).back(), 1);
  EXPECT_GT(stages(losses, {.decays = 0}).back(), 1);
}

TEST(Plateau, EpochsAreMeansOfSteps) {
  const std::vector<int> all = stages({1, 3, 2, 2, 3, 1, 1, 3, 2, 2}, {.every = 2});
  EXPECT_EQ(all, (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

const char* const cyclic_policy = R"({"phases": [{"when": {"cyclic": {"cycles": 2, "bits": [3, 5]}},
  "use": {"x.fwd": {"format": "int{bits}", "scaling": "tensor"}}}]})";

// A gradient of length 1 every step, which turns by so many quarters: |S1| / |S2|^2 of three steps
// is 3 / 9 where it stays, and 3 / 1 where the second one is the first one's opposite.
void note_window(DiversityWatch& watch, bool turns) {
  for (const double g : {1.0, turns ? -1.0 : 1.0, 1.0}) {
    const std::vector<double> first{g, 0.0};
    const std::vector<float> second{0.0F, static_cast<float>(g), 0.0F};
    watch.note(std::span<const double>(first));
    watch.note(std::span<const float>(second));
    watch.end_step();
  }
}

TEST(Diversity, MovesUpAfterTwoViolations) {
  DiversityWatch watch({.every = 1, .resolution = 3, .patience = 2});
  note_window(watch, true);  // diversity 3, the largest
  EXPECT_EQ(watch.stage(), 0);
  note_window(watch, false);  // 1/3 at epoch 5: 9 > 1 + 1.5 e^-0.5
  EXPECT_EQ(watch.stage(), 0);
  note_window(watch, true);  // as large as the largest: no violation, and none forgotten
  EXPECT_EQ(watch.stage(), 0);
  note_window(watch, false);
  EXPECT_EQ(watch.stage(), 1);
  note_window(watch, false);  // the largest of the new stage
  note_window(watch, false);
  note_window(watch, false);
  EXPECT_EQ(watch.stage(), 1);
}

TEST(Period, OneOfEachNumberOfBits) {
  const LayeredPolicy policy = parse(cyclic_policy);
  ASSERT_EQ(policy.phases.size(), 3U);
  EXPECT_EQ(policy.phases_at(0, 100), 1U);
  EXPECT_EQ(policy.phases_at(25, 100), 2U);
  EXPECT_EQ(policy.phases_at(49, 100), 4U);
  EXPECT_EQ(policy.phases_at(50, 100), 1U);
  const Json full = to_json(policy);
  EXPECT_EQ(full["phases"][1]["when"],
            Json::parse(R"({"cyclic": {"cycles": 2, "bits": [3, 5], "at": 4}})"));
  EXPECT_EQ(full["phases"][1]["rules"][0]["use"]["x.fwd"]["element"]["format"]["bits"], 4) << full;
  EXPECT_EQ(to_json(parse(full.dump())), full);
  EXPECT_EQ(parse(full.dump()), policy);
}

TEST(Period, StagesFollowTheWatchOfTheirRule) {
  const LayeredPolicy policy = parse(R"({"phases": [
    {"when": {"plateau": {"every": 1, "stage": 0}}, "use": {"x.fwd": "float8_e5m2"}},
    {"when": {"plateau": {"every": 1, "stage": 1}}, "use": {"x.fwd": "float8_e4m3fn"}}]})");
  std::vector<PlateauWatch> watches = policy.plateau_watches();
  ASSERT_EQ(watches.size(), 1U);
  const Moment moment{.step = 7, .steps = 10, .plateaus = &watches};
  EXPECT_EQ(policy.phases_at(moment), 1U);
  for (int i = 0; i < 5; ++i) watches[0].note(1.0);
  EXPECT_EQ(policy.phases_at(moment), 2U);
  EXPECT_EQ(policy.phases_at(7, 10), 1U) << "without a watch it is stage 0";
  const Json full = to_json(policy);
  EXPECT_EQ(to_json(parse(full.dump())), full);
}

TEST(Period, StagesOfDiversity) {
  const LayeredPolicy policy = parse(R"({"phases": [
    {"when": {"gradient_diversity": {"every": 1, "resolution": 1, "stage": 0}},
     "use": {"x.fwd": "int8"}},
    {"when": {"gradient_diversity": {"every": 1, "resolution": 1, "stage": 1}},
     "use": {"x.fwd": "int12"}}]})");
  const std::vector<DiversityWatch> watches = policy.diversity_watches();
  ASSERT_EQ(watches.size(), 1U);
  EXPECT_EQ(policy.phases_at({.step = 1, .steps = 9, .diversities = &watches}), 1U);
  const Json full = to_json(policy);
  EXPECT_EQ(to_json(parse(full.dump())), full);
  EXPECT_EQ(parse(full.dump()), policy);
}

TEST(Period, RefusesWhatItCannotMean) {
  for (const char* when :
       {R"({})", R"({"step": [1, 2], "fraction": [0, 1]})", R"({"cyclic": {"cycles": 2}})",
        R"({"cyclic": {"cycles": 2, "bits": [5, 3]}})",
        R"({"cyclic": {"cycles": 2, "bits": [3, 4], "at": 5}})",
        R"({"plateau": {"every": 0, "stage": 0}})", R"({"plateau": {"every": 3}})",
        R"({"gradient_diversity": {"every": 3}})"})
    EXPECT_THROW(parse_periods(Json::parse(when), "/when"), Error) << when;
  try {
    parse(
        R"({"phases": [{"when": {"cyclic": {"cycles": 2, "bits": [3, 5]}}, "use": {"x.fwd": "int4"}}]})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("{bits}"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("/policy/phases/0"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace halfulp::experiments

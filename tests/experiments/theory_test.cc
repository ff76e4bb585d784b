// SPDX-License-Identifier: MIT
//
// Numbers with no randomness in them: the recursion and the deterministic equivalents against
// figures computed elsewhere in binary64 (numpy), for sources see the tables' comments.
#include "experiments/models/linear_regression/theory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/linear_regression/risk.h"

namespace halfulp::experiments {
namespace {

using namespace linear_regression;

Json noise(const char* kind, double eps) { return Json{{"noise", {{"kind", kind}, {"eps", eps}}}}; }
Json additive(double eps) { return noise("additive", eps); }

Problem problem(const Json& json) {
  Json resolved;
  return parse_problem(json, "/problem", resolved);
}

ExcessTheory theory(const Problem& p, const Json& training, const Json& policy) {
  Json resolved;
  const Training t = parse_training(training, "/training", resolved);
  const Policy q = parse_policy(policy, "/policy");
  const Instance instance = make_instance(p, q, needs_of(p, q), Machine{nullptr, 1, 0});
  return excess_theory(instance, spectrum_of(instance), t, q);
}

struct Golden {
  const char* name;
  double exponent;
  int batch;
  Json policy;
  double last, average, quantized;
};

// d = 64, no sketch, w = 1, N = 4096, step 0.1 with geometric decay, noise variance 1; an
// independent recursion in numpy.
TEST(Recursion, EqualsTheGoldenNumbers) {
  const std::vector<Golden> cases{
      {"base", 2, 1, Json::object(), .06644566868, .07296386188, .06644566868},
      {"batch 4", 2, 4, Json::object(), .1260279326, .140898951, .1260279326},
      {"data", 2, 1, {{"data", additive(.01)}}, .08753210764, .09433271502, .1628207946},
      {"label", 2, 1, {{"label", additive(.5)}}, .06912311253, .07551283738, .06912311253},
      {"act", 2, 1, {{"act", additive(.5)}}, .06912311253, .07551283738, .06912311253},
      {"out_grad", 2, 1, {{"out_grad", additive(.5)}}, .06912311253, .07551283738, .06912311253},
      {"param", 2, 1, {{"param", additive(.1)}}, .06751496254, .07396075088, .06751496254},
      {"a = 1.5", 1.5, 1, Json::object(), .1282097804, .1458472531, .1282097804},
      {"a = 1.5, data", 1.5, 1, {{"data", additive(.01)}}, .1818079, .1993834223, .322231012}};
  for (const Golden& golden : cases) {
    const Problem p = problem({{"dimension", 64}, {"spectrum_exponent", golden.exponent}});
    const ExcessTheory t = theory(p,
                                  {{"samples", 4096},
                                   {"batch", golden.batch},
                                   {"step_size", .1},
                                   {"schedule", "geometric_decay"}},
                                  golden.policy);
    EXPECT_NEAR(*t.clean_last, golden.last, 1e-9 * golden.last) << golden.name;
    EXPECT_NEAR(*t.clean_average, golden.average, 1e-9 * golden.average) << golden.name;
    EXPECT_NEAR(*t.quantized_last, golden.quantized, 1e-9 * golden.quantized) << golden.name;
  }
}

// The five places of arXiv 2510.18259 at once, eps = 0.01, N = 8192, constant step: the additive
// oracle, and the same with the three scalar places gathered in one of three times the variance.
TEST(Recursion, AllFivePlaces) {
  const std::vector<std::pair<int, double>> cases{
      {50, .06611}, {100, .07579}, {200, .08093}, {400, .08382}};
  for (const auto& [dimension, expected] : cases) {
    const Problem p = problem({{"dimension", dimension}, {"spectrum_exponent", 2}});
    const Json policy{{"data", additive(.01)},
                      {"label", additive(.01)},
                      {"param", additive(.01)},
                      {"act", additive(.01)},
                      {"out_grad", additive(.01)}};
    const ExcessTheory five = theory(p, {{"samples", 8192}}, policy);
    EXPECT_NEAR(*five.clean_average, expected, 5.1e-6) << dimension;
    const Json gathered{
        {"data", additive(.01)}, {"label", additive(.03)}, {"param", additive(.01)}};
    EXPECT_NEAR(*theory(p, {{"samples", 8192}}, gathered).clean_average, *five.clean_average,
                1e-12);
  }
  const std::vector<std::pair<double, double>> eps{
      {0, .031951}, {1e-3, .038685}, {5e-3, .060399}, {1e-2, .080792}};
  const Problem p = problem({{"dimension", 200}, {"spectrum_exponent", 2}});
  for (const auto& [e, expected] : eps)
    EXPECT_NEAR(*theory(p, {{"samples", 8192}}, {{"data", additive(e)}}).clean_average, expected,
                5.1e-7);
}

// Noise models that are different names for the same thing, and noise of no strength.
TEST(Recursion, AgreesWithItself) {
  const Problem p = problem({{"dimension", 40}, {"spectrum_exponent", 1.5}});
  const Json training{{"samples", 512}, {"batch", 2}, {"step_size", .2}, {"initial", 0.5}};
  const double base = *theory(p, training, Json::object()).clean_average;
  for (const char* place : {"data", "label", "param", "act", "out_grad", "weight"}) {
    for (const char* kind : {"additive", "multiplicative_rank1"}) {
      const ExcessTheory none = theory(p, training, {{place, noise(kind, 0.0)}});
      EXPECT_DOUBLE_EQ(*none.clean_average, base) << place << " " << kind;
      const ExcessTheory some = theory(p, training, {{place, noise(kind, 0.02)}});
      EXPECT_GT(*some.clean_average, base * 1.0001) << place << " " << kind;
    }
  }
}

TEST(Recursion, KnowsItsLimits) {
  const Problem plain = problem({{"dimension", 16}, {"spectrum_exponent", 2}});
  const Problem sketched =
      problem({{"dimension", 64}, {"spectrum_exponent", 2}, {"sketch_size", 8}});
  const auto applies = [](const Problem& p, const Json& policy) {
    return recursion_applies(p, parse_policy(policy, ""));
  };
  EXPECT_TRUE(applies(sketched, {{"feature", additive(.01)}}));
  EXPECT_TRUE(applies(sketched, {{"data", noise("multiplicative_rank1", .01)}}));
  EXPECT_FALSE(applies(sketched, {{"data", additive(.01)}}));
  EXPECT_FALSE(applies(sketched, {{"feature", "bfloat16"}}));
  EXPECT_FALSE(applies(sketched, {{"param", "bfloat16"}}));
  EXPECT_FALSE(applies(plain, {{"data", noise("multiplicative_coord", .01)}}));
  EXPECT_FALSE(applies(
      plain, {{"data", {{"noise", {{"kind", "additive"}, {"eps", .01}, {"law", "uniform"}}}}}}));
  EXPECT_FALSE(applies(sketched,
                       {{"data", noise("multiplicative_rank1", .01)}, {"feature", additive(.01)}}));
  const ExcessTheory tail = theory(plain, {{"samples", 64}, {"averaging", "tail"}}, Json::object());
  EXPECT_TRUE(tail.clean_last.has_value());
  EXPECT_FALSE(tail.clean_average.has_value());
  EXPECT_FALSE(theory(plain, {{"samples", 0}}, Json::object()).clean_last.has_value());
}

struct Equivalent {
  double exponent;
  int size;
  double eps;
  std::string printed;
};

// Solved independently in numpy at d = 8192; within 0.6 of the last printed digit.
TEST(Equivalents, EqualTheTables) {
  const std::vector<Equivalent> cases{
      {2, 8, 0, ".2730"},        {2, 16, 0, ".1448"},       {2, 32, 0, ".0745"},
      {2, 64, 0, ".0377"},       {2, 128, 0, ".0189"},      {2, 256, 0, ".00936"},
      {2, 512, 0, ".00456"},     {1.5, 8, 0, "1.184"},      {1.5, 16, 0, ".866"},
      {1.5, 32, 0, ".617"},      {1.5, 64, 0, ".431"},      {1.5, 128, 0, ".297"},
      {1.5, 256, 0, ".2004"},    {1.5, 512, 0, ".1316"},    {2, 512, 1e-4, ".01037"},
      {2, 512, 3e-4, ".01601"},  {2, 512, 1e-3, ".02716"},  {2, 512, 3e-3, ".04528"},
      {2, 512, 1e-2, ".0807"},   {2, 512, 3e-2, ".1381"},   {1.5, 512, 1e-4, ".1363"},
      {1.5, 512, 1e-3, ".1843"}, {1.5, 512, 1e-2, ".3471"}, {1.5, 512, 3e-2, ".4939"}};
  for (const Equivalent& c : cases) {
    const Problem p = problem({{"dimension", 8192},
                               {"spectrum_exponent", c.exponent},
                               {"sketch_size", c.size},
                               {"teacher", {{"kind", "gaussian"}}}});
    const Policy policy = parse_policy({{"feature", additive(c.eps)}}, "");
    const double floor = *floor_theory(p, policy);
    const std::size_t digits = c.printed.size() - c.printed.find('.') - 1;
    const double half = 0.5 * std::pow(10.0, -static_cast<double>(digits));
    EXPECT_NEAR(floor, std::stod(c.printed), 1.2 * half) << c.exponent << " " << c.size;
    if (c.eps == 0.0) {
      EXPECT_DOUBLE_EQ(*approximation_theory(p, {}), floor);
    }
  }
}

// Without a sketch, w = 1, a = 2: ridge regression's floor near (pi / 4) sqrt(eps).
TEST(Equivalents, WithoutASketch) {
  const std::vector<std::pair<double, double>> cases{
      {1e-6, 7.804e-4}, {1e-5, 2.479e-3}, {1e-4, 7.849e-3}, {1e-3, 2.4832e-2}};
  const Problem p = problem({{"dimension", 200000}, {"spectrum_exponent", 2}});
  for (const auto& [eps, expected] : cases) {
    const Policy policy = parse_policy({{"data", additive(eps)}}, "");
    EXPECT_NEAR(*floor_theory(p, policy), expected, 3e-4 * expected) << eps;
  }
  EXPECT_EQ(*approximation_theory(p, {}), 0.0);
}

// Many small sketches: the mean of the exact floors against the equivalent, for every kind of noise
// and a teacher with a source condition. Equivalents are off by O(1/M); 2 % is allowed for that.
TEST(Equivalents, AreNearTheMeanOfExactFloors) {
  const Problem p = problem({{"dimension", 400},
                             {"spectrum_exponent", 1.5},
                             {"sketch_size", 48},
                             {"teacher", {{"kind", "source"}, {"exponent", 1.8}}}});
  const std::vector<Json> policies{
      Json::object(),
      {{"feature", additive(.01)}},
      {{"data", additive(.003)}},
      {{"data", noise("multiplicative_rank1", .3)}},
      {{"data", noise("multiplicative_coord", .3)}, {"feature", additive(.02)}},
      {{"data", additive(.002)}, {"feature", noise("multiplicative_rank1", .2)}}};
  constexpr int repeats = 300;
  for (const Json& json : policies) {
    const Policy policy = parse_policy(json, "");
    double sum = 0.0;
    double squares = 0.0;
    for (std::uint64_t r = 0; r < repeats; ++r) {
      const Machine machine{&emulator::engine(), 5, r};
      const Instance instance = make_instance(p, policy, needs_of(p, policy), machine);
      const double floor = *Risk(machine, instance, policy).floor();
      sum += floor;
      squares += floor * floor;
    }
    const double mean = sum / repeats;
    const double error = std::sqrt((squares / repeats - mean * mean) / repeats);
    EXPECT_NEAR(mean, *floor_theory(p, policy), 4 * error + 0.02 * mean) << json.dump();
    EXPECT_LT(error, 0.05 * mean);
  }
}

TEST(Schedule, StagesAreTheFloorOfTheQuotient) {
  Training training;
  training.schedule = Training::Schedule::geometric_decay;
  const std::vector<std::pair<std::size_t, std::size_t>> cases{
      {1, 1}, {2, 2}, {3, 1}, {4, 2}, {1000, 100}, {1024, 102}, {4096, 341}, {131072, 7710}};
  for (const auto& [samples, length] : cases) {
    training.samples = samples;
    EXPECT_EQ(training.stage_length(), length) << samples;
  }
}

}  // namespace
}  // namespace halfulp::experiments

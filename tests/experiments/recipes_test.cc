// SPDX-License-Identifier: MIT
//
// Small figures of papers' recipes that need no training: what a format makes of a tensor, of a
// state, of a loss scale.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "emulator/engine.h"
#include "experiments/models/training/loss_scaler.h"
#include "experiments/models/training/loss_spikes.h"
#include "experiments/networks/rounding_gradient.h"
#include "experiments/optimizers/optimizer.h"
#include "experiments/policy/tensor_rounder.h"

namespace halfulp::experiments {
namespace {

std::map<float, int> rounded(const std::string& rule, const Matrix<float>& x) {
  TensorRounder rounder(emulator::engine(),
                        parse_rule(Json::parse(rule), "/rule", PlaceKind::tensor),
                        Carrier::binary32);
  Matrix<float> y = x;
  rounder.apply(view_of(x), {}, view_of(y), nullptr);
  std::map<float, int> numbers;
  for (Eigen::Index i = 0; i < y.size(); ++i) ++numbers[y.data()[i]];
  return numbers;
}

// Weights of a layer norm near 0.97 (arXiv 2506.20752): the block's scale is 2^-1, times the
// element's largest number over its power of two.
TEST(Recipes, MxClampsWeightsOfLayerNorms) {
  Matrix<float> gamma(1, 512);
  for (Eigen::Index i = 0; i < 512; ++i) gamma(0, i) = 0.97F + 0.02F * std::sin(float(i));
  using Numbers = std::map<float, int>;
  for (const char* format : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2"})
    EXPECT_EQ(rounded("\"" + std::string(format) + "\"", gamma), (Numbers{{0.875F, 512}}))
        << format;
  EXPECT_EQ(rounded(R"("mxfp4")", gamma), (Numbers{{0.75F, 512}}));
  EXPECT_EQ(rounded(R"("mxfp6_e2m3")", gamma), (Numbers{{0.9375F, 512}}));
  const Numbers covered = rounded(R"({"format": "mxfp8_e4m3", "rule": "rceil"})", gamma);
  ASSERT_EQ(covered.size(), 2U);
  EXPECT_GT(covered.at(0.9375F), 0);
  EXPECT_GT(covered.at(1.0F), 0);
}

// Growth after 2000 finite steps, gradients that overflow above 2^17: in 10000 steps two are
// skipped, and the scale ends at 2^17.
TEST(Recipes, DynamicLossScale) {
  training::LossScaler scaler(
      {.kind = LossScale::Kind::dynamic, .initial = 0x1p15, .factor = 2, .period = 2000});
  int skipped = 0;
  for (int t = 0; t < 10000; ++t) skipped += scaler.update(scaler.scale() <= 0x1p17) ? 0 : 1;
  EXPECT_EQ(skipped, 2);
  EXPECT_EQ(scaler.scale(), 0x1p17);
  training::LossScaler least({.kind = LossScale::Kind::dynamic, .initial = 4, .factor = 2});
  for (int t = 0; t < 5; ++t) EXPECT_FALSE(least.update(false));
  EXPECT_EQ(least.scale(), 1.0);
  training::LossScaler constant({.kind = LossScale::Kind::constant, .initial = 8});
  EXPECT_TRUE(constant.update(false));
  EXPECT_EQ(constant.scale(), 8.0);
}

// Above ten times the least so far it begins, below twice the least it ends.
TEST(Recipes, SpikesOfTheLoss) {
  const auto count = [](const std::vector<double>& losses) {
    training::LossSpikes spikes;
    for (const double loss : losses) spikes.note(loss);
    return spikes.count();
  };
  const double inf = HUGE_VAL;
  EXPECT_EQ(count({}), 0U);
  EXPECT_EQ(count({100, 3, 1, 10, 1, 0.5, 5}), 0U) << "not above";
  EXPECT_EQ(count({1, 11, 2, 30, 1.5, 2, 11}), 2U) << "one until it is below";
  EXPECT_EQ(count({1, 11, 0.1, 0.9, 1.1}), 2U) << "the least falls";
  EXPECT_EQ(count({1, 20, 30, 40}), 1U);
  EXPECT_EQ(count({NAN, 5, 1, inf, NAN, 1, -inf, 3}), 3U) << "what is not finite is above";
}

// A parameter alone, with an optimizer and a policy over its places.
struct Alone {
  Alone(const char* optimizer, const char* use, Eigen::Index count = 1) {
    parameter.name = "w";
    parameter.rows = 1;
    parameter.columns = count;
    Json resolved;
    const OptimizerDescription description =
        parse_optimizer(Json::parse(optimizer), "/optimizer", resolved);
    trained = std::make_unique<Optimizer<float>>(
        description, std::vector<Parameter<float>*>{&parameter}, places);
    const Json document{{"base", {{"native", "binary32"}, {"use", Json::parse(use)}}}};
    policy =
        parse_layered_policy(document, "/policy", std::make_shared<const Places>(places.places()));
    arithmetic = std::make_unique<Arithmetic<float>>(machine, policy);
    parameter.value = Matrix<float>::Zero(1, count);
    trained->begin(*arithmetic);
  }
  // The mean of the weights' change.
  double step(float gradient, double step_size, std::uint64_t t) {
    const Matrix<float> before = parameter.value;
    parameter.gradient = Matrix<float>::Constant(1, parameter.columns, gradient);
    arithmetic->begin({.step = t, .steps = 10000});
    trained->step(step_size, *arithmetic);
    return static_cast<double>((parameter.value - before).sum()) /
           static_cast<double>(parameter.columns);
  }

  Machine machine{.engine = &emulator::engine(), .seed = 4, .repeat = 0};
  PlaceList places;
  Parameter<float> parameter;
  LayeredPolicy policy;
  std::unique_ptr<Optimizer<float>> trained;
  std::unique_ptr<Arithmetic<float>> arithmetic;
};

// 1 - beta2 = 0.001 is less than half of bfloat16's distance of numbers: rounded to nearest, a
// second moment fed with 1 from 0 stops at 1/4, so that Adam's step stays 2 where 1 is right;
// stochastic rounding goes on to 1.
TEST(Recipes, SecondMomentOfAdamInBfloat16) {
  const char* const adam = R"({"kind": "adam", "beta1": 0, "beta2": 0.999, "epsilon": 0})";
  const auto last_step = [&](const char* use, Eigen::Index count) {
    Alone alone(adam, use, count);
    double change = 0;
    for (std::uint64_t t = 0; t < 6000; ++t) change = alone.step(1.0F, 0.5, t);
    return change / -0.5;
  };
  EXPECT_NEAR(last_step("{}", 1), 1.0, 0.01);
  EXPECT_NEAR(last_step(R"({"v": "bfloat16"})", 1), 2.0, 0.01);
  EXPECT_NEAR(last_step(R"({"v": {"format": "bfloat16", "rounding": "stochastic"}})", 64), 1.0,
              0.03);
}

// (1 - mu) m is less than half of the distance of bfloat16's numbers for mu = 0.999: the buffer
// never decays (0.999, as it takes part in a step before it is rounded); for 0.99 it does.
TEST(Recipes, MomentumInBfloat16) {
  const auto buffer_after = [](const char* optimizer, const char* use) {
    Alone alone(optimizer, use);
    alone.step(1.0F, 1.0, 0);
    double change = 0;
    for (std::uint64_t t = 1; t < 3000; ++t) change = alone.step(0.0F, 1.0, t);
    return -change;
  };
  const char* const bfloat16 = R"({"m": "bfloat16", "master": "binary32"})";
  EXPECT_GT(buffer_after(R"({"kind": "momentum", "momentum": 0.999})", bfloat16), 0.99);
  EXPECT_LT(buffer_after(R"({"kind": "momentum", "momentum": 0.99})", bfloat16), 0.6);
  EXPECT_LT(buffer_after(R"({"kind": "momentum", "momentum": 0.999})", "{}"), 0.06);
}

// Positions t between 0 and 1/2 of E2M1's grid, k = 5, cap 3 (arXiv 2501.17116).
// The first step of Adafactor on these gradients, over its step size, largest distance from one.
double off_sign(const Matrix<double>& gradient) {
  PlaceList places;
  Parameter<double> parameter;
  parameter.name = "w";
  parameter.rows = gradient.rows();
  parameter.columns = gradient.cols();
  parameter.value = Matrix<double>::Zero(parameter.rows, parameter.columns);
  parameter.gradient = gradient;
  Optimizer<double> optimizer({.kind = OptimizerDescription::Kind::adafactor}, {&parameter},
                              places);
  const LayeredPolicy policy =
      native_policy(std::make_shared<const Places>(places.places()), Carrier::binary64);
  const Machine machine{.engine = &emulator::engine(), .seed = 1, .repeat = 0};
  Arithmetic<double> arithmetic(machine, policy);
  optimizer.begin(arithmetic);
  optimizer.step(0.125, arithmetic);
  return (parameter.value.abs() / 0.125 - 1.0).abs().maxCoeff();
}

// R C^T / mean(R) is g^2 itself where that is of rank one: every update is the step size.
TEST(Recipes, AdafactorIsExactForSquaresOfRankOne) {
  Matrix<double> gradient(3, 4);
  for (Eigen::Index r = 0; r < 3; ++r) {
    for (Eigen::Index c = 0; c < 4; ++c)
      gradient(r, c) = (0.3 + double(r)) * (1.7 - double(c)) * (r == c ? -1.0 : 1.0);
  }
  EXPECT_LT(off_sign(gradient), 1e-15);
  gradient(1, 2) *= 2.0;
  EXPECT_GT(off_sign(gradient), 0.05);
}

TEST(Recipes, DifferentiableGradientEstimator) {
  PlaceList places;
  const PlaceNumber place = places.add("l", "matmul", "w.fwd");
  const Machine machine{.engine = &emulator::engine(), .seed = 0, .repeat = 0};
  LayeredPolicy policy;
  policy.places = std::make_shared<const Places>(places.places());
  policy.base.resize(1);
  policy.base[0].rules = {parse_rule(Json("float4_e2m1fn"), "/rule", PlaceKind::tensor)};
  policy.base[0].gradient.kind = RoundingGradient::Kind::dge;
  Arithmetic<double> arithmetic(machine, policy);
  const std::vector<double> t{0, 0.1, 0.25, 0.4, 0.45, 0.5};
  const std::vector<double> expected{0.2, 0.239, 0.348, 0.725, 1.262, 3};
  Matrix<double> x(1, 8);
  for (Eigen::Index i = 0; i < 6; ++i) x(0, i) = 0.5 * t[static_cast<std::size_t>(i)];
  x(0, 6) = 6.5;
  x(0, 7) = -5.0;  // in the middle between -6 and -4
  Matrix<double> gradient = Matrix<double>::Constant(1, 8, 2.0);
  multiply_by_derivative(place, x, arithmetic, gradient);
  for (Eigen::Index i = 0; i < 6; ++i)
    EXPECT_NEAR(gradient(0, i) / 2, expected[static_cast<std::size_t>(i)], 0.0005) << i;
  EXPECT_EQ(gradient(0, 6), 0.0);
  EXPECT_EQ(gradient(0, 7), 6.0);

  policy.base[0].gradient.kind = RoundingGradient::Kind::clipped;
  Arithmetic<double> clipped(machine, policy);
  gradient = Matrix<double>::Constant(1, 8, 2.0);
  multiply_by_derivative(place, x, clipped, gradient);
  EXPECT_EQ(gradient(0, 6), 0.0);
  EXPECT_EQ(gradient(0, 7), 2.0);
}

}  // namespace
}  // namespace halfulp::experiments

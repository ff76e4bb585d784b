// SPDX-License-Identifier: MIT
//
// Backward passes against finite differences of the loss in binary64, layer by layer and network by
// network; and the same bits on both engines.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "emulator/engine.h"
#include "experiments/models/training/session.h"
#include "experiments/networks/loss.h"
#include "experiments/networks/network.h"
#include "reference/engine.h"

namespace halfulp::experiments {
namespace {

struct Built {
  explicit Built(const Json& model, LossKind kind) : loss(places, kind) {
    Json resolved;
    description = parse_network(model, "/model", resolved);
    network = make_network<double>(description, places);
    network->list_parameters(parameters);
    policy.places = std::make_shared<const Places>(places.places());
    policy.base.resize(policy.places->size());
    arithmetic = std::make_unique<Arithmetic<double>>(machine, policy);
    begin_parameters(parameters, machine);
    // Where everything is 1 or 0 a wrong index would not show.
    double shift = 0.0;
    for (Parameter<double>* p : parameters) {
      for (Eigen::Index i = 0; i < p->value.size(); ++i)
        p->value.data()[i] += 0.1 * std::sin(shift += 1.7);
    }
  }
  double value(const Matrix<double>& x, const Matrix<double>& target) {
    return loss(network->forward(x, *arithmetic), target, 1.0, *arithmetic).loss;
  }

  Machine machine{.engine = &emulator::engine(), .seed = 3, .repeat = 0};
  PlaceList places;
  Loss<double> loss;
  NetworkDescription description;
  std::unique_ptr<Layer<double>> network;
  std::vector<Parameter<double>*> parameters;
  LayeredPolicy policy;
  std::unique_ptr<Arithmetic<double>> arithmetic;
};

Matrix<double> numbers(Eigen::Index rows, Eigen::Index columns, double start) {
  Matrix<double> x(rows, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = std::sin(start + 2.3 * double(i));
  return x;
}

Matrix<double> targets(LossKind kind, Eigen::Index rows, Eigen::Index columns) {
  if (kind == LossKind::mean_square) return numbers(rows, columns, 0.3);
  Matrix<double> t = Matrix<double>::Zero(rows, columns);
  for (Eigen::Index r = 0; r < rows; ++r) t(r, r % columns) = columns == 1 ? r % 2 : 1;
  return t;
}

// The central difference at h has an error of h^2 / 6 times the third derivative, and of 1e-16 / h.
void expect_gradient(Built& built, double& weight, double gradient, const Matrix<double>& x,
                     const Matrix<double>& target, const std::string& what) {
  const double h = 1e-5;
  const double before = weight;
  weight = before + h;
  const double above = built.value(x, target);
  weight = before - h;
  const double below = built.value(x, target);
  weight = before;
  EXPECT_NEAR(gradient, (above - below) / (2 * h), 2e-9) << what;
}

struct Example {
  const char* model;
  LossKind loss;
};

class Gradients : public testing::TestWithParam<Example> {};

TEST_P(Gradients, AreDifferencesOfTheLoss) {
  Built built(Json::parse(GetParam().model), GetParam().loss);
  Matrix<double> x = numbers(5, built.description.inputs(), 0.9);
  const Matrix<double> target = targets(GetParam().loss, 5, built.description.outputs());
  const Matrix<double> y = built.network->forward(x, *built.arithmetic);
  const Matrix<double> dx = built.network->backward(
      built.loss(y, target, 1.0, *built.arithmetic).gradient, *built.arithmetic);
  for (Parameter<double>* p : built.parameters) {
    const Matrix<double> gradient = p->gradient;
    ASSERT_EQ(gradient.size(), p->value.size()) << p->name;
    EXPECT_GT(sum_of_squares(gradient), 0.0) << p->name;
    for (Eigen::Index i = 0; i < gradient.size(); ++i)
      expect_gradient(built, p->value.data()[i], gradient.data()[i], x, target, p->name);
  }
  for (Eigen::Index i = 0; i < x.size(); ++i)
    expect_gradient(built, x.data()[i], dx.data()[i], x, target, "x");
}

INSTANTIATE_TEST_SUITE_P(
    All, Gradients,
    testing::Values(
        Example{R"({"kind": "linear", "inputs": 4, "outputs": 3})", LossKind::mean_square},
        Example{R"({"kind": "linear", "inputs": 4})", LossKind::logistic},
        Example{R"({"kind": "linear", "inputs": 4, "outputs": 3, "bias": false})",
                LossKind::cross_entropy},
        Example{R"({"kind": "mlp", "widths": [4, 6, 3], "activation": "relu"})",
                LossKind::cross_entropy},
        Example{R"({"kind": "mlp", "widths": [4, 6, 5, 3], "activation": "gelu"})",
                LossKind::mean_square},
        Example{R"({"kind": "mlp", "widths": [4, 6, 3], "activation": "silu"})",
                LossKind::mean_square},
        Example{R"({"kind": "mlp", "widths": [4, 6, 3], "activation": "swiglu"})",
                LossKind::mean_square},
        Example{R"({"kind": "mlp", "widths": [4, 6, 3], "activation": "gelu_sigmoid"})",
                LossKind::mean_square},
        Example{R"({"kind": "residual_mlp", "width": 4, "depth": 2, "gamma": 0.9})",
                LossKind::mean_square},
        Example{R"({"kind": "residual_mlp", "width": 3, "depth": 2, "activation": "swiglu"})",
                LossKind::cross_entropy},
        Example{R"({"kind": "residual_mlp", "width": 3, "depth": 1, "layer_norm": false,
                    "activation": "linear"})",
                LossKind::mean_square},
        Example{R"({"kind": "teacher_mlp", "width": 3, "depth": 2})", LossKind::mean_square}));

// Beyond the squares that a number can have.
TEST(Activations, GeluOfASigmoidIsTheIdentityOrNothingFarOut) {
  PlaceList places;
  Activation<double> function(places, "f", ActivationKind::gelu_sigmoid);
  const auto named = std::make_shared<const Places>(places.places());
  const LayeredPolicy policy = native_policy(named, Carrier::binary64);
  const Machine machine{.engine = &emulator::engine(), .seed = 3, .repeat = 0};
  Arithmetic<double> arithmetic(machine, policy);
  Matrix<double> x(1, 2);
  x << 1e200, -1e200;
  const Matrix<double> y = function.forward(x, arithmetic);
  const Matrix<double> dx = function.backward(Matrix<double>::Ones(1, 2), arithmetic);
  EXPECT_EQ(y(0, 0), 1e200);
  EXPECT_EQ(y(0, 1), 0.0);
  EXPECT_EQ(dx(0, 0), 1.0);
  EXPECT_EQ(dx(0, 1), 0.0);
}

// ---------------------------------------------------------------------------------------------

training::Training training_of(const Json& problem, const Json& plan, const Json& policy) {
  training::Training training;
  Json resolved;
  training.problem = training::parse_problem(problem, "/problem", ".", resolved);
  training.plan = training::parse_plan(plan, "/training", training.problem, resolved);
  training.policy =
      parse_layered_policy(policy, "/policy", training::places_of(training.problem, training.plan));
  return training;
}

template <typename Real>
std::uint64_t digest_after_all(const training::Training& training, const Engine& engine) {
  const Machine machine{.engine = &engine, .seed = 5, .repeat = 1};
  training::Session<Real> session(training, machine);
  while (!session.finished()) session.step();
  return session.digest();
}

std::uint64_t digest_of(const training::Training& training, const Engine& engine) {
  return training.policy.native == Carrier::binary32 ? digest_after_all<float>(training, engine)
                                                     : digest_after_all<double>(training, engine);
}

const char* const low_precision = R"({"schema": "policy/1", "base": {"native": "binary32", "use": {
  "x.fwd": ["bfloat16", "mxfp8_e4m3"], "w.fwd": "mxfp6_e3m2",
  "g.dgrad": {"format": "float8_e5m2", "rounding": "stochastic"},
  "acc.fwd": {"format": "binary16", "order": "pairwise"},
  "layernorm/y": "bfloat16", "optimizer/m": "bfloat16",
  "optimizer/master": {"format": "bfloat16", "rounding": "stochastic"}}}})";

TEST(Session, GivesTheSameWeightsOnBothEngines) {
  const Json models = Json::parse(R"([
    {"kind": "linear", "inputs": 6, "outputs": 2},
    {"kind": "mlp", "widths": [6, 8, 3], "activation": "gelu"},
    {"kind": "mlp", "widths": [6, 5, 3], "activation": "swiglu"},
    {"kind": "residual_mlp", "width": 6, "depth": 2, "activation": "gelu_sigmoid"}])");
  const Json optimizers = Json::parse(R"(["sgd", {"kind": "momentum", "nesterov": true}, "adam",
    {"kind": "adamw", "weight_decay": 0.1}, {"kind": "adafactor", "relative_step": true},
    {"kind": "svrg", "inner": 19}])");
  std::set<std::uint64_t> digests;
  for (const Json& model : models) {
    for (const Json& optimizer : optimizers) {
      Json problem{{"model", model}, {"data", {{"noise", 0.1}, {"samples", 33}}}};
      if (model["kind"] == "mlp") problem["loss"] = "cross_entropy";
      const Json plan{
          {"optimizer", optimizer}, {"learning_rate", 0.01}, {"steps", 20}, {"batch", 4}};
      Json policy = Json::parse(low_precision);
      if (model["kind"] != "residual_mlp") policy["base"]["use"].erase("layernorm/y");
      if (model["kind"] != "mlp") policy["base"]["native"] = "binary64";
      const training::Training training = training_of(problem, plan, policy);
      const std::uint64_t digest = digest_of(training, emulator::engine());
      EXPECT_EQ(digest, digest_of(training, reference::engine())) << model << optimizer;
      digests.insert(digest);
    }
  }
  EXPECT_EQ(digests.size(), models.size() * optimizers.size());
}

// y = W x and one step of gradient descent on two samples, by hand.
TEST(Session, FirstStepOfRegressionIsTheFormula) {
  const training::Training training = training_of(
      Json::parse(R"({"model": {"kind": "linear", "inputs": 2, "bias": false}})"),
      Json::parse(R"({"optimizer": "sgd", "learning_rate": 0.5, "steps": 1, "batch": 2})"),
      Json::object());
  const Machine machine{.engine = &emulator::engine(), .seed = 7, .repeat = 0};
  training::Session<double> session(training, machine);
  PlaceList places;
  const auto network = make_network<double>(training.problem.network, places);
  std::vector<Parameter<double>*> parameters;
  network->list_parameters(parameters);
  begin_parameters(parameters, machine);
  const Matrix<double> w = parameters[0]->value;
  training::Samples<double> samples(training.problem, machine);
  const training::Batch<double> batch = samples.batch(0, 2);
  Matrix<double> expected = w;
  for (Eigen::Index j = 0; j < 2; ++j) {
    double gradient = 0;
    for (Eigen::Index r = 0; r < 2; ++r) {
      const double y = batch.x(r, 0) * w(0, 0) + batch.x(r, 1) * w(0, 1);
      gradient += 2.0 * (y - batch.target(r, 0)) / 2.0 * batch.x(r, j);
    }
    expected(0, j) -= 0.5 * gradient;
  }
  session.step();
  const Matrix<double>& got = session.kept(0);
  EXPECT_NEAR(got(0, 0), expected(0, 0), 1e-15);
  EXPECT_NEAR(got(0, 1), expected(0, 1), 1e-15);
  EXPECT_NE(got(0, 0), w(0, 0));
}

// As norms' biases are in the released code of arXiv 2506.20752, from a change of policy on.
TEST(Session, AParameterRestsWhereUpdatesAreRoundedToZero) {
  const training::Training training = training_of(
      Json::parse(R"({"model": {"kind": "residual_mlp", "width": 6, "depth": 1}})"),
      Json::parse(R"({"optimizer": "adam", "learning_rate": 0.01, "steps": 4, "batch": 8})"),
      Json::parse(R"({"phases": [{"when": {"fraction": [0.5, 1]}, "match": {"layer": "*.norm.beta"},
        "use": {"optimizer/update": {"format": {"kind": "codebook", "values": [0]}}}}]})"));
  const Machine machine{.engine = &emulator::engine(), .seed = 7, .repeat = 0};
  training::Session<double> session(training, machine);
  session.step();
  session.step();
  const Matrix<double> gamma = session.kept(0);
  const Matrix<double> beta = session.kept(1);
  EXPECT_TRUE((beta != 0.0).all());
  session.step();
  session.step();
  EXPECT_TRUE((session.kept(1) == beta).all());
  EXPECT_TRUE((session.kept(0) != gamma).all());
}

}  // namespace
}  // namespace halfulp::experiments

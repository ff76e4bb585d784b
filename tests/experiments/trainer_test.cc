// SPDX-License-Identifier: MIT
//
// Training against a loop written as plainly as the formula, with the reference engine's rounding,
// bit for bit; and the closed forms of risk against brute force.
#include "experiments/models/linear_regression/trainer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/dense.h"
#include "experiments/models/linear_regression/risk.h"
#include "reference/engine.h"

namespace halfulp::experiments {
namespace {

using namespace linear_regression;

struct Case {
  const char* name;
  const char* problem;
  const char* policy;
  int batch;
};

const char* const plain = R"({"dimension": 12, "spectrum_exponent": 1.5})";
const char* const sketched =
    R"({"dimension": 40, "spectrum_exponent": 2, "sketch_size": 9, "teacher": {"kind": "gaussian"}})";

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"native", plain, "{}", 1},
      {"native_batch", sketched, "{}", 3},
      {"bfloat16_everywhere", sketched,
       R"({"feature": "bfloat16", "label": "bfloat16", "param": "bfloat16", "act": "bfloat16",
           "out_grad": "bfloat16", "weight": "bfloat16", "avg": "bfloat16"})",
       1},
      {"stochastic_fp8", plain,
       R"({"data": {"format": "float8_e4m3fn", "rounding": "stochastic"}, "label": "float8_e5m2",
           "param": {"format": "float8_e4m3fn", "rounding": "stochastic-c", "random_bits": 8},
           "act": "binary16", "out_grad": {"format": "float8_e5m2", "rounding": "stochastic"},
           "weight": {"format": "bfloat16", "rounding": "stochastic"}})",
       2},
      {"integer_grid", plain,
       R"({"data": {"format": "int8", "rounding": "stochastic",
                    "scaling": {"kind": "static", "scale": 0.2449489742783178}}})",
       1},
      {"accumulator", sketched,
       R"({"feature": "float8_e4m3fn", "param": "bfloat16",
           "accumulator": {"format": "binary16", "rounding": "stochastic"}})",
       2},
      {"splitmix", sketched,
       R"({"feature": {"format": "float8_e4m3fn", "rounding": "stochastic", "random": "splitmix64"},
           "weight": {"format": "bfloat16", "rounding": "stochastic-b", "random": "splitmix64"},
           "accumulator": {"format": "binary16", "rounding": "stochastic", "random": "splitmix64"}})",
       2},
      {"rounded_products", sketched,
       R"({"feature": "bfloat16", "param": "bfloat16",
           "accumulator": {"format": "bfloat16", "product": "binary16"}})",
       1},
      {"pairwise", sketched,
       R"({"accumulator": {"format": "bfloat16", "rounding": "stochastic", "order": "pairwise"}})",
       2},
      {"chunked", sketched,
       R"({"accumulator": {"format": "bfloat16", "rounding": "stochastic", "order": "chunked", "chunk": 4,
                           "outer": "binary32", "product": "float8_e5m2"}})",
       2},
      {"compensated", sketched,
       R"({"accumulator": {"format": "binary16", "rounding": "stochastic", "order": "compensated"}})",
       2},
      {"exact", sketched,
       R"({"accumulator": {"format": "posit16", "rounding": "stochastic", "order": "exact"}})", 2},
      {"noise", sketched,
       R"({"feature": {"noise": {"kind": "additive", "eps": 0.01}},
           "label": {"noise": {"kind": "multiplicative_rank1", "eps": 0.01}},
           "param": {"noise": {"kind": "multiplicative_coord", "eps": 0.02, "law": "uniform"}},
           "weight": {"noise": {"kind": "additive", "eps": 1e-6, "law": "two_point"}}})",
       2},
      {"data_before_the_sketch", sketched, R"({"data": "float8_e4m3fn", "feature": "bfloat16"})",
       1},
      {"rounded_sketch", sketched, R"({"sketch": "float8_e4m3fn"})", 1}};
  return all;
}

struct Setting {
  Problem problem;
  Training training;
  Policy policy;
};

Setting setting_of(const Case& c) {
  Json resolved;
  Setting s;
  s.problem = parse_problem(parse_json(c.problem, "problem"), "", resolved);
  s.training = parse_training(
      {{"samples", 240}, {"batch", c.batch}, {"step_size", 0.2}, {"schedule", "geometric_decay"}},
      "", resolved);
  s.policy = parse_policy(parse_json(c.policy, "policy"), "");
  return s;
}

Instance instance_of(const Setting& s, const Machine& machine) {
  return make_instance(s.problem, s.policy, needs_of(s.problem, s.policy), machine);
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double x : values) bits.push_back(std::bit_cast<std::uint64_t>(x));
  return bits;
}

std::pair<std::vector<double>, std::vector<double>> train(const Setting& s, const Machine& machine,
                                                          std::size_t block_rows) {
  const Instance instance = instance_of(s, machine);
  Trainer trainer(machine, instance, s.policy, s.training);
  Samples samples;
  for (std::size_t first = 0; first < s.training.samples; first += block_rows) {
    draw_samples(instance, machine, Site::sample, first,
                 std::min(block_rows, s.training.samples - first), samples);
    trainer.train(samples);
  }
  EXPECT_TRUE(trainer.finished());
  return {trainer.weights(), trainer.average()};
}

// One place of the plain loop: one row at a time, by the reference engine.
class PlainPlace {
 public:
  PlainPlace(const Machine& machine, const Policy& policy, Place place)
      : station_(rounder_at(machine, policy, place, Site::training_place)) {}
  void operator()(std::vector<double>& row, std::uint64_t number) {
    if (station_.active())
      station_.apply(view_of(std::span<const double>(row)), number,
                     view_of(std::span<double>(row)));
  }
  void operator()(double& scalar, std::uint64_t number) {
    std::vector<double> row{scalar};
    (*this)(row, number);
    scalar = row[0];
  }

 private:
  PlaceRounder station_;
};

double plain_dot(const Machine& machine, const Policy& policy, const std::vector<double>& x,
                 const std::vector<double>& w, std::uint64_t sample) {
  const QuantizerRule* quantized = quantizer_rule_of(policy.at(place::accumulator));
  if (quantized == nullptr) {
    double s[8] = {};
    for (std::size_t k = 0; k < x.size(); ++k) s[k % 8] += x[k] * w[k];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  }
  const DotUnit unit = dot_unit_of(*quantized);
  Random random = random_of(machine, Site::training_place, place::accumulator);
  random.offset = sample * draws_per_result(unit, x.size());
  random.generator = quantized->generator;
  double out = 0.0;
  machine.engine->multiply(view_of(x.data(), 1, x.size()), view_of(w.data(), w.size(), 1),
                           machine.engine->prepare_dot(unit), random, view_of(&out, 1, 1));
  return out;
}

// w <- w + (gamma / B) Qd(X)^T Qo(Ql(y) - Qa(Qd(X) Qp(w))), as it is written.
std::pair<std::vector<double>, std::vector<double>> plain_loop(const Setting& s,
                                                               const Machine& machine) {
  const Instance instance = instance_of(s, machine);
  const std::size_t m = instance.features();
  FeatureRounders features(machine, instance, s.policy, Site::training_place);
  PlainPlace label(machine, s.policy, place::label);
  PlainPlace param(machine, s.policy, place::param);
  PlainPlace act(machine, s.policy, place::act);
  PlainPlace out_grad(machine, s.policy, place::out_grad);
  PlainPlace weight(machine, s.policy, place::weight);
  PlainPlace avg(machine, s.policy, place::avg);
  const bool rounded_average = !is_native(s.policy.at(place::avg));
  std::vector<double> w(m, 0.0);
  std::vector<double> average(m, 0.0);
  const std::size_t steps = s.training.samples / s.training.batch;
  const auto stage = static_cast<std::size_t>(
      std::floor(static_cast<double>(steps) / std::log2(static_cast<double>(steps))));
  for (std::size_t t = 0; t < steps; ++t) {
    const double gamma = std::ldexp(s.training.step_size, -static_cast<int>(t / stage));
    std::vector<double> gradient;
    std::vector<double> seen = w;
    param(seen, t);
    for (std::size_t b = 0; b < s.training.batch; ++b) {
      const std::uint64_t sample = t * s.training.batch + b;
      Samples samples;
      draw_samples(instance, machine, Site::sample, sample, 1, samples);
      const View row = features.apply(samples);
      const auto* z = static_cast<const double*>(row.data);
      const std::vector<double> x(z, z + m);
      double y = samples.labels[0];
      label(y, sample);
      double prediction = plain_dot(machine, s.policy, x, seen, sample);
      act(prediction, sample);
      double residual = y - prediction;
      out_grad(residual, sample);
      if (gradient.empty()) {
        for (std::size_t j = 0; j < m; ++j) gradient.push_back(x[j] * residual);
      } else {
        for (std::size_t j = 0; j < m; ++j) gradient[j] += x[j] * residual;
      }
    }
    const double factor = gamma / static_cast<double>(s.training.batch);
    for (std::size_t j = 0; j < m; ++j) w[j] += factor * gradient[j];
    weight(w, t);
    const double share = 1.0 / static_cast<double>(t + 1);
    for (std::size_t j = 0; j < m; ++j)
      average[j] += rounded_average ? (w[j] - average[j]) * share : w[j];
    avg(average, t);
  }
  if (!rounded_average) {
    for (double& x : average) x /= static_cast<double>(steps);
  }
  return {w, average};
}

class TrainingLoop : public testing::TestWithParam<Case> {};

TEST_P(TrainingLoop, EqualsThePlainLoopOnTheReference) {
  const Setting s = setting_of(GetParam());
  const auto [w, average] = train(s, {&emulator::engine(), 42, 5}, 60);
  const auto [plain_w, plain_average] = plain_loop(s, {&reference::engine(), 42, 5});
  EXPECT_EQ(bits_of(w), bits_of(plain_w));
  EXPECT_EQ(bits_of(average), bits_of(plain_average));
  const double size = dot(w, w);
  EXPECT_TRUE(std::isfinite(size));
  EXPECT_GT(size, 0.01);
}

TEST_P(TrainingLoop, DoesNotDependOnTheBlocks) {
  const Setting s = setting_of(GetParam());
  const Machine machine{&emulator::engine(), 42, 6};
  const auto whole = train(s, machine, 240);
  for (const std::size_t rows : {6, 30, 66})
    EXPECT_EQ(bits_of(train(s, machine, rows).first), bits_of(whole.first)) << rows;
}

INSTANTIATE_TEST_SUITE_P(Policies, TrainingLoop, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(Stations, DrawFromTheGeneratorOfTheirRule) {
  const Machine machine{&reference::engine(), 42, 7};
  std::vector<double> row(40);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = 0.01 * static_cast<double>(j);
  const View in = view_of(std::span<const double>(row));
  std::vector<std::vector<double>> results;
  for (const char* name : {"philox4x32-10", "splitmix64"}) {
    const Policy policy = parse_policy(
        {{"label", {{"format", "int8"}, {"rounding", "stochastic"}, {"random", name}}}}, "");
    PlaceRounder rounder = rounder_at(machine, policy, place::label, Site::training_place);
    std::vector<double> got(row.size());
    std::vector<double> want(row.size());
    rounder.apply(in, 3, view_of(std::span<double>(got)));
    Random random = random_of(machine, Site::training_place, place::label);
    random.offset = 3 * row.size();
    random.generator = parse_generator(name);
    const Plan plan =
        machine.engine->prepare(quantizer_rule_of(policy.at(place::label))->quantizer);
    machine.engine->round(in, plan, random, view_of(std::span<double>(want)), nullptr);
    EXPECT_EQ(got, want) << name;
    results.push_back(got);
  }
  EXPECT_NE(results[0], results[1]);
}

TEST(Instances, SamplesHaveTheirCovariance) {
  const Setting s = setting_of(cases()[1]);
  const Machine machine{&emulator::engine(), 8, 1};
  const Instance instance = instance_of(s, machine);
  const std::size_t m = instance.features();
  constexpr std::size_t rows = 1 << 16;
  Samples samples;
  draw_samples(instance, machine, Site::sample, 0, rows, samples);
  const double error = 5.0 / std::sqrt(static_cast<double>(rows));
  for (std::size_t i = 0; i < m; ++i) {
    double with_label = 0.0;
    for (std::size_t r = 0; r < rows; ++r)
      with_label += samples.features[r * instance.stride + i] * samples.labels[r];
    const double scale = std::sqrt(instance.covariance.at(i) * 4.0);
    EXPECT_NEAR(with_label / rows, instance.cross[i], error * scale) << i;
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (std::size_t r = 0; r < rows; ++r)
        sum +=
            samples.features[r * instance.stride + i] * samples.features[r * instance.stride + j];
      const double pair = std::sqrt(2 * instance.covariance.at(i) * instance.covariance.at(j));
      EXPECT_NEAR(sum / rows, instance.covariance.values[i * m + j], error * pair);
    }
  }
  double squares = 0.0;
  for (const double y : samples.labels) squares += y * y;
  const double label = instance.signal + s.problem.noise_variance;
  EXPECT_NEAR(squares / rows, label, 1.5 * error * label);
}

// Quantized-input risk in closed form against a plain average over many fresh samples.
TEST(Risks, ClosedFormsEqualBruteForce) {
  for (const char* policy_text :
       {R"({"feature": {"noise": {"kind": "additive", "eps": 0.2}}})",
        R"({"feature": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}}})",
        R"({"feature": {"noise": {"kind": "multiplicative_coord", "eps": 0.2}}})",
        R"({"data": {"noise": {"kind": "additive", "eps": 0.1}},
            "feature": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}}})",
        R"({"data": {"noise": {"kind": "additive", "eps": 0.1, "law": "two_point"}}})",
        R"({"data": {"noise": {"kind": "multiplicative_coord", "eps": 0.3}}})",
        R"({"feature": "float4_e2m1fn"})", R"({"data": "float8_e5m2"})"}) {
    Setting s = setting_of(cases()[1]);
    s.problem.test_samples = 40000;
    s.policy = parse_policy(parse_json(policy_text, "policy"), "");
    const Machine machine{&emulator::engine(), 17, 2};
    const Instance instance = instance_of(s, machine);
    const Risk risk(machine, instance, s.policy);
    std::vector<double> v = instance.target;
    for (std::size_t j = 0; j < v.size(); ++j) v[j] += 0.3 * static_cast<double>(j % 3);
    FeatureRounders rounders(machine, instance, s.policy, Site::training_place);
    constexpr std::size_t rows = 40000;
    Samples samples;
    draw_samples(instance, machine, Site::sample, 0, rows, samples);
    const View z = rounders.apply(samples);
    double sum = 0.0;
    double squares = 0.0;
    double clean = 0.0;
    for (std::size_t r = 0; r < rows; ++r) {
      const std::span<const double> quantized(static_cast<const double*>(z.data) + r * z.stride,
                                              v.size());
      const double e = dot(quantized, v) - samples.labels[r];
      const double f =
          dot({&samples.features[r * instance.stride], v.size()}, v) - samples.labels[r];
      sum += e * e;
      squares += e * e * e * e;
      clean += f * f;
    }
    const double mean = sum / rows;
    const double error = std::sqrt((squares / rows - mean * mean) / rows);
    const double noise = s.problem.noise_variance;
    EXPECT_NEAR(risk.quantized({v})[0] + noise, mean, 5 * error) << policy_text;
    EXPECT_NEAR(risk.clean(v) + noise, clean / rows, 5 * error) << policy_text;
    EXPECT_GT(std::fabs(risk.quantized({v})[0] - risk.clean(v)), 1e-4) << policy_text;
  }
}

}  // namespace
}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Block formats at the places of a policy, against a loop that hands the reference engine the
// tensor of every step as place_rounder.h says, with random bits addressed as step_blocks.h says;
// and against themselves, cut anywhere.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/dense.h"
#include "experiments/models/linear_regression/risk.h"
#include "experiments/models/linear_regression/theory.h"
#include "experiments/models/linear_regression/trainer.h"
#include "experiments/policy/autoflex.h"
#include "experiments/runs/run.h"
#include "reference/engine.h"

namespace halfulp::experiments {
namespace {

using namespace linear_regression;

struct Case {
  const char* name;
  const char* problem;
  const char* policy;
  std::size_t batch;
};

const char* const plain = R"({"dimension": 20, "spectrum_exponent": 1.5, "test_samples": 302})";
const char* const sketched = R"({"dimension": 40, "spectrum_exponent": 2, "sketch_size": 18,
                                 "teacher": {"kind": "gaussian"}, "test_samples": 302})";

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"every_place", plain,
       R"({"data": "nvfp4_2d", "label": "mxint8", "param": "mxfp8_e4m3", "act": "int8_row",
           "out_grad": "bfp8_16", "weight": {"format": "int16", "scaling": "group:4"},
           "avg": {"format": "mxfp8_e5m2", "rule": "ceil"}})",
       3},
      {"one_sample_a_step", sketched,
       R"({"sketch": {"format": "int8", "scaling": "block:4x16"}, "feature": "nvfp4",
           "label": {"format": "int8", "scaling": "tensor"}, "param": "mxfp6_e2m3",
           "act": "mxfp8_e4m3", "out_grad": "mxint8", "weight": "int8_tensor", "avg": "bfp12_0"})",
       1},
      {"before_the_sketch", sketched,
       R"({"data": "mxfp8_e4m3", "sketch": "mxint8", "feature": "int8_tensor",
           "label": {"kind": "block", "element": "int8", "columns": 2, "rule": "floor",
                     "scale": "float8_e8m0fnu"}, "weight": "bfloat16"})",
       5},
      {"stochastic", sketched,
       R"({"feature": {"kind": "block", "rows": 2, "columns": 4,
                       "element": {"format": "float8_e4m3fn", "rounding": "stochastic"},
                       "scale": {"format": "binary16", "rounding": "stochastic"}},
           "label": {"format": "int8", "rounding": "stochastic", "random": "splitmix64",
                     "scaling": {"rows": 0, "columns": 0,
                                 "scale": {"format": "bfloat16", "rounding": "stochastic"}}},
           "param": {"kind": "block", "columns": 4, "element": "int8",
                     "scale": {"format": "bfloat16", "rounding": "stochastic"}},
           "out_grad": {"format": "mxint8", "rounding": "stochastic", "random_bits": 40},
           "weight": {"format": "int12", "rounding": "stochastic", "scaling": "group:6"}})",
       3},
      {"flexpoint", plain,
       R"({"data": "flexpoint", "label": "flexpoint", "param": "flexpoint", "act": "flexpoint",
           "out_grad": "flexpoint", "weight": "flexpoint", "avg": "flexpoint"})",
       2},
      {"flexpoint_sketch", sketched,
       R"({"sketch": "flexpoint", "feature": {"format": "flexpoint", "rounding": "stochastic"}})",
       1}};
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
  s.training =
      parse_training({{"samples", 120}, {"batch", c.batch}, {"step_size", 0.2}}, "", resolved);
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

// A matrix without padding.
struct Tensor {
  std::size_t rows = 1, columns = 1;
  std::vector<double> values;
};

std::uint64_t number_of(const Place& place) {
  static const std::vector<std::string_view> uses{"data",  "sketch",     "feature",  "label",
                                                  "param", "act",        "out_grad", "weight",
                                                  "avg",   "accumulator"};
  const auto found = std::find(uses.begin(), uses.end(), place.use);
  return static_cast<std::uint64_t>(found - uses.begin());
}

// The places of one run by hand, with the reference. Site: of training or of the test set.
class ByHand {
 public:
  ByHand(const Machine& machine, const Policy& policy, Site site)
      : machine_(machine), policy_(policy), site_(site) {}

  void operator()(Place place, std::size_t step, Tensor& tensor) {
    const Rule& rule = policy_.at(place);
    if (is_native(rule)) return;
    const std::uint64_t stream =
        machine_.repeat * 256 + static_cast<unsigned>(site_) + number_of(place);
    Random random{.seed = machine_.seed, .stream = stream};
    MutableView view = view_of(tensor.values.data(), tensor.rows, tensor.columns);
    if (const QuantizerRule* quantized = quantizer_rule_of(rule)) {
      random.offset = step * tensor.rows * tensor.columns;
      machine_.engine->round(as_const(view), machine_.engine->prepare(quantized->quantizer), random,
                             view, nullptr);
      return;
    }
    const BlockRule& blocks = *blocks_of(rule);
    random.generator = blocks.generator;
    random.stream = (std::uint64_t{1} << 63) + 256 * stream;
    random.offset = step * numbered_rows(blocks.format, place, tensor) * tensor.columns;
    quantize(blocks.format, place, random, tensor);
  }

 private:
  // Rows of whole steps, rounded up to whole blocks.
  std::size_t numbered_rows(const BlockFormat& format, Place place, const Tensor& tensor) {
    const std::size_t rows = usual_rows_.try_emplace(place, tensor.rows).first->second;
    std::size_t numbered = rows;
    while (std::any_of(format.levels.begin(), format.levels.end(), [&](const Level& level) {
      const auto of_block = static_cast<std::size_t>(level.rows);
      return of_block > 0 && of_block < rows && numbered % of_block != 0;
    }))
      ++numbered;
    return numbered;
  }

  void quantize(BlockFormat format, Place place, const Random& random, Tensor& tensor) {
    const std::optional<AutoflexRule> prediction = autoflex_rule(format);
    Autoflex* autoflex = nullptr;
    if (prediction) autoflex = &states_.try_emplace(place, *prediction).first->second;
    std::vector<double> out(tensor.values.size());
    for (bool settled = false; !settled;) {
      if (autoflex != nullptr) format.levels[0].given = autoflex->scale();
      const BlockPlan plan = machine_.engine->prepare_block(format);
      machine_.engine->quantize(
          view_of(std::as_const(tensor.values).data(), tensor.rows, tensor.columns), plan, random,
          view_of(out.data(), tensor.rows, tensor.columns), nullptr, nullptr);
      double largest = 0;
      for (const double x : out) largest = std::max(largest, std::fabs(x) / format.levels[0].given);
      settled = autoflex == nullptr || autoflex->observe(static_cast<std::uint64_t>(largest));
    }
    tensor.values = out;
  }

  Machine machine_;
  const Policy& policy_;
  Site site_;
  std::map<Place, std::size_t> usual_rows_;
  std::map<Place, Autoflex> states_;
};

// The features of rows that are one step, as the product sees them.
Tensor features_by_hand(const Setting& s, const Machine& machine, const Instance& instance,
                        const Samples& samples, std::size_t step, ByHand& quantize) {
  const std::size_t m = instance.features();
  Tensor z{samples.rows, m, std::vector<double>(samples.rows * m)};
  std::vector<double> padded = samples.features;
  if (instance.needs.inputs) {
    Tensor x{samples.rows, s.problem.dimension, samples.inputs};
    quantize(place::data, step, x);
    apply_sketch(instance, machine, x.values.data(), x.rows, padded.data());
  }
  for (std::size_t r = 0; r < z.rows; ++r)
    std::copy_n(&padded[r * instance.stride], m, &z.values[r * m]);
  if (!instance.needs.inputs) quantize(place::data, step, z);
  quantize(place::feature, step, z);
  return z;
}

double eight_sums(const double* x, const std::vector<double>& w) {
  double s[8] = {};
  for (std::size_t k = 0; k < w.size(); ++k) s[k % 8] += x[k] * w[k];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

std::pair<std::vector<double>, std::vector<double>> by_hand(const Setting& s,
                                                            const Machine& machine) {
  const Instance instance = instance_of(s, machine);
  const std::size_t m = instance.features();
  const std::size_t batch = s.training.batch;
  ByHand quantize(machine, s.policy, Site::training_place);
  const bool rounded_average = !is_native(s.policy.at(place::avg));
  Tensor w{1, m, std::vector<double>(m)};
  Tensor average = w;
  for (std::size_t t = 0; t < s.training.steps(); ++t) {
    Samples samples;
    draw_samples(instance, machine, Site::sample, t * batch, batch, samples);
    const Tensor z = features_by_hand(s, machine, instance, samples, t, quantize);
    Tensor y{1, batch, samples.labels};
    quantize(place::label, t, y);
    Tensor seen = w;
    quantize(place::param, t, seen);
    Tensor residual{1, batch, {}};
    for (std::size_t b = 0; b < batch; ++b)
      residual.values.push_back(eight_sums(&z.values[b * m], seen.values));
    quantize(place::act, t, residual);
    for (std::size_t b = 0; b < batch; ++b) residual.values[b] = y.values[b] - residual.values[b];
    quantize(place::out_grad, t, residual);
    const double factor = s.training.step_size / static_cast<double>(batch);
    for (std::size_t j = 0; j < m; ++j) {
      double gradient = z.values[j] * residual.values[0];
      for (std::size_t b = 1; b < batch; ++b) gradient += z.values[b * m + j] * residual.values[b];
      w.values[j] += factor * gradient;
    }
    quantize(place::weight, t, w);
    const double share = 1.0 / static_cast<double>(t + 1);
    for (std::size_t j = 0; j < m; ++j)
      average.values[j] +=
          rounded_average ? (w.values[j] - average.values[j]) * share : w.values[j];
    quantize(place::avg, t, average);
  }
  if (!rounded_average) {
    for (double& x : average.values) x /= static_cast<double>(s.training.steps());
  }
  return {w.values, average.values};
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

class BlockPolicies : public testing::TestWithParam<Case> {};

TEST_P(BlockPolicies, TrainAsTheLoopByHandDoes) {
  const Setting s = setting_of(GetParam());
  const auto [w, average] = train(s, {&emulator::engine(), 42, 5}, 60);
  const auto [plain_w, plain_average] = by_hand(s, {&reference::engine(), 42, 5});
  EXPECT_EQ(bits_of(w), bits_of(plain_w));
  EXPECT_EQ(bits_of(average), bits_of(plain_average));
  EXPECT_TRUE(std::isfinite(dot(w, w)));
  EXPECT_GT(dot(w, w), 0.01);
}

TEST_P(BlockPolicies, DoNotDependOnTheCutsOfARun) {
  const Setting s = setting_of(GetParam());
  const Machine machine{&emulator::engine(), 42, 6};
  const auto whole = train(s, machine, 120);
  for (const std::size_t steps : {1, 2, 7}) {
    const auto cut = train(s, machine, steps * s.training.batch);
    EXPECT_EQ(bits_of(cut.first), bits_of(whole.first)) << steps;
    EXPECT_EQ(bits_of(cut.second), bits_of(whole.second)) << steps;
  }
}

// The test sample in batches as in training, the last of two rows where batches have three or five.
TEST_P(BlockPolicies, MeasureTheRiskBatchByBatch) {
  const Setting s = setting_of(GetParam());
  const Machine machine{&reference::engine(), 42, 7};
  const Instance instance = instance_of(s, machine);
  const std::vector<double>& v = instance.target;
  ByHand quantize(machine, s.policy, Site::test_place);
  double sum = 0;
  for (std::size_t first = 0; first < s.problem.test_samples; first += s.training.batch) {
    Samples samples;
    draw_samples(instance, machine, Site::test_sample, first,
                 std::min(s.training.batch, s.problem.test_samples - first), samples);
    const Tensor z =
        features_by_hand(s, machine, instance, samples, first / s.training.batch, quantize);
    for (std::size_t r = 0; r < z.rows; ++r) {
      const std::span<const double> exact(&samples.features[r * instance.stride], v.size());
      const double label =
          instance.needs.inputs
              ? dot({&samples.inputs[r * s.problem.dimension], s.problem.dimension},
                    instance.teacher)
              : dot(exact, instance.target);
      const double change = dot({&z.values[r * v.size()], v.size()}, v) - dot(exact, v);
      sum += change * (change + 2.0 * (dot(exact, v) - label));
    }
  }
  const Machine fast{&emulator::engine(), 42, 7};
  const Risk risk(fast, instance, s.policy, s.training.batch);
  EXPECT_EQ(risk.quantized({v})[0],
            risk.clean(v) + sum / static_cast<double>(s.problem.test_samples));
  EXPECT_NE(risk.quantized({v})[0], risk.clean(v));
}

INSTANTIATE_TEST_SUITE_P(Cases, BlockPolicies, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

Tensor drawn(std::size_t rows, std::size_t columns) {
  Tensor tensor{rows, columns, std::vector<double>(rows * columns)};
  fill_variates(Law::gaussian, {.seed = 3, .stream = 1}, 0, tensor.values);
  return tensor;
}

std::vector<double> applied(PlaceRounder& rounder, const Tensor& in, std::uint64_t first_row) {
  std::vector<double> out(in.values.size());
  rounder.apply(view_of(in.values.data(), in.rows, in.columns), first_row,
                view_of(out.data(), in.rows, in.columns));
  return out;
}

TEST(BlockStation, AScaleOfTheTensorIsSharedByAStepAndNoMore) {
  const Machine machine{&emulator::engine(), 1, 0};
  const Policy policy = parse_policy({{"feature", "int8_tensor"}}, "");
  Tensor in = drawn(8, 5);
  PlaceRounder rounder = rounder_at(machine, policy, place::feature, Site::training_place, 4);
  const std::vector<double> before = applied(rounder, in, 0);
  in.values[0] = 1000.0;  // of the first step
  const std::vector<double> after = applied(rounder, in, 0);
  for (std::size_t i = 1; i < 20; ++i) EXPECT_EQ(after[i], 0.0) << i;
  EXPECT_TRUE(std::equal(before.begin() + 20, before.end(), after.begin() + 20));
}

// A batch of labels is one row: numbers of a block share a scale, though they come as a column.
TEST(BlockStation, NumbersOfABatchAreOneRow) {
  const Machine machine{&emulator::engine(), 1, 0};
  const Tensor column{4, 1, {1.0, 0.001, 0.3, 0.7}};
  for (const char* place : {"label", "act", "out_grad", "feature"}) {
    const Policy policy = parse_policy({{place, "mxfp4"}}, "");
    const auto at = place == std::string("label")      ? place::label
                    : place == std::string("act")      ? place::act
                    : place == std::string("out_grad") ? place::out_grad
                                                       : place::feature;
    PlaceRounder rounder = rounder_at(machine, policy, at, Site::training_place, 4);
    EXPECT_EQ(applied(rounder, column, 0)[1] == 0.0, at != place::feature) << place;
  }
}

TEST(BlockStation, DrawsOtherBitsAtEveryPlaceLevelAndStep) {
  const Machine machine{&emulator::engine(), 1, 0};
  // A scale between powers of two, and elements on it: what differs is the draw of the scale.
  const Json rule = {{"kind", "block"},
                     {"element", "int8"},
                     {"columns", 4},
                     {"scale", {{"format", "ue8m4"}, {"rounding", "stochastic"}}}};
  const Policy policy = parse_policy({{"param", rule}, {"weight", rule}}, "");
  const Tensor in = drawn(1, 256);
  PlaceRounder param = rounder_at(machine, policy, place::param, Site::training_place);
  PlaceRounder weight = rounder_at(machine, policy, place::weight, Site::training_place);
  PlaceRounder test = rounder_at(machine, policy, place::param, Site::test_place);
  const std::vector<double> first = applied(param, in, 0);
  EXPECT_EQ(applied(param, in, 0), first);
  EXPECT_NE(applied(param, in, 1), first);
  EXPECT_NE(applied(weight, in, 0), first);
  EXPECT_NE(applied(test, in, 0), first);
}

// After one large tensor a small one has few codes, as the history still says; with a state of its
// own another place, and another run, does not know of it.
TEST(BlockStation, PredictedScalesFollowTheStepsOfTheirOwnPlace) {
  const Machine machine{&emulator::engine(), 1, 0};
  const Policy policy = parse_policy({{"param", "flexpoint"}, {"weight", "flexpoint"}}, "");
  const Tensor small{1, 3, {0x1.2345p-9, -0x1.4321p-10, 0x1.1111p-11}};
  const Tensor large{1, 3, {0.9, -0.5, 0.25}};
  PlaceRounder param = rounder_at(machine, policy, place::param, Site::training_place);
  PlaceRounder weight = rounder_at(machine, policy, place::weight, Site::training_place);
  applied(param, large, 0);
  const std::vector<double> known = applied(weight, small, 0);
  EXPECT_NE(applied(param, small, 1), known);
  PlaceRounder anew = rounder_at(machine, policy, place::param, Site::training_place);
  EXPECT_EQ(applied(anew, small, 0), known);
}

TEST(BlockTheory, HasNoClosedForm) {
  Json resolved;
  const Problem problem = parse_problem(parse_json(sketched, "problem"), "", resolved);
  for (const char* place : {"data", "feature", "label", "param", "act", "out_grad", "weight"}) {
    const Policy policy = parse_policy({{place, "mxfp4"}}, "");
    EXPECT_FALSE(recursion_applies(problem, policy)) << place;
  }
  for (const char* place : {"data", "feature", "sketch"})
    EXPECT_FALSE(floor_theory(problem, parse_policy({{place, "mxfp4"}}, "")).has_value()) << place;
  EXPECT_TRUE(floor_theory(problem, parse_policy({{"label", "mxfp4"}}, "")).has_value());
}

Json study() {
  return parse_json(R"({"experiment": "linear_regression", "seed": 5, "repeats": 2,
    "problem": {"dimension": 20, "spectrum_exponent": 2, "sketch_size": 6, "test_samples": 50},
    "training": {"samples": 42, "batch": 3},
    "sweep": {"/policy/feature": ["nvfp4_2d", "flexpoint",
                {"format": "mxfp4", "rounding": "stochastic"},
                {"format": "int8", "scaling": "tensor"}],
              "/policy/data": ["none", "flexpoint"],
              "/policy/weight": ["none", {"format": "flexpoint", "rounding": "stochastic"}]}})",
                    "text");
}

std::string result_of(const Json& document, const Engine& engine, int threads) {
  RunOptions options;
  options.run_info = false;
  options.threads = threads;
  return run(document, "d", engine, options).result.dump();
}

TEST(BlockRuns, GiveTheSameBytesOnThreadsAndEngines) {
  const std::string bytes = result_of(study(), emulator::engine(), 1);
  EXPECT_EQ(result_of(study(), emulator::engine(), 2), bytes);
  EXPECT_EQ(result_of(study(), reference::engine(), 2), bytes);
  EXPECT_EQ(bytes.find("\"error\""), std::string::npos);
}

TEST(BlockRuns, StoppedAndResumedGiveTheSameBytes) {
  const std::string bytes = result_of(study(), emulator::engine(), 1);
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("blocks-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::atomic<bool> stop{false};
  RunOptions options;
  options.output = (folder / "r.json").string();
  options.run_info = false;
  options.threads = 1;
  options.stop = &stop;
  // In the middle of the second unit, after some of its chunks.
  options.progress = [&](const Progress& p) {
    if (p.units_done >= 1 && p.steps_done > 14 * 9) stop = true;
  };
  EXPECT_EQ(run(study(), "d", emulator::engine(), options).state, RunState::stopped);
  stop = false;
  options.progress = nullptr;
  options.resume = true;
  EXPECT_EQ(run(study(), "d", emulator::engine(), options).result.dump(), bytes);
  std::filesystem::remove_all(folder);
}

// A point among others is the point alone: the state of its predictions is its own.
TEST(BlockRuns, PointsDoNotDependOnTheirNeighbours) {
  RunOptions options;
  const Json whole = run(study(), "d", emulator::engine(), options).result;
  Json alone = study();
  alone["sweep"] = Json{{"/policy/feature", {"flexpoint"}},
                        {"/policy/data", {"flexpoint"}},
                        {"/policy/weight", {alone["sweep"]["/policy/weight"][1]}}};
  const Json single = run(alone, "d", emulator::engine(), options).result;
  EXPECT_EQ(single["points"][0].dump(), whole["points"][7].dump());
}

}  // namespace
}  // namespace halfulp::experiments

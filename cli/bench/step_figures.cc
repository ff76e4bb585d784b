// SPDX-License-Identifier: MIT
//
// One step of linear regression with its samples drawn: 1024 variates, the row's place in the
// format, prediction, residual and update, every place of the policy rounded. The yardstick is the
// same program in binary32 without a rounding, its variates drawn by the same generator.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/bench/figures.h"
#include "emulator/engine.h"
#include "experiments/data/inverse_normal.h"
#include "experiments/data/variates.h"
#include "experiments/models/linear_regression/trainer.h"
#include "formats/error.h"
#include "reference/engine.h"

namespace halfulp::cli::bench {
namespace {

namespace regression = experiments::linear_regression;

constexpr std::size_t dimension = 1024;
constexpr std::size_t rows = 128;  // steps of a call
constexpr std::uint64_t seed = 17;

// Every place in the format, to nearest; the carried weights by the rounding `update`.
Json policy_of(const std::string& format, const std::string& update) {
  Json policy = Json::object();
  for (const char* place : {"feature", "label", "param", "act", "out_grad"}) policy[place] = format;
  policy["weight"] = Json{{"format", format}, {"rounding", update}};
  if (update == "stochastic") policy["weight"]["random_bits"] = 16;
  return policy;
}

struct Rounded {
  regression::Problem problem;
  regression::Training training;
  experiments::Policy policy;
  experiments::Machine machine;
  regression::Instance instance;

  Rounded(const std::string& format, const std::string& update, const Engine& engine) {
    Json resolved;
    problem = regression::parse_problem({{"dimension", dimension}, {"spectrum_exponent", 1.5}}, "",
                                        resolved);
    training = regression::parse_training({{"samples", rows}, {"step_size", 0.1}}, "", resolved);
    policy = regression::parse_policy(policy_of(format, update), "");
    machine = {.engine = &engine, .seed = seed, .repeat = 0};
    instance =
        regression::make_instance(problem, policy, regression::needs_of(problem, policy), machine);
  }
  [[nodiscard]] std::vector<double> train() const {
    regression::Trainer trainer(machine, instance, policy, training);
    regression::Samples samples;
    const std::size_t block = regression::block_rows(instance);
    for (std::size_t first = 0; first < rows; first += block) {
      regression::draw_samples(instance, machine, regression::Site::sample, first,
                               std::min(block, rows - first), samples);
      trainer.train(samples);
    }
    return trainer.weights();
  }
};

// The same in binary32.
struct Plain {
  std::vector<double> variates = std::vector<double>(dimension + 1);
  std::vector<float> deviations = std::vector<float>(dimension);
  std::vector<float> teacher = std::vector<float>(dimension, 1.0F);
  std::vector<float> x = teacher, weights = teacher, sum = teacher;

  explicit Plain(const regression::Instance& instance) {
    std::transform(instance.deviations.begin(), instance.deviations.end(), deviations.begin(),
                   [](double s) { return static_cast<float>(s); });
  }
  void train() {
    std::fill(weights.begin(), weights.end(), 0.0F);
    std::fill(sum.begin(), sum.end(), 0.0F);
    const Random random{.seed = seed, .stream = 1};
    for (std::size_t row = 0; row < rows; ++row) {
      experiments::fill_variates(experiments::Law::gaussian, random, row * (dimension + 1),
                                 variates);
      scale_plainly(variates.data(), deviations.data(), dimension, x.data());
      const float label =
          dot_plainly(x.data(), teacher.data(), dimension) + static_cast<float>(variates.back());
      const float residual = label - dot_plainly(x.data(), weights.data(), dimension);
      update_plainly(0.1F * residual, x.data(), dimension, weights.data(), sum.data());
    }
  }
};

FigureEntry step_figure(const std::string& format, const std::string& how,
                        const std::string& update) {
  const std::string name = "step/" + format + "/" + how + "/1024/1";
  const auto prepare = [=] {
    struct Held {
      Rounded rounded;
      Plain plain;
      std::vector<double> weights;
    };
    Rounded rounded(format, update, emulator::engine());
    Plain plain(rounded.instance);
    const auto held = std::make_shared<Held>(
        Held{.rounded = std::move(rounded), .plain = std::move(plain), .weights = {}});
    held->rounded.instance.problem = &held->rounded.problem;
    Held* const all = held.get();
    Job job{.work = [all] { all->weights = all->rounded.train(); },
            .yardstick = [all] { all->plain.train(); },
            .elements = static_cast<double>(rows * dimension),
            .held = held};
    job.verify = [=] {
      if (all->rounded.train() != Rounded(format, update, reference::engine()).train())
        throw Error("emulator and reference differ", name, "`halfulp verify` shows where");
    };
    return job;
  };
  return {name, "float-step", prepare};
}

FigureEntry draw_figure() {
  const auto prepare = [=] {
    const auto held = std::make_shared<std::vector<double>>(std::size_t{8192});
    std::vector<double>* const out = held.get();
    const Random random{.seed = seed, .stream = 1};
    Job job{
        .work = [=] { experiments::fill_variates(experiments::Law::gaussian, random, 0, *out); },
        .elements = static_cast<double>(held->size()),
        .held = held};
    job.verify = [=] {
      experiments::fill_variates(experiments::Law::gaussian, random, 0, *out);
      for (std::size_t i = 0; i < out->size(); ++i) {
        const std::uint64_t high = random.word(2 * i);
        namespace formula = experiments::inverse_normal;
        if ((*out)[i] != formula::variate(formula::centred(high << 32 | random.word(2 * i + 1))))
          throw Error("a variate is not that of the formula", "draw/gaussian", "");
      }
    };
    return job;
  };
  return {"draw/gaussian/any/8192/1", "", prepare};
}

}  // namespace

std::vector<FigureEntry> step_figures() {
  std::vector<FigureEntry> all{draw_figure()};
  for (const char* format : {"bfloat16", "float8_e5m2"}) {
    all.push_back(step_figure(format, "rne", "nearest-even"));
    all.push_back(step_figure(format, "sr-philox16", "stochastic"));
  }
  return all;
}

}  // namespace halfulp::cli::bench

// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/unit.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "experiments/hash.h"
#include "experiments/models/linear_regression/risk.h"
#include "experiments/models/linear_regression/theory.h"
#include "experiments/models/linear_regression/trainer.h"

namespace halfulp::experiments::linear_regression {
namespace {

// One repeat of one point.
struct Run {
  const Regression* point = nullptr;
  const Policy* policy = nullptr;
  std::unique_ptr<Trainer> trainer;
  RepeatOutcome outcome;

  // Calls work(); what it throws becomes the point's error and ends its part.
  template <typename Work>
  void attempt(const Work& work) {
    if (!outcome.error.empty()) return;
    try {
      work();
    } catch (const std::exception& error) {
      outcome.error = error.what();
    }
  }
  [[nodiscard]] bool active() const { return outcome.error.empty() && !trainer->finished(); }
};

void measure(const Machine& machine, const Instance& instance, const Spectrum* spectrum, Run& run) {
  const Training& training = run.point->training;
  const Risk risk(machine, instance, *run.policy, training.batch);
  const auto add = [](Metrics& metrics, const char* name, std::optional<double> value) {
    if (value) metrics.push_back({name, *value});
  };
  run.outcome.digest = fnv1a(std::span<const double>(run.trainer->weights()), fnv_start);
  Metrics& metrics = run.outcome.metrics;
  if (training.steps() > 0) {
    const std::vector<std::vector<double>> weights{run.trainer->weights(), run.trainer->average()};
    const std::vector<double> quantized = risk.quantized(weights);
    add(metrics, "excess_clean_last", risk.clean(weights[0]));
    add(metrics, "excess_clean_average", risk.clean(weights[1]));
    add(metrics, "excess_quantized_last", quantized[0]);
    add(metrics, "excess_quantized_average", quantized[1]);
  }
  add(metrics, "approximation", instance.approximation);
  add(metrics, "floor", risk.floor());
  if (spectrum == nullptr) return;
  const ExcessTheory theory = excess_theory(instance, *spectrum, training, *run.policy);
  add(run.outcome.theory, "excess_clean_last", theory.clean_last);
  add(run.outcome.theory, "excess_clean_average", theory.clean_average);
  add(run.outcome.theory, "excess_quantized_last", theory.quantized_last);
  add(run.outcome.theory, "excess_quantized_average", theory.quantized_average);
}

// Trains every run on the same blocks of samples. Answers false where the watch said stop.
bool train(const Machine& machine, const Instance& instance, std::vector<Run>& runs,
           const Watch& watch) {
  const std::size_t batch = runs.front().point->training.batch;
  const std::size_t rows = batch * std::max<std::size_t>(1, block_rows(instance) / batch);
  std::size_t total = 0;
  for (const Run& run : runs) total = std::max(total, run.point->training.samples);
  Samples samples;
  for (std::size_t first = 0; first < total; first += rows) {
    const auto active =
        std::count_if(runs.begin(), runs.end(), [](const Run& run) { return run.active(); });
    if (active == 0) break;
    draw_samples(instance, machine, Site::sample, first, std::min(rows, total - first), samples);
    double steps = 0;
    for (Run& run : runs) {
      if (!run.active()) continue;
      const std::size_t left = run.point->training.samples - first;
      const std::size_t batches = std::min(samples.rows, left) / batch;
      steps += static_cast<double>(batches);
      run.attempt([&] { run.trainer->train(samples); });
    }
    if (!watch(steps)) return false;
  }
  return true;
}

bool wants_spectrum(const Run& run) {
  return run.point->training.steps() > 0 && recursion_applies(*run.point->problem, *run.policy);
}

}  // namespace

const Regression& regression_of(const ModelSetting& setting) {
  return std::any_cast<const Regression&>(setting.own);
}

std::vector<RepeatOutcome> run_regressions(std::span<const ModelSetting* const> group,
                                           const Machine& machine, const Watch& watch) {
  std::vector<Run> runs(group.size());
  Needs needs;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    runs[k].point = &regression_of(*group[k]);
    runs[k].policy = &group[k]->policy;
    const Needs own = needs_of(*runs[k].point->problem, *runs[k].policy);
    needs.inputs = needs.inputs || own.inputs;
    needs.gram = needs.gram || own.gram;
  }
  const Run& first = runs.front();
  std::optional<Instance> instance;
  std::optional<Spectrum> spectrum;
  for (Run& run : runs) {
    run.attempt([&] {
      if (!instance) instance = make_instance(*first.point->problem, *first.policy, needs, machine);
      if (!spectrum && wants_spectrum(run)) spectrum = spectrum_of(*instance);
      run.trainer = std::make_unique<Trainer>(machine, *instance, *run.policy, run.point->training);
    });
  }
  if (instance && !train(machine, *instance, runs, watch)) return {};
  std::vector<RepeatOutcome> outcomes;
  for (Run& run : runs) {
    run.attempt(
        [&] { measure(machine, *instance, wants_spectrum(run) ? &*spectrum : nullptr, run); });
    outcomes.push_back(run.outcome);
  }
  return outcomes;
}

}  // namespace halfulp::experiments::linear_regression

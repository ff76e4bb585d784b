// SPDX-License-Identifier: MIT
#include "experiments/runs/execute.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/models/linear_regression/risk.h"
#include "experiments/models/linear_regression/theory.h"
#include "experiments/models/linear_regression/trainer.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t block_rows = 256;
constexpr std::size_t wide_block_rows = 32;  // where every row has d numbers

std::string group_key(const Experiment& experiment) {
  const Needs needs = needs_of(*experiment.problem, experiment.policy);
  const Json& resolved = experiment.resolved;
  return Json::array({resolved["problem"], experiment.seed, experiment.repeats,
                      experiment.training.batch, resolved["policy"]["sketch"], needs.inputs})
      .dump();
}

// Little-endian bytes; all NaNs count as one, since machines make different ones.
std::uint64_t digest_of(const std::vector<double>& weights) {
  std::uint64_t hash = fnv_start;
  for (const double w : weights) {
    const auto bits =
        std::bit_cast<std::uint64_t>(std::isnan(w) ? std::numeric_limits<double>::quiet_NaN() : w);
    std::array<unsigned char, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<unsigned char>(bits >> (8 * i));
    hash = fnv1a(bytes.data(), bytes.size(), hash);
  }
  return hash;
}

// One repeat of one point.
struct Run {
  const Experiment* experiment = nullptr;
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
  const Experiment& experiment = *run.experiment;
  const Risk risk(machine, instance, experiment.policy, experiment.training.batch);
  Metrics& metrics = run.outcome.metrics;
  metrics[4] = instance.approximation;
  metrics[5] = risk.floor();
  run.outcome.digest = digest_of(run.trainer->weights());
  if (experiment.training.steps() == 0) return;
  const std::vector<std::vector<double>> weights{run.trainer->weights(), run.trainer->average()};
  const std::vector<double> quantized = risk.quantized(weights);
  metrics[0] = risk.clean(weights[0]);
  metrics[1] = risk.clean(weights[1]);
  metrics[2] = quantized[0];
  metrics[3] = quantized[1];
  if (spectrum == nullptr) return;
  const ExcessTheory theory =
      excess_theory(instance, *spectrum, experiment.training, experiment.policy);
  run.outcome.theory = {theory.clean_last,        theory.clean_average, theory.quantized_last,
                        theory.quantized_average, std::nullopt,         std::nullopt};
}

// Trains every run on the same blocks of samples. Answers false where the watch said stop.
bool train(const Machine& machine, const Instance& instance, std::vector<Run>& runs,
           const Watch& watch) {
  const std::size_t batch = runs.front().experiment->training.batch;
  const std::size_t wanted = instance.needs.inputs ? wide_block_rows : block_rows;
  const std::size_t rows = batch * std::max<std::size_t>(1, wanted / batch);
  std::size_t total = 0;
  for (const Run& run : runs) total = std::max(total, run.experiment->training.samples);
  Block block;
  for (std::size_t first = 0; first < total; first += rows) {
    const auto active =
        std::count_if(runs.begin(), runs.end(), [](const Run& run) { return run.active(); });
    if (active == 0) break;
    draw_samples(instance, machine, Site::sample, first, std::min(rows, total - first), block);
    double steps = 0;
    for (Run& run : runs) {
      if (!run.active()) continue;
      const std::size_t left = run.experiment->training.samples - first;
      const std::size_t batches = std::min(block.rows, left) / batch;
      steps += static_cast<double>(batches);
      run.attempt([&] { run.trainer->train(block); });
    }
    if (!watch(steps)) return false;
  }
  return true;
}

bool wants_spectrum(const Run& run) {
  return run.experiment->training.steps() > 0 &&
         recursion_applies(*run.experiment->problem, run.experiment->policy);
}

}  // namespace

std::vector<Group> make_groups(const Study& study) {
  std::vector<Group> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    const Experiment& experiment = study.points[i].experiment;
    const auto [place, fresh] = known.try_emplace(group_key(experiment), groups.size());
    if (fresh) groups.push_back({.points = {}, .repeats = experiment.repeats, .steps = 0});
    Group& group = groups[place->second];
    group.points.push_back(i);
    group.steps += static_cast<double>(experiment.training.steps());
  }
  return groups;
}

std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Watch& watch) {
  std::vector<Run> runs(group.points.size());
  Needs needs;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    runs[k].experiment = &study.points[group.points[k]].experiment;
    const Needs own = needs_of(*runs[k].experiment->problem, runs[k].experiment->policy);
    needs.inputs = needs.inputs || own.inputs;
    needs.gram = needs.gram || own.gram;
  }
  const Experiment& first = *runs.front().experiment;
  const Machine machine{&engine, first.seed, repeat};
  std::optional<Instance> instance;
  std::optional<Spectrum> spectrum;
  for (Run& run : runs) {
    run.attempt([&] {
      if (!instance) instance = make_instance(*first.problem, first.policy, needs, machine);
      if (!spectrum && wants_spectrum(run)) spectrum = spectrum_of(*instance);
      run.trainer = std::make_unique<Trainer>(machine, *instance, run.experiment->policy,
                                              run.experiment->training);
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

}  // namespace halfulp::experiments

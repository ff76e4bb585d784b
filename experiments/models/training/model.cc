// SPDX-License-Identifier: MIT
#include "experiments/models/training/model.h"

#include <algorithm>
#include <any>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "experiments/models/training/session.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

constexpr std::array<std::string_view, 14> metric_names{
    "validation_loss",    "validation_loss_average", "validation_loss_full", "validation_accuracy",
    "training_loss",      "gradient_norm_ratio",     "gradient_cosine",      "gradient_zeta",
    "stalled_share",      "bit_operations",          "skipped_steps",        "loss_scale",
    "first_stalled_step", "first_nonfinite_step"};

constexpr std::array<std::string_view, 4> independent_fields{
    "/training/learning_rate", "/training/batch", "/training/averaged", "/measure/gradient_error"};

const Training& training_of(const ModelSetting& setting) {
  return std::any_cast<const Training&>(setting.own);
}

ModelSetting read(ObjectReader& reader, const std::string& folder, std::any&, Json& resolved) {
  Training training;
  Json problem;
  Json plan;
  Json measure;
  training.problem = parse_problem(reader.require("problem"), "/problem", folder, problem);
  training.plan = parse_plan(reader.require("training"), "/training", training.problem, plan);
  static const Json nothing = Json::object();
  const Json* measured = reader.find("measure");
  training.measure = parse_measure(measured == nullptr ? nothing : *measured, "/measure",
                                   training.plan.steps, measure);
  const Json* policy = reader.find("policy");
  training.policy =
      parse_layered_policy(policy == nullptr ? nothing : load_policy(*policy, "/policy", folder),
                           "/policy", places_of(training.problem, training.plan));
  reader.finish();
  resolved["problem"] = std::move(problem);
  resolved["training"] = std::move(plan);
  resolved["measure"] = std::move(measure);
  resolved["policy"] = to_json(training.policy);
  ModelSetting setting;
  setting.own = std::move(training);
  return setting;
}

// The widest layer.
double dimensions(const Json& problem) {
  if (!problem.is_object() || !problem.contains("model")) return 0;
  const Json& network = problem["model"];
  double widest = 0;
  const auto look = [&](const Json& value) {
    if (value.is_number()) widest = std::max(widest, value.get<double>());
  };
  if (!network.is_object()) return 0;
  for (const char* name : {"inputs", "outputs", "width", "hidden"}) {
    if (network.contains(name)) look(network[name]);
  }
  if (network.contains("widths") && network["widths"].is_array()) {
    for (const Json& width : network["widths"]) look(width);
  }
  return widest;
}

std::string shared_part(const ModelSetting&, const Json& resolved) { return resolved.dump(); }

Work work(const ModelSetting& setting) {
  const Training& training = training_of(setting);
  const auto steps = static_cast<double>(training.plan.steps);
  return {.steps = steps,
          .cost = steps * static_cast<double>(training.plan.batch) *
                  training.problem.network.multiplications()};
}

// Empty where the watch said stop.
template <typename Real>
std::optional<RepeatOutcome> train(const Training& training, const Machine& machine,
                                   const Watch& watch) {
  RepeatOutcome outcome;
  try {
    Session<Real> session(training, machine);
    while (!session.finished()) {
      session.step();
      if (!watch(1)) return std::nullopt;
    }
    outcome.digest = session.digest();
    outcome.metrics = session.measure();
    outcome.series = session.series();
    outcome.note = session.note();
  } catch (const std::exception& error) {
    outcome.error = error.what();
  }
  return outcome;
}

std::vector<RepeatOutcome> run(std::span<const ModelSetting* const> group, const Machine& machine,
                               const Watch& watch) {
  std::vector<RepeatOutcome> outcomes;
  for (const ModelSetting* setting : group) {
    const Training& training = training_of(*setting);
    std::optional<RepeatOutcome> outcome = training.policy.native == Carrier::binary32
                                               ? train<float>(training, machine, watch)
                                               : train<double>(training, machine, watch);
    if (!outcome) return {};
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

Metrics theory(const ModelSetting&) { return {}; }

}  // namespace

constinit const Model model{.name = "training",
                            .metrics = metric_names,
                            .independent_fields = independent_fields,
                            .read = read,
                            .dimensions = dimensions,
                            .shared_part = shared_part,
                            .work = work,
                            .run = run,
                            .theory = theory};

}  // namespace halfulp::experiments::training

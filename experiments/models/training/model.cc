// SPDX-License-Identifier: MIT
#include "experiments/models/training/model.h"

#include <algorithm>
#include <any>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "experiments/models/training/session.h"
#include "experiments/models/visit_state.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

constexpr std::array<std::string_view, 15> metric_names{
    "validation_loss",     "validation_loss_average", "validation_loss_full",
    "validation_accuracy", "training_loss",           "loss_spikes",
    "gradient_norm_ratio", "gradient_cosine",         "gradient_zeta",
    "stalled_share",       "bit_operations",          "skipped_steps",
    "loss_scale",          "first_stalled_step",      "first_nonfinite_step"};

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

// Tells what is new on the curves.
class CurveTeller {
 public:
  CurveTeller(const Keeper& keeper, std::size_t point) : keeper_(keeper), point_(point) {}

  // Nobody hears what a session has already.
  template <typename Session>
  void skip(const Session& session) {
    look(session, [](const Series&, std::size_t) {});
  }
  template <typename Session>
  void tell(const Session& session) {
    if (!keeper_.hear) return;
    look(session, [&](const Series& curve, std::size_t i) {
      keeper_.hear({.point = point_,
                    .series = curve.name,
                    .step = curve.steps[i],
                    .value = curve.values[i]});
    });
  }

 private:
  // Calls fresh() with every number that it was not called with before.
  template <typename Session, typename Fresh>
  void look(const Session& session, const Fresh& fresh) {
    std::size_t number = 0;
    session.look_at_curves([&](const Series& curve) {
      if (number == told_.size()) told_.push_back(0);
      std::size_t& told = told_[number++];
      for (; told < curve.steps.size(); ++told) fresh(curve, told);
    });
  }

  const Keeper& keeper_;
  std::size_t point_;
  std::vector<std::size_t> told_;  // of each curve
};

// `at`: which point it is, and where it begins. Empty where the watch said stop.
template <typename Real>
std::optional<RepeatOutcome> train(const Training& training, const Machine& machine,
                                   const Keeper& keeper, UnitState& at) {
  RepeatOutcome outcome;
  try {
    Session<Real> session(training, machine);
    CurveTeller teller(keeper, at.finished.size());
    if (!at.snapshot.values.empty()) restore(session, std::exchange(at.snapshot, {}));
    teller.skip(session);
    while (!session.finished()) {
      session.step();
      teller.tell(session);
      const bool goes_on = keeper.watch(1);
      if (keeper.save && (!goes_on || keeper.is_due())) {
        at.step = session.steps_done();
        at.snapshot = snapshot_of(session);
        keeper.save(at);
        at.snapshot = {};
      }
      if (!goes_on) return std::nullopt;
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

bool is_single(const Training& training) { return training.policy.native == Carrier::binary32; }

// Throws Error where the state is not one of this group.
void require_state(std::span<const ModelSetting* const> group, const Machine& machine,
                   const UnitState& state) {
  if (state.finished.size() >= group.size()) throw Error("a point that is not there");
  const Training& training = training_of(*group[state.finished.size()]);
  const auto check = [&](auto session) {
    restore(*session, state.snapshot);
    if (session->steps_done() != state.step || state.step > training.plan.steps)
      throw Error("a step that is not there");
  };
  if (is_single(training))
    check(std::make_unique<Session<float>>(training, machine));
  else
    check(std::make_unique<Session<double>>(training, machine));
}

std::vector<RepeatOutcome> run(std::span<const ModelSetting* const> group, const Machine& machine,
                               const Keeper& keeper) {
  UnitState at;
  if (keeper.load) {
    keeper.load([&](const UnitState& state) {
      require_state(group, machine, state);
      at = state;
    });
  }
  while (at.finished.size() < group.size()) {
    const Training& training = training_of(*group[at.finished.size()]);
    std::optional<RepeatOutcome> outcome = is_single(training)
                                               ? train<float>(training, machine, keeper, at)
                                               : train<double>(training, machine, keeper, at);
    if (!outcome) return {};
    at.finished.push_back(std::move(*outcome));
  }
  return std::move(at.finished);
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

// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/model.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/models/linear_regression/instance.h"
#include "experiments/models/linear_regression/theory.h"
#include "experiments/models/linear_regression/unit.h"
#include "formats/error.h"

namespace halfulp::experiments::linear_regression {
namespace {

constexpr std::array<std::string_view, 9> independent_fields{
    "/problem/sketch_size",  "/problem/noise_variance", "/problem/teacher",
    "/problem/test_samples", "/training/batch",         "/training/samples",
    "/training/step_size",   "/training/initial",       "/training/schedule"};

// Problems already read, by their text: a spectrum of thousands of correctly rounded powers is
// computed once.
struct KnownProblem {
  std::shared_ptr<const Problem> problem;
  Json resolved;
};
using KnownProblems = std::map<std::string, KnownProblem>;

const KnownProblem& find_problem(const Json& value, std::any& kept) {
  if (!kept.has_value()) kept = KnownProblems();
  auto& known = std::any_cast<KnownProblems&>(kept);
  const std::string text = value.dump();
  if (const auto found = known.find(text); found != known.end()) return found->second;
  KnownProblem entry;
  entry.problem = std::make_shared<const Problem>(parse_problem(value, "/problem", entry.resolved));
  return known[text] = std::move(entry);
}

void check_policy(const Problem& problem, const Policy& policy) {
  if (problem.sketch_size != 0) return;
  for (const Place& place : {place::feature, place::sketch}) {
    if (!is_native(policy.at(place)))
      throw Error("there is no sketch, so there is no \"" + std::string(place.use) + "\"",
                  "/policy/" + std::string(place.use),
                  "quantize \"data\", or give /problem/sketch_size");
  }
}

ModelSetting read(ObjectReader& reader, const std::string& folder, std::any& kept, Json& resolved) {
  ModelSetting setting;
  const KnownProblem& known = find_problem(reader.require("problem"), kept);
  Json training;
  setting.own =
      Regression{.problem = known.problem,
                 .training = parse_training(reader.require("training"), "/training", training)};
  const Json* policy = reader.find("policy");
  setting.policy = parse_policy(
      policy == nullptr ? Json::object() : load_policy(*policy, "/policy", folder), "/policy");
  reader.finish();
  check_policy(*known.problem, setting.policy);
  resolved["problem"] = known.resolved;
  resolved["training"] = std::move(training);
  resolved["policy"] = to_json(setting.policy);
  return setting;
}

double dimensions(const Json& problem) {
  if (!problem.is_object() || !problem.contains("dimension")) return 0;
  return problem["dimension"].is_number() ? problem["dimension"].get<double>() : 0;
}

std::string shared_part(const ModelSetting& setting, const Json& resolved) {
  const Regression& own = regression_of(setting);
  return Json::array({resolved["problem"], own.training.batch, resolved["policy"]["sketch"],
                      needs_of(*own.problem, setting.policy).inputs})
      .dump();
}

// In the time of one number that a step of training touches. A variate takes about as long, and 64
// (fused) products of long rows; a step has a beginning and an end of about 8. Samples are drawn as
// features by a triangular factor, or as inputs that the sketch is then applied to.
Work work(const ModelSetting& setting) {
  constexpr double step_ends = 8;
  constexpr double products = 1.0 / 64;
  const Regression& own = regression_of(setting);
  const auto samples = static_cast<double>(own.training.samples);
  const auto features = static_cast<double>(own.problem->features());
  const auto dimension = static_cast<double>(own.problem->dimension);
  const double sample = needs_of(*own.problem, setting.policy).inputs
                            ? dimension + products * dimension * features
                            : features + products * features * features / 2;
  const double sketch = own.problem->sketch_size == 0
                            ? 0
                            : dimension * features + products * dimension * features * features;
  return {.steps = static_cast<double>(own.training.steps()),
          .cost = samples * (step_ends + features),
          .shared = samples * sample + sketch};
}

Metrics theory(const ModelSetting& setting) {
  const Problem& problem = *regression_of(setting).problem;
  Metrics metrics;
  if (const auto x = approximation_theory(problem, setting.policy))
    metrics.push_back({"approximation", *x});
  if (const auto x = floor_theory(problem, setting.policy)) metrics.push_back({"floor", *x});
  return metrics;
}

std::vector<RepeatOutcome> run(std::span<const ModelSetting* const> group, const Machine& machine,
                               const Keeper& keeper) {
  return run_regressions(group, machine, keeper.watch);
}

}  // namespace

constinit const Model model{.name = "linear_regression",
                            .metrics = regression_metrics,
                            .independent_fields = independent_fields,
                            .read = read,
                            .dimensions = dimensions,
                            .shared_part = shared_part,
                            .work = work,
                            .run = run,
                            .theory = theory};

}  // namespace halfulp::experiments::linear_regression

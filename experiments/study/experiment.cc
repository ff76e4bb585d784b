// SPDX-License-Identifier: MIT
#include "experiments/study/experiment.h"

#include <nlohmann/json.hpp>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::int64_t most_repeats = std::int64_t{1} << 32;
constexpr std::int64_t largest_seed = std::int64_t{1} << 53;

ProblemCache::Entry find_problem(const Json& value, ProblemCache& cache) {
  const std::string text = value.dump();
  if (const auto found = cache.entries.find(text); found != cache.entries.end())
    return found->second;
  ProblemCache::Entry entry;
  entry.problem = std::make_shared<const Problem>(parse_problem(value, "/problem", entry.resolved));
  cache.entries[text] = entry;
  return entry;
}

void check_policy(const Problem& problem, const Policy& policy) {
  if (problem.sketch_size != 0) return;
  for (const Place place : {Place::feature, Place::sketch}) {
    if (!is_native(policy.at(place)))
      throw Error("there is no sketch, so there is no \"" + std::string(name_of(place)) + "\"",
                  "/policy/" + std::string(name_of(place)),
                  "quantize \"data\", or give /problem/sketch_size");
  }
}

}  // namespace

Experiment parse_experiment(const Json& document, const std::string& folder, ProblemCache& cache) {
  ObjectReader reader(document, "");
  Experiment experiment;
  reader.require("experiment");
  reader.choice("experiment", 0, {"linear_regression"});
  experiment.name = reader.text("name", "");
  experiment.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, 0, largest_seed));
  experiment.repeats = static_cast<std::uint64_t>(reader.integer("repeats", 1, 1, most_repeats));
  const ProblemCache::Entry entry = find_problem(reader.require("problem"), cache);
  experiment.problem = entry.problem;
  Json training;
  experiment.training = parse_training(reader.require("training"), "/training", training);
  if (const Json* policy = reader.find("policy"))
    experiment.policy = parse_policy(load_policy(*policy, "/policy", folder), "/policy");
  reader.finish();
  check_policy(*experiment.problem, experiment.policy);
  Json& resolved = experiment.resolved;
  resolved["experiment"] = "linear_regression";
  resolved["name"] = experiment.name;
  resolved["seed"] = experiment.seed;
  resolved["repeats"] = experiment.repeats;
  resolved["problem"] = entry.resolved;
  resolved["training"] = training;
  resolved["policy"] = to_json(experiment.policy);
  return experiment;
}

}  // namespace halfulp::experiments

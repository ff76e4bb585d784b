// SPDX-License-Identifier: MIT
#include "experiments/study/experiment.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/models/table.h"

namespace halfulp::experiments {
namespace {

constexpr std::int64_t most_repeats = std::int64_t{1} << 32;
constexpr std::int64_t largest_seed = std::int64_t{1} << 53;

const Model& read_model(ObjectReader& reader) {
  std::vector<std::string> names;
  for (const Model* model : all_models()) names.emplace_back(model->name);
  reader.require("experiment");
  return *all_models()[reader.choice("experiment", 0, names)];
}

}  // namespace

Experiment parse_experiment(const Json& document, const std::string& folder, std::any& kept) {
  ObjectReader reader(document, "");
  Experiment experiment;
  experiment.model = &read_model(reader);
  experiment.name = reader.text("name", "");
  experiment.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, 0, largest_seed));
  experiment.repeats = static_cast<std::uint64_t>(reader.integer("repeats", 1, 1, most_repeats));
  Json& resolved = experiment.resolved;
  resolved["experiment"] = std::string(experiment.model->name);
  resolved["name"] = experiment.name;
  resolved["seed"] = experiment.seed;
  resolved["repeats"] = experiment.repeats;
  experiment.setting = experiment.model->read(reader, folder, kept, resolved);
  return experiment;
}

}  // namespace halfulp::experiments

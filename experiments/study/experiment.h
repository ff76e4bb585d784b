// SPDX-License-Identifier: MIT
//
// An experiment document, typed: one point, with every default filled in. Reading is strict; an
// unknown key, a wrong type or a value out of range is an Error that names file, JSON pointer and
// remedy (the file is added by the caller).
#pragma once

#include <any>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/models/model.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct Experiment {
  std::string name;
  std::uint64_t seed = 0;
  std::uint64_t repeats = 1;
  const Model* model = nullptr;
  ModelSetting setting;
  Json resolved;  // the document with every default filled in and the policy expanded
};

// document: without sweep and fits. folder: where policy files are looked up. kept: empty before
// the first point of a study, then as the last call left it (Model::read).
Experiment parse_experiment(const Json& document, const std::string& folder, std::any& kept);

}  // namespace halfulp::experiments

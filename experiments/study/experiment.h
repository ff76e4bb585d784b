// SPDX-License-Identifier: MIT
//
// An experiment document, typed: one point, with every default filled in. Reading is strict; an
// unknown key, a wrong type or a value out of range is an Error that names file, JSON pointer and
// remedy (the file is added by the caller).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/models/linear_regression/problem.h"
#include "experiments/policy/policy.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct Experiment {
  std::string name;
  std::uint64_t seed = 0;
  std::uint64_t repeats = 1;
  std::shared_ptr<const Problem> problem;  // shared among points that have the same
  Training training;
  Policy policy;
  Json resolved;  // the document with every default filled in and the policy expanded
};

// Problems already read, by their text: a spectrum of thousands of correctly rounded powers is
// computed once.
struct ProblemCache {
  struct Entry {
    std::shared_ptr<const Problem> problem;
    Json resolved;
  };
  std::map<std::string, Entry> entries;
};

// document: without sweep and fits. folder: where policy files are looked up.
Experiment parse_experiment(const Json& document, const std::string& folder, ProblemCache& cache);

}  // namespace halfulp::experiments

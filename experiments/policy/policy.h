// SPDX-License-Identifier: MIT
//
// Which precision stands where: a policy maps the places of a model (place.h) to rules (rule.h). A
// place that is not named runs in binary64.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/policy/place.h"
#include "experiments/policy/rule.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Without places, as one is that nobody filled in, everything runs in binary64.
struct Policy {
  std::shared_ptr<const Places> places;
  std::vector<Rule> rules;  // of each of them

  // Precondition: the model has the place.
  [[nodiscard]] const Rule& at(const Place& place) const;
  // Of the place that documents call so, or nullptr.
  [[nodiscard]] const Rule* find(std::string_view name) const;
  // Of one model, with equal rules.
  bool operator==(const Policy&) const = default;
};

// A policy that is a text becomes the object of the policy of that name (shipped.h), or of the file
// it names, looked up in `folder` where the path is relative, with the files that this one names
// (policy_files.h); "native", "none" and
// "binary64" become the empty map. Any other text is an Error that explains. Objects are answered
// as they are.
Json load_policy(const Json& value, const std::string& where, const std::string& folder);

// places: the model's. value: the short map place -> quantizer, or {"base": {"use": {...}}, "name":
// ..., "why": ..., "source": ..., "schema": "policy/1", "rng": ...}, where "rng" is the generator
// of the places that name none. Throws Error.
Policy parse_policy(const Json& value, const std::string& where,
                    std::shared_ptr<const Places> places);

// The short map with all places in order, formats as full records.
Json to_json(const Policy& policy);

}  // namespace halfulp::experiments

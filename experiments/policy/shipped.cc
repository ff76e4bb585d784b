// SPDX-License-Identifier: MIT
#include "experiments/policy/shipped.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "formats/error.h"

namespace halfulp::experiments {

std::optional<Json> find_shipped_policy(const std::string& name) {
  const auto all = shipped_policies();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const ShippedPolicy& policy) { return policy.name == name; });
  if (found == all.end()) return std::nullopt;
  return parse_json(std::string(found->text), name);
}

void refuse_policy_name(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  std::string list;
  for (const ShippedPolicy& policy : shipped_policies()) {
    names.emplace_back(policy.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = suggest(name, names);
  throw Error("\"" + name + "\" is no policy", where,
              near.empty() ? "give the path of a policy file, a map of places to quantizers, or a "
                             "name: " +
                                 list
                           : near);
}

}  // namespace halfulp::experiments

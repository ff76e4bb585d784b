// SPDX-License-Identifier: MIT
//
// Policies that documents call by name: those of data/policies, built into the library, so that a
// name means the same on every machine and nothing is looked for on disk.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/json.h"

namespace halfulp::experiments {

struct ShippedPolicy {
  std::string_view name, text;  // the file's name without its ending, and what it says
};

// All of them, by name.
std::span<const ShippedPolicy> shipped_policies();
// As its file has it; nothing where no policy has the name.
std::optional<Json> find_shipped_policy(const std::string& name);
// An Error: no policy has the name. It says which is near, else all names.
[[noreturn]] void refuse_policy_name(const std::string& name, const std::string& where);

}  // namespace halfulp::experiments

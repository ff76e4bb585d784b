// SPDX-License-Identifier: MIT
//
// What came of trying changes of what was asked for (golden/kernels/suspects.h,
// golden/quantizers/suspects.h), in words and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::cli {

struct Change {
  std::string property, what;
  std::string left;      // "12 of 1024 results": what it does not make
  Json facts = nullptr;  // further members of its object; null: none
};
struct TriedChanges {
  std::string subject;            // of which tensor; may be empty
  bool differs = true;            // from what was asked for
  std::string asked;              // "12 of 1024 results": how much
  std::vector<Change> exact;      // each makes all
  std::optional<Change> nearest;  // where none does
};
std::string text_of(const TriedChanges& tried);
// Adds "explanations" and "nearest".
void add_members(Json& object, const TriedChanges& tried);

}  // namespace halfulp::cli

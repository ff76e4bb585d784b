// SPDX-License-Identifier: MIT
//
// The steps of a kernel from JSON.
#pragma once

#include <string>
#include <vector>

#include "golden/sequences/scope.h"

namespace halfulp::sequences {

// Throws Error naming the place. What the steps make is added to the scope.
std::vector<Step> steps_from_json(const Json& value, const std::string& where, Scope& scope);

}  // namespace halfulp::sequences

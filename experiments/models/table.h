// SPDX-License-Identifier: MIT
//
// All models. Another one is a folder beside this file, and a line in table.cc.
#pragma once

#include <span>
#include <string_view>

#include "experiments/models/model.h"

namespace halfulp::experiments {

std::span<const Model* const> all_models();
// By its name; nullptr where there is none.
const Model* find_model(std::string_view name);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Linear regression as a model.
#pragma once

#include "experiments/models/model.h"

namespace halfulp::experiments::linear_regression {

extern const Model model;

}  // namespace halfulp::experiments::linear_regression

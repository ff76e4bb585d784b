// SPDX-License-Identifier: MIT
//
// Linear regression as a model.
#pragma once

#include "experiments/models/model.h"

namespace halfulp::experiments {

extern const Model linear_regression;

}  // namespace halfulp::experiments

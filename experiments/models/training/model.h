// SPDX-License-Identifier: MIT
//
// The model "training" of documents: a network, an optimizer and a policy over layers
// (docs/training.md).
#pragma once

#include "experiments/models/model.h"

namespace halfulp::experiments::training {

extern const Model model;

}  // namespace halfulp::experiments::training

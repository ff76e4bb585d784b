// SPDX-License-Identifier: MIT
//
// The model "tensor" of documents: nothing is trained; a tensor that is drawn, or the operands and
// sums of a product, are rounded as a policy says and measured against the exact ones
// (docs/tensor.md). A repeat draws anew; points that differ in the policy alone round the same
// numbers.
#pragma once

#include "experiments/models/model.h"

namespace halfulp::experiments::tensor {

extern const Model model;

}  // namespace halfulp::experiments::tensor

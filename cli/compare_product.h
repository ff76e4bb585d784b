// SPDX-License-Identifier: MIT
//
// halfulp compare with the operands of the product that made GOT: what explains it, the steps of
// single results, the error bound.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/compare.h"
#include "golden/kernels/suspects.h"
#include "golden/tensors/tensor.h"

namespace halfulp::cli {

// The product that a call names, in memory, and what --explain found of it.
struct ComparedProduct {
  const ProductInput& input;
  const tensors::Tensor& got;
  std::optional<Quantizer> to = std::nullopt;  // rounds results last, where the unit's are others
  std::vector<kernels::Suspect> suspects = {};
  std::optional<kernels::Explained> explained = std::nullopt;
};

// The steps of the first results of GOT that are not WANT's, and at which of them what --explain
// found parts from what was asked for. Throws Error.
std::string traces_of(const CompareCall& call, const ComparedProduct& product);

// Prints how GOT stands to the error bound of --bound. Throws Error.
bool within_bound(const CompareCall& call, const ComparedProduct& product);

}  // namespace halfulp::cli

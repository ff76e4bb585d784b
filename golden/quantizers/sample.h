// SPDX-License-Identifier: MIT
//
// A few rows of a tensor and of what was made of it, on which most suspects fail already: among
// them the row of the largest magnitude, so that a scale of the whole tensor is the same.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "golden/quantizers/recipe.h"

namespace halfulp::quantizers {

struct Sample {
  tensors::Tensor tensor;
  std::vector<tensors::Tensor> parts;
};
// Rows run along the last axis. made: what was asked for, part by part; rows where it differs from
// got come first. Nothing where parts do not have rows, rows are few, or a number is not finite.
std::optional<Sample> sample_of(const tensors::Tensor& tensor,
                                const std::vector<tensors::Tensor>& got,
                                const std::vector<tensors::Tensor>& made);

// Does the recipe make of the sample what it makes of these rows of the whole tensor? So it does
// where blocks lie in rows, but for scales of all that follow from the largest magnitude.
bool goes_by_rows(const Recipe& recipe, const tensors::Tensor& tensor);

}  // namespace halfulp::quantizers

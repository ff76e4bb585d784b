// SPDX-License-Identifier: MIT
#include "experiments/models/table.h"

#include <algorithm>
#include <array>

#include "experiments/models/linear_regression/model.h"
#include "experiments/models/tensor/model.h"
#include "experiments/models/training/model.h"

namespace halfulp::experiments {
namespace {

constexpr std::array models{
    &linear_regression::model,
    &training::model,
    &tensor::model,
};

}  // namespace

std::span<const Model* const> all_models() { return models; }

const Model* find_model(std::string_view name) {
  const auto* const found = std::find_if(models.begin(), models.end(),
                                         [&](const Model* model) { return model->name == name; });
  return found == models.end() ? nullptr : *found;
}

}  // namespace halfulp::experiments

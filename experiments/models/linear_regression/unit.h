// SPDX-License-Identifier: MIT
//
// One repeat of points that have the same problem, seed, repeats and batch (and sketch precision,
// and kind of samples): its samples are drawn once, and every point trains on them side by side.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "experiments/models/linear_regression/problem.h"
#include "experiments/models/model.h"

namespace halfulp::experiments::linear_regression {

inline constexpr std::array<std::string_view, 6> regression_metrics{
    "excess_clean_last",        "excess_clean_average", "excess_quantized_last",
    "excess_quantized_average", "approximation",        "floor"};

// What the model makes of a document.
struct Regression {
  std::shared_ptr<const Problem> problem;  // shared among points that have the same
  Training training;
};
// Precondition: the regression has read the setting.
const Regression& regression_of(const ModelSetting& setting);

// As Model::run.
std::vector<RepeatOutcome> run_regressions(std::span<const ModelSetting* const> group,
                                           const Machine& machine, const Watch& watch);

}  // namespace halfulp::experiments::linear_regression

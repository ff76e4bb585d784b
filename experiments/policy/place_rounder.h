// SPDX-License-Identifier: MIT
//
// A rule prepared for use at its place: the plan compiled, the stream of random bits chosen,
// scratch memory grown once. Nothing is compiled, looked up or (after the first call) allocated in
// apply(), except by a block format for a predicted scale that is new.
//
// A block format sees the tensor of one step as a matrix, never a part of it, and never the tensors
// of two steps as one: the model says how many rows a step has, and whether they are a column.
// Predicted scales go by the order of steps, and begin anew with every rounder.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "experiments/policy/policy.h"
#include "experiments/policy/step_blocks.h"

namespace halfulp::experiments {

class PlaceRounder {
 public:
  PlaceRounder() = default;  // native: passes everything through
  // random: the stream of the place. shape: of what apply() is handed, one step's; the rows of a
  // scalar format may be cut elsewhere. elements: how many numbers it will see, 0 where that is
  // unknown; no result depends on it.
  PlaceRounder(const Engine& engine, const Rule& rule, const Random& random, const StepShape& shape,
               std::uint64_t elements = 0);

  [[nodiscard]] bool active() const { return !is_native(rule_); }

  // in and out have one shape and may be the same memory. first_row: the row of the whole run that
  // in's first row is (a sample, or a step); it addresses the random bits. So calls may divide a
  // run anywhere under scalar formats and noise, only between steps under block formats, and under
  // predicted scales they come in the order of the steps as well.
  void apply(const View& in, std::uint64_t first_row, const MutableView& out);

 private:
  void round(const View& in, std::uint64_t first_row, const MutableView& out);
  void add_noise(const View& in, std::uint64_t first_row, const MutableView& out);

  const Engine* engine_ = nullptr;
  Rule rule_;
  Plan plan_;
  std::optional<StepBlocks> blocks_;
  Random random_;
  double deviation_ = 0.0;  // sqrt(eps)
  std::vector<double> variates_;
};

}  // namespace halfulp::experiments

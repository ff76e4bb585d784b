// SPDX-License-Identifier: MIT
//
// A rule (rule.h) prepared for whole tensors in one carrier, which are handed with the address of
// their random bits. What a tensor becomes depends on nothing but the rule, the tensor and that
// address.
#pragma once

#include <vector>

#include "experiments/policy/rule.h"
#include "formats/engine.h"

namespace halfulp::experiments {

// The bits that a block format draws for a tensor that is handed with these.
Random random_of_blocks(Random random, const BlockRule& blocks);

class TensorRounder {
 public:
  // Precondition: the carrier holds the rule's format, and no scale is predicted.
  TensorRounder(const Engine& engine, const Rule& rule, Carrier carrier);

  // in and out have one shape and may be the same memory. random: of this tensor alone; its
  // generator is the rule's. A block format sees the tensor as the matrix that it is.
  void apply(const View& in, Random random, const MutableView& out, Counts* counts);

  [[nodiscard]] const Rule& rule() const { return rule_; }

 private:
  void round_scaled(const View& in, const Random& random, const MutableView& out, Counts* counts);
  void add_noise(const View& in, const Random& random, const MutableView& out);

  const Engine* engine_;
  Rule rule_;
  Plan plan_;
  BlockPlan block_plan_;
  std::vector<double> numbers_, variates_;  // scratch
};

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// A rule prepared for use at its place: the plan compiled, the stream of random bits chosen,
// scratch memory grown once. Nothing is compiled, looked up or (after the first call) allocated in
// apply(), except by a block format for a predicted scale that is new.
//
// A block format sees the tensor of one step, a batch of B samples, as a matrix:
//   data, feature          B rows, a sample each; in the test set B samples after the other too,
//   the
//                          last rows fewer where B does not divide them
//   label, act, out_grad   one row of the batch's B numbers
//   param, weight, avg     one row of all weights
//   sketch                 S itself, M x d
// never a part of it, and never the tensors of two steps as one. Predicted scales go by the order
// of steps, and begin anew with every repeat of every point; in the test set by the order of its
// batches, beginning anew too. The accumulator adds one number after the other: it has no blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "experiments/machine.h"
#include "experiments/policy/policy.h"
#include "experiments/policy/step_blocks.h"

namespace halfulp::experiments {

class Station {
 public:
  Station() = default;  // native: passes everything through
  // site: Site::training_place or Site::test_place. step_rows: how many of the rows that apply() is
  // handed are one step's (B of data, of feature, and of the columns label, act, out_grad; M of the
  // sketch; else 1). elements: how many numbers it will see, 0 where that is unknown; no result
  // depends on it.
  Station(const Machine& machine, const Policy& policy, Place place, Site site,
          std::size_t step_rows = 1, std::uint64_t elements = 0);

  [[nodiscard]] bool active() const { return !is_native(rule_); }

  // in and out have one shape and may be the same memory. first_row: the row of the whole run that
  // in's first row is (a sample, or a step); it addresses the random bits, so a run may be cut
  // anywhere; between steps, where the rule is a block format, and in order, where that predicts
  // its scale.
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

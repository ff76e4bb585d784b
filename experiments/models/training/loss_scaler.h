// SPDX-License-Identifier: MIT
//
// Loss scaling (Micikevicius et al., arXiv 1710.03740; dynamic as in jmp): the loss's gradient is
// multiplied by a scale and the weights' are divided by it. A dynamic scale grows by `factor` after
// `period` steps in a row whose gradients are finite, if it stays within `largest`; shrinks by it,
// not below `least`, after a step whose gradients are not, and that step changes no weight.
#pragma once

#include <algorithm>
#include <cstdint>

#include "experiments/policy/layered_policy.h"

namespace halfulp::experiments::training {

class LossScaler {
 public:
  explicit LossScaler(const LossScale& rule)
      : rule_(rule), scale_(rule.kind == LossScale::Kind::none ? 1.0 : rule.initial) {}

  [[nodiscard]] double scale() const { return scale_; }

  // Whether the step is taken.
  bool update(bool finite) {
    if (rule_.kind != LossScale::Kind::dynamic) return true;
    if (!finite) {
      scale_ = std::max(rule_.least, scale_ / rule_.factor);
      finite_steps_ = 0;
      return false;
    }
    if (++finite_steps_ < rule_.period) return true;
    finite_steps_ = 0;
    if (scale_ * rule_.factor <= rule_.largest) scale_ *= rule_.factor;
    return true;
  }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("scale", scale_);
    visit("finite_steps", finite_steps_);
  }

 private:
  LossScale rule_;
  double scale_;
  std::uint64_t finite_steps_ = 0;
};

}  // namespace halfulp::experiments::training

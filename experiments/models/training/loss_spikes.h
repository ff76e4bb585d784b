// SPDX-License-Identifier: MIT
//
// How often the loss of a training jumped. A spike begins with a step whose loss is above ten times
// the least that any step before it had, or is not finite; it ends with the next step whose loss is
// below twice the least. So one that never comes down is one spike, however long it goes on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace halfulp::experiments::training {

class LossSpikes {
 public:
  // The loss of the next step.
  void note(double loss) {
    constexpr double rise = 10.0;
    constexpr double end = 2.0;
    const bool is_finite = std::isfinite(loss);
    if (inside_) {
      inside_ = !is_finite || loss >= end * least_;
    } else if (!is_finite || loss > rise * least_) {
      inside_ = true;
      ++count_;
    }
    if (is_finite) least_ = std::min(least_, loss);
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("least", least_);
    visit("inside", inside_);
    visit("count", count_);
  }

 private:
  double least_ = std::numeric_limits<double>::infinity();
  bool inside_ = false;
  std::uint64_t count_ = 0;
};

}  // namespace halfulp::experiments::training

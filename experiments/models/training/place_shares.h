// SPDX-License-Identifier: MIT
//
// What rounding did to the elements of every place, as series over steps: shares saturated (beyond
// the largest number, or infinite) and flushed (not zero, made zero), and of the weights that had
// an update shares stalled (left as they were). First of all places together, then place by place;
// places that round nothing at any time, and accumulators, have none.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/metrics.h"
#include "experiments/networks/arithmetic.h"
#include "experiments/optimizers/optimizer.h"

namespace halfulp::experiments::training {

template <typename Real>
class PlaceShares {
 public:
  // weights: places of the parameters as layers see them, in the optimizer's order.
  PlaceShares(const LayeredPolicy& policy, std::vector<PlaceNumber> weights);

  // Of one step, whose elements the arithmetic counted.
  void note(std::uint64_t step, const Arithmetic<Real>& arithmetic,
            const Optimizer<Real>& optimizer);
  // Of equal names whatever was counted; empty before the first note().
  [[nodiscard]] const std::vector<Series>& series() const { return series_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("series", series_);
  }

 private:
  std::vector<PlaceNumber> rounded_, weights_;
  std::vector<Series> series_;
};

extern template class PlaceShares<float>;
extern template class PlaceShares<double>;

}  // namespace halfulp::experiments::training

// SPDX-License-Identifier: MIT
#include "experiments/policy/transform_states.h"

#include <algorithm>
#include <cmath>

namespace halfulp::experiments {

double AmaxHistory::before(std::uint64_t step, const Normalization& rule) const {
  auto last = entries_.rbegin();
  if (last != entries_.rend() && last->step == step) ++last;
  if (last == entries_.rend()) return 0.0;
  double amax = last->amax;
  if (rule.most_recent || last->step + rule.history < step) return amax;
  for (; last != entries_.rend() && last->step + rule.history >= step; ++last)
    amax = std::max(amax, last->amax);
  return amax;
}

void AmaxHistory::observe(std::uint64_t step, double amax, const Normalization& rule) {
  if (!(amax > 0.0) || !std::isfinite(amax)) return;
  if (!entries_.empty() && entries_.back().step == step) {
    entries_.back().amax = std::max(entries_.back().amax, amax);
    return;
  }
  entries_.push_back({.step = step, .amax = amax});
  // The next step looks at those from here on, and at the newest.
  while (entries_.size() > 2 && entries_.front().step + rule.history <= step)
    entries_.erase(entries_.begin());
}

}  // namespace halfulp::experiments

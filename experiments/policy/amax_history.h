// SPDX-License-Identifier: MIT
//
// Largest magnitudes of the tensors that a place has seen, a step each: what delayed scales follow
// from (transform.h). It belongs to a run: the scales of the steps to come depend on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "experiments/policy/transform.h"

namespace halfulp::experiments {

class AmaxHistory {
 public:
  struct Entry {
    std::uint64_t step = 0;
    double amax = 0.0;  // positive and finite
    bool operator==(const Entry&) const = default;
  };

  // Of the steps before this one, as the rule says: the largest of the last `history` steps (where
  // they have none, the newest of all), or the newest; 0 where there is none. Precondition: no step
  // after this one was observed.
  [[nodiscard]] double before(std::uint64_t step, const Normalization& rule) const;
  // Steps come in order; of several tensors of one step the largest counts. What is 0 or not finite
  // counts for nothing.
  void observe(std::uint64_t step, double amax, const Normalization& rule);

  // All its state, the oldest first.
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }
  void restore(std::deque<Entry> entries) { entries_ = std::move(entries); }

 private:
  std::deque<Entry> entries_;
};

// Of all places of a run that have a delayed scale, by their numbers: all the state that transforms
// have.
using AmaxHistories = std::map<std::size_t, AmaxHistory>;

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Largest magnitudes of the tensors that a place has seen, a step each: what delayed scales follow
// from (transform.h). It belongs to a run: the scales of the steps to come depend on it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "experiments/policy/transform.h"

namespace halfulp::experiments {

class AmaxHistory {
 public:
  struct Entry {
    std::uint64_t step = 0;
    double amax = 0.0;  // positive and finite
    bool operator==(const Entry&) const = default;

    template <typename Visitor>
    void visit_state(Visitor& visit) {
      visit("step", step);
      visit("amax", amax);
    }
  };

  // Of the steps before this one, as the rule says: the largest of the last `history` steps (where
  // they have none, the newest of all), or the newest; 0 where there is none. Precondition: no step
  // after this one was observed.
  [[nodiscard]] double before(std::uint64_t step, const Normalization& rule) const;
  // Steps come in order; of several tensors of one step the largest counts. What is 0 or not finite
  // counts for nothing.
  void observe(std::uint64_t step, double amax, const Normalization& rule);

  // All its state, the oldest first.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("entries", entries_);
  }

 private:
  std::vector<Entry> entries_;
};

// Of all places of a run that have a delayed scale: all the state that transforms have.
class AmaxHistories {
 public:
  // An empty one where the place has none yet.
  AmaxHistory& at(std::size_t place) {
    const auto known = std::find(places_.begin(), places_.end(), place);
    const auto number = static_cast<std::size_t>(known - places_.begin());
    if (known == places_.end()) {
      places_.push_back(place);
      histories_.emplace_back();
    }
    return histories_[number];
  }
  [[nodiscard]] std::size_t size() const { return places_.size(); }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("places", places_);
    visit("histories", histories_);
  }

 private:
  std::vector<std::uint64_t> places_;
  std::vector<AmaxHistory> histories_;  // of each of them
};

}  // namespace halfulp::experiments

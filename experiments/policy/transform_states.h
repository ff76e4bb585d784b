// SPDX-License-Identifier: MIT
//
// What transforms (transform.h) remember from step to step, of each place: the largest magnitudes
// that delayed scales follow from, and the running ranges. It belongs to a run: later steps depend
// on it.
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

// Running means of the least and the largest number of the tensors that a place has seen
// (transform.h).
class RunningRange {
 public:
  void observe(double least, double largest, double share) {
    if (!seen_) low_ = least;
    if (!seen_) high_ = largest;
    seen_ = true;
    low_ += share * (least - low_);
    high_ += share * (largest - high_);
  }
  [[nodiscard]] bool seen() const { return seen_; }
  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("seen", seen_);
    visit("low", low_);
    visit("high", high_);
  }

 private:
  bool seen_ = false;
  double low_ = 0.0, high_ = 0.0;
};

// One State for every place of a run that needs one: all the state that transforms have.
template <typename State>
class StatesOfPlaces {
 public:
  // A fresh one where the place has none yet. Good until the next call.
  State& at(std::size_t place) {
    const auto known = std::find(places_.begin(), places_.end(), place);
    const auto number = static_cast<std::size_t>(known - places_.begin());
    if (known == places_.end()) {
      places_.push_back(place);
      states_.emplace_back();
    }
    return states_[number];
  }
  [[nodiscard]] std::size_t size() const { return places_.size(); }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("places", places_);
    visit("states", states_);
  }

 private:
  std::vector<std::uint64_t> places_;
  std::vector<State> states_;  // of each of them
};
using AmaxHistories = StatesOfPlaces<AmaxHistory>;
using RunningRanges = StatesOfPlaces<RunningRange>;

}  // namespace halfulp::experiments

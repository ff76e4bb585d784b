// SPDX-License-Identifier: MIT
//
// The units of work of a study, and how one is computed: a group of points that share something,
// times a repeat (models/model.h). Units are numbered, the repeats of a group one after the other,
// one group after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/models/model.h"
#include "experiments/study/sweep.h"
#include "formats/engine.h"

namespace halfulp::experiments {

struct Group {
  std::vector<std::size_t> points;  // of the study, increasing
  std::uint64_t repeats = 1;
  Work work;  // of one repeat, over all points
  [[nodiscard]] double cost() const { return work.cost + work.shared; }
};
std::vector<Group> make_groups(const Study& study);

// One outcome a point of the group, in its order; empty where the keeper's watch said stop.
std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Keeper& keeper);

class WorkList {
 public:
  // The study outlives the list.
  explicit WorkList(const Study& study);

  [[nodiscard]] std::size_t count() const { return first_unit_.back(); }
  [[nodiscard]] const Group& group_of(std::size_t unit) const;
  [[nodiscard]] std::uint64_t repeat_of(std::size_t unit) const;
  // Of all units together.
  [[nodiscard]] double steps() const;
  [[nodiscard]] double cost() const;
  // As execute(). Safe to call from several threads.
  [[nodiscard]] std::vector<RepeatOutcome> compute(std::size_t unit, const Engine& engine,
                                                   const Keeper& keeper) const;

 private:
  [[nodiscard]] std::size_t group_number(std::size_t unit) const;

  const Study& study_;
  std::vector<Group> groups_;
  std::vector<std::size_t> first_unit_;  // of each group; and at the end how many units there are
};

}  // namespace halfulp::experiments

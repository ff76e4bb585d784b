// SPDX-License-Identifier: MIT
//
// The units of work of a study: a group of points that share something, times a repeat
// (models/model.h).
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
};
std::vector<Group> make_groups(const Study& study);

// One outcome a point of the group, in its order; empty where the watch said stop.
std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Watch& watch);

}  // namespace halfulp::experiments

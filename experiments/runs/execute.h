// SPDX-License-Identifier: MIT
//
// The unit of work: one repeat of a group. Points that have the same problem, seed, repeats and
// batch (and sketch precision, and kind of samples) form a group: its samples are drawn once a
// repeat, and every point trains on them side by side. A point's outcome is a function of the point
// and the repeat alone, whatever else is in its group.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/metrics.h"
#include "experiments/study/sweep.h"
#include "formats/engine.h"

namespace halfulp::experiments {

struct RepeatOutcome {
  std::string error;  // why this point failed, else empty
  Metrics metrics, theory;
  std::uint64_t digest = 0;  // FNV-1a over the bits of the final weights
};

struct Group {
  std::vector<std::size_t> points;  // of the study, increasing
  std::uint64_t repeats = 1;
  double steps = 0;  // of one repeat, over all points
};
std::vector<Group> make_groups(const Study& study);

// Told of every few training steps done; answers false to stop.
using Watch = std::function<bool(double steps)>;

// One outcome a point of the group, in its order; empty where the watch said stop.
std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Watch& watch);

}  // namespace halfulp::experiments

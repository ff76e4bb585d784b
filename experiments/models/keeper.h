// SPDX-License-Identifier: MIT
//
// What a model has around it while it computes a unit of work (model.h): someone who is told how
// far it is and may stop it, who hears what is measured on the way, and who keeps the state of a
// unit that is under way, so that another run goes on with it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "experiments/models/outcome.h"
#include "experiments/models/snapshot.h"

namespace halfulp::experiments {

// Told of every few training steps done; answers false to stop.
using Watch = std::function<bool(double steps)>;

// A number of a series, as it arises.
struct SeriesValue {
  std::size_t point = 0;  // of the group
  std::string_view series;
  std::uint64_t step = 0;
  double value = 0.0;
};

// A unit that is under way.
struct UnitState {
  std::vector<RepeatOutcome> finished;  // of the group's first points
  std::uint64_t step = 0;               // how many the point after them has done
  Snapshot snapshot;                    // of that point
};

struct Keeper {
  using Taker = std::function<void(const UnitState&)>;

  Watch watch;
  // Empty where nobody listens.
  std::function<void(const SeriesValue&)> hear = {};
  // Both empty where nothing is kept: is it time to save, and do it. save() never throws.
  std::function<bool()> is_due = {};
  std::function<void(const UnitState&)> save = {};
  // Hands over the state that is kept of this unit, before anything is computed. False where there
  // is none, or where take() throws Error: then it is as if there were none. Empty: there is none.
  std::function<bool(const Taker& take)> load = {};
};

}  // namespace halfulp::experiments

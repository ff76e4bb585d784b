// SPDX-License-Identifier: MIT
//
// What a run is asked for, and what it tells while it goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace halfulp::experiments {

// How far a run is. Steps of training are counted over all points and repeats; those that a journal
// or a checkpoint already holds count as done (and stand in steps_resumed, so that a rate can leave
// them out).
struct Progress {
  std::size_t units_done = 0, units_total = 0;
  double steps_done = 0, steps_total = 0, steps_resumed = 0;
};

// A number of a series, as it arises.
struct SeriesPoint {
  std::size_t point = 0;  // of the study
  std::uint64_t repeat = 0;
  std::string_view series;
  std::uint64_t step = 0;
  double value = 0.0;
};

struct RunOptions {
  std::string output;  // empty: no file and no journal, the result is only answered
  bool resume = false;
  bool lock = true;     // false: the caller vouches that no other run has this output
  int shard_index = 0;  // of shard_count, from 1; 0 means shard_count itself
  int shard_count = 1;
  // A shard that has nothing left of its own takes units that nobody who is alive works on, and
  // stays until the result is there. Includes `resume`. Precondition: an output that is a file.
  bool steal = false;
  double patience = 60;  // seconds without a sign of life after which others may count it as dead
  int threads = 0;       // 0: as many as the machine has
  bool run_info = true;
  bool repeats = true;  // the result says what every metric was in every repeat
  std::function<void(const Progress&)> progress;  // called from any thread, one call at a time
  std::function<void(const std::string&)> warn;   // what is damaged and made good
  // Called from any thread, one call at a time; what it throws ends the run, which throws it.
  std::function<void(const SeriesPoint&)> follow;
  // A unit under way is saved so often, and when the run is stopped; 0: never.
  double checkpoint_seconds = 60;
  std::atomic<bool>* stop = nullptr;  // set it, and the run ends soon
};

}  // namespace halfulp::experiments

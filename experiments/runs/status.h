// SPDX-License-Identifier: MIT
//
// How far a run or the shards of a sweep are, read from the files beside its output: journals,
// heartbeats, leases, the result. Nothing is written, no lock is kept, and the document is not
// needed; the runs may be at work, killed, or done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/runs/heartbeat.h"
#include "experiments/runs/leases.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct ShardStatus {
  ShardName shard = {};  // 1 of 1: a run without shards
  Vitality vitality = Vitality::absent;
  std::optional<Beat> beat = {};          // as it last said; only shards have one
  std::size_t units = 0;                  // in its journal
  std::size_t damaged = 0;                // lines of it
  std::optional<double> silent_for = {};  // seconds since its last sign of life
  std::vector<std::size_t> leases = {};   // units under its lease that are in no journal, in order
};

enum class ResultState : std::uint8_t {
  none,
  whole,
  damaged,
  another,  // of another document than the runs beside it, which will replace it
};

struct SweepStatus {
  std::string output = {};
  ResultState result = ResultState::none;
  std::size_t points = 0, failed_points = 0;          // of a whole result
  std::string hash = {};                              // of the document that the files are of
  std::size_t units = 0, units_done = 0;              // of the sweep; of a whole result both are 0
  std::optional<double> steps = {}, steps_done = {};  // of the sweep, where heartbeats tell
  std::optional<double> seconds_left = {};            // at the present rates
  std::vector<ShardStatus> shards = {};  // all of the largest number of shards, in order
  // Is there nothing left to do but by hand?
  [[nodiscard]] bool complete() const { return result == ResultState::whole; }
  // Units are left, and nobody alive is there for them: nobody works at all, or a shard is lost or
  // stopped and none of the others steals. (Of one that has not begun nothing is known.)
  [[nodiscard]] bool stuck() const;
};

// now: seconds since 1970. Throws Error where there is neither a result nor anything of a run, and
// where runs of two documents lie there.
SweepStatus status_of(const std::string& output, double now);

std::string_view text_of(Vitality vitality, const std::optional<Beat>& beat);
Json to_json(const SweepStatus& status);

}  // namespace halfulp::experiments

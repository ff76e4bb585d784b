// SPDX-License-Identifier: MIT
//
// A shard among others of one sweep: its signs of life, and where it steals the leases of the units
// that it computes. Which units are free is decided by leases and journals together (leases.h says
// how); whoever asks holds the runner's lock, which also guards the store.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "experiments/runs/heartbeat.h"
#include "experiments/runs/leases.h"
#include "experiments/runs/options.h"
#include "experiments/runs/store.h"

namespace halfulp::experiments {

class Sharing {
 public:
  // shard_of: of every unit, from 0. facts: how far the run is; called from a thread of this, so
  // without the runner's lock held by whoever waits for this. The store is open, and outlives this.
  Sharing(Store& store, const RunOptions& options, std::vector<std::size_t> shard_of,
          const std::function<void(Beat&)>& facts);

  [[nodiscard]] bool steals() const { return leases_.has_value(); }
  // Is the unit one of those dealt to this shard?
  [[nodiscard]] bool is_own(std::size_t unit) const { return shard_of_[unit] == own_; }
  // Units that nobody has done and nobody alive is known to work on.
  [[nodiscard]] std::vector<std::size_t> free_units();

  // May this run compute the unit? After a yes come record() or drop().
  bool take(std::size_t unit);
  // Has nobody recorded the unit in the meantime, while this run seemed dead?
  bool is_wanted(std::size_t unit);
  void record(std::size_t unit);
  void drop(std::size_t unit);
  // May this run write the result?
  bool take_result();

  // Says what the run does now. Not under the runner's lock.
  void tell() { heartbeat_.beat(); }
  // The sweep is done.
  void remove() { heartbeat_.remove(); }
  // How long to wait before the next look at what others do.
  [[nodiscard]] double pause() const;

 private:
  Store& store_;
  const std::vector<std::size_t> shard_of_;
  const std::size_t own_;
  const int count_;
  const double patience_;
  const Lease me_;
  Heartbeat heartbeat_;
  std::optional<Leases> leases_;
};

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Who computes which units of work, and when. A distributor is two functions; another one (over
// ranks, say) is another function beside threads_of_shard(). No result depends on it.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace halfulp::experiments {

struct Distributor {
  // Is the unit this run's?
  std::function<bool(std::size_t unit)> takes;
  // Calls compute() with each of the units, from any thread, and returns when all calls have. The
  // units come in the order in which they are best begun. Rethrows what a call throws.
  std::function<void(const std::vector<std::size_t>& units,
                     const std::function<void(std::size_t unit)>& compute)>
      run;
};

// The threads of this machine (0: as many as it has), and the units that are dealt to `shard`
// (deal.h).
Distributor threads_of_shard(std::size_t shard, std::vector<std::size_t> shard_of, int threads);

}  // namespace halfulp::experiments

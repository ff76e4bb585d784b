// SPDX-License-Identifier: MIT
#include "experiments/runs/distributor.h"

#include <utility>

#include "emulator/parallel.h"

namespace halfulp::experiments {

Distributor threads_of_shard(std::size_t shard, std::vector<std::size_t> shard_of, int threads) {
  return {
      .takes = [shard, of = std::move(shard_of)](std::size_t unit) { return of[unit] == shard; },
      .run =
          [=](const std::vector<std::size_t>& units,
              const std::function<void(std::size_t)>& compute) {
            emulator::for_each_task(units.size(), threads,
                                    [&](std::size_t i) { compute(units[i]); });
          }};
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/distributor.h"

#include "emulator/parallel.h"

namespace halfulp::experiments {

Distributor threads_of_shard(std::size_t shard, std::size_t count, int threads) {
  return {.takes = [=](std::size_t unit) { return unit % count == shard; },
          .run =
              [=](const std::vector<std::size_t>& units,
                  const std::function<void(std::size_t)>& compute) {
                emulator::for_each_task(units.size(), threads,
                                        [&](std::size_t i) { compute(units[i]); });
              }};
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/deal.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <tuple>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// SplitMix64, its output function: a permutation of the 64-bit numbers.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111eb;
  return x ^ (x >> 31U);
}

}  // namespace

std::vector<std::size_t> deal(std::span<const double> costs, std::size_t shards,
                              std::uint64_t seed) {
  HALFULP_REQUIRE(shards > 0, "units are dealt to at least one shard");
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (costs[a] != costs[b]) return costs[a] > costs[b];
    return std::tuple(mixed(seed ^ a), a) < std::tuple(mixed(seed ^ b), b);
  });
  // Load, units (which decide where costs are zero), number of the shard; the least on top.
  using Hand = std::tuple<double, std::size_t, std::size_t>;
  std::priority_queue<Hand, std::vector<Hand>, std::greater<>> hands;
  for (std::size_t shard = 0; shard < shards; ++shard) hands.emplace(0.0, 0, shard);
  std::vector<std::size_t> shard_of(costs.size());
  for (const std::size_t unit : order) {
    const auto [load, units, shard] = hands.top();
    hands.pop();
    shard_of[unit] = shard;
    hands.emplace(load + costs[unit], units + 1, shard);
  }
  return shard_of;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// Which shard gets which unit: the same on every machine, balanced by cost, and never an axis of a
// sweep for a shard.
#include "experiments/runs/deal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace halfulp::experiments {
namespace {

std::vector<double> loads(const std::vector<double>& costs,
                          const std::vector<std::size_t>& shard_of, std::size_t shards) {
  std::vector<double> load(shards, 0.0);
  for (std::size_t unit = 0; unit < costs.size(); ++unit) load.at(shard_of[unit]) += costs[unit];
  return load;
}

double worst(const std::vector<double>& load) {
  const double sum = std::accumulate(load.begin(), load.end(), 0.0);
  return *std::max_element(load.begin(), load.end()) / (sum / static_cast<double>(load.size()));
}

// Shards on different machines agree without a word: these are the deals of all versions.
TEST(Deal, IsTheSameEverywhere) {
  const std::vector<double> equal(12, 1.0);
  EXPECT_EQ(deal(equal, 3, 1), (std::vector<std::size_t>{0, 2, 1, 1, 0, 2, 1, 1, 0, 2, 2, 0}));
  const std::vector<double> skewed{1, 8, 64, 1, 8, 64, 1, 8, 64};
  EXPECT_EQ(deal(skewed, 3, 1), (std::vector<std::size_t>{1, 2, 0, 2, 0, 1, 0, 1, 2}));
  EXPECT_TRUE(deal({}, 3, 1).empty());
}

// Repeats of three sizes, three shards: unit number modulo shards would give each shard one size.
TEST(Deal, GivesNoShardAnAxis) {
  std::vector<double> costs;
  for (int repeat = 0; repeat < 30; ++repeat) costs.insert(costs.end(), {1, 10, 200});
  EXPECT_LE(worst(loads(costs, deal(costs, 3, 7), 3)), 1.01);
  // Where the costs are not known, as well as a permutation does it (3 would be a size a shard).
  const std::vector<double> unknown(costs.size(), 1.0);
  for (const std::size_t shards : {2, 3, 5, 6}) {
    const std::vector<std::size_t> shard_of = deal(unknown, shards, 7);
    EXPECT_LE(worst(loads(costs, shard_of, shards)), 2.0) << shards;
    const std::vector<double> count = loads(unknown, shard_of, shards);
    EXPECT_LE(*std::max_element(count.begin(), count.end()) -
                  *std::min_element(count.begin(), count.end()),
              1.0);
  }
}

TEST(Deal, UnitsWithoutCostAreSpreadToo) {
  const std::vector<double> none(10, 0.0);
  const std::vector<std::size_t> shard_of = deal(none, 5, 3);
  EXPECT_EQ(std::set<std::size_t>(shard_of.begin(), shard_of.end()).size(), 5U);
}

TEST(Deal, EveryUnitHasAShardAndTheBoundHolds) {
  std::mt19937_64 draw(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> costs(draw() % 60);
    for (double& cost : costs) cost = static_cast<double>(1 + draw() % 1000);
    const std::size_t shards = 1 + draw() % 9;
    const std::vector<std::size_t> shard_of = deal(costs, shards, draw());
    ASSERT_EQ(shard_of.size(), costs.size());
    if (costs.empty()) continue;
    const std::vector<double> load = loads(costs, shard_of, shards);
    // Nobody is more than one unit above the mean, since that unit went to the least loaded.
    const double mean =
        std::accumulate(load.begin(), load.end(), 0.0) / static_cast<double>(shards);
    const double longest = *std::max_element(costs.begin(), costs.end());
    EXPECT_LE(*std::max_element(load.begin(), load.end()), mean + longest);
  }
}

}  // namespace
}  // namespace halfulp::experiments

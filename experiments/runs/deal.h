// SPDX-License-Identifier: MIT
//
// Which shard computes which unit of work. The deal is a function of the units' costs, of the
// number of shards and of a seed alone, so that shards on different machines agree on it without a
// word. No result depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace halfulp::experiments {

// The shard of each unit, from 0. Costly units are dealt first, each to the shard that has the
// least so far (longest processing time first, R. L. Graham 1969: at most 4/3 - 1/(3 shards) times
// the best deal there is); units of equal costs come in an order drawn from the seed, so that no
// axis of a sweep falls together with the number of shards where costs say too little.
// Precondition: shards > 0.
std::vector<std::size_t> deal(std::span<const double> costs, std::size_t shards,
                              std::uint64_t seed);

}  // namespace halfulp::experiments

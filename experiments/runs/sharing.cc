// SPDX-License-Identifier: MIT
#include "experiments/runs/sharing.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

namespace halfulp::experiments {
namespace {

constexpr double looks_in_patience = 5;
constexpr double beats_in_patience =
    12;  // signs that may be lost before others count a run as dead

ShardName shard_of_options(const RunOptions& options) {
  const int index = options.shard_index > 0 ? options.shard_index : options.shard_count;
  return {.index = index, .count = options.shard_count};
}

std::function<Beat()> beat_of(const Store& store, const RunOptions& options, const Lease& me,
                              const std::function<void(Beat&)>& facts) {
  const Beat who{.hash = store.document_hash(),
                 .shard = me.shard,
                 .token = me.token,
                 .host = host_name(),
                 .process = ::getpid(),
                 .steals = options.steal,
                 .locks = options.lock,
                 .patience = options.patience};
  return [who, facts] {
    Beat beat = who;
    facts(beat);
    return beat;
  };
}

}  // namespace

Sharing::Sharing(Store& store, const RunOptions& options, std::vector<std::size_t> shard_of,
                 const std::function<void(Beat&)>& facts)
    : store_(store),
      shard_of_(std::move(shard_of)),
      own_(static_cast<std::size_t>(shard_of_options(options).index) - 1),
      count_(options.shard_count),
      patience_(options.patience),
      me_{.shard = shard_of_options(options), .token = new_token()},
      heartbeat_(heartbeat_path(store.target(), me_.shard), beat_of(store, options, me_, facts),
                 options.patience / beats_in_patience) {
  if (options.steal) leases_.emplace(store.target(), me_, heartbeat_, options.patience);
}

double Sharing::pause() const {
  constexpr double longest = 1.0;
  return std::min(longest, patience_ / looks_in_patience);
}

std::vector<std::size_t> Sharing::free_units() {
  std::map<std::size_t, bool> closed;  // shards whose units are theirs alone
  std::vector<std::size_t> free;
  for (std::size_t unit = 0; unit < shard_of_.size(); ++unit) {
    if (store_.has(unit)) continue;
    const std::size_t shard = shard_of_[unit];
    const auto [known, fresh] = closed.try_emplace(shard, false);
    if (fresh && shard != own_)
      known->second =
          leases_->works_without_leases({.index = static_cast<int>(shard) + 1, .count = count_});
    if (!known->second) free.push_back(unit);
  }
  return free;
}

bool Sharing::take(std::size_t unit) {
  if (!leases_) return true;
  if (store_.has(unit)) return false;
  const LeaseName name{.unit = unit};
  Leases::Answer answer = leases_->take(name);
  if (answer == Leases::Answer::lapsed) {
    store_.read_others();
    if (store_.has(unit)) return false;
    answer = leases_->take_over(name);
  }
  if (answer != Leases::Answer::ours) return false;
  if (!is_own(unit)) store_.read_shard(static_cast<int>(shard_of_[unit]) + 1);
  if (!store_.has(unit)) return true;
  leases_->drop(name);
  return false;
}

bool Sharing::is_wanted(std::size_t unit) {
  if (!leases_ || leases_->is_ours({.unit = unit})) return true;
  store_.read_others();
  return !store_.has(unit);
}

void Sharing::record(std::size_t unit) {
  if (!leases_) return;
  if (is_own(unit)) {
    leases_->drop({.unit = unit});
  } else {
    leases_->keep({.unit = unit});
  }
}

void Sharing::drop(std::size_t unit) {
  if (leases_) leases_->drop({.unit = unit});
}

bool Sharing::take_result() {
  if (!leases_) return true;
  const Leases::Answer answer = leases_->take({});
  return answer == Leases::Answer::ours ||
         (answer == Leases::Answer::lapsed && leases_->take_over({}) == Leases::Answer::ours);
}

}  // namespace halfulp::experiments

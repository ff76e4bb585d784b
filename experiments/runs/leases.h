// SPDX-License-Identifier: MIT
//
// Who computes a unit of work, where whoever is free may: of every unit under way a file
// OUTPUT.unit-K.lease, which only one run can make (O_CREAT | O_EXCL holds on network file systems
// too) and which names its holder. A lease is as good as its holder's heartbeat (heartbeat.h): it
// lapses when that is silent for too long, says that its run has ended, or is of a later run of the
// same shard. Nothing else has to happen when a holder is killed.
//
// Who takes over a lease that has lapsed makes a file of its own, OUTPUT.unit-K.lease.after-T with
// the token T of the holder before: of those who find the same lease lapsed one makes it, and none
// takes away what another has just made. The last of such a chain is the lease.
//
// Leases save work, they do not make results right: a unit that two runs compute, since one was
// thought dead and was not, has one outcome all the same, which journals may hold twice.
//
// A lease on a unit of another shard stays until the result is written, also when the unit is done:
// so the unit's owner does not begin it before it has looked into the journals again. Owners drop
// theirs, and others look into the owner's journal before they begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runs/heartbeat.h"

namespace halfulp::experiments {

// What a lease is on: a unit, or the writing of the result where it names none.
struct LeaseName {
  std::optional<std::size_t> unit;
};

struct Lease {
  ShardName shard;
  std::string token;
};

struct SeenLease {
  std::string path;
  std::optional<Lease> lease;  // none where the file is no lease, or has only just been made
  double modified = 0;         // seconds since 1970, of the file
};
// Nothing where there is none.
std::optional<SeenLease> read_lease(const std::string& path);
// The name of the lease that follows.
std::string path_after(const std::string& output, LeaseName name, const SeenLease& lapsed);
// The last of the chain.
std::optional<SeenLease> find_lease(const std::string& output, LeaseName name);

std::string lease_path(const std::string& output, LeaseName name);
// Of all leases beside an output, of each chain once.
std::vector<LeaseName> find_leases(const std::string& output);

// How a shard is.
enum class Vitality : std::uint8_t {
  absent,   // no heartbeat
  working,  // alive
  ended,    // its last run said so
  lost,     // silent for too long, or its process is gone
};
// now: by the clock of the file system.
Vitality vitality_of(const std::string& output, ShardName shard,
                     const std::optional<SeenBeat>& seen, double now);

// The leases of a run. One call at a time.
class Leases {
 public:
  enum class Answer : std::uint8_t {
    ours,
    held,    // by a run that is alive
    lapsed,  // by one that is not: look into the journals, then take_over()
  };

  // me: with a heartbeat that outlives this. patience: with leases whose holder has no heartbeat.
  Leases(std::string output, Lease me, const Heartbeat& heartbeat, double patience);
  ~Leases();  // drops those that are under way
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  Answer take(LeaseName name);
  // As take(), but one that has lapsed is in nobody's way.
  Answer take_over(LeaseName name);
  // The work is not done, or is one's own and recorded.
  void drop(LeaseName name);
  // The unit is done and its lease stays.
  void keep(LeaseName name);
  // Does this run have it, and has nobody taken it over?
  [[nodiscard]] bool is_ours(LeaseName name) const;
  // Is the shard alive, and does it take no leases? Known for a moment.
  [[nodiscard]] bool works_without_leases(ShardName shard);

 private:
  struct Known {
    Vitality vitality = Vitality::absent;
    std::optional<SeenBeat> seen;
    double at = 0;
  };
  // over: makes one even after one that has lapsed.
  Answer take(LeaseName name, bool over);
  const Known& look_at(ShardName shard);
  bool has_lapsed(const SeenLease& seen);
  bool make(const std::string& path);

  const std::string output_;
  const Lease me_;
  const Heartbeat& heartbeat_;
  const double patience_;
  std::map<ShardName, Known> known_;
  std::map<std::optional<std::size_t>, std::string> under_way_;  // their paths
};

// Removes all leases and heartbeats beside an output.
void remove_signs(const std::string& output);

}  // namespace halfulp::experiments

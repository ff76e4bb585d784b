// SPDX-License-Identifier: MIT
//
// Signs of life. A shard keeps a small file beside the output, OUTPUT.shard-I-of-N.heartbeat, and
// writes it anew every so often: who it is, what it does, how far it is. Others know by the file's
// age whether the shard is alive; nothing has to be done when a holder is killed. The age is
// counted by the clock of the file system (plain_file.h), as the time since that of one's own
// heartbeat, so that clocks of machines may differ.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// Shard `index`, from 1, of `count`.
struct ShardName {
  int index = 1, count = 1;
  auto operator<=>(const ShardName&) const = default;
};
// "shard-I-of-N", and back from ".shard-I-of-N" + ending; nothing of any other text.
std::string text_of(ShardName shard);
std::optional<ShardName> shard_of_file(std::string_view name, std::string_view ending);

enum class ShardPhase : std::uint8_t {
  computing,
  waiting,  // for units that others hold; takes those that become free
  done,     // ended, with all units of its own in journals
  stopped,  // ended, with units of its own that are in no journal
};
std::string_view text_of(ShardPhase phase);

struct Amount {
  std::size_t units = 0;
  double steps = 0, cost = 0;
};

struct Beat {
  std::string hash = {};  // of the document
  ShardName shard = {};
  std::string token = {};  // of this very run
  std::string host = {};
  std::int64_t process = 0;
  ShardPhase phase = ShardPhase::computing;
  bool steals = false;   // takes a lease of every unit that it computes (leases.h)
  bool locks = true;     // holds the lock of its journal
  double patience = 60;  // seconds without a sign after which it counts as dead
  double rate = 0;       // steps a second
  double cost_rate = 0;  // cost (units.h) a second
  Amount sweep = {};     // the whole document
  Amount dealt = {};     // to this shard
  Amount own = {},
         others = {};  // what its journal has of these and of other units, with units under way
};

std::string heartbeat_path(const std::string& output, ShardName shard);

struct SeenBeat {
  Beat beat;
  double modified = 0;  // seconds since 1970, of the file
};
// Nothing where there is none, or it is no heartbeat.
std::optional<SeenBeat> read_heartbeat(const std::string& path);
// Of all shards beside an output: their names.
std::vector<ShardName> find_heartbeats(const std::string& output);

// This machine's name.
std::string host_name();
// Of 64 bits, drawn anew at every call.
std::string new_token();

// Writes the file at once and then every so often, from a thread of its own, until it ends.
class Heartbeat {
 public:
  // facts: called from that thread and from beat(). Throws nothing: a shard whose sign cannot be
  // written is taken for dead, and what it does is done twice.
  Heartbeat(std::string path, std::function<Beat()> facts, double seconds);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  void beat();
  // The clock of the file system.
  [[nodiscard]] double now() const;
  // No further sign is given, and the file goes.
  void remove();

 private:
  void live();
  void end();

  const std::string path_;
  const std::function<Beat()> facts_;
  const std::chrono::duration<double> every_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  bool ended_ = false;
  double written_ = 0;  // when the file was last written, by its own clock
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::mutex writing_;
  std::thread thread_;
};

}  // namespace halfulp::experiments

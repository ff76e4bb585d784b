// SPDX-License-Identifier: MIT
#include "experiments/runs/leases.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "experiments/runs/journal.h"
#include "experiments/runs/plain_file.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

constexpr std::string_view ending = ".lease";
constexpr std::string_view of_unit = ".unit-";
constexpr std::string_view of_result = ".result";
constexpr std::string_view after = ".after-";
constexpr std::string_view nobody = "nobody";  // the token of what is no lease
constexpr int longest_chain = 10000;           // so that a hostile one ends
constexpr double known_for = 0.2;              // seconds that what a shard's files say is believed

std::string name_of(LeaseName lease) {
  std::string name(of_result);
  if (lease.unit) name = std::string(of_unit) + std::to_string(*lease.unit);
  return name.append(ending);
}

// Of a name that names_beside() answers.
std::optional<LeaseName> lease_of_file(const std::string& name) {
  LeaseName lease;
  if (name.starts_with(of_unit)) {
    std::size_t unit = 0;
    std::from_chars(name.data() + of_unit.size(), name.data() + name.size(), unit);
    lease.unit = unit;
  }
  if (name != name_of(lease)) return std::nullopt;
  return lease;
}

bool is_token(std::string_view text) {
  constexpr std::size_t digits = 16;
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A lease that follows another.
bool is_successor(const std::string& name) {
  const std::size_t at = name.find(after);
  if (at == std::string::npos || !lease_of_file(name.substr(0, at))) return false;
  const std::string token = name.substr(at + after.size());
  return token == nobody || is_token(token);
}

std::string text_of(const Lease& lease) {
  return Json{{"lease", "halfulp"},
              {"shard", {lease.shard.index, lease.shard.count}},
              {"token", lease.token}}
             .dump() +
         "\n";
}

bool write_whole(int file, const std::string& text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<SeenLease> read_lease(const std::string& path) {
  const std::optional<PlainFile> file = read_plain(path);
  if (!file) return std::nullopt;
  SeenLease seen{.path = path, .lease = std::nullopt, .modified = file->modified};
  try {
    const Json json = parse_json(file->text, "");
    if (json.at("lease") == "halfulp" && is_token(json.at("token").get<std::string>()))
      seen.lease = Lease{.shard = {json.at("shard").at(0), json.at("shard").at(1)},
                         .token = json.at("token")};
  } catch (const Error&) {
    return seen;
  } catch (const Json::exception&) {
    return seen;
  }
  return seen;
}

std::string lease_path(const std::string& output, LeaseName name) { return output + name_of(name); }

std::string path_after(const std::string& output, LeaseName name, const SeenLease& lapsed) {
  const std::string token = lapsed.lease ? lapsed.lease->token : std::string(nobody);
  return lease_path(output, name) + std::string(after) + token;
}

std::optional<SeenLease> find_lease(const std::string& output, LeaseName name) {
  std::optional<SeenLease> last;
  std::string path = lease_path(output, name);
  for (int length = 0; length < longest_chain; ++length) {
    std::optional<SeenLease> seen = read_lease(path);
    if (!seen) break;
    path = path_after(output, name, *seen);
    last = std::move(seen);
  }
  return last;
}

std::vector<LeaseName> find_leases(const std::string& output) {
  std::vector<LeaseName> found;
  for (const std::string& name : names_beside(output)) {
    if (const auto lease = lease_of_file(name)) found.push_back(*lease);
  }
  return found;
}

Vitality vitality_of(const std::string& output, ShardName shard,
                     const std::optional<SeenBeat>& seen, double now) {
  if (!seen) return Vitality::absent;
  const Beat& beat = seen->beat;
  if (beat.phase == ShardPhase::done || beat.phase == ShardPhase::stopped) return Vitality::ended;
  if (now - seen->modified > beat.patience) return Vitality::lost;
  // On its own machine a run that was killed is known at once.
  const bool here = beat.locks && beat.host == host_name();
  if (here && !is_held(journal_path(output, shard.index, shard.count))) return Vitality::lost;
  return Vitality::working;
}

Leases::Leases(std::string output, Lease me, const Heartbeat& heartbeat, double patience)
    : output_(std::move(output)), me_(std::move(me)), heartbeat_(heartbeat), patience_(patience) {}

Leases::~Leases() {
  while (!under_way_.empty()) drop({.unit = under_way_.begin()->first});
}

const Leases::Known& Leases::look_at(ShardName shard) {
  Known& known = known_[shard];
  const double now = heartbeat_.now();
  if (known.at == 0 || now - known.at > known_for) {
    known.seen = read_heartbeat(heartbeat_path(output_, shard));
    known.vitality = vitality_of(output_, shard, known.seen, now);
    known.at = now;
  }
  return known;
}

bool Leases::works_without_leases(ShardName shard) {
  const Known& known = look_at(shard);
  return known.vitality == Vitality::working && !known.seen->beat.steals;
}

bool Leases::has_lapsed(const SeenLease& seen) {
  const bool old = heartbeat_.now() - seen.modified > patience_;
  if (!seen.lease) return old;
  const Known& holder = look_at(seen.lease->shard);
  if (holder.vitality == Vitality::absent) return old;
  return holder.vitality != Vitality::working || holder.seen->beat.token != seen.lease->token;
}

// The file is there or it is not; that it is empty for a moment is why leases without a holder are
// held while they are young.
bool Leases::make(const std::string& path) {
  constexpr mode_t all_may_write = 0666;  // less the umask
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, all_may_write);
  if (file < 0) {
    if (errno == EEXIST) return false;
    throw system_error("cannot be written", path, errno);
  }
  const bool written = write_whole(file, text_of(me_));
  const int code = errno;
  if (::close(file) != 0 || !written) {
    ::unlink(path.c_str());
    throw system_error("cannot be written", path, code);
  }
  return true;
}

Leases::Answer Leases::take(LeaseName name, bool over) {
  constexpr int attempts = 3;  // against a lease that goes between two looks
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::optional<SeenLease> last = find_lease(output_, name);
    if (last && !has_lapsed(*last)) return Answer::held;
    if (last && !over) return Answer::lapsed;
    const std::string path = last ? path_after(output_, name, *last) : lease_path(output_, name);
    if (!make(path)) continue;
    under_way_[name.unit] = path;
    return Answer::ours;
  }
  return Answer::held;
}

Leases::Answer Leases::take(LeaseName name) { return take(name, false); }

Leases::Answer Leases::take_over(LeaseName name) { return take(name, true); }

void Leases::drop(LeaseName name) {
  const auto held = under_way_.find(name.unit);
  if (held == under_way_.end()) return;
  if (is_ours(name)) ::unlink(held->second.c_str());
  under_way_.erase(held);
}

void Leases::keep(LeaseName name) { under_way_.erase(name.unit); }

bool Leases::is_ours(LeaseName name) const {
  const std::optional<SeenLease> last = find_lease(output_, name);
  return last && last->lease && last->lease->token == me_.token;
}

void remove_signs(const std::string& output) {
  for (const std::string& name : names_beside(output)) {
    const bool lease = lease_of_file(name) || is_successor(name);
    if (lease || shard_of_file(name, ".heartbeat")) ::unlink((output + name).c_str());
  }
}

}  // namespace halfulp::experiments

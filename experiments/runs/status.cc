// SPDX-License-Identifier: MIT
#include "experiments/runs/status.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/runs/journal.h"
#include "experiments/runs/result_file.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

// What was collected of every shard, and of all together.
struct Findings {
  std::map<ShardName, ShardStatus> shards;
  std::set<std::size_t> done;
};

// hash: of its document.
void read_result(SweepStatus& status, std::string& hash) {
  std::error_code error;
  if (!std::filesystem::exists(status.output, error)) return;
  if (!std::filesystem::is_regular_file(status.output, error))
    throw Error("a result is a file, and something else stands here", status.output,
                "name what -o of the run names");
  status.result = ResultState::damaged;
  try {
    const Json result = read_json_file(status.output);
    if (result.at("halfulp").at("result_digest") != result_digest(result)) return;
    hash = result.at("halfulp").at("document_hash");
    status.points = result.at("points").size();
    status.failed_points = count_failed(result);
    status.result = ResultState::whole;
  } catch (const Error&) {
    return;
  } catch (const Json::exception&) {
    return;
  }
}

// The last shard of N once had the number 0 in its journal's name.
std::optional<ShardName> shard_of_journal(const std::string& path, const std::string& output) {
  std::string name = path.substr(output.size());
  if (name == ".journal") return ShardName{};
  constexpr std::string_view old = ".shard-0-of-";
  if (name.starts_with(old)) {
    const std::string count = name.substr(old.size(), name.find('.', old.size()) - old.size());
    name = ".shard-" + count + "-of-" + count + ".journal";
  }
  return shard_of_file(name, ".journal");
}

void require_one_document(std::string& known, const std::string& hash, const std::string& path) {
  if (!known.empty() && !hash.empty() && known != hash)
    throw Error("this is of another document than what else lies beside the result", path,
                "delete what is not needed any more");
  if (known.empty()) known = hash;
}

void read_journals(const std::string& target, double now, SweepStatus& status, Findings& found) {
  for (const std::string& path : find_journals(target)) {
    const std::optional<ShardName> name = shard_of_journal(path, target);
    const std::optional<JournalScan> scan = scan_journal(path);
    if (!name || !scan) continue;
    require_one_document(status.hash, scan->hash, path);
    ShardStatus& shard = found.shards[*name];
    shard.units += scan->done.size();
    shard.damaged += scan->damaged;
    shard.silent_for = std::max(0.0, now - scan->modified);
    shard.vitality = is_held(path) ? Vitality::working : Vitality::lost;
    status.units = std::max(status.units, scan->units);
    found.done.insert(scan->done.begin(), scan->done.end());
  }
}

void read_heartbeats(const std::string& target, double now, SweepStatus& status, Findings& found) {
  for (const ShardName name : find_heartbeats(target)) {
    const std::string path = heartbeat_path(target, name);
    const std::optional<SeenBeat> seen = read_heartbeat(path);
    if (!seen) continue;
    require_one_document(status.hash, seen->beat.hash, path);
    ShardStatus& shard = found.shards[name];
    shard.beat = seen->beat;
    shard.silent_for = std::max(0.0, now - seen->modified);
    shard.vitality = vitality_of(target, name, seen, now);
    status.units = std::max(status.units, seen->beat.sweep.units);
  }
}

void read_leases(const std::string& target, Findings& found) {
  for (const LeaseName name : find_leases(target)) {
    if (!name.unit || found.done.count(*name.unit) > 0) continue;
    const std::optional<SeenLease> seen = find_lease(target, name);
    if (!seen || !seen->lease) continue;
    const auto shard = found.shards.find(seen->lease->shard);
    if (shard != found.shards.end()) shard->second.leases.push_back(*name.unit);
  }
}

void add_steps(SweepStatus& status) {
  Amount sweep;
  Amount done;
  double rate = 0;
  for (const ShardStatus& shard : status.shards) {
    if (!shard.beat) continue;
    const Beat& beat = *shard.beat;
    sweep = beat.sweep;
    done.steps += beat.own.steps + beat.others.steps;
    done.cost += beat.own.cost + beat.others.cost;
    if (shard.vitality == Vitality::working) rate += beat.cost_rate;
  }
  if (sweep.units == 0) return;
  status.steps = sweep.steps;
  status.steps_done = std::min(done.steps, sweep.steps);
  if (rate > 0) status.seconds_left = std::max(0.0, sweep.cost - done.cost) / rate;
}

}  // namespace

bool SweepStatus::stuck() const {
  if (complete() || (units > 0 && units_done >= units)) return false;
  bool works = false;
  bool steals = false;
  bool gone = false;
  for (const ShardStatus& shard : shards) {
    const bool alive = shard.vitality == Vitality::working;
    works = works || alive;
    steals = steals || (alive && shard.beat && shard.beat->steals);
    gone = gone || (shard.beat && !alive && shard.beat->phase != ShardPhase::done);
  }
  return !works || (gone && !steals);
}

SweepStatus status_of(const std::string& output, double now) {
  SweepStatus status{.output = output};
  const std::string target = link_target(output);
  std::string of_result;
  read_result(status, of_result);
  Findings found;
  read_journals(target, now, status, found);
  read_heartbeats(target, now, status, found);
  read_leases(target, found);
  if (found.shards.empty() && status.result == ResultState::none)
    throw Error("neither a result nor a journal of a run is there", output,
                "name what -o of the run names");
  if (found.shards.empty()) status.hash = of_result;
  if (status.result == ResultState::whole && status.hash != of_result)
    status.result = ResultState::another;
  status.units_done = found.done.size();
  int count = 1;
  for (const auto& [name, shard] : found.shards) count = std::max(count, name.count);
  // Journals of other numbers of shards come first; then all of the largest number, there or not.
  for (auto& [name, shard] : found.shards) {
    shard.shard = name;
    std::sort(shard.leases.begin(), shard.leases.end());
    if (name.count != count) status.shards.push_back(shard);
  }
  for (int index = 1; !found.shards.empty() && index <= count; ++index) {
    const ShardName name{.index = index, .count = count};
    const auto shard = found.shards.find(name);
    status.shards.push_back(shard == found.shards.end() ? ShardStatus{.shard = name}
                                                        : shard->second);
  }
  add_steps(status);
  return status;
}

std::string_view text_of(Vitality vitality, const std::optional<Beat>& beat) {
  switch (vitality) {
    case Vitality::absent:
      return "not begun";
    case Vitality::working:
      return beat ? text_of(beat->phase) : "computing";
    case Vitality::ended:
      return beat ? text_of(beat->phase) : "stopped";
    case Vitality::lost:
      return beat ? "lost" : "stopped";
  }
  return "";
}

namespace {

Json number_or_null(const std::optional<double>& x) { return x ? number_json(*x) : Json(); }

Json to_json(const Amount& amount) {
  return Json{{"units", amount.units}, {"steps", number_json(amount.steps)}};
}

Json to_json(const ShardStatus& shard) {
  Json json{{"shard", {shard.shard.index, shard.shard.count}},
            {"state", text_of(shard.vitality, shard.beat)},
            {"units", shard.units},
            {"damaged", shard.damaged},
            {"last_sign", number_or_null(shard.silent_for)},
            {"leases", shard.leases}};
  if (!shard.beat) return json;
  const Beat& beat = *shard.beat;
  json["dealt"] = to_json(beat.dealt);
  json["own"] = to_json(beat.own);
  json["others"] = to_json(beat.others);
  json["rate"] = number_json(beat.rate);
  json["steals"] = beat.steals;
  json["host"] = beat.host;
  json["process"] = beat.process;
  return json;
}

}  // namespace

Json to_json(const SweepStatus& status) {
  constexpr std::array<std::string_view, 4> results{"none", "whole", "damaged", "another"};
  Json shards = Json::array();
  for (const ShardStatus& shard : status.shards) shards.push_back(to_json(shard));
  return Json{{"output", status.output},
              {"complete", status.complete()},
              {"stuck", status.stuck()},
              {"result", results[static_cast<std::size_t>(status.result)]},
              {"points", status.points},
              {"failed_points", status.failed_points},
              {"document_hash", status.hash},
              {"units", status.units},
              {"units_done", status.units_done},
              {"steps", number_or_null(status.steps)},
              {"steps_done", number_or_null(status.steps_done)},
              {"seconds_left", number_or_null(status.seconds_left)},
              {"shards", shards}};
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/heartbeat.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "experiments/hash.h"
#include "experiments/runs/plain_file.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

constexpr std::string_view ending = ".heartbeat";
constexpr std::array<std::string_view, 4> phases{"computing", "waiting", "done", "stopped"};

Json to_json(const Amount& amount) {
  return Json{{"units", amount.units}, {"steps", amount.steps}, {"cost", amount.cost}};
}

Amount amount_of(const Json& json) {
  return {.units = json.at("units"), .steps = json.at("steps"), .cost = json.at("cost")};
}

Json to_json(const Beat& beat) {
  return Json{{"heartbeat", "halfulp"},
              {"document_hash", beat.hash},
              {"shard", {beat.shard.index, beat.shard.count}},
              {"token", beat.token},
              {"host", beat.host},
              {"process", beat.process},
              {"phase", text_of(beat.phase)},
              {"steals", beat.steals},
              {"locks", beat.locks},
              {"patience", beat.patience},
              {"rate", beat.rate},
              {"cost_rate", beat.cost_rate},
              {"sweep", to_json(beat.sweep)},
              {"dealt", to_json(beat.dealt)},
              {"own", to_json(beat.own)},
              {"others", to_json(beat.others)}};
}

// Throws Error or Json::exception on anything else.
Beat beat_of(const Json& json) {
  if (json.at("heartbeat") != "halfulp") throw Error("no heartbeat");
  const auto phase = std::find(phases.begin(), phases.end(), json.at("phase").get<std::string>());
  if (phase == phases.end()) throw Error("no phase");
  return {.hash = json.at("document_hash"),
          .shard = {json.at("shard").at(0), json.at("shard").at(1)},
          .token = json.at("token"),
          .host = json.at("host"),
          .process = json.at("process"),
          .phase = static_cast<ShardPhase>(phase - phases.begin()),
          .steals = json.at("steals"),
          .locks = json.at("locks"),
          .patience = json.at("patience"),
          .rate = json.at("rate"),
          .cost_rate = json.at("cost_rate"),
          .sweep = amount_of(json.at("sweep")),
          .dealt = amount_of(json.at("dealt")),
          .own = amount_of(json.at("own")),
          .others = amount_of(json.at("others"))};
}

}  // namespace

std::string text_of(ShardName shard) {
  return "shard-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count);
}

std::optional<ShardName> shard_of_file(std::string_view name, std::string_view ending) {
  constexpr std::string_view start = ".shard-";
  if (!name.starts_with(start) || !name.ends_with(ending)) return std::nullopt;
  ShardName shard{.index = 0, .count = 0};
  const char* const last = name.data() + name.size();
  const char* next = std::from_chars(name.data() + start.size(), last, shard.index).ptr;
  constexpr std::string_view of = "-of-";
  if (std::string_view(next, static_cast<std::size_t>(last - next)).starts_with(of))
    std::from_chars(next + of.size(), last, shard.count);
  // Any other way to write the numbers is another file.
  if (shard.index < 1 || shard.index > shard.count ||
      name != "." + text_of(shard) + std::string(ending))
    return std::nullopt;
  return shard;
}

std::string_view text_of(ShardPhase phase) { return phases[static_cast<std::size_t>(phase)]; }

std::string heartbeat_path(const std::string& output, ShardName shard) {
  return output + "." + text_of(shard) + std::string(ending);
}

std::optional<SeenBeat> read_heartbeat(const std::string& path) {
  const std::optional<PlainFile> file = read_plain(path);
  if (!file) return std::nullopt;
  try {
    return SeenBeat{.beat = beat_of(parse_json(file->text, "")), .modified = file->modified};
  } catch (const Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::vector<ShardName> find_heartbeats(const std::string& output) {
  std::vector<ShardName> found;
  for (const std::string& name : names_beside(output)) {
    if (const auto shard = shard_of_file(name, ending)) found.push_back(*shard);
  }
  return found;
}

std::string host_name() {
  constexpr std::size_t longest_name = 256;
  std::string host(longest_name, '\0');
  if (::gethostname(host.data(), host.size() - 1) != 0) return "unknown";
  return host.c_str();
}

std::string new_token() {
  std::random_device device;
  constexpr unsigned half = 32;
  const auto high = static_cast<std::uint64_t>(device());
  return hexadecimal((high << half) | device());
}

Heartbeat::Heartbeat(std::string path, std::function<Beat()> facts, double seconds)
    : path_(std::move(path)), facts_(std::move(facts)), every_(seconds) {
  beat();
  thread_ = std::thread([this] { live(); });
}

Heartbeat::~Heartbeat() { end(); }

void Heartbeat::live() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return ended_; })) {
    lock.unlock();
    beat();
    lock.lock();
  }
}

void Heartbeat::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Heartbeat::beat() {
  const std::lock_guard one_at_a_time(writing_);
  try {
    write_file(path_, to_json(facts_()).dump() + "\n");
  } catch (const Error&) {
    return;
  }
  const std::optional<PlainFile> file = read_plain(path_);
  if (!file) return;
  const std::lock_guard lock(mutex_);
  written_ = file->modified;
  since_ = std::chrono::steady_clock::now();
}

double Heartbeat::now() const {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - since_;
  return written_ + passed.count();
}

void Heartbeat::remove() {
  end();
  ::unlink(path_.c_str());
}

}  // namespace halfulp::experiments

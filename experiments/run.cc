// SPDX-License-Identifier: MIT
#include "experiments/run.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "emulator/environment.h"
#include "emulator/instruction_set.h"
#include "emulator/parallel.h"
#include "experiments/execute.h"
#include "experiments/results/journal.h"
#include "experiments/results/results.h"
#include "experiments/sweep.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// Unit number u is repeat u - first of the group that has first <= u.
struct Unit {
  std::size_t group = 0;
  std::uint64_t repeat = 0;
};

class Runner {
 public:
  Runner(const Study& study, const Engine& engine, const RunOptions& options);

  RunSummary run();

 private:
  [[nodiscard]] bool writes() const { return !options_.output.empty(); }
  [[nodiscard]] bool stopping() const { return options_.stop != nullptr && *options_.stop; }
  [[nodiscard]] std::optional<Json> finished_result() const;
  void open_journal();
  void compute();
  void compute_unit(std::size_t unit);
  bool watch(double steps);
  void report();
  void collect_journals();
  RunSummary finish();
  [[nodiscard]] std::vector<std::vector<RepeatOutcome>> outcomes_by_point() const;
  [[nodiscard]] Json run_info() const;

  const Study& study_;
  const Engine& engine_;
  const RunOptions& options_;
  int shard_ = 0;
  std::vector<Group> groups_;
  std::vector<Unit> all_;
  JournalHeader header_;
  std::string journal_path_;
  std::optional<Journal> journal_;
  Units done_;
  std::mutex mutex_;  // of the journal, done_ and progress_
  Progress progress_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

Runner::Runner(const Study& study, const Engine& engine, const RunOptions& options)
    : study_(study), engine_(engine), options_(options), groups_(make_groups(study)) {
  HALFULP_REQUIRE(options.shard_count >= 1 && options.shard_index >= 0 &&
                      options.shard_index <= options.shard_count,
                  "a shard is 0 <= index <= count with count >= 1");
  shard_ = options.shard_index % options.shard_count;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::uint64_t r = 0; r < groups_[g].repeats; ++r) all_.push_back({g, r});
  }
  header_ = {.hash = study.hash, .units = all_.size()};
  if (writes()) journal_path_ = journal_path(options.output, shard_, options.shard_count);
}

// The result of the same document that already stands at the output.
std::optional<Json> Runner::finished_result() const {
  if (!writes() || !options_.resume || !std::filesystem::exists(options_.output))
    return std::nullopt;
  try {
    Json result = read_json_file(options_.output);
    const Json expected = {{"version", version}, {"schema", 1}, {"document_hash", study_.hash}};
    if (result.is_object() && result.value("halfulp", Json()) == expected) return result;
  } catch (const Error&) {  // something else stands there; it is overwritten in the end
  }
  return std::nullopt;
}

void Runner::open_journal() {
  if (!writes()) return;
  require_writable(options_.output);
  if (!options_.resume && std::filesystem::exists(journal_path_))
    throw Error("a journal of an unfinished run stands here", journal_path_,
                "add --resume to go on with it, or delete it to start anew");
  std::size_t keep = 0;
  if (options_.resume) {
    if (options_.shard_count == 1) {
      for (const std::string& path : find_journals(options_.output)) {
        if (path != journal_path_) read_journal(path, header_, done_);
      }
    }
    keep = read_journal(journal_path_, header_, done_);
  }
  journal_.emplace(journal_path_, header_, keep);
}

bool Runner::watch(double steps) {
  if (stopping()) return false;
  if (!options_.progress) return true;
  const std::lock_guard lock(mutex_);
  progress_.steps_done += steps;
  options_.progress(progress_);
  return true;
}

void Runner::report() {
  if (options_.progress) options_.progress(progress_);
}

void Runner::compute_unit(std::size_t unit) {
  if (stopping()) return;
  const emulator::StandardEnvironment environment;
  const Group& group = groups_[all_[unit].group];
  std::vector<RepeatOutcome> outcomes = execute(study_, group, all_[unit].repeat, engine_,
                                                [this](double steps) { return watch(steps); });
  if (outcomes.empty()) return;
  const std::lock_guard lock(mutex_);
  if (journal_) journal_->append(unit, outcomes);
  done_[unit] = std::move(outcomes);
  ++progress_.units_done;
  report();
}

void Runner::compute() {
  std::vector<std::size_t> mine;
  for (std::size_t unit = 0; unit < all_.size(); ++unit) {
    if (static_cast<int>(unit % static_cast<std::size_t>(options_.shard_count)) != shard_) continue;
    const double steps = groups_[all_[unit].group].steps;
    ++progress_.units_total;
    progress_.steps_total += steps;
    if (done_.count(unit) == 0) {
      mine.push_back(unit);
    } else {
      ++progress_.units_done;
      progress_.steps_done += steps;
      progress_.steps_resumed += steps;
    }
  }
  report();
  // Long units first, so that no thread is left alone with one at the end.
  const auto weight = [this](std::size_t unit) {
    const Group& group = groups_[all_[unit].group];
    const Experiment& first = study_.points[group.points.front()].experiment;
    return group.steps * static_cast<double>(first.problem->features());
  };
  std::stable_sort(mine.begin(), mine.end(),
                   [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
  emulator::for_each_task(mine.size(), options_.threads,
                          [&](std::size_t i) { compute_unit(mine[i]); });
}

// What other shards have finished by now.
void Runner::collect_journals() {
  if (!writes() || options_.shard_count == 1) return;
  for (const std::string& path : find_journals(options_.output)) {
    if (path != journal_path_) read_journal(path, header_, done_);
  }
}

std::vector<std::vector<RepeatOutcome>> Runner::outcomes_by_point() const {
  std::vector<std::vector<RepeatOutcome>> outcomes(study_.points.size());
  for (const auto& [unit, of_group] : done_) {
    const Group& group = groups_[all_[unit].group];
    for (std::size_t k = 0; k < group.points.size(); ++k)
      outcomes[group.points[k]].push_back(of_group.at(k));
  }
  return outcomes;
}

Json Runner::run_info() const {
  constexpr std::size_t longest_name = 256;
  std::string host(longest_name, '\0');
  if (::gethostname(host.data(), host.size() - 1) != 0) host = "unknown";
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started_;
  const unsigned threads = options_.threads > 0 ? static_cast<unsigned>(options_.threads)
                                                : std::thread::hardware_concurrency();
  double steps = -progress_.steps_resumed;
  for (const Unit& unit : all_) steps += groups_[unit.group].steps;
  if (options_.progress) steps = progress_.steps_done - progress_.steps_resumed;
  return Json{{"seconds", seconds.count()},
              {"threads", threads},
              {"instruction_set", emulator::instruction_set()},
              {"engine", std::string(engine_.name)},
              {"host", std::string(host.c_str())},
              {"steps_per_second", steps / seconds.count()}};
}

RunSummary Runner::finish() {
  RunSummary summary;
  summary.points = study_.points.size();
  summary.output = options_.output;
  summary.units_done = progress_.units_done;
  summary.units_total = progress_.units_total;
  if (done_.size() < all_.size()) {
    const bool shard_done = progress_.units_done == progress_.units_total;
    summary.state = shard_done ? RunState::waiting : RunState::stopped;
    summary.journal = journal_path_;
    return summary;
  }
  const emulator::StandardEnvironment environment;
  summary.result = make_result(study_, outcomes_by_point());
  summary.failed_points = count_failed(summary.result);
  if (options_.run_info) summary.result["run"] = run_info();
  if (writes()) {
    write_file(options_.output, summary.result.dump(2) + "\n");
    journal_.reset();
    if (options_.resume || options_.shard_count > 1) {
      for (const std::string& path : find_journals(options_.output)) ::unlink(path.c_str());
    }
    ::unlink(journal_path_.c_str());
  }
  return summary;
}

RunSummary Runner::run() {
  if (std::optional<Json> result = finished_result()) {
    RunSummary summary;
    summary.state = RunState::already_complete;
    summary.points = study_.points.size();
    summary.failed_points = count_failed(*result);
    summary.units_done = summary.units_total = all_.size();
    summary.output = options_.output;
    summary.result = std::move(*result);
    return summary;
  }
  open_journal();
  compute();
  collect_journals();
  return finish();
}

}  // namespace

RunSummary run(const Json& document, const std::string& where, const Engine& engine,
               const RunOptions& options) {
  const emulator::StandardEnvironment environment;
  const Study study = make_study(document, where);
  return Runner(study, engine, options).run();
}

}  // namespace halfulp::experiments

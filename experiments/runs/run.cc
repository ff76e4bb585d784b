// SPDX-License-Identifier: MIT
#include "experiments/runs/run.h"

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
#include "experiments/runs/finished.h"
#include "experiments/runs/journal.h"
#include "experiments/runs/results.h"
#include "experiments/runs/units.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

struct Unit {
  std::size_t group = 0;
  std::uint64_t repeat = 0;
};

class Runner {
 public:
  Runner(const Study& study, const Engine& engine, const RunOptions& options);

  RunSummary run();

 private:
  [[nodiscard]] bool writes() const { return !output_.empty(); }
  [[nodiscard]] bool stopping() const { return options_.stop != nullptr && *options_.stop; }
  [[nodiscard]] Unit unit_at(std::size_t unit) const;
  [[nodiscard]] std::optional<Json> finished_result(std::string& why) const;
  [[nodiscard]] RunSummary already_complete(Json result) const;
  void refuse_or_clear_journal();
  void open_journal();
  void read_others();
  void remove_journals();
  void warn_of_damage(const std::string& path, std::size_t lines) const;
  void compute();
  void compute_unit(std::size_t unit);
  bool watch(double steps);
  void report();
  RunSummary finish();
  [[nodiscard]] std::vector<std::vector<RepeatOutcome>> outcomes_by_point() const;
  [[nodiscard]] Json run_info() const;

  const Study& study_;
  const Engine& engine_;
  const RunOptions& options_;
  std::string output_;  // the file that options_.output leads to; empty where none is written
  int shard_ = 0;
  std::vector<Group> groups_;
  std::vector<std::size_t> first_unit_;  // of each group; and at the end how many units there are
  JournalDocument document_;
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
  first_unit_.push_back(0);
  for (const Group& group : groups_) first_unit_.push_back(first_unit_.back() + group.repeats);
  document_ = {
      .hash = study.hash,
      .units = first_unit_.back(),
      .outcomes = [this](std::size_t unit) { return groups_[unit_at(unit).group].points.size(); },
      .metrics = study.model->metrics};
  if (options.output.empty() || is_stream(options.output)) return;
  output_ = link_target(options.output);
  journal_path_ = journal_path(output_, shard_, options.shard_count);
}

Unit Runner::unit_at(std::size_t unit) const {
  const auto next = std::upper_bound(first_unit_.begin(), first_unit_.end(), unit);
  const auto group = static_cast<std::size_t>(next - first_unit_.begin()) - 1;
  return {.group = group, .repeat = unit - first_unit_[group]};
}

// The result of the same document that already stands at the output. why: what it is not.
std::optional<Json> Runner::finished_result(std::string& why) const {
  std::error_code error;
  if (!writes() || !std::filesystem::exists(output_, error)) return std::nullopt;
  try {
    Json result = read_json_file(output_);
    why = why_unfinished(result, study_, options_.repeats);
    if (why.empty()) return result;
  } catch (const Error& unreadable) {
    why = unreadable.what();
  }
  return std::nullopt;
}

RunSummary Runner::already_complete(Json result) const {
  RunSummary summary;
  summary.state = RunState::already_complete;
  summary.points = study_.points.size();
  summary.failed_points = count_failed(result);
  summary.units_done = summary.units_total = document_.units;
  summary.output = options_.output;
  summary.result = std::move(result);
  return summary;
}

void Runner::warn_of_damage(const std::string& path, std::size_t lines) const {
  if (lines == 0 || !options_.warn) return;
  options_.warn(path + ": " + std::to_string(lines) + (lines == 1 ? " line is" : " lines are") +
                " damaged and left out; what stood there is computed again");
}

// A run that was killed after it had written the result and before it had removed the journal left
// one that nobody needs. Any other journal is work that somebody may want.
void Runner::refuse_or_clear_journal() {
  std::error_code error;
  if (options_.resume || std::filesystem::file_size(journal_path_, error) == 0 || error) return;
  std::string why;
  if (!finished_result(why))
    throw Error("a journal of an unfinished run stands here", journal_path_,
                "add --resume to go on with it, or delete it to start anew");
  remove_journal(journal_path_, document_);
}

// The journals of all other runs on this output.
void Runner::read_others() {
  for (const std::string& path : find_journals(output_)) {
    if (path != journal_path_) warn_of_damage(path, read_journal(path, document_, done_));
  }
}

void Runner::open_journal() {
  if (!options_.output.empty()) require_writable(options_.output);
  if (!writes()) return;
  refuse_or_clear_journal();
  const auto locking = options_.lock ? Journal::Locking::required : Journal::Locking::none;
  journal_.emplace(journal_path_, document_, locking, done_);
  warn_of_damage(journal_path_, journal_->damaged_lines());
  if (options_.resume && options_.shard_count == 1) read_others();
}

// Those of other runs that are still at work stay; they find the result and remove their own.
void Runner::remove_journals() {
  if (journal_) journal_->remove();
  journal_.reset();
  if (!options_.resume && options_.shard_count == 1) return;
  for (const std::string& path : find_journals(output_)) remove_journal(path, document_);
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
  const auto [number, repeat] = unit_at(unit);
  const Group& group = groups_[number];
  std::vector<RepeatOutcome> outcomes =
      execute(study_, group, repeat, engine_, [this](double steps) { return watch(steps); });
  if (outcomes.empty()) return;
  const std::lock_guard lock(mutex_);
  if (journal_) journal_->append(unit, outcomes);
  done_[unit] = std::move(outcomes);
  ++progress_.units_done;
  report();
}

void Runner::compute() {
  std::vector<std::size_t> mine;
  for (std::size_t unit = 0; unit < document_.units; ++unit) {
    if (static_cast<int>(unit % static_cast<std::size_t>(options_.shard_count)) != shard_) continue;
    const double steps = groups_[unit_at(unit).group].work.steps;
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
  const auto cost = [this](std::size_t unit) { return groups_[unit_at(unit).group].work.cost; };
  std::stable_sort(mine.begin(), mine.end(),
                   [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
  emulator::for_each_task(mine.size(), options_.threads,
                          [&](std::size_t i) { compute_unit(mine[i]); });
}

std::vector<std::vector<RepeatOutcome>> Runner::outcomes_by_point() const {
  std::vector<std::vector<RepeatOutcome>> outcomes(study_.points.size());
  for (const auto& [unit, of_group] : done_) {
    const Group& group = groups_[unit_at(unit).group];
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
  for (const Group& group : groups_) steps += group.work.steps * static_cast<double>(group.repeats);
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
  if (done_.size() < document_.units) {
    const bool shard_done = progress_.units_done == progress_.units_total;
    summary.state = shard_done ? RunState::waiting : RunState::stopped;
    summary.journal = journal_path_;
    return summary;
  }
  const emulator::StandardEnvironment environment;
  try {
    summary.result = make_result(study_, outcomes_by_point(), options_.repeats, options_.stop);
  } catch (const Stopped&) {  // the journal has everything
    summary.state = RunState::stopped;
    summary.journal = journal_path_;
    return summary;
  }
  summary.failed_points = count_failed(summary.result);
  if (options_.run_info) summary.result["run"] = run_info();
  if (!options_.output.empty()) write_file(options_.output, summary.result.dump(2) + "\n");
  if (writes()) remove_journals();
  return summary;
}

RunSummary Runner::run() {
  std::string why;
  if (options_.resume) {
    if (std::optional<Json> result = finished_result(why)) {
      remove_journals();
      return already_complete(std::move(*result));
    }
    if (!why.empty() && options_.warn)
      options_.warn(options_.output + ": what stands here is not the finished result (" + why +
                    "); it is replaced");
  }
  open_journal();
  compute();
  if (writes() && options_.shard_count > 1) {
    read_others();
    // Another run may have written the result and removed the journals in the meantime.
    if (done_.size() < document_.units) {
      if (std::optional<Json> result = finished_result(why)) {
        remove_journals();
        return already_complete(std::move(*result));
      }
    }
  }
  return finish();
}

}  // namespace

RunSummary run(const Json& document, const std::string& where, const Engine& engine,
               const RunOptions& options) {
  const emulator::StandardEnvironment environment;
  try {
    const Study study = make_study(document, where, options.stop);
    return Runner(study, engine, options).run();
  } catch (const Stopped&) {  // before anything was computed
    RunSummary summary;
    summary.state = RunState::stopped;
    summary.output = options.output;
    return summary;
  }
}

}  // namespace halfulp::experiments

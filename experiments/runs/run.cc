// SPDX-License-Identifier: MIT
#include "experiments/runs/run.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include "emulator/environment.h"
#include "emulator/instruction_set.h"
#include "experiments/runs/distributor.h"
#include "experiments/runs/result_file.h"
#include "experiments/runs/store.h"
#include "experiments/runs/units.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

Distributor distributor_for(const RunOptions& options) {
  HALFULP_REQUIRE(options.shard_count >= 1 && options.shard_index >= 0 &&
                      options.shard_index <= options.shard_count,
                  "a shard is 0 <= index <= count with count >= 1");
  return threads_of_shard(static_cast<std::size_t>(options.shard_index % options.shard_count),
                          static_cast<std::size_t>(options.shard_count), options.threads);
}

// Lets a distributor hand out the units that the store does not have, and counts.
class Runner {
 public:
  Runner(const Study& study, const Engine& engine, const RunOptions& options)
      : study_(study),
        engine_(engine),
        options_(options),
        distributor_(distributor_for(options)),
        work_(study),
        store_(study, work_, options) {}

  RunSummary run();

 private:
  [[nodiscard]] bool stopping() const { return options_.stop != nullptr && *options_.stop; }
  [[nodiscard]] RunSummary already_complete(Json result);
  void compute();
  void compute_unit(std::size_t unit);
  bool watch(double steps);
  void report();
  RunSummary finish();
  [[nodiscard]] Json run_info() const;

  const Study& study_;
  const Engine& engine_;
  const RunOptions& options_;
  Distributor distributor_;
  WorkList work_;
  Store store_;
  std::mutex mutex_;  // of store_ and progress_
  Progress progress_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

RunSummary Runner::already_complete(Json result) {
  store_.remove_journals();
  RunSummary summary;
  summary.state = RunState::already_complete;
  summary.points = study_.points.size();
  summary.failed_points = count_failed(result);
  summary.units_done = summary.units_total = work_.count();
  summary.output = options_.output;
  summary.result = std::move(result);
  return summary;
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
  std::vector<RepeatOutcome> outcomes =
      work_.compute(unit, engine_, [this](double steps) { return watch(steps); });
  if (outcomes.empty()) return;
  const std::lock_guard lock(mutex_);
  store_.put(unit, std::move(outcomes));
  ++progress_.units_done;
  report();
}

void Runner::compute() {
  std::vector<std::size_t> mine;
  for (std::size_t unit = 0; unit < work_.count(); ++unit) {
    if (!distributor_.takes(unit)) continue;
    const double steps = work_.group_of(unit).work.steps;
    ++progress_.units_total;
    progress_.steps_total += steps;
    if (!store_.has(unit)) {
      mine.push_back(unit);
    } else {
      ++progress_.units_done;
      progress_.steps_done += steps;
      progress_.steps_resumed += steps;
    }
  }
  report();
  // Long units first, so that no thread is left alone with one at the end.
  const auto cost = [this](std::size_t unit) { return work_.group_of(unit).work.cost; };
  std::stable_sort(mine.begin(), mine.end(),
                   [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
  distributor_.run(mine, [this](std::size_t unit) { compute_unit(unit); });
}

Json Runner::run_info() const {
  constexpr std::size_t longest_name = 256;
  std::string host(longest_name, '\0');
  if (::gethostname(host.data(), host.size() - 1) != 0) host = "unknown";
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started_;
  const unsigned threads = options_.threads > 0 ? static_cast<unsigned>(options_.threads)
                                                : std::thread::hardware_concurrency();
  const double steps =
      (options_.progress ? progress_.steps_done : work_.steps()) - progress_.steps_resumed;
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
  if (!store_.is_complete()) {
    const bool shard_done = progress_.units_done == progress_.units_total;
    summary.state = shard_done ? RunState::waiting : RunState::stopped;
    summary.journal = store_.journal_path();
    return summary;
  }
  const emulator::StandardEnvironment environment;
  try {
    summary.result =
        make_result(study_, store_.outcomes_by_point(), options_.repeats, options_.stop);
  } catch (const Stopped&) {  // the journal has everything
    summary.state = RunState::stopped;
    summary.journal = store_.journal_path();
    return summary;
  }
  summary.failed_points = count_failed(summary.result);
  if (options_.run_info) summary.result["run"] = run_info();
  store_.write(summary.result);
  return summary;
}

RunSummary Runner::run() {
  std::string why;
  if (options_.resume) {
    if (std::optional<Json> result = store_.finished_result(why))
      return already_complete(std::move(*result));
    if (!why.empty() && options_.warn)
      options_.warn(options_.output + ": what stands here is not the finished result (" + why +
                    "); it is replaced");
  }
  store_.open();
  compute();
  if (store_.has_journal() && options_.shard_count > 1) {
    store_.read_others();
    // Another run may have written the result and removed the journals in the meantime.
    if (!store_.is_complete()) {
      if (std::optional<Json> result = store_.finished_result(why))
        return already_complete(std::move(*result));
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

// SPDX-License-Identifier: MIT
#include "experiments/runs/run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

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
  [[nodiscard]] bool stopping() const {
    return failed_ || (options_.stop != nullptr && *options_.stop);
  }
  [[nodiscard]] RunSummary already_complete(Json result);
  void compute();
  void compute_unit(std::size_t unit);
  // What is done for a unit while it is computed. steps: of it, that are done; `keeper` outlives
  // neither that nor this.
  void keep(std::size_t unit, double& steps, Keeper& keeper);
  bool watch(double steps);
  void follow(std::size_t unit, const Measured& measured);
  bool load(std::size_t unit, const Keeper::Taker& take, double& steps);
  void save(std::size_t unit, const UnitState& state, double steps);
  void warn(const std::string& text);
  void report();
  RunSummary finish();
  [[nodiscard]] Json run_info() const;

  const Study& study_;
  const Engine& engine_;
  const RunOptions& options_;
  Distributor distributor_;
  WorkList work_;
  Store store_;
  std::mutex mutex_;            // of what follows, of store_ and of the options' functions
  std::exception_ptr failure_;  // of options_.follow
  std::atomic<bool> failed_ = false;
  std::atomic<bool> said_unsaved_ = false;
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
  return !stopping();
}

void Runner::report() {
  if (options_.progress) options_.progress(progress_);
}

void Runner::warn(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (options_.warn) options_.warn(text);
}

// What a model computes must not depend on who listens, so that nothing is thrown through it.
void Runner::follow(std::size_t unit, const Measured& measured) {
  const std::lock_guard lock(mutex_);
  if (failed_) return;
  try {
    options_.follow({.point = work_.group_of(unit).points[measured.point],
                     .repeat = work_.repeat_of(unit),
                     .series = measured.series,
                     .step = measured.step,
                     .value = measured.value});
  } catch (...) {
    failure_ = std::current_exception();
    failed_ = true;
  }
}

bool Runner::load(std::size_t unit, const Keeper::Taker& take, double& steps) {
  const Checkpoints& checkpoints = store_.checkpoints();
  try {
    const std::optional<Checkpoint> found = checkpoints.load(unit);
    if (!found) return false;
    if (found->repeat != work_.repeat_of(unit)) throw Error("it belongs to another repeat");
    take(found->state);
    steps = found->steps_done;
  } catch (const std::exception& error) {
    warn(checkpoints.path(unit) + ": this checkpoint is passed over (" + error.what() +
         "); its unit begins anew");
    return false;
  }
  const std::lock_guard lock(mutex_);
  progress_.steps_done += steps;
  progress_.steps_resumed += steps;
  return true;
}

// A run that cannot keep what is under way goes on all the same.
void Runner::save(std::size_t unit, const UnitState& state, double steps) {
  try {
    store_.checkpoints().save(
        {.unit = unit, .repeat = work_.repeat_of(unit), .steps_done = steps, .state = state});
  } catch (const std::exception& error) {
    if (!said_unsaved_.exchange(true))
      warn(std::string(error.what()) + "; units under way are not kept");
  }
}

void Runner::keep(std::size_t unit, double& steps, Keeper& keeper) {
  if (options_.follow)
    keeper.hear = [this, unit](const Measured& measured) { follow(unit, measured); };
  if (!store_.has_journal()) return;
  if (options_.resume)
    keeper.load = [this, unit, &steps](const Keeper::Taker& take) {
      return load(unit, take, steps);
    };
  if (options_.checkpoint_seconds <= 0) return;
  using Clock = std::chrono::steady_clock;
  const auto saved = std::make_shared<Clock::time_point>(Clock::now());
  keeper.is_due = [this, saved] {
    return Clock::now() - *saved >= std::chrono::duration<double>(options_.checkpoint_seconds);
  };
  keeper.save = [this, unit, saved, &steps](const UnitState& state) {
    save(unit, state, steps);
    *saved = Clock::now();
  };
}

void Runner::compute_unit(std::size_t unit) {
  if (stopping()) return;
  const emulator::StandardEnvironment environment;
  double steps = 0;
  Keeper keeper{.watch = [&](double more) {
    steps += more;
    return watch(more);
  }};
  keep(unit, steps, keeper);
  std::vector<RepeatOutcome> outcomes = work_.compute(unit, engine_, keeper);
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
  if (failure_) std::rethrow_exception(failure_);
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

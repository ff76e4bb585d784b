// SPDX-License-Identifier: MIT
#include "experiments/runs/run.h"

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
#include "experiments/hash.h"
#include "experiments/runs/deal.h"
#include "experiments/runs/distributor.h"
#include "experiments/runs/heartbeat.h"
#include "experiments/runs/result_file.h"
#include "experiments/runs/sharing.h"
#include "experiments/runs/store.h"
#include "experiments/runs/units.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// The shard of every unit, from 0.
std::vector<std::size_t> deal_of(const Study& study, const WorkList& work,
                                 const RunOptions& options) {
  HALFULP_REQUIRE(options.shard_count >= 1 && options.shard_index >= 0 &&
                      options.shard_index <= options.shard_count,
                  "a shard is 0 <= index <= count with count >= 1");
  std::vector<double> costs(work.count());
  for (std::size_t unit = 0; unit < costs.size(); ++unit) costs[unit] = work.group_of(unit).cost();
  return deal(costs, static_cast<std::size_t>(options.shard_count),
              fnv1a(study.hash.data(), study.hash.size(), fnv_start));
}

std::size_t shard_of(const RunOptions& options) {
  const int index = options.shard_index > 0 ? options.shard_index : options.shard_count;
  return static_cast<std::size_t>(index) - 1;
}

// Lets a distributor hand out the units that the store does not have, and counts.
class Runner {
 public:
  Runner(const Study& study, const Engine& engine, const RunOptions& options)
      : study_(study),
        engine_(engine),
        options_(options),
        work_(study),
        shard_of_(deal_of(study, work_, options)),
        distributor_(threads_of_shard(shard_of(options), shard_of_, options.threads)),
        store_(study, work_, options) {}

  RunSummary run();

 private:
  [[nodiscard]] bool stopping() const {
    return failed_ || (options_.stop != nullptr && *options_.stop);
  }
  [[nodiscard]] double seconds() const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started_;
    return passed.count();
  }
  [[nodiscard]] RunSummary already_complete(Json result);
  RunSummary run_open();
  void compute();
  void compute_unit(std::size_t unit);
  void compute_units(std::vector<std::size_t> units);
  bool begin(std::size_t unit);
  void end(std::size_t unit, std::vector<RepeatOutcome> outcomes);
  // Units of other shards, as they become free, until all are done.
  void help_others();
  // Waits for a moment, or until the run is stopped.
  void pause();
  void tell(ShardPhase phase);
  void fill(Beat& beat);
  // What is done for a unit while it is computed. steps: of it, that are done; `keeper` outlives
  // neither that nor this.
  void keep(std::size_t unit, double& steps, Keeper& keeper);
  bool watch(std::size_t unit, double steps);
  // Steps of a unit, with their part of its cost.
  void add(std::size_t unit, double steps, Amount& amount) const {
    const Group& group = work_.group_of(unit);
    amount.steps += steps;
    amount.cost += group.cost() * (steps / std::max(group.work.steps, 1.0));
  }
  void follow(std::size_t unit, const SeriesValue& measured);
  bool load(std::size_t unit, const Keeper::Taker& take, double& steps);
  void save(std::size_t unit, const UnitState& state, double steps);
  void warn(const std::string& text);
  void report();
  RunSummary finish();
  RunSummary write_result(RunSummary summary);
  // The result where another shard has written it, or the right to write it; neither where the run
  // is stopped.
  std::optional<Json> await_result(bool& ours);
  [[nodiscard]] Json run_info() const;

  const Study& study_;
  const Engine& engine_;
  const RunOptions& options_;
  WorkList work_;
  const std::vector<std::size_t> shard_of_;
  Distributor distributor_;
  Store store_;
  std::mutex mutex_;            // of what follows, of store_ and of the options' functions
  std::exception_ptr failure_;  // of options_.follow
  std::atomic<bool> failed_ = false;
  std::atomic<bool> said_unsaved_ = false;
  Progress progress_;
  ShardPhase phase_ = ShardPhase::computing;
  Amount dealt_;
  Amount own_, others_;    // of what this run's journal has, and of units under way
  Amount computed_;        // by this very run
  double computing_ = -1;  // seconds it took, once it is over
  std::optional<Sharing> sharing_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

RunSummary Runner::already_complete(Json result) {
  store_.remove_journals();
  if (sharing_) sharing_->remove();
  RunSummary summary;
  summary.state = computed_.units > 0 ? RunState::joined : RunState::already_complete;
  summary.points = study_.points.size();
  summary.failed_points = count_failed(result);
  summary.units_done = summary.units_total = work_.count();
  summary.output = options_.output;
  summary.result = std::move(result);
  return summary;
}

bool Runner::watch(std::size_t unit, double steps) {
  if (stopping()) return false;
  if (!options_.progress && !sharing_) return true;
  const std::lock_guard lock(mutex_);
  add(unit, steps, computed_);
  if (sharing_) add(unit, steps, sharing_->is_own(unit) ? own_ : others_);
  progress_.steps_done += steps;
  report();
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
void Runner::follow(std::size_t unit, const SeriesValue& measured) {
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
  if (sharing_) add(unit, steps, sharing_->is_own(unit) ? own_ : others_);
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
    keeper.hear = [this, unit](const SeriesValue& measured) { follow(unit, measured); };
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

bool Runner::begin(std::size_t unit) {
  const std::lock_guard lock(mutex_);
  if (!sharing_) return true;
  if (!sharing_->take(unit)) return false;
  if (!sharing_->is_own(unit)) {
    ++progress_.units_total;
    progress_.steps_total += work_.group_of(unit).work.steps;
  }
  return true;
}

void Runner::end(std::size_t unit, std::vector<RepeatOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  if (outcomes.empty() || (sharing_ && !sharing_->is_wanted(unit))) {
    if (sharing_) sharing_->drop(unit);
    return;
  }
  store_.put(unit, std::move(outcomes));
  if (sharing_) {
    sharing_->record(unit);
    ++(sharing_->is_own(unit) ? own_ : others_).units;
  }
  ++progress_.units_done;
  ++computed_.units;
  report();
}

void Runner::compute_unit(std::size_t unit) {
  if (stopping() || !begin(unit)) return;
  const emulator::StandardEnvironment environment;
  double steps = 0;
  Keeper keeper{.watch = [&](double more) {
    steps += more;
    return watch(unit, more);
  }};
  keep(unit, steps, keeper);
  end(unit, work_.compute(unit, engine_, keeper));
}

void Runner::compute_units(std::vector<std::size_t> units) {
  // Long units first, so that no thread is left alone with one at the end.
  const auto cost = [this](std::size_t unit) { return work_.group_of(unit).cost(); };
  std::stable_sort(units.begin(), units.end(),
                   [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
  distributor_.run(units, [this](std::size_t unit) { compute_unit(unit); });
  if (failure_) std::rethrow_exception(failure_);
}

void Runner::compute() {
  std::vector<std::size_t> mine;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t unit = 0; unit < work_.count(); ++unit) {
      const double steps = work_.group_of(unit).work.steps;
      const bool is_mine = distributor_.takes(unit);
      if (store_.recorded(unit)) {
        Amount& amount = is_mine ? own_ : others_;
        ++amount.units;
        amount.steps += steps;
        amount.cost += work_.group_of(unit).cost();
      }
      if (!is_mine) continue;
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
    dealt_ = {.units = progress_.units_total, .steps = progress_.steps_total};
    report();
  }
  if (sharing_) sharing_->tell();
  compute_units(std::move(mine));
  if (sharing_ && sharing_->steals()) help_others();
  const std::lock_guard lock(mutex_);
  computing_ = seconds();
}

void Runner::help_others() {
  while (!stopping()) {
    std::vector<std::size_t> free;
    std::size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      store_.read_others();
      if (store_.is_complete()) return;
      free = sharing_->free_units();
      before = own_.units + others_.units;
    }
    compute_units(std::move(free));
    bool idle = false;
    {
      const std::lock_guard lock(mutex_);
      idle = own_.units + others_.units == before;
    }
    if (idle && phase_ != ShardPhase::waiting) tell(ShardPhase::waiting);
    if (!idle && phase_ != ShardPhase::computing) tell(ShardPhase::computing);
    if (idle) pause();
  }
}

void Runner::pause() {
  constexpr std::chrono::duration<double> slice(0.05);
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(sharing_->pause());
  while (!stopping() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(slice);
}

void Runner::tell(ShardPhase phase) {
  if (!sharing_) return;
  {
    const std::lock_guard lock(mutex_);
    if (phase != ShardPhase::computing && computing_ < 0) computing_ = seconds();
    phase_ = phase;
  }
  sharing_->tell();
}

void Runner::fill(Beat& beat) {
  const std::lock_guard lock(mutex_);
  beat.phase = phase_;
  const double passed = std::max(computing_ < 0 ? seconds() : computing_, 1e-3);
  beat.rate = computed_.steps / passed;
  beat.cost_rate = computed_.cost / passed;
  beat.sweep = {.units = work_.count(), .steps = work_.steps(), .cost = work_.cost()};
  beat.dealt = dealt_;
  beat.own = own_;
  beat.others = others_;
}

Json Runner::run_info() const {
  const double passed = seconds();
  const unsigned threads = options_.threads > 0 ? static_cast<unsigned>(options_.threads)
                                                : std::thread::hardware_concurrency();
  const double steps =
      (options_.progress ? progress_.steps_done : work_.steps()) - progress_.steps_resumed;
  return Json{{"seconds", passed},
              {"threads", threads},
              {"instruction_set", emulator::instruction_set()},
              {"engine", std::string(engine_.name)},
              {"host", host_name()},
              {"steps_per_second", steps / passed}};
}

std::optional<Json> Runner::await_result(bool& ours) {
  std::string why;
  ours = false;
  for (;; pause()) {
    if (std::optional<Json> result = store_.finished_result(why)) return result;
    if (stopping()) return std::nullopt;
    ours = sharing_->take_result();
    // The one that had the right before may have written the result between the two looks.
    if (ours) return store_.finished_result(why);
  }
}

RunSummary Runner::finish() {
  RunSummary summary;
  summary.points = study_.points.size();
  summary.output = options_.output;
  summary.units_done = progress_.units_done;
  summary.units_total = progress_.units_total;
  bool ours = true;
  const bool steals = sharing_ && sharing_->steals();
  if (store_.is_complete() && steals) {
    if (std::optional<Json> result = await_result(ours))
      return already_complete(std::move(*result));
  }
  if (!store_.is_complete() || !ours) {
    const bool shard_done = progress_.units_done == progress_.units_total && !steals;
    summary.state = shard_done ? RunState::waiting : RunState::stopped;
    summary.journal = store_.journal_path();
    tell(shard_done ? ShardPhase::done : ShardPhase::stopped);
    return summary;
  }
  return write_result(std::move(summary));
}

RunSummary Runner::write_result(RunSummary summary) {
  const emulator::StandardEnvironment environment;
  try {
    summary.result =
        make_result(study_, store_.outcomes_by_point(), options_.repeats, options_.stop);
  } catch (const Stopped&) {  // the journal has everything
    summary.state = RunState::stopped;
    summary.journal = store_.journal_path();
    tell(ShardPhase::stopped);
    return summary;
  }
  summary.failed_points = count_failed(summary.result);
  if (options_.run_info) summary.result["run"] = run_info();
  store_.write(summary.result);
  if (sharing_) sharing_->remove();
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
  if (store_.has_journal() && options_.shard_count > 1)
    sharing_.emplace(store_, options_, shard_of_, [this](Beat& beat) { fill(beat); });
  try {
    return run_open();
  } catch (...) {
    tell(ShardPhase::stopped);
    throw;
  }
}

RunSummary Runner::run_open() {
  compute();
  if (store_.has_journal() && options_.shard_count > 1) {
    store_.read_others();
    // Another run may have written the result and removed the journals in the meantime.
    std::string why;
    if (!store_.is_complete()) {
      if (std::optional<Json> result = store_.finished_result(why))
        return already_complete(std::move(*result));
    }
  }
  return finish();
}

}  // namespace

RunSummary run(const Json& document, const std::string& where, const Engine& engine,
               const RunOptions& asked) {
  const emulator::StandardEnvironment environment;
  RunOptions options = asked;
  options.resume = options.resume || options.steal;
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

// SPDX-License-Identifier: MIT
#include "experiments/runs/store.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/runs/finished.h"
#include "experiments/runs/leases.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {

Store::Store(const Study& study, const WorkList& work, const RunOptions& options)
    : study_(study),
      work_(work),
      options_(options),
      document_{.hash = study.hash,
                .units = work.count(),
                .outcomes = [&work](std::size_t unit) { return work.group_of(unit).points.size(); },
                .metrics = study.model->metrics} {
  if (options.output.empty() || is_stream(options.output)) return;
  output_ = link_target(options.output);
  const int index = options.shard_index > 0 ? options.shard_index : options.shard_count;
  journal_path_ = experiments::journal_path(output_, index, options.shard_count);
  checkpoints_.emplace(output_, document_);
}

std::optional<Json> Store::finished_result(std::string& why) const {
  std::error_code error;
  if (!has_journal() || !std::filesystem::exists(output_, error)) return std::nullopt;
  try {
    Json result = read_json_file(output_);
    why = why_unfinished(result, study_, options_.repeats);
    if (why.empty()) return result;
  } catch (const Error& unreadable) {
    why = unreadable.what();
  }
  return std::nullopt;
}

void Store::warn_of_damage(const std::string& path, std::size_t lines) const {
  if (lines == 0 || !options_.warn) return;
  options_.warn(path + ": " + std::to_string(lines) + (lines == 1 ? " line is" : " lines are") +
                " damaged and left out; what stood there is computed again");
}

// A run that was killed after it had written the result and before it had removed the journal left
// one that nobody needs. Any other journal is work that somebody may want.
void Store::refuse_or_clear_journal() {
  std::error_code error;
  if (options_.resume || std::filesystem::file_size(journal_path_, error) == 0 || error) return;
  std::string why;
  if (!finished_result(why))
    throw Error(
        "a journal of an unfinished run stands here", journal_path_,
        "add --resume to go on with it; where no run is under way, delete it to start anew");
  remove_journal(journal_path_, document_);
}

void Store::refuse_other_documents() const {
  if (!options_.resume && options_.shard_count == 1) return;
  for (const std::string& path : find_journals(output_)) {
    Units units;
    if (path != journal_path_) read_journal(path, document_, units);
  }
}

void Store::read_other(const std::string& path) {
  warn_of_damage(path, read_journal(path, document_, done_, &places_[path]));
}

void Store::read_others() {
  for (const std::string& path : find_journals(output_)) {
    if (path != journal_path_) read_other(path);
  }
}

void Store::read_shard(int index) {
  const std::string path = experiments::journal_path(output_, index, options_.shard_count);
  if (path != journal_path_) read_other(path);
}

void Store::open() {
  if (!options_.output.empty()) require_writable(options_.output);
  if (!has_journal()) return;
  refuse_or_clear_journal();
  refuse_other_documents();
  const auto locking = options_.lock ? Journal::Locking::required : Journal::Locking::none;
  journal_.emplace(journal_path_, document_, locking, done_);
  for (const auto& [unit, outcomes] : done_) recorded_.insert(unit);
  warn_of_damage(journal_path_, journal_->damaged_lines());
  if (options_.resume) read_others();
}

void Store::put(std::size_t unit, std::vector<RepeatOutcome> outcomes) {
  if (journal_) {
    journal_->append(unit, outcomes);
    checkpoints_->remove(unit);
    recorded_.insert(unit);
  }
  done_[unit] = std::move(outcomes);
}

std::vector<std::vector<RepeatOutcome>> Store::outcomes_by_point() const {
  std::vector<std::vector<RepeatOutcome>> outcomes(study_.points.size());
  for (const auto& [unit, of_group] : done_) {
    const Group& group = work_.group_of(unit);
    for (std::size_t k = 0; k < group.points.size(); ++k)
      outcomes[group.points[k]].push_back(of_group.at(k));
  }
  return outcomes;
}

void Store::write(const Json& result) {
  if (!options_.output.empty()) write_file(options_.output, result.dump(2) + "\n");
  if (has_journal()) remove_journals();
}

void Store::remove_journals() {
  checkpoints_->remove_all();
  if (journal_) journal_->remove();
  journal_.reset();
  if (!options_.resume && options_.shard_count == 1) return;
  for (const std::string& path : find_journals(output_)) remove_journal(path, document_);
  remove_signs(output_);
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// What a run has finished: units of work in memory and, where there is an output, in a journal
// beside it, with checkpoints of units that are under way; and the result at the output. run.h says
// what becomes of journals and checkpoints.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/runs/checkpoint.h"
#include "experiments/runs/journal.h"
#include "experiments/runs/options.h"
#include "experiments/runs/units.h"
#include "experiments/study/sweep.h"
#include "formats/json.h"

namespace halfulp::experiments {

class Store {
 public:
  // All outlive the store.
  Store(const Study& study, const WorkList& work, const RunOptions& options);

  // Does the output have a journal?
  [[nodiscard]] bool has_journal() const { return !output_.empty(); }
  [[nodiscard]] const std::string& journal_path() const { return journal_path_; }
  // The file that the output leads to.
  [[nodiscard]] const std::string& target() const { return output_; }
  [[nodiscard]] const std::string& document_hash() const { return document_.hash; }
  // Precondition: has_journal().
  [[nodiscard]] const Checkpoints& checkpoints() const { return *checkpoints_; }

  // The result of the same document that already stands at the output. why: what it is not.
  [[nodiscard]] std::optional<Json> finished_result(std::string& why) const;
  // Opens this run's journal and takes what it holds; of a run that resumes what all other journals
  // hold too. Throws Error where a journal is in the way, or nothing can be
  // written.
  void open();
  // Takes what the journals of other runs hold, of each what came since the last time.
  void read_others();
  // The same of that of one shard of as many.
  void read_shard(int index);

  [[nodiscard]] bool has(std::size_t unit) const { return done_.count(unit) > 0; }
  // Does this run's own journal have it?
  [[nodiscard]] bool recorded(std::size_t unit) const { return recorded_.count(unit) > 0; }
  [[nodiscard]] bool is_complete() const { return done_.size() == work_.count(); }
  // Removes the unit's checkpoint. One call at a time. Throws Error where the disk is full.
  void put(std::size_t unit, std::vector<RepeatOutcome> outcomes);

  // Of every point of the study, one a repeat in order. Precondition: is_complete().
  [[nodiscard]] std::vector<std::vector<RepeatOutcome>> outcomes_by_point() const;
  // Writes the result to the output, if there is one, and removes journals and checkpoints.
  void write(const Json& result);
  // With all heartbeats and leases. Journals of other runs that are still at work stay; they find
  // the result and remove their own.
  void remove_journals();

 private:
  void warn_of_damage(const std::string& path, std::size_t lines) const;
  void refuse_or_clear_journal();
  // A shard of another document would end those that work here: known before anything is written.
  void refuse_other_documents() const;
  void read_other(const std::string& path);

  const Study& study_;
  const WorkList& work_;
  const RunOptions& options_;
  std::string output_;  // the file that options_.output leads to; empty where it has no journal
  std::string journal_path_;
  JournalDocument document_;
  std::optional<Checkpoints> checkpoints_;
  std::optional<Journal> journal_;
  Units done_;
  std::set<std::size_t> recorded_;
  std::map<std::string, JournalPlace> places_;  // how far the journals of others are read
};

}  // namespace halfulp::experiments

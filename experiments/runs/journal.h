// SPDX-License-Identifier: MIT
//
// Finished units of work, a line each, on disk before the next one counts as done. Every line is
// its checksum, a blank and JSON; the checksum covers the document's hash too, so that a line of
// another document or a damaged one is never taken for a unit. The first line says which document
// and version the others belong to. A line that is damaged costs its own unit and no other; a last
// line that a crash has torn is as if it had not been written.
//
// A run holds the lock of its journal from before it reads it until after it has removed it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/models/model.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Whose journal it is.
struct JournalDocument {
  std::string hash;
  std::size_t units = 0;
  std::function<std::size_t(std::size_t unit)> outcomes;  // how many a unit has
  MetricNames metrics = {};
};

using Units = std::map<std::size_t, std::vector<RepeatOutcome>>;

// Adds what the journal holds to `units` without a lock; answers how many damaged lines were left
// out. Nothing where there is no file. Throws Error where it belongs to another document or
// version, or is no journal at all.
std::size_t read_journal(const std::string& path, const JournalDocument& document, Units& units);

// Journals beside an output: OUTPUT.journal and OUTPUT.shard-I-of-N.journal. N = 1: the first.
std::string journal_path(const std::string& output, int shard_index, int shard_count);
// All of those that exist, sorted.
std::vector<std::string> find_journals(const std::string& output);

// Removes the journal if it is the document's and no run holds it.
void remove_journal(const std::string& path, const JournalDocument& document);

class Journal {
 public:
  enum class Locking : std::uint8_t {
    required,
    none,  // for file systems without locks: the caller vouches that no other run is there
  };

  // Makes the journal, or opens the one that is there and adds what it holds to `units`. Throws
  // Error where another run holds it, where it cannot be locked or written, and as read_journal;
  // then the file is as it was.
  Journal(std::string path, const JournalDocument& document, Locking locking, Units& units);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] std::size_t damaged_lines() const { return damaged_; }
  // Throws Error where the disk is full.
  void append(std::size_t unit, const std::vector<RepeatOutcome>& outcomes);
  // Takes the file away, while its lock is held.
  void remove();

 private:
  void open_locked();
  void close();
  void write_line(const Json& line);

  std::string path_;
  std::string hash_;
  Locking locking_;
  std::size_t damaged_ = 0;
  int file_ = -1;
};

}  // namespace halfulp::experiments

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
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
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

// How far a journal has been read.
struct JournalPlace {
  std::uint64_t device = 0, inode = 0;
  std::size_t offset = 0;
};

// Adds what the journal holds to `units` without a lock; answers how many damaged lines were left
// out. Nothing where there is no file. place: reads on from there where it is the same file, and
// says how far it came. Throws Error where it belongs to another document or version, is no journal
// at all, or has another outcome of a unit than `units`.
std::size_t read_journal(const std::string& path, const JournalDocument& document, Units& units,
                         JournalPlace* place = nullptr);

// What a journal tells who does not know its document.
struct JournalScan {
  std::string hash = {};  // of the document; empty where not even the header is whole
  std::size_t units = 0;  // of the document
  std::set<std::size_t> done = {};
  std::size_t damaged = 0;  // lines
  double modified = 0;      // seconds since 1970
};
// Nothing where it is no journal, or there is none.
std::optional<JournalScan> scan_journal(const std::string& path);

// Journals beside an output: OUTPUT.journal and OUTPUT.shard-I-of-N.journal. N = 1: the first.
std::string journal_path(const std::string& output, int shard_index, int shard_count);
// All of those that exist, sorted.
std::vector<std::string> find_journals(const std::string& output);

// Does a run on this machine hold the journal's lock? True where that cannot be told.
// Only for runs on one machine: what locks mean over a network differs from mount to mount.
bool is_held(const std::string& path);

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

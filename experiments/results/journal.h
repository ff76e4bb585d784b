// SPDX-License-Identifier: MIT
//
// Finished units of work, one line of JSON each, on disk before the next one counts as done. The
// first line says which document and version they belong to. A last line that a crash has torn is
// as if it had not been written.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "experiments/execute.h"
#include "formats/json.h"

namespace halfulp::experiments {

// What the first line says.
struct JournalHeader {
  std::string hash;
  std::size_t units = 0;
};

using Units = std::map<std::size_t, std::vector<RepeatOutcome>>;

// Adds what the journal holds to `units`; answers the length of its intact part in bytes, 0 where
// there is no file. Throws Error where it belongs to another document or version, or is damaged
// elsewhere than at its end.
std::size_t read_journal(const std::string& path, const JournalHeader& header, Units& units);

// Journals beside an output: OUTPUT.journal and OUTPUT.shard-I-of-N.journal. N = 1: the first.
std::string journal_path(const std::string& output, int shard_index, int shard_count);
// All of those that exist, sorted.
std::vector<std::string> find_journals(const std::string& output);

class Journal {
 public:
  // Opens for appending after `keep` bytes (cutting off the rest), writing the header where that is
  // 0. Throws Error where the file cannot be written or another process writes it.
  Journal(std::string path, const JournalHeader& header, std::size_t keep);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Throws Error where the disk is full.
  void append(std::size_t unit, const std::vector<RepeatOutcome>& outcomes);

 private:
  void write_line(const Json& line);

  std::string path_;
  int file_ = -1;
};

// The whole text under a temporary name, flushed to disk, then moved to `path`: there whole or not
// at all. Throws Error.
void write_file(const std::string& path, const std::string& text);
// Throws Error where write_file could not work: no such folder, no permission, not a regular file.
void require_writable(const std::string& path);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/results/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "experiments/results/results.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

Json header_json(const JournalHeader& header) {
  return Json{{"journal", "halfulp"},
              {"version", version},
              {"document_hash", header.hash},
              {"units", header.units}};
}

// Not strict: what does not parse is reported by position, not by reason.
bool parse_line(const std::string& line, Json& out) {
  out = Json::parse(line, nullptr, false);
  return !out.is_discarded();
}

bool parse_unit(const std::string& line, const JournalHeader& header, Units& units) {
  Json value;
  if (!parse_line(line, value)) return false;
  try {
    ObjectReader reader(value, "");
    const std::int64_t unit =
        reader.integer("unit", -1, 0, static_cast<std::int64_t>(header.units) - 1);
    std::vector<RepeatOutcome> outcomes;
    for (const Json& outcome : reader.require("points"))
      outcomes.push_back(outcome_from_json(outcome));
    reader.finish();
    units[static_cast<std::size_t>(unit)] = std::move(outcomes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw Error(what + " (" + std::strerror(error) + ")", path,
              error == ENOSPC ? "free some space; what is finished is kept, --resume goes on"
                              : "choose another place with -o");
}

bool write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::size_t read_journal(const std::string& path, const JournalHeader& header, Units& units) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return 0;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::size_t intact = 0;
  for (std::size_t number = 1;; ++number) {
    const std::size_t end = text.find('\n', intact);
    if (end == std::string::npos) return intact;
    const std::string line = text.substr(intact, end - intact);
    const bool last = end + 1 == text.size();
    Json first;
    const bool good = number == 1 ? parse_line(line, first) : parse_unit(line, header, units);
    if (!good && last) return intact;
    if (!good)
      throw Error("the journal is damaged", path + ": line " + std::to_string(number),
                  "delete it to start anew");
    if (number == 1 && first != header_json(header))
      throw Error("this journal belongs to another document or version", path,
                  "delete it, or choose another output with -o");
    intact = end + 1;
  }
}

std::string journal_path(const std::string& output, int shard_index, int shard_count) {
  if (shard_count <= 1) return output + ".journal";
  return output + ".shard-" + std::to_string(shard_index) + "-of-" + std::to_string(shard_count) +
         ".journal";
}

std::vector<std::string> find_journals(const std::string& output) {
  namespace fs = std::filesystem;
  const fs::path path(output);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string name = path.filename().string();
  const std::string ending = ".journal";
  std::vector<std::string> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    const bool shard = file.starts_with(name + ".shard-") && file.ends_with(ending);
    if (file == name + ending || shard)
      found.push_back(path.has_parent_path() ? (folder / file).string() : file);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Journal::Journal(std::string path, const JournalHeader& header, std::size_t keep)
    : path_(std::move(path)) {
  constexpr mode_t permissions = 0644;
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, permissions);
  if (file_ < 0) fail("cannot be written", path_, errno);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(file_);
    throw Error("another run is writing this journal", path_, "wait for it, or choose another -o");
  }
  if (::ftruncate(file_, static_cast<off_t>(keep)) != 0 || ::lseek(file_, 0, SEEK_END) < 0) {
    const int error = errno;
    ::close(file_);
    fail("cannot be written", path_, error);
  }
  try {
    if (keep == 0) write_line(header_json(header));
  } catch (const Error&) {
    ::close(file_);
    ::unlink(path_.c_str());
    throw;
  }
}

Journal::~Journal() { ::close(file_); }

void Journal::append(std::size_t unit, const std::vector<RepeatOutcome>& outcomes) {
  Json points = Json::array();
  for (const RepeatOutcome& outcome : outcomes) points.push_back(to_json(outcome));
  write_line(Json{{"unit", unit}, {"points", points}});
}

void Journal::write_line(const Json& line) {
  if (!write_all(file_, line.dump() + "\n")) fail("cannot be written", path_, errno);
}

void write_file(const std::string& path, const std::string& text) {
  constexpr mode_t permissions = 0644;
  const std::string temporary = path + ".tmp-" + std::to_string(::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions);
  if (file < 0) fail("cannot be written", path, errno);
  const bool written = write_all(file, text);
  int error = errno;
  ::close(file);
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  if (written) error = errno;
  ::unlink(temporary.c_str());
  fail("cannot be written", path, error);
}

void require_writable(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_regular_file(path, error))
    throw Error("is no regular file", path, "choose another place with -o");
  const std::string probe = path + ".tmp-" + std::to_string(::getpid());
  constexpr mode_t permissions = 0644;
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, permissions);
  if (file < 0) fail("cannot be written", path, errno);
  const bool written = write_all(file, "probe\n");
  const int problem = errno;
  ::close(file);
  ::unlink(probe.c_str());
  if (!written) fail("cannot be written", path, problem);
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "experiments/hash.h"
#include "experiments/runs/result_file.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t checksum_digits = 16;

Json header_json(const JournalDocument& document) {
  return Json{{"journal", "halfulp"},
              {"version", version},
              {"schema", schema},
              {"document_hash", document.hash},
              {"units", document.units}};
}

// The header's checksum is of its text alone, so that the header of another document is recognised.
std::string checksum(std::string_view hash, std::string_view text) {
  const std::uint64_t start = fnv1a(hash.data(), hash.size(), fnv_start);
  return hexadecimal(fnv1a(text.data(), text.size(), start));
}

std::string line_of(std::string_view hash, const Json& json) {
  const std::string text = json.dump();
  return checksum(hash, text) + " " + text + "\n";
}

// The JSON of a line whose checksum is right, else a discarded value.
Json json_of(std::string_view hash, std::string_view line) {
  const Json none(Json::value_t::discarded);
  if (line.size() <= checksum_digits || line[checksum_digits] != ' ') return none;
  const std::string_view text = line.substr(checksum_digits + 1);
  if (line.substr(0, checksum_digits) != checksum(hash, text)) return none;
  try {
    return parse_json(text, "");
  } catch (const Error&) {
    return none;
  }
}

bool add_unit(std::string_view line, const JournalDocument& document, Units& units) {
  const Json value = json_of(document.hash, line);
  if (value.is_discarded()) return false;
  try {
    ObjectReader reader(value, "");
    const auto unit = static_cast<std::size_t>(
        reader.integer("unit", -1, 0, static_cast<std::int64_t>(document.units) - 1));
    std::vector<RepeatOutcome> outcomes;
    for (const Json& outcome : reader.require("points"))
      outcomes.push_back(outcome_from_json(outcome, document.metrics));
    reader.finish();
    if (outcomes.size() != document.outcomes(unit)) return false;
    units[unit] = std::move(outcomes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

struct Reading {
  std::size_t damaged = 0;
  std::size_t whole = 0;  // bytes up to the end of the last line that has one
};

// Throws Error where the text is a journal of something else, or none.
Reading read_text(std::string_view text, const std::string& path, const JournalDocument& document,
                  Units& units) {
  const std::string header = line_of("", header_json(document));
  Reading reading;
  std::size_t good = 0;
  for (std::size_t number = 1;; ++number) {
    const std::size_t end = text.find('\n', reading.whole);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(reading.whole, end - reading.whole);
    reading.whole = end + 1;
    const Json first = number == 1 ? json_of("", line) : Json(Json::value_t::discarded);
    if (first.is_object() && first != header_json(document))
      throw Error("this journal belongs to another document or version", path,
                  "delete it, or choose another output with -o");
    const bool fine = first.is_object() || add_unit(line, document, units);
    good += fine ? 1 : 0;
    reading.damaged += fine ? 0 : 1;
  }
  // A run that ended while it wrote the header leaves a beginning of it.
  const bool torn_header = header.starts_with(text);
  if (good == 0 && !torn_header)
    throw Error("no line of this journal is of this document and intact", path,
                "look what it is; delete it, or choose another output with -o");
  return reading;
}

std::string read_all(int file, const std::string& path) {
  constexpr std::size_t piece = 1U << 16U;
  std::string text;
  std::vector<char> buffer(piece);
  for (off_t offset = 0;;) {
    const ssize_t count = ::pread(file, buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be read", path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    offset += count;
  }
}

// Opens a journal that is a file of its own. A symbolic link, a pipe or a folder is none.
int open_plain(const std::string& path, int flags) {
  constexpr mode_t all_may_write = 0666;  // less the umask
  const int file = ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, all_may_write);
  struct stat status {};
  if (file >= 0 && ::fstat(file, &status) == 0 && S_ISREG(status.st_mode)) return file;
  const int code = file < 0 ? errno : EINVAL;
  if (file >= 0) ::close(file);
  if (file < 0 && code != ELOOP && code != EISDIR) {
    errno = code;
    return -1;
  }
  throw Error("a journal is a plain file, and something else stands here", path,
              "choose another output with -o");
}

// Does the open file still have the name?
bool is_named(int file, const std::string& path) {
  struct stat of_file {};
  struct stat of_name {};
  return ::fstat(file, &of_file) == 0 && ::lstat(path.c_str(), &of_name) == 0 &&
         of_file.st_dev == of_name.st_dev && of_file.st_ino == of_name.st_ino;
}

// 0, or the reason why not.
int lock(int file) {
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::size_t read_journal(const std::string& path, const JournalDocument& document, Units& units) {
  const int file = open_plain(path, O_RDONLY);
  if (file < 0) {
    if (errno == ENOENT) return 0;
    throw system_error("cannot be read", path, errno);
  }
  std::string text;
  try {
    text = read_all(file, path);
  } catch (const Error&) {
    ::close(file);
    throw;
  }
  ::close(file);
  return read_text(text, path, document, units).damaged;
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

void remove_journal(const std::string& path, const JournalDocument& document) {
  try {
    Units units;
    read_journal(path, document, units);
  } catch (const Error&) {
    return;
  }
  const int file = open_plain(path, O_RDONLY);
  if (file < 0) return;
  if (lock(file) != EWOULDBLOCK && is_named(file, path)) ::unlink(path.c_str());
  ::close(file);
}

Journal::Journal(std::string path, const JournalDocument& document, Locking locking, Units& units)
    : path_(std::move(path)), hash_(document.hash), locking_(locking) {
  open_locked();
  try {
    const std::string text = read_all(file_, path_);
    const Reading reading = read_text(text, path_, document, units);
    damaged_ = reading.damaged;
    // What a crash has torn would make one line with the next unit.
    if (reading.whole < text.size() && ::ftruncate(file_, static_cast<off_t>(reading.whole)) != 0)
      throw system_error("cannot be written", path_, errno);
    if (reading.whole == 0 && !write_all(file_, line_of("", header_json(document)))) {
      const int code = errno;
      ::unlink(path_.c_str());  // it held nothing
      throw system_error("cannot be written", path_, code);
    }
  } catch (const Error&) {
    close();
    throw;
  }
}

Journal::~Journal() { close(); }

void Journal::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

// A run that has just ended may have removed the file between our opening and our locking it: then
// the lock is one of a file that nobody finds any more, and we begin again.
void Journal::open_locked() {
  for (;;) {
    file_ = open_plain(path_, O_RDWR | O_CREAT | O_APPEND);
    if (file_ < 0) throw system_error("cannot be written", path_, errno);
    const int code = locking_ == Locking::required ? lock(file_) : 0;
    if (code == EWOULDBLOCK) {
      close();
      throw Error("another run is writing this journal", path_,
                  "wait for it, or choose another output with -o");
    }
    if (code != 0) {
      close();
      throw Error(std::string("cannot be locked (") + std::strerror(code) + ")", path_,
                  "see that no other run has this output, then add --no-lock");
    }
    if (is_named(file_, path_)) return;
    close();
  }
}

void Journal::append(std::size_t unit, const std::vector<RepeatOutcome>& outcomes) {
  Json points = Json::array();
  for (const RepeatOutcome& outcome : outcomes) points.push_back(to_json(outcome));
  write_line(Json{{"unit", unit}, {"points", points}});
}

void Journal::write_line(const Json& line) {
  if (write_all(file_, line_of(hash_, line))) return;
  Error error = system_error("cannot be written", path_, errno);
  throw Error(error.message(), error.location(),
              error.hint() + "; what is finished is kept, --resume goes on");
}

void Journal::remove() {
  if (is_named(file_, path_)) ::unlink(path_.c_str());
}

}  // namespace halfulp::experiments

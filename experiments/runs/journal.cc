// SPDX-License-Identifier: MIT
#include "experiments/runs/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "experiments/hash.h"
#include "experiments/runs/plain_file.h"
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

struct Record {
  std::size_t unit = 0;
  std::vector<RepeatOutcome> outcomes;
};

// Nothing where the line is damaged.
std::optional<Record> record_of(std::string_view line, const JournalDocument& document) {
  const Json value = json_of(document.hash, line);
  if (value.is_discarded()) return std::nullopt;
  try {
    ObjectReader reader(value, "");
    Record record;
    record.unit = static_cast<std::size_t>(
        reader.integer("unit", -1, 0, static_cast<std::int64_t>(document.units) - 1));
    for (const Json& outcome : reader.require("points"))
      record.outcomes.push_back(outcome_from_json(outcome, document.metrics));
    reader.finish();
    if (record.outcomes.size() != document.outcomes(record.unit)) return std::nullopt;
    return record;
  } catch (const Error&) {
    return std::nullopt;
  }
}

Json points_json(const std::vector<RepeatOutcome>& outcomes) {
  Json points = Json::array();
  for (const RepeatOutcome& outcome : outcomes) points.push_back(to_json(outcome));
  return points;
}

// A unit that two runs have computed is one unit. Throws Error where they disagree, which the same
// version on sound machines never does.
void add_record(Record record, const std::string& path, Units& units) {
  const auto known = units.find(record.unit);
  if (known != units.end() && points_json(known->second) != points_json(record.outcomes))
    throw Error("unit " + std::to_string(record.unit) +
                    " has another outcome here than in another journal: one of the machines erred",
                path, "delete the journal of the machine that is not to be trusted");
  units[record.unit] = std::move(record.outcomes);
}

struct Reading {
  std::size_t good = 0, damaged = 0;  // lines
  std::size_t whole = 0;              // bytes up to the end of the last line that has one
};

// Takes the units of whole lines. Throws Error where a header is of something else.
Reading read_lines(std::string_view text, bool with_header, const std::string& path,
                   const JournalDocument& document, Units& units) {
  Reading reading;
  for (;;) {
    const std::size_t end = text.find('\n', reading.whole);
    if (end == std::string_view::npos) return reading;
    const std::string_view line = text.substr(reading.whole, end - reading.whole);
    const bool may_be_header = with_header && reading.whole == 0;
    reading.whole = end + 1;
    const Json first = may_be_header ? json_of("", line) : Json(Json::value_t::discarded);
    if (first.is_object() && first != header_json(document))
      throw Error(
          "this journal belongs to another document or version", path,
          "run the document that it is of, with the same --set, or choose another output with -o; "
          "delete it only where nobody wants that run any more");
    std::optional<Record> record;
    if (!first.is_object()) record = record_of(line, document);
    const bool fine = first.is_object() || record.has_value();
    if (record) add_record(std::move(*record), path, units);
    reading.good += fine ? 1 : 0;
    reading.damaged += fine ? 0 : 1;
  }
}

// Of a journal from its beginning. Throws Error where the text is a journal of something else, or
// none.
Reading read_text(std::string_view text, const std::string& path, const JournalDocument& document,
                  Units& units) {
  const std::string header = line_of("", header_json(document));
  const Reading reading = read_lines(text, true, path, document, units);
  // A run that ended while it wrote the header leaves a beginning of it.
  const bool torn_header = header.starts_with(text);
  if (reading.good == 0 && !torn_header)
    throw Error("no line of this journal is of this document and intact", path,
                "look what it is; delete it, or choose another output with -o");
  return reading;
}

// The unit of a line whose checksum is right, as Journal::append writes it.
std::optional<std::size_t> unit_of_line(std::string_view hash, std::string_view line) {
  constexpr std::string_view start = " {\"unit\":";
  if (line.size() <= checksum_digits + start.size() ||
      line.substr(checksum_digits, start.size()) != start ||
      line.substr(0, checksum_digits) != checksum(hash, line.substr(checksum_digits + 1)))
    return std::nullopt;
  std::size_t unit = 0;
  const char* digits = line.data() + checksum_digits + start.size();
  const auto [end, error] = std::from_chars(digits, line.data() + line.size(), unit);
  if (error != std::errc() || end == digits) return std::nullopt;
  return unit;
}

// Does the open file still have the name?
bool is_named(int file, const std::string& path) {
  struct stat of_file {};
  struct stat of_name {};
  return ::fstat(file, &of_file) == 0 && ::lstat(path.c_str(), &of_name) == 0 &&
         of_file.st_dev == of_name.st_dev && of_file.st_ino == of_name.st_ino;
}

// 0, or the reason why not. Others hold the lock for a moment to learn whether somebody does
// (is_held), so that it is asked for more than once.
int lock(int file) {
  constexpr int attempts = 5;
  constexpr std::timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
  for (int attempt = 1; ::flock(file, LOCK_EX | LOCK_NB) != 0;) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK || attempt++ == attempts) return errno;
    ::nanosleep(&pause, nullptr);
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

std::size_t read_journal(const std::string& path, const JournalDocument& document, Units& units,
                         JournalPlace* place) {
  const int file = open_plain(path, O_RDONLY);
  if (file < 0) {
    if (errno == ENOENT) return 0;
    throw system_error("cannot be read", path, errno);
  }
  try {
    struct stat status {};
    if (::fstat(file, &status) != 0) throw system_error("cannot be read", path, errno);
    JournalPlace at;
    const auto device = static_cast<std::uint64_t>(status.st_dev);
    const auto inode = static_cast<std::uint64_t>(status.st_ino);
    if (place != nullptr && place->device == device && place->inode == inode &&
        place->offset <= static_cast<std::size_t>(status.st_size))
      at = *place;
    const std::string text = read_from(file, at.offset, path);
    const Reading reading = at.offset == 0 ? read_text(text, path, document, units)
                                           : read_lines(text, false, path, document, units);
    if (place != nullptr)
      *place = {.device = device, .inode = inode, .offset = at.offset + reading.whole};
    ::close(file);
    return reading.damaged;
  } catch (const Error&) {
    ::close(file);
    throw;
  }
}

std::optional<JournalScan> scan_journal(const std::string& path) {
  const std::optional<PlainFile> file = read_plain(path);
  if (!file) return std::nullopt;
  const std::string_view text = file->text;
  JournalScan scan{.modified = file->modified};
  std::size_t begin = text.find('\n');
  if (begin == std::string_view::npos) return scan;
  const Json header = json_of("", text.substr(0, begin));
  try {
    if (header.at("journal") != "halfulp") return std::nullopt;
    scan.hash = header.at("document_hash").get<std::string>();
    scan.units = header.at("units").get<std::size_t>();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  for (std::size_t end = 0; (end = text.find('\n', ++begin)) != std::string_view::npos;
       begin = end) {
    const std::string_view line = text.substr(begin, end - begin);
    if (const auto unit = unit_of_line(scan.hash, line); unit && *unit < scan.units) {
      scan.done.insert(*unit);
    } else {
      ++scan.damaged;
    }
  }
  return scan;
}

std::string journal_path(const std::string& output, int shard_index, int shard_count) {
  if (shard_count <= 1) return output + ".journal";
  return output + ".shard-" + std::to_string(shard_index) + "-of-" + std::to_string(shard_count) +
         ".journal";
}

std::vector<std::string> find_journals(const std::string& output) {
  const std::string ending = ".journal";
  std::vector<std::string> found;
  for (const std::string& name : names_beside(output)) {
    if (name == ending || (name.starts_with(".shard-") && name.ends_with(ending)))
      found.push_back(output + name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_held(const std::string& path) {
  int file = -1;
  try {
    file = open_plain(path, O_RDONLY);
  } catch (const Error&) {
    return true;
  }
  if (file < 0) return errno != ENOENT;
  // Shared: two runs that ask at the same time do not take each other for the holder.
  while (::flock(file, LOCK_SH | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    ::close(file);
    return true;
  }
  ::close(file);
  return false;
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
    const std::string text = read_from(file_, 0, path_);
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
  write_line(Json{{"unit", unit}, {"points", points_json(outcomes)}});
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

// SPDX-License-Identifier: MIT
#include "cli/series_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/output.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"

namespace halfulp::cli {

SeriesStream::SeriesStream(std::string path, bool goes_on)
    : path_(std::move(path)), keeps_(goes_on || is_standard_output(path_) || is_stream(path_)) {
  if (is_standard_output(path_)) return;
  const bool stream = is_stream(path_);
  const int named = descriptor_named(path_);
  constexpr mode_t all_may_write = 0666;  // less the umask
  const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY;
  descriptor_ = named >= 0 ? ::fcntl(named, F_DUPFD_CLOEXEC, 0)
                           : ::open(path_.c_str(), (stream ? O_WRONLY : O_RDWR | O_CREAT) | flags,
                                    all_may_write);
  if (descriptor_ < 0) throw system_error("cannot be written", path_, errno);
  if (goes_on && !stream) read_written();
}

SeriesStream::~SeriesStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SeriesStream::begin() {
  if (keeps_) return;
  keeps_ = true;
  if (::ftruncate(descriptor_, 0) != 0) throw system_error("cannot be written", path_, errno);
}

void SeriesStream::note_line(const std::string& line) {
  try {
    const Json value = parse_json(line, "");
    ObjectReader reader(value, "");
    const auto number = [&](const char* name) {
      return static_cast<std::uint64_t>(reader.integer(name, -1, 0, INT64_MAX));
    };
    const std::uint64_t step = number("step");
    std::uint64_t& last = last_[{number("point"), number("repeat"), reader.text("series", "")}];
    last = std::max(last, step);
  } catch (const Error&) {  // a line of something else
  }
}

// A last line that a crash has torn goes.
void SeriesStream::read_written() {
  const tensors::Bytes bytes = tensors::read_bytes(path_);
  std::size_t whole = 0;
  std::string line;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\n') {
      line += static_cast<char>(bytes[i]);
      continue;
    }
    note_line(line);
    line.clear();
    whole = i + 1;
  }
  if (whole < bytes.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0)
    throw system_error("cannot be written", path_, errno);
}

void SeriesStream::write(const experiments::SeriesPoint& point) {
  const Curve curve{point.point, point.repeat, std::string(point.series)};
  const auto known = last_.find(curve);
  if (known != last_.end() && point.step <= known->second) return;
  const std::string line = Json{{"point", point.point},
                                {"repeat", point.repeat},
                                {"step", point.step},
                                {"series", std::string(point.series)},
                                {"value", number_json(point.value)}}
                               .dump() +
                           "\n";
  if (descriptor_ < 0) {
    print(line);
    flush_output();
  } else {
    write_all(line);
  }
}

void SeriesStream::write_all(const std::string& line) const {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be written", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "formats/error.h"

namespace halfulp::cli {
namespace {

Error system_error(const std::string& what, const std::string& path) {
  const int code = errno;
  std::string hint = "check the path and its permissions";
  if (code == ENOSPC) hint = "free some space";
  if (code == ENOENT) hint = "create the folder first";
  return Error(what + " (" + std::strerror(code) + ")", path, hint);
}

[[noreturn]] void output_failed() {
  if (errno == EPIPE) throw ReaderGone{};
  throw system_error("cannot be written", "standard output");
}

// Code points, so that tables with Greek letters line up.
std::size_t width(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return count;
}

bool is_special_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// Closes and, unless it was kept, removes.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& beside) : name_(beside + ".XXXXXX") {
    descriptor_ = ::mkstemp(name_.data());
    if (descriptor_ < 0) throw system_error("cannot be written", beside);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(descriptor_, 0666 & ~mask);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!kept_) ::unlink(name_.c_str());
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  void keep_as(const std::string& path) {
    const bool synced = ::fsync(descriptor_) == 0;
    const bool closed = ::close(descriptor_) == 0;
    descriptor_ = -1;
    if (!synced || !closed || ::rename(name_.c_str(), path.c_str()) != 0)
      throw system_error("cannot be written", path);
    kept_ = true;
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  bool kept_ = false;
};

void write_all(int descriptor, const std::string& content, const std::string& path) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::write(descriptor, content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be written", path);
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed();
}

void flush_output() {
  if (std::fflush(stdout) != 0) output_failed();
}

void note(const std::string& text) {
  std::string line = "halfulp: " + text;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';  // one line, whatever the input held
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void write_file(const std::string& path, const std::string& content) {
  if (path == "-") return print(content);
  if (is_special_file(path)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) throw system_error("cannot be written", path);
    try {
      write_all(descriptor, content, path);
    } catch (...) {
      ::close(descriptor);
      throw;
    }
    if (::close(descriptor) != 0) throw system_error("cannot be written", path);
    return;
  }
  TemporaryFile file(path);
  write_all(file.descriptor(), content, path);
  file.keep_as(path);
}

void require_writable(const std::string& path) {
  if (path == "-") return;
  if (is_special_file(path)) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      errno = EISDIR;
      throw system_error("cannot be written", path);
    }
    if (::access(path.c_str(), W_OK) != 0) throw system_error("cannot be written", path);
    return;
  }
  const TemporaryFile probe(path);
}

std::string table_text(const std::vector<Column>& columns,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const Column& column : columns) widths.push_back(width(column.title));
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  const auto line_of = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string padding(widths[i] - width(cell), ' ');
      if (i > 0) line += "  ";
      line += columns[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string text = line_of([&](std::size_t i) -> const std::string& { return columns[i].title; });
  for (const std::vector<std::string>& row : rows) {
    text += line_of([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return text;
}

}  // namespace halfulp::cli

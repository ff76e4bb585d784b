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
#include <filesystem>
#include <utility>

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

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_ == "-") return;
  if (is_special_file(path_)) {
    straight_ = true;
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw system_error("cannot be written", path_);
    return;
  }
  // 1. A file without a name, which is gone however the program ends; it is linked through /proc.
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  if (::access("/proc/self/fd", X_OK) == 0)
    descriptor_ = ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC,
                         S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
  if (descriptor_ >= 0) return;
  // 2. Where the file system has none: a file of another name.
  temporary_ = path_ + ".XXXXXX";
  descriptor_ = ::mkstemp(temporary_.data());
  if (descriptor_ < 0) throw system_error("cannot be written", path_);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor_, 0666 & ~mask);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view content) {
  if (path_ == "-") return print(content);
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor_, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be written", path_);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

void OutputFile::commit() {
  if (path_ == "-") return;
  if (!straight_ && !(::fsync(descriptor_) == 0 && take_name()))
    throw system_error("cannot be written", path_);
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!closed) throw system_error("cannot be written", path_);
}

// A link does not replace a file, a renaming does.
bool OutputFile::take_name() {
  if (temporary_.empty()) {
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
    const std::string name = path_ + "." + std::to_string(::getpid());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return false;
    temporary_ = name;
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return false;
  temporary_.clear();
  return true;
}

void write_file(const std::string& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.commit();
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
  const OutputFile probe(path);
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

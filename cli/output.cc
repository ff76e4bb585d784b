// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cli/shortened.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

[[noreturn]] void output_failed() {
  if (errno == EPIPE) throw ReaderGone{};
  throw system_error("cannot be written", "standard output", errno);
}

}  // namespace

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed();
}

void flush_output() {
  if (std::fflush(stdout) != 0) output_failed();
}

void note(const std::string& text) {
  std::string line = "halfulp: " + shortened(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';  // one line, whatever the input held
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // open() answers the lowest free number, and all below this one are taken.
    const int mode = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY;
    if (::open("/dev/null", mode) < 0 && ::open("/", O_RDONLY) < 0) std::abort();
  }
}

bool is_standard_output(const std::string& path) {
  return path == "-" || descriptor_named(path) == STDOUT_FILENO;
}

OutputFile::OutputFile(const std::string& path) {
  if (!is_standard_output(path)) file_.emplace(path);
}

void OutputFile::write(std::string_view content) {
  if (file_) {
    file_->write(content);
  } else {
    print(content);
  }
}

void OutputFile::commit() {
  if (file_) file_->commit();
}

void write_file(const std::string& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.commit();
}

void require_writable(const std::string& path) {
  if (!is_standard_output(path)) halfulp::require_writable(path);
}

}  // namespace halfulp::cli

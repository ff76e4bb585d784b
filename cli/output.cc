// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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

// Code points, so that tables with Greek letters line up.
std::size_t width(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return count;
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

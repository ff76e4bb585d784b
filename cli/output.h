// SPDX-License-Identifier: MIT
//
// Standard output whose errors are noticed, files that appear whole or not at all, and tables of
// text. A reader that closes its end (`| head`) ends the program quietly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace halfulp::cli {

// Thrown where standard output has been closed by its reader; main ends without a word.
struct ReaderGone {};

// Buffered. Throws Error (a full disk) or ReaderGone.
void print(std::string_view text);
void flush_output();

// Notes on standard error: "halfulp: " and the text. Never fails.
void note(const std::string& text);

// A file written piece by piece without a name, or under a temporary one beside it, until `commit`
// gives it its own; without `commit` nothing is left. A path that is no regular file (a pipe, a
// device) is written straight. "-" is standard output. All throw Error naming the path.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  void write(std::string_view content);
  void commit();

 private:
  bool take_name();

  std::string path_, temporary_;
  int descriptor_ = -1;
  bool straight_ = false;
};
// All of a file at once.
void write_file(const std::string& path, std::string_view content);
// Throws Error where write_file could not write the path: to be asked before long work.
void require_writable(const std::string& path);

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

// Lines of cells with two blanks between the columns and none at the end.
std::string table_text(const std::vector<Column>& columns,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace halfulp::cli

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

// Writes the file under a temporary name beside it and renames it. A path that is no regular file
// (a pipe, a device) is written straight. "-" is standard output. Throws Error naming the path.
void write_file(const std::string& path, const std::string& content);
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

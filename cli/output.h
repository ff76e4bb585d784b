// SPDX-License-Identifier: MIT
//
// Standard output whose errors are noticed, and files that appear whole or not at all. A reader
// that closes its end (`| head`) ends the program quietly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/output_file.h"
#include "golden/words/table.h"

namespace halfulp::cli {

using words::Align;
using words::Column;
using words::table_text;

// Thrown where standard output has been closed by its reader; main ends without a word.
struct ReaderGone {};

// Buffered. Throws Error (a full disk) or ReaderGone.
void print(std::string_view text);
void flush_output();

// Opens /dev/null in place of each of the three standard descriptors that the caller has closed:
// the next file would get its number, and what is meant for a terminal would be written into it.
void open_standard_descriptors();

// Notes on standard error: "halfulp: " and the text. Never fails.
void note(const std::string& text);

// A file written piece by piece that appears whole or not at all (formats/output_file.h); "-" and
// /dev/stdout are standard output. All throw Error naming the path.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);

  void write(std::string_view content);
  void commit();

 private:
  std::optional<halfulp::OutputFile> file_;  // none: standard output
};
// All of a file at once.
void write_file(const std::string& path, std::string_view content);
// Throws Error where write_file could not write the path: to be asked before long work.
void require_writable(const std::string& path);
// Does the path say standard output: "-", /dev/stdout or another name of descriptor 1?
bool is_standard_output(const std::string& path);

}  // namespace halfulp::cli

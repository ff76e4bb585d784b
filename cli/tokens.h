// SPDX-License-Identifier: MIT
//
// Tokens from the command line or from standard input, one at a time: separated by blanks and line
// ends, in constant memory. Standard output is flushed before every read that may wait, so a
// program at the other end of a pipe has its answers before it sends more.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace halfulp::cli {

class TokenReader {
 public:
  // No words: standard input. A word "-" stands for standard input too.
  explicit TokenReader(std::vector<std::string> words);

  // False at the end. Throws Error where standard input cannot be read or a token is endless.
  bool next(std::string& token);
  // Where the last token stood: "standard input, line 7" or "argument 2".
  [[nodiscard]] std::string place() const;

 private:
  bool next_from_input(std::string& token);
  bool read_more();

  std::vector<std::string> words_;
  std::size_t word_ = 0;
  bool reading_input_ = false;
  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
};

}  // namespace halfulp::cli

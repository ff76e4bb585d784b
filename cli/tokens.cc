// SPDX-License-Identifier: MIT
#include "cli/tokens.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/output.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::cli {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 16;
// A number, a slash and random bits.
constexpr std::size_t longest_token = longest_literal + 32;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

TokenReader::TokenReader(std::vector<std::string> words) : words_(std::move(words)) {
  if (words_.empty()) words_.emplace_back("-");
}

bool TokenReader::next(std::string& token) {
  while (true) {
    if (reading_input_) {
      if (next_from_input(token)) return true;
      reading_input_ = false;
    }
    if (word_ == words_.size()) return false;
    token = words_[word_++];
    if (token != "-") return true;
    reading_input_ = true;
  }
}

// False at the end.
bool TokenReader::read_more() {
  flush_output();
  buffer_.resize(buffer_size);
  ssize_t count = 0;
  do {
    count = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0)
    throw Error(std::string("cannot be read (") + std::strerror(errno) + ")", "standard input");
  buffer_.resize(static_cast<std::size_t>(count));
  position_ = 0;
  return count > 0;
}

// The separator behind a token stays in the buffer, so that line_ is the token's own line.
bool TokenReader::next_from_input(std::string& token) {
  token.clear();
  while (position_ < buffer_.size() || read_more()) {
    std::size_t at = position_;
    if (token.empty()) {
      for (; at < buffer_.size() && is_blank(buffer_[at]); ++at)
        line_ += buffer_[at] == '\n' ? 1 : 0;
    }
    std::size_t end = at;
    while (end < buffer_.size() && !is_blank(buffer_[end])) ++end;
    token.append(buffer_, at, end - at);
    position_ = end;
    if (token.size() > longest_token)
      throw Error("a token of more than " + std::to_string(longest_token) + " characters", place(),
                  "separate tokens by blanks or line ends");
    if (end < buffer_.size()) return true;
  }
  return !token.empty();
}

std::string TokenReader::place() const {
  if (reading_input_) return "standard input, line " + std::to_string(line_);
  return "argument " + std::to_string(word_);
}

}  // namespace halfulp::cli

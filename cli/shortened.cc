// SPDX-License-Identifier: MIT
#include "cli/shortened.h"

#include <cstddef>

namespace halfulp::cli {
namespace {

constexpr std::size_t longest_quoted = 100;
constexpr std::size_t longest_word = 200;
constexpr std::size_t longest_line = 1000;

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// Cuts between characters of UTF-8.
std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::string gap = "...";
  std::size_t head = (most - gap.size()) * 2 / 3;
  std::size_t tail = text.size() - (most - gap.size() - head);
  while (head > 0 && continues_a_character(text[head])) --head;
  while (tail < text.size() && continues_a_character(text[tail])) ++tail;
  return text.substr(0, head) + gap + text.substr(tail);
}

// The end of what begins at `start` with a quotation mark, that mark included; npos where there is
// none.
std::size_t end_of_quoted(const std::string& text, std::size_t start) {
  const std::size_t end = text.find('"', start + 1);
  return end == std::string::npos ? end : end + 1;
}

}  // namespace

std::string shortened(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ') {
      out += text[at++];
      continue;
    }
    std::size_t end = text[at] == '"' ? end_of_quoted(text, at) : std::string::npos;
    const bool quoted = end != std::string::npos;
    if (!quoted) end = text.find_first_of(" \"", at + 1);
    if (end == std::string::npos) end = text.size();
    out += cut(text.substr(at, end - at), quoted ? longest_quoted : longest_word);
    at = end;
  }
  return cut(out, longest_line);
}

}  // namespace halfulp::cli

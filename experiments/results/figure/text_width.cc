// SPDX-License-Identifier: MIT
#include "experiments/results/figure/text_width.h"

#include <algorithm>
#include <array>

namespace halfulp::experiments {
namespace {

// Advances of the characters 32 to 126, in thousandths of the font's size.
constexpr std::array<int, 95> advances{
    318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,  // blank to /
    636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,  // 0 to ?
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,  // @ to O
    603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,  // P to _
    500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,  // ` to o
    635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};      // p to ~

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The bytes of the character that begins at `at`.
std::size_t length_at(const std::string& text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && end < at + 4 && continues(text[end])) ++end;
  return end - at;
}

double width_at(const std::string& text, std::size_t at, std::size_t length) {
  constexpr int letter = 640;  // Latin, Greek and Cyrillic letters beyond ASCII, at the median
  constexpr int wide = 1000;   // most symbols are no wider, nor are Chinese characters
  const auto byte = static_cast<unsigned char>(text[at]);
  int advance = length >= 3 ? wide : letter;
  if (length == 1 && byte >= ' ' && byte < 0x7f) advance = advances[byte - ' '];
  if (text.compare(at, length, "−") == 0) advance = advances['+' - ' '];
  return advance * font_size / 1000;
}

}  // namespace

double text_width(const std::string& text) {
  double width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_at(text, at);
    width += width_at(text, at, length);
    at += length;
  }
  return width;
}

std::vector<std::string> wrapped(const std::string& text, double width, std::size_t most_lines) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    double used = 0;
    std::size_t end = start;
    std::size_t blank = std::string::npos;
    while (end < text.size()) {
      const std::size_t length = length_at(text, end);
      used += width_at(text, end, length);
      if (used > width && end > start) break;
      if (text[end] == ' ' && end > start) blank = end;
      end += length;
    }
    if (end < text.size() && blank != std::string::npos) end = blank;
    lines.push_back(text.substr(start, end - start));
    start = end;
    while (start < text.size() && text[start] == ' ') ++start;
    if (lines.size() == most_lines && start < text.size()) {
      lines.back() += "…";
      break;
    }
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

}  // namespace halfulp::experiments

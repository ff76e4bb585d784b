// SPDX-License-Identifier: MIT
//
// How wide a text stands in a figure, so that legends and labels get the room that they need. The
// widths are those of DejaVu Sans, the font that figures ask for first; Verdana, the next, has
// nearly the same, and the rest are narrower.
#pragma once

#include <string>
#include <vector>

namespace halfulp::experiments {

inline constexpr double font_size = 11;  // pixels

// In pixels, of UTF-8 text (a malformed byte counts as a letter).
double text_width(const std::string& text);

// The text on lines of at most `width` pixels, broken at blanks (inside words that are longer than
// a line); what goes beyond `most_lines` ends in "…".
std::vector<std::string> wrapped(const std::string& text, double width, std::size_t most_lines);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// What there is to say about a format in numbers.
// Everything follows from the five questions of formats/codes.h, and from the fields where a count
// of bits or of NaN codes is asked for.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/json.h"
#include "golden/words/table.h"

namespace halfulp::words {

struct FormatFacts {
  std::string name, kind;
  int bits = 0;
  std::string exponent_bits;  // "8"; of takums, whose numbers have 0 to 7, "0-7"; empty: none
  // Of tapered formats the fewest and the most; none where precision is that of a logarithm or a
  // list.
  std::optional<int> fewest_significand_bits, significand_bits;
  std::string bias;                // floats
  std::string lowest, largest;     // finite
  std::string smallest_normal;     // of kinds without subnormal numbers the smallest positive one
  std::string smallest_subnormal;  // empty: none
  int infinities = 0;
  std::string nans;  // codes that are NaN
  std::vector<std::string> aliases;
  std::string source;
  std::vector<std::pair<std::string, std::string>> own;  // what only this kind has: name, text
};
FormatFacts facts_of(const Format& format);

// The table of all formats in at most 100 columns: its titles, and a format's row.
const std::vector<Column>& short_columns();
std::vector<std::string> short_row_of(const Format& format, const FormatFacts& facts);

// The same with all facts.
const std::vector<Column>& fact_columns();
std::vector<std::string> row_of(const FormatFacts& facts);

// The description with the facts behind it.
Json json_of(const Format& format, const FormatFacts& facts);

// With commas between; and so many of them that they fit, "..." for the rest.
std::string joined(const std::vector<std::string>& words);
std::string joined_within(const std::vector<std::string>& words, std::size_t width);

}  // namespace halfulp::words

// SPDX-License-Identifier: MIT
//
// How one number is rounded, said to people, in parts that know nothing of each other but this:
// what was asked and what the reference found, the words that both outputs share
// (explanation_words.cc), and the two outputs (explanation_text.cc, explanation_json.cc).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "formats/json.h"
#include "formats/rounding.h"
#include "golden/words/numbers.h"
#include "reference/explain/explain.h"

namespace halfulp::words {

struct ExplainReport {
  std::string input;           // as it was given
  std::optional<Format> from;  // and the code that it is in that format
  Code code = 0;
  bool rounded_first = false;  // the input was a number, and that code is its nearest
  Quantizer quantizer;
  reference::Explanation found;
  NumberStyle style;
};

// Throws Error where a number is so far from 1 that its exact digits take too long.
void require_explainable(const Real& x);

std::string text_of(const ExplainReport& report);
Json json_of(const ExplainReport& report);

// The value of a code of the format that is rounded to.
std::string value_text(const ExplainReport& report, Code code);
// "127/2^8"; empty where there is no chance.
std::string chance_text(const reference::Answer& answer, const reference::Chance& chance);
// Where nearest turns: "the middle", ...
std::string turn_words(const Format& format);
// What is peculiar about where the number lies, a sentence each.
std::vector<std::string> situation_words(const ExplainReport& report);
// A wrong path's name, and what it does.
struct PathWords {
  std::string name, what;
};
PathWords path_words(const reference::WrongPath& path);
// "between", "beyond", ...
std::string place_word(reference::Located::Place place);

}  // namespace halfulp::words

// SPDX-License-Identifier: MIT
//
// halfulp explain, in three parts that know nothing of each other but this: what was asked and what
// the reference found (explain.cc), the words that both outputs share (explain_words.cc), and the
// two outputs (explain_text.cc, explain_json.cc).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "formats/json.h"
#include "formats/rounding.h"
#include "reference/explain/explain.h"

namespace halfulp::cli {

struct ExplainReport {
  std::string input;           // as it was given
  std::optional<Format> from;  // and the code that it is in that format
  Code code = 0;
  bool rounded_first = false;  // the input was a number, and that code is its nearest
  Quantizer quantizer;
  reference::Explanation found;
  NumberStyle style;
};

std::string text_of(const ExplainReport& report);
Json json_of(const ExplainReport& report);

// An exact number in words. form: exactly what it is, "3 * 2^-4", "1/10", or "2^(1/8)" where it is
// irrational; empty where that is long or says nothing new.
struct NumberWords {
  std::string decimal;
  bool exact = true;
  std::string form;
  std::string hexadecimal;  // numbers that are an integer times a power of two
};
NumberWords number_words(const reference::Quotient& q);

// The value of a code of the format that is rounded to.
std::string value_text(const ExplainReport& report, Code code);
// "01 inexact"
std::string flags_text(std::uint8_t flags);
std::string flags_digits(std::uint8_t flags);
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

}  // namespace halfulp::cli

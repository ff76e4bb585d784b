// SPDX-License-Identifier: MIT
//
// What stands in a token or behind an option: formats, codes, random bits; and how an outcome is
// printed.
#pragma once

#include <cstdint>
#include <string>

#include "formats/engine.h"
#include "formats/format.h"
#include "formats/json.h"

namespace halfulp::cli {

// Throws Error with the option's name as location.
Format format_at(const std::string& option, const std::string& text);

// Hexadecimal digits behind 0x. A hexadecimal literal with a point or an exponent is a number.
bool is_prefixed_code(const std::string& text);

// "0x5a" or "90". Throws Error where that is no number of at most random_bits bits.
std::uint64_t parse_random(const std::string& text, int random_bits);

// "01"
std::string flag_digits(std::uint8_t flags);

// An outcome in words: `code value flags` on a line, or members of a JSON object.
struct Answer {
  std::string code, value, flags;

  [[nodiscard]] std::string line() const { return code + " " + value + " " + flags + "\n"; }
  void add_to(Json& object) const;
};
// hexadecimal: the value as a C hexadecimal float, else the shortest decimal of the code.
Answer answer_of(const Format& format, const Outcome& outcome, bool hexadecimal);

}  // namespace halfulp::cli

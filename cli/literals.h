// SPDX-License-Identifier: MIT
//
// What stands in a token or behind an option: formats, codes, random bits; and how an outcome is
// printed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/verb.h"
#include "emulator/operations/number_rounder.h"
#include "formats/engine.h"
#include "formats/format.h"
#include "formats/json.h"
#include "golden/words/numbers.h"

namespace halfulp {
struct Real;  // formats/numbers/value.h
}

namespace halfulp::cli {

// Throws Error with the option's name as location.
Format format_at(const std::string& option, const std::string& text);

// One rule of tokens for every verb: "0x..." without an exponent behind a p is a code, everything
// else is a number. Under --codes all tokens are codes, with or without 0x; so are the fields of
// vector files. Nothing is guessed from the digits.
enum class Tokens { numbers_and_codes, codes };

// An operand of `format`: a code, or a number, which is rounded to it, to nearest even, by the
// reference or the emulator. Throws Error where the token is neither.
struct Operand {
  Code code = 0;
  bool rounded = false;  // the token was a number
};
Operand operand_of(const Format& format, const std::string& token, Tokens tokens, bool reference);

// The same, token after token.
class OperandReader {
 public:
  OperandReader(Format format, Tokens tokens, bool reference);
  [[nodiscard]] const Format& format() const { return format_; }
  [[nodiscard]] Operand read(std::string_view token) const;

 private:
  Format format_;
  Tokens tokens_;
  bool reference_;
  emulator::NumberRounder nearest_;
};

// The number that a token is. Throws Error where it is a code, which needs a format; `remedy` says
// how to give it one.
Real number_of(std::string_view token, std::string_view remedy);
// The same check alone.
void require_number(std::string_view token, std::string_view remedy);

// "0x5a" or "90". Throws Error where that is no number of at most random_bits bits.
std::uint64_t parse_random(std::string_view text, int random_bits);

using words::exact_number_text;
using words::flag_digits;
using words::number_text;

// An outcome in words: `code value flags` on a line, or members of a JSON object.
struct Answer {
  std::string code, value, flags;

  [[nodiscard]] std::string line() const { return code + " " + value + " " + flags + "\n"; }
  void add_to(Json& object) const;
};
Answer answer_of(const Format& format, const Outcome& outcome, const NumberStyle& style);
// Its line alone.
void append_line(const Format& format, const Outcome& outcome, const NumberStyle& style,
                 std::string& text);

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
#include "cli/literals.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/at_option.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/round.h"

namespace halfulp::cli {

Format format_at(const std::string& option, const std::string& text) {
  return at_option(option, [&] { return format_from_text(text); });
}

namespace {

// "0x..." without a p, a sign before it included: no number has this form.
bool has_form_of_code(std::string_view text) {
  const std::size_t start = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  return text.size() > start + 1 && text[start] == '0' &&
         (text[start + 1] == 'x' || text[start + 1] == 'X') &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == 'p' || c == 'P'; });
}

// A sign or a point makes sense in a number only.
bool has_form_of_number(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '+' || c == '-' || c == '.'; });
}

std::string as_number(std::string_view text) { return std::string(text) + "p0"; }

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace

OperandReader::OperandReader(Format format, Tokens tokens, bool reference)
    : format_(std::move(format)),
      tokens_(tokens),
      reference_(reference),
      nearest_({.format = format_, .rounding = {}}) {}

Operand OperandReader::read(std::string_view token) const {
  if (tokens_ == Tokens::codes) return {.code = parse_code(format_, token)};
  if (has_form_of_code(token)) {
    if (has_form_of_number(token))
      throw Error(in_quotes(token) + " is no code of " + format_.name, "",
                  "as a number it is written with an exponent: " + as_number(token));
    return {.code = parse_code(format_, token)};
  }
  if (!reference_) return {.code = nearest_.round_literal(token, 0).code, .rounded = true};
  const Quantizer nearest{.format = format_, .rounding = {}};
  return {.code = reference::round(parse_real(token), nearest, 0).code, .rounded = true};
}

Operand operand_of(const Format& format, const std::string& token, Tokens tokens, bool reference) {
  return OperandReader(format, tokens, reference).read(token);
}

void require_number(std::string_view token, std::string_view remedy) {
  if (!has_form_of_code(token)) return;
  const std::string number = "for the number write " + as_number(token);
  if (has_form_of_number(token))
    throw Error(in_quotes(token) + " is neither a code nor a number", "", number);
  throw Error(in_quotes(token) + " is a code, and no format says what it stands for", "",
              std::string(remedy) + ", or " + number);
}

Real number_of(std::string_view token, std::string_view remedy) {
  require_number(token, remedy);
  return parse_real(token);
}

std::uint64_t parse_random(std::string_view text, int random_bits) {
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const std::string_view digits = text.substr(hexadecimal ? 2 : 0);
  const std::string_view allowed = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
  if (digits.empty() || digits.find_first_not_of(allowed) != std::string::npos)
    throw Error(in_quotes(text) + " behind the slash is no number", "",
                "random bits are written as in 0.3/0x5a");
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
  if (error != std::errc() || (random_bits < 64 && value >> random_bits != 0))
    throw Error(std::string(text) + " has more than " + counted(random_bits, "bit"), "",
                "raise --random-bits or give fewer bits");
  return value;
}

Answer answer_of(const Format& format, const Outcome& outcome, const NumberStyle& style) {
  return {.code = code_text(format, outcome.code),
          .value = number_text(format, outcome.code, style),
          .flags = flag_digits(outcome.flags)};
}

void append_line(const Format& format, const Outcome& outcome, const NumberStyle& style,
                 std::string& text) {
  text += code_text(format, outcome.code);
  text += ' ';
  text += number_text(format, outcome.code, style);
  text += ' ';
  text += flag_digits(outcome.flags);
  text += '\n';
}

void Answer::add_to(Json& object) const {
  object["code"] = code;
  object["value"] = value;
  object["flags"] = flags;
}

}  // namespace halfulp::cli

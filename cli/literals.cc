// SPDX-License-Identifier: MIT
#include "cli/literals.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "cli/at_option.h"
#include "emulator/operations/scalar.h"
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
bool has_form_of_code(const std::string& text) {
  const std::size_t start = text.find_first_not_of("+-");
  return start <= 1 && text.size() > start + 1 && text[start] == '0' &&
         (text[start + 1] == 'x' || text[start + 1] == 'X') &&
         text.find_first_of("pP") == std::string::npos;
}

// A sign or a point makes sense in a number only.
bool has_form_of_number(const std::string& text) {
  return text.find_first_of("+-.") != std::string::npos;
}

std::string as_number(const std::string& text) { return text + "p0"; }

}  // namespace

Operand operand_of(const Format& format, const std::string& token, Tokens tokens, bool reference) {
  if (tokens == Tokens::codes) return {.code = parse_code(format, token)};
  if (has_form_of_code(token)) {
    if (has_form_of_number(token))
      throw Error("\"" + token + "\" is no code of " + format.name, "",
                  "as a number it is written with an exponent: " + as_number(token));
    return {.code = parse_code(format, token)};
  }
  const Quantizer nearest{.format = format, .rounding = {}};
  const Real x = parse_real(token);
  return {.code = reference ? reference::round(x, nearest, 0).code
                            : emulator::round_real(x, nearest, 0).code,
          .rounded = true};
}

Real number_of(const std::string& token, const std::string& remedy) {
  if (has_form_of_code(token)) {
    const std::string number = "for the number write " + as_number(token);
    if (has_form_of_number(token))
      throw Error("\"" + token + "\" is neither a code nor a number", "", number);
    throw Error("\"" + token + "\" is a code, and no format says what it stands for", "",
                remedy + ", or " + number);
  }
  return parse_real(token);
}

std::uint64_t parse_random(const std::string& text, int random_bits) {
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const std::string digits = hexadecimal ? text.substr(2) : text;
  const std::string_view allowed = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
  if (digits.empty() || digits.find_first_not_of(allowed) != std::string::npos)
    throw Error("\"" + text + "\" behind the slash is no number", "",
                "random bits are written as in 0.3/0x5a");
  std::uint64_t value = 0;
  bool fits = true;
  try {
    value = std::stoull(digits, nullptr, hexadecimal ? 16 : 10);
  } catch (const std::out_of_range&) {
    fits = false;
  }
  if (!fits || (random_bits < 64 && value >> random_bits != 0))
    throw Error(text + " has more than " + counted(random_bits, "bit"), "",
                "raise --random-bits or give fewer bits");
  return value;
}

std::string flag_digits(std::uint8_t flags) {
  constexpr const char* digits = "0123456789abcdef";
  return {digits[flags >> 4U], digits[flags & 15U]};
}

std::string number_text(const Format& format, Code code, const NumberStyle& style) {
  if (style.hexadecimal) return hexadecimal_text(decode(format, code));
  return style.exact ? exact_text(format, code) : value_text(format, code);
}

std::string exact_number_text(const Format& format, Code code) {
  constexpr std::size_t few = 12;
  const std::string digits = exact_text(format, code);
  return digits.size() <= few ? digits : hexadecimal_text(decode(format, code));
}

Answer answer_of(const Format& format, const Outcome& outcome, const NumberStyle& style) {
  return {.code = code_text(format, outcome.code),
          .value = number_text(format, outcome.code, style),
          .flags = flag_digits(outcome.flags)};
}

void Answer::add_to(Json& object) const {
  object["code"] = code;
  object["value"] = value;
  object["flags"] = flags;
}

}  // namespace halfulp::cli

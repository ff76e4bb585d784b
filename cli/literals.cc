// SPDX-License-Identifier: MIT
#include "cli/literals.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::cli {

Format format_at(const std::string& option, const std::string& text) {
  try {
    return format_from_text(text);
  } catch (const Error& error) {
    throw error.at(option);
  }
}

bool is_prefixed_code(const std::string& text) {
  return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
         text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
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

Answer answer_of(const Format& format, const Outcome& outcome, bool hexadecimal) {
  return {.code = code_text(format, outcome.code),
          .value = hexadecimal ? hexadecimal_text(decode(format, outcome.code))
                               : shortest_text(format, outcome.code),
          .flags = flag_digits(outcome.flags)};
}

void Answer::add_to(Json& object) const {
  object["code"] = code;
  object["value"] = value;
  object["flags"] = flags;
}

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
#include "cli/counts.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "formats/error.h"

namespace halfulp::cli {
namespace {

constexpr const char* decimal_digits = "0123456789";
constexpr std::size_t longest_shown = 40;

bool is_digits(std::string_view text) {
  return text.find_first_not_of(decimal_digits) == std::string_view::npos;
}

std::string in_quotes(const std::string& text) {
  return text.size() > longest_shown ? '"' + text.substr(0, longest_shown) + "...\""
                                     : '"' + text + '"';
}

// The exponent behind e: 0 where there is none. False where it is no number.
bool parse_exponent(std::string_view text, int& exponent) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  return error == std::errc() && end == text.data() + text.size();
}

// What the digits say.
std::uint64_t value_of(const std::string& text) {
  const std::string hint = "write a whole number, as 1000000 or 1e6";
  const Error no_count(in_quotes(text) + " is no count", "", hint);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (e < text.size() && !parse_exponent(std::string_view(text).substr(e + 1), exponent))
    throw no_count;
  const std::string_view mantissa = std::string_view(text).substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction = mantissa.substr(std::min(point + 1, mantissa.size()));
  if ((whole.empty() && fraction.empty()) || !is_digits(whole) || !is_digits(fraction))
    throw no_count;
  // digits * 10^exponent, no digit behind the point and none needless.
  std::string digits = std::string(whole) + std::string(fraction);
  std::int64_t power = exponent - static_cast<std::int64_t>(fraction.size());
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return 0;
  for (; digits.back() == '0'; ++power) digits.pop_back();
  if (power < 0) throw Error(in_quotes(text) + " is no whole number", "", hint);
  constexpr std::int64_t most_zeros = 20;
  digits.append(static_cast<std::size_t>(std::min(power, most_zeros)), '0');
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw Error(in_quotes(text) + " is more than counts go to", "",
                "they go to " + std::to_string(UINT64_MAX));
  return count;
}

}  // namespace

std::uint64_t parse_count(const std::string& text, std::uint64_t least, std::uint64_t most) {
  const std::uint64_t count = value_of(text);
  if (count >= least && count <= most) return count;
  throw Error(in_quotes(text) + " is out of range", "",
              most == UINT64_MAX
                  ? "at least " + std::to_string(least) + " is needed"
                  : std::to_string(least) + " to " + std::to_string(most) + " is possible");
}

}  // namespace halfulp::cli

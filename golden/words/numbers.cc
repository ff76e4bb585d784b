// SPDX-License-Identifier: MIT
#include "golden/words/numbers.h"

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::words {
namespace {

constexpr int most_digits = 25;     // an exact decimal may have
constexpr int rounded_digits = 12;  // another one has
constexpr std::size_t longest_fraction = 40;

// "2^(-3/8)" of a number that is a power of two or of e, as logarithmic formats have them.
std::string power_text(const Value& v) {
  if (v.is_dyadic() || v.significand != 1) return {};
  const bool natural = v.natural_power != 0;
  if (natural && (v.binary_power != 0 || v.exponent != 0)) return {};
  Integer power = natural ? Integer(v.natural_power)
                          : (Integer(v.exponent) << static_cast<unsigned>(v.power_bits)) +
                                Integer(v.binary_power);
  int bits = v.power_bits;
  for (; bits > 0 && power % 2 == 0; --bits) power /= 2;
  const std::string exponent =
      bits == 0 ? power.str() : power.str() + "/" + Integer(Integer(1) << bits).str();
  return std::string(v.negative ? "-" : "") + (natural ? "e^(" : "2^(") + exponent + ")";
}

}  // namespace

std::string number_text(const Format& format, Code code, const NumberStyle& style) {
  if (style.hexadecimal) return hexadecimal_text(decode(format, code));
  return style.exact ? exact_text(format, code) : value_text(format, code);
}

std::string exact_number_text(const Format& format, Code code) {
  constexpr std::size_t few = 12;
  const std::string digits = exact_text(format, code);
  return digits.size() <= few ? digits : hexadecimal_text(decode(format, code));
}

NumberWords number_words(const reference::Quotient& q) {
  const reference::DecimalText decimal = decimal_of(q, most_digits, rounded_digits);
  NumberWords words{.decimal = decimal.text, .exact = decimal.exact, .form = {}, .hexadecimal = {}};
  const std::optional<reference::Fraction> fraction = fraction_of(q);
  if (!fraction) {
    if (q.numerator.size() == 1 || (q.numerator.size() == 2 && q.numerator.back().is_zero()))
      words.form = power_text(q.numerator.front());
    return words;
  }
  const std::string text = fraction_text(*fraction, longest_fraction).value_or("");
  if (text != decimal.text) words.form = text;
  if (fraction->denominator == 1) {
    Value v = integer_value(fraction->numerator);
    v.negative = fraction->negative;
    v.exponent = fraction->exponent;
    words.hexadecimal = hexadecimal_text(v);
  }
  return words;
}

std::string flag_digits(std::uint8_t flags) {
  constexpr const char* digits = "0123456789abcdef";
  return {digits[flags >> 4U], digits[flags & 15U]};
}

std::string flags_text(std::uint8_t flags) {
  std::string text = flag_digits(flags);
  if ((flags & flags::invalid) != 0) text += " invalid";
  if ((flags & flags::divide_by_zero) != 0) text += " divide by zero";
  if ((flags & flags::overflow) != 0) text += " overflow";
  if ((flags & flags::underflow) != 0) text += " underflow";
  if ((flags & flags::inexact) != 0) text += " inexact";
  return text;
}

}  // namespace halfulp::words

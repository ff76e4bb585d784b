// SPDX-License-Identifier: MIT
#include "golden/vectors/fptest.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"

namespace halfulp::vectors {
namespace {

using OpSymbol = std::pair<Op, std::string_view>;
constexpr std::array<OpSymbol, 19> op_symbols{{{Op::add, "+"},
                                               {Op::subtract, "-"},
                                               {Op::multiply, "*"},
                                               {Op::divide, "/"},
                                               {Op::fused_multiply_add, "*+"},
                                               {Op::square_root, "V"},
                                               {Op::remainder, "%"},
                                               {Op::round_to_integral_exact, "rfi"},
                                               {Op::convert, "cff"},
                                               {Op::convert, "cif"},
                                               {Op::to_integer_exact, "cfi"},
                                               {Op::negate, "~"},
                                               {Op::absolute, "A"},
                                               {Op::copy_sign, "@"},
                                               {Op::log_b, "L"},
                                               {Op::min_num, "<C"},
                                               {Op::max_num, ">C"},
                                               {Op::min_num_magnitude, "<A"},
                                               {Op::max_num_magnitude, ">A"}}};

using ModeSymbol = std::pair<Mode, std::string_view>;
constexpr std::array<ModeSymbol, 5> mode_symbols{{{Mode::toward_positive, ">"},
                                                  {Mode::toward_negative, "<"},
                                                  {Mode::toward_zero, "0"},
                                                  {Mode::nearest_even, "=0"},
                                                  {Mode::nearest_away, "=^"}}};

using FormatSymbol = std::pair<std::string_view, std::string_view>;
constexpr std::array<FormatSymbol, 3> format_symbols{
    {{"binary32", "b32"}, {"binary64", "b64"}, {"binary128", "b128"}}};

bool is_integer(const Format& format) {
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  return fixed != nullptr && fixed->fraction_bits == 0;
}

std::string symbol_of(const Format& format) {
  for (const auto& [name, symbol] : format_symbols) {
    if (find_format(name).kind == format.kind) return std::string(symbol);
  }
  return "{" + format.name + "}";
}

std::string symbol_of(Op op, const Format& input) {
  for (const auto& [candidate, symbol] : op_symbols) {
    const bool other_cast = op == Op::convert && is_integer(input) != (symbol == "cif");
    if (candidate == op && !other_cast) return std::string(symbol);
  }
  throw Error("the style fptest has no word for the operation " + std::string(name_of(op)), "",
              "take testfloat, csv or json");
}

std::string_view next_word(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return rest = {};
  const std::size_t end = std::min(rest.find_first_of(" \t\r", begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

std::string in_quotes(std::string_view text) {
  return '"' + tensors::printable(text.substr(0, 60)) + '"';
}

Error no_number(const Format& format, std::string_view text) {
  const auto* f = std::get_if<Float>(&format.kind);
  return Error(in_quotes(text) + " is no number of " + format.name, "",
               f == nullptr ? "write an integer with its sign"
                            : "write +1.0P0 with as many digits as the fraction field has, "
                              "+Zero, +Inf, Q or S");
}

Code fraction_mask(const Float& f) { return (Code{1} << f.fraction_bits) - 1; }
int fraction_digits(const Float& f) { return std::max(1, (f.fraction_bits + 3) / 4); }

// A NaN whose quiet bit is not set, where the format has one; else its quiet NaN.
Code signalling_code(const Format& format) {
  const Code code = nan_code(format, false);
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr || f->fraction_bits < 2) return code;
  const Code candidate = (code & ~fraction_mask(*f)) | 1;
  const Value value = decode(format, candidate);
  return value.is_nan() && value.signalling ? candidate : code;
}

std::uint8_t parse_flags(std::string_view text) {
  std::uint8_t raised = 0;
  for (const char c : text) {
    switch (c) {
      case 'x':
        raised |= flags::inexact;
        break;
      case 'u':
      case 'v':
      case 'w':
        raised |= flags::underflow;
        break;
      case 'o':
        raised |= flags::overflow;
        break;
      case 'z':
        raised |= flags::divide_by_zero;
        break;
      case 'i':
        raised |= flags::invalid;
        break;
      default:
        throw Error(in_quotes(text) + " are no flags", "", "the flags are x, u, o, z and i");
    }
  }
  return raised;
}

bool are_exceptions(std::string_view word) {
  return !word.empty() && word.find_first_not_of("xuozi") == std::string_view::npos;
}

template <typename Number>
bool parse_integer(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Digits of any width.
bool parse_hexadecimal(std::string_view text, Code& number) {
  number = 0;
  for (const char c : text) {
    std::uint8_t digit = 0;
    if (number >> 124 != 0 || !parse_integer(std::string_view(&c, 1), digit, 16)) return false;
    number = number << 4 | digit;
  }
  return !text.empty();
}

// The magnitude of "1.7FFFFFP127"; false where the format has no such number.
bool parse_magnitude(const Float& f, std::string_view text, Code& magnitude) {
  const std::size_t p = text.find('P');
  if (p == std::string_view::npos || p < 3 || text[1] != '.' || (text[0] != '0' && text[0] != '1'))
    return false;
  std::string_view exponent_text = text.substr(p + 1);
  if (!exponent_text.empty() && exponent_text[0] == '+') exponent_text.remove_prefix(1);
  Code fraction = 0;
  std::int64_t exponent = 0;
  if (!parse_hexadecimal(text.substr(2, p - 2), fraction) || fraction > fraction_mask(f) ||
      static_cast<int>(p) - 2 != fraction_digits(f) || !parse_integer(exponent_text, exponent))
    return false;
  constexpr std::int64_t farthest = std::int64_t{1} << 30;
  if (exponent > farthest || exponent < -farthest) return false;
  if (text[0] == '0') {
    magnitude = fraction;
    return f.subnormals && exponent == 1 - f.bias;
  }
  const std::int64_t field = exponent + f.bias;
  const std::int64_t least = f.subnormals ? 1 : 0;
  if (field < least || field >= std::int64_t{1} << f.exponent_bits) return false;
  magnitude = static_cast<Code>(field) << f.fraction_bits | fraction;
  return true;
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '+' || text[0] == '-') ? text.substr(1) : text;
}

}  // namespace

Fptest::Fptest(const Layout& layout) : layout_(layout) {
  const auto usable = [](const Format& format) {
    return std::holds_alternative<Float>(format.kind) || is_integer(format);
  };
  const Format& result = layout_.output.format;
  for (const Format& format : layout_.inputs) {
    if (!usable(format) || !usable(result))
      throw Error("the style fptest has no numbers of " + (usable(format) ? result : format).name,
                  "", "take testfloat, csv or json");
  }
  const bool one_format = std::all_of(layout_.inputs.begin(), layout_.inputs.end(),
                                      [&](const Format& f) { return f.kind == result.kind; });
  if (one_format && layout_.op != Op::convert) {
    head_ = symbol_of(result);
  } else {
    for (const Format& format : layout_.inputs) head_ += symbol_of(format);
    head_ += symbol_of(result);
  }
  head_ += symbol_of(layout_.op, layout_.inputs.front());
  for (const auto& [mode, symbol] : mode_symbols) {
    if (mode == layout_.output.rounding.mode) mode_ = symbol;
  }
  if (mode_.empty())
    throw Error("the style fptest has no word for the rounding " +
                    std::string(name_of(layout_.output.rounding.mode)),
                "", "take testfloat, csv or json");
}

void Fptest::append_number(const Format& format, Code code, std::string& text) const {
  const Value value = decode(format, code);
  if (value.is_nan()) {
    text += value.signalling ? "S" : "Q";
    return;
  }
  text += value.negative ? '-' : '+';
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr) {
    Integer integer = value.significand;
    integer <<= static_cast<unsigned>(value.exponent);
    text += integer.str();
  } else if (value.is_infinite()) {
    text += "Inf";
  } else if (value.is_zero()) {
    text += "Zero";
  } else {
    const auto field = static_cast<std::int64_t>(code >> f->fraction_bits) &
                       ((std::int64_t{1} << f->exponent_bits) - 1);
    const bool subnormal = field == 0 && f->subnormals;
    text += subnormal ? "0." : "1.";
    append_hexadecimal(text, code & fraction_mask(*f), fraction_digits(*f));
    text += "P" + std::to_string(field + (subnormal ? 1 : 0) - f->bias);
  }
}

Code Fptest::parse_number(const Format& format, std::string_view text) const {
  const auto* f = std::get_if<Float>(&format.kind);
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view rest = without_sign(text);
  if (f == nullptr) {
    constexpr std::size_t longest = 40;
    if (rest.empty() || rest.size() > longest ||
        rest.find_first_not_of("0123456789") != std::string_view::npos)
      throw no_number(format, text);
    Integer digits(0);
    for (const char c : rest) digits = digits * 10 + (c - '0');
    Value value = integer_value(digits);
    value.negative = negative && !value.is_zero();
    return encode(format, value);
  }
  if (has_nan(format) && rest == "Q") return nan_code(format, false);
  if (has_nan(format) && rest == "S") return signalling_code(format);
  if (negative && !f->sign) throw no_number(format, text);
  if (has_infinity(format) && rest == "Inf") return infinity_code(format, negative);
  if (rest == "Zero" && f->zero && (!negative || f->negative_zero))
    return zero_code(format, negative);
  Code code = 0;
  if (!parse_magnitude(*f, rest, code)) throw no_number(format, text);
  if (negative) code |= Code{1} << (bits(format) - 1);
  const Value value = decode(format, code);
  if (!value.is_finite() || (value.is_zero() && rest[0] == '1')) throw no_number(format, text);
  return code;
}

void Fptest::append(const Case& c, std::string& text) const {
  text += head_ + " " + mode_ + " ";
  for (std::size_t i = 0; i < layout_.inputs.size(); ++i) {
    append_number(layout_.inputs[i], c.operands[i], text);
    text += ' ';
  }
  text += "-> ";
  append_number(layout_.output.format, c.result, text);
  text += ' ';
  const std::array<std::pair<std::uint8_t, char>, 5> letters{{{flags::inexact, 'x'},
                                                              {flags::underflow, 'u'},
                                                              {flags::overflow, 'o'},
                                                              {flags::divide_by_zero, 'z'},
                                                              {flags::invalid, 'i'}}};
  for (const auto& [flag, letter] : letters) {
    if ((c.flags & flag) != 0) text += letter;
  }
  text += '\n';
}

bool Fptest::is_case(std::string_view line) {
  return line.size() > 1 && (line[0] == '{' || ((line[0] == 'b' || line[0] == 'd') &&
                                                line[1] >= '0' && line[1] <= '9'));
}

Fptest::Line Fptest::read(std::string_view line, Case& c) const {
  std::string_view rest = line;
  // Names in braces have no blanks, JSON texts may: they are compared as a whole.
  const std::size_t begin = rest.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return Line::nothing;
  rest.remove_prefix(begin);
  if (!is_case(rest) || rest.find("->") == std::string_view::npos)
    throw Error(in_quotes(rest) + " is no line of the style fptest", "",
                "write it as \"b32+ =0 +1.000000P0 +1.000000P0 -> +1.000000P1\"");
  if (rest.substr(0, head_.size()) != head_ || rest.size() == head_.size() ||
      (rest[head_.size()] != ' ' && rest[head_.size()] != '\t'))
    return Line::another;
  rest.remove_prefix(head_.size());
  const std::string_view mode = next_word(rest);
  c.mode.reset();
  for (const auto& [candidate, symbol] : mode_symbols) {
    if (symbol == mode) c.mode = candidate;
  }
  if (!c.mode) throw Error(in_quotes(mode) + " is no rounding", "", "write >, <, 0, =0 or =^");
  std::string_view word = next_word(rest);
  std::uint8_t trapped = 0;
  if (are_exceptions(word)) {
    trapped = parse_flags(word);
    word = next_word(rest);
  }
  for (std::size_t i = 0; i < layout_.inputs.size(); ++i) {
    c.operands[i] = parse_number(layout_.inputs[i], word);
    word = next_word(rest);
  }
  if (word != "->")
    throw Error(in_quotes(word) + " stands where the arrow should", "",
                "the operation has " + counted(layout_.inputs.size(), "operand"));
  const std::string_view result = next_word(rest);
  c.flags = parse_flags(next_word(rest));
  c.has_flags = true;
  c.random = 0;
  if (const std::string_view more = next_word(rest); !more.empty())
    throw Error(in_quotes(more) + " is one word too many", "", "the flags are the last word");
  // Under a trap for overflow or underflow the result is scaled, or not there.
  if (result == "#" || (trapped & c.flags & (flags::overflow | flags::underflow)) != 0)
    return Line::another;
  c.result = parse_number(layout_.output.format, result);
  return Line::a_case;
}

}  // namespace halfulp::vectors

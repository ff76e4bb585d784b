// SPDX-License-Identifier: MIT
#include "golden/vectors/line_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "formats/counted.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"

namespace halfulp::vectors {
namespace {

constexpr int code_bits = 128;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// 0 to 15; 16 where the character is no hexadecimal digit.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = 16;
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values['A' + i] = static_cast<std::uint8_t>(10 + i);
    values['a' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

// Of at most 16 digits; `bad` gathers what is no digit.
std::uint64_t short_number(const char* digits, std::size_t count, std::uint8_t& bad) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t digit = digit_values[static_cast<unsigned char>(digits[i])];
    bad |= digit;
    number = number << 4 | (digit & 15U);
  }
  return number;
}

// Digits, of which some are x or z.
bool are_digits_or_unknown(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return digit_values[static_cast<unsigned char>(c)] < 16 || c == 'x' || c == 'X' || c == 'z' ||
           c == 'Z';
  });
}

// Those between separators, but for empty ones.
std::vector<std::string_view> parts_of(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.push_back(part);
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string in_quotes(std::string_view text) {
  return '"' + tensors::printable(text.substr(0, 60)) + '"';
}

std::string names_of(const std::vector<Field>& fields) {
  std::string names;
  for (const Field& field : fields) names += (names.empty() ? "" : ", ") + field.name;
  return names;
}

std::string_view next_word(std::string_view& rest) {
  std::size_t begin = 0;
  while (begin < rest.size() && is_blank(rest[begin])) ++begin;
  std::size_t end = begin;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

bool is_comment(std::string_view text) {
  return text.substr(0, 2) == "//" || text.substr(0, 1) == "#";
}

Error wrong_count(const std::vector<Field>& fields, std::size_t found) {
  return Error(counted(found, "field") + ", where there should be " + std::to_string(fields.size()),
               "", "they are " + names_of(fields));
}

}  // namespace

LineReader::LineReader(Style style, const Layout& layout, bool flags_optional)
    : style_(style), layout_(layout), flags_optional_(flags_optional), fields_(fields_of(layout)) {
  HALFULP_REQUIRE(style != Style::npz, "LineReader: npz has no lines");
  for (const Field& field : fields_) word_digits_ += field.digits();
  columns_.resize(fields_.size());
  std::iota(columns_.begin(), columns_.end(), std::size_t{0});
  if (style != Style::fptest) return;
  // How each line is rounded, it says itself.
  Layout any = layout;
  any.output.rounding.mode = Mode::nearest_even;
  fptest_.emplace(any);
}

void LineReader::set(Case& c, std::size_t place, std::string_view text) const {
  const Field& field = fields_[place];
  const auto digits = static_cast<std::size_t>(field.digits());
  std::uint8_t bad = 0;
  Code value = 0;
  if (text.size() == digits) {
    constexpr std::size_t half = 16;
    const std::size_t high = digits > half ? digits - half : 0;
    if (high > 0) value = static_cast<Code>(short_number(text.data(), high, bad)) << (4 * half);
    value |= short_number(text.data() + high, digits - high, bad);
  }
  const bool is_unknown = text.size() == digits && bad > 15 && are_digits_or_unknown(text);
  if (is_unknown) {
    c.unknown.resize(fields_.size());
    c.unknown[place] = text;
  }
  if (text.size() != digits || (bad > 15 && !is_unknown))
    throw Error(
        field.name + " is " + in_quotes(text) + ", not " + counted(digits, "hexadecimal digit"), "",
        "it has " + counted(field.bits, "bit"));
  if (field.bits < code_bits && value >> field.bits != 0)
    throw Error(field.name + " is " + in_quotes(text) + ", which is more than " +
                    counted(field.bits, "bit"),
                "", "is it of another format?");
  set_field_value(layout_, c, place, value);
}

LineReader::Line LineReader::read(std::string_view line, Case& c) const {
  c.has_flags = true;
  c.unknown.clear();
  switch (style_) {
    case Style::testfloat:
      return read_fields(line, c);
    case Style::readmemh:
      return read_word(line, c);
    case Style::csv:
      return read_cells(line, c);
    case Style::json:
      return read_object(line, c);
    case Style::fptest:
    case Style::npz:
      break;
  }
  switch (fptest_->read(line, c)) {
    case Fptest::Line::a_case:
      return Line::a_case;
    case Fptest::Line::another:
      return Line::another;
    case Fptest::Line::nothing:
      break;
  }
  return Line::nothing;
}

LineReader::Line LineReader::read_fields(std::string_view line, Case& c) const {
  std::string_view rest = line;
  std::string_view word = next_word(rest);
  if (word.empty() || is_comment(word)) return Line::nothing;
  std::size_t found = 0;
  for (; !word.empty(); ++found) {
    if (found < fields_.size()) set(c, found, word);
    word = next_word(rest);
  }
  const bool lacks_flags = flags_optional_ && found + 1 == fields_.size();
  if (found != fields_.size() && !lacks_flags) throw wrong_count(fields_, found);
  c.has_flags = !lacks_flags;
  return Line::a_case;
}

LineReader::Line LineReader::read_word(std::string_view line, Case& c) const {
  const std::string_view text = trimmed(line.substr(0, line.find("//")));
  if (text.empty() || text[0] == '@') return Line::nothing;
  if (text.find("/*") != std::string_view::npos || text.find("*/") != std::string_view::npos)
    throw Error("a comment between /* and */", "", "comments here begin with //");
  const bool parted = text.find('_') != std::string_view::npos;
  if (!parted && text.size() != static_cast<std::size_t>(word_digits_))
    throw Error(in_quotes(text) + " is not a word of " + std::to_string(word_digits_) +
                    " hexadecimal digits",
                "", "a line holds " + names_of(fields_) + ", with underscores or without");
  std::size_t at = 0;
  std::size_t found = 0;
  for (; found < fields_.size() && at <= text.size(); ++found) {
    const std::size_t end = parted ? std::min(text.find('_', at), text.size())
                                   : at + static_cast<std::size_t>(fields_[found].digits());
    set(c, found, text.substr(at, end - at));
    at = end + (parted ? 1 : 0);
  }
  const bool whole = parted ? at == text.size() + 1 : at == text.size();
  const bool lacks_flags = flags_optional_ && found + 1 == fields_.size();
  if (!whole || (found != fields_.size() && !lacks_flags))
    throw wrong_count(fields_, found + (whole ? 0 : 1));
  c.has_flags = !lacks_flags;
  return Line::a_case;
}

LineReader::Line LineReader::read_cells(std::string_view line, Case& c) const {
  const std::string_view text = trimmed(line);
  if (text.empty() || text[0] == '#') return Line::nothing;
  std::size_t at = 0;
  std::size_t found = 0;
  for (; at <= text.size(); ++found) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::string_view cell = trimmed(text.substr(at, end - at));
    if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"')
      cell = cell.substr(1, cell.size() - 2);
    if (cell.substr(0, 2) == "0x") cell.remove_prefix(2);
    if (found < columns_.size()) set(c, columns_[found], cell);
    at = end + 1;
  }
  if (found != columns_.size()) throw wrong_count(fields_, found);
  c.has_flags = columns_.size() == fields_.size();
  return Line::a_case;
}

LineReader::Line LineReader::read_object(std::string_view line, Case& c) const {
  const std::string_view text = trimmed(line);
  if (text.empty()) return Line::nothing;
  const Json object = parse_json(text, "");
  if (!object.is_object())
    throw Error("the line is no JSON object", "", "it has the members " + names_of(fields_));
  std::size_t found = 0;
  bool has_flags = false;
  for (const auto& [key, value] : object.items()) {
    const std::string name = key == "sr" ? "random" : key;
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const Field& f) { return f.name == name; });
    if (field == fields_.end())
      throw Error("unknown member " + in_quotes(key), "", "the members are " + names_of(fields_));
    if (!value.is_string())
      throw Error("the member " + in_quotes(key) + " is no text", "",
                  "codes are hexadecimal digits in quotes");
    std::string_view digits = value.get_ref<const std::string&>();
    if (digits.substr(0, 2) == "0x") digits.remove_prefix(2);
    set(c, static_cast<std::size_t>(field - fields_.begin()), digits);
    has_flags = has_flags || name == "flags";
    ++found;
  }
  const bool lacks_flags = flags_optional_ && !has_flags;
  if (found + (lacks_flags ? 1 : 0) != fields_.size()) throw wrong_count(fields_, found);
  c.has_flags = !lacks_flags;
  return Line::a_case;
}

// Of a damaged case most words are digits; of talk hardly any, and then not of a field's width.
bool LineReader::are_fields(const std::vector<std::string_view>& words) const {
  std::size_t rows = 0;
  for (const std::string_view word : words) rows += are_digits_or_unknown(word) ? 1 : 0;
  if (rows + 1 >= fields_.size()) return true;
  const auto first = static_cast<std::size_t>(fields_.front().digits());
  return rows > 0 && rows == words.size() && (rows > 1 || words.front().size() >= first);
}

bool LineReader::is_noise(std::string_view line) const {
  std::string_view text = trimmed(line);
  if (style_ == Style::readmemh) text = trimmed(text.substr(0, text.find("//")));
  if (text.empty()) return false;
  switch (style_) {
    case Style::fptest:
      return !Fptest::is_case(text);
    case Style::json:
      return text.find('{') == std::string_view::npos;
    case Style::csv:
      return !are_fields(parts_of(text, ",\""));
    case Style::readmemh:
      return text.find_first_of(" \t") != std::string_view::npos ||
             !are_fields(parts_of(text, "_"));
    default:
      break;
  }
  return !are_fields(parts_of(text, " \t\r\v\f"));
}

std::string_view LineReader::without_prompt(std::string_view line) const {
  if (style_ != Style::testfloat || line.substr(0, 2) != "# ") return line;
  const std::string_view rest = line.substr(2);
  return trimmed(rest).empty() || is_comment(trimmed(rest)) || is_noise(rest) ? line : rest;
}

std::optional<std::uint64_t> LineReader::stated_count() const {
  return stated_count_ ? stated_count_ : origin_.count();
}

bool LineReader::begin(std::string_view line) {
  const std::string_view text = trimmed(line);
  if (text.empty()) return true;
  origin_.take(trimmed(text.substr(text.substr(0, 2) == "//" ? 2 : text[0] == '#' ? 1 : 0)));
  switch (style_) {
    case Style::fptest:
      return !Fptest::is_case(text);
    case Style::json: {
      if (began_) return false;
      const bool is_metadata = take_metadata(text);
      began_ = true;
      return is_metadata;
    }
    case Style::csv:
      if (text[0] == '#') return true;
      if (began_ || text.find("result") == std::string_view::npos) return false;
      take_names(text);
      began_ = true;
      return true;
    default:
      return is_comment(text);
  }
}

// False where the line is a case already.
bool LineReader::take_metadata(std::string_view line) {
  const Json object = parse_json(line, "");
  if (!object.is_object() || object.contains("result")) return false;
  stated_count_ = count_of_metadata(object, layout_);
  return true;
}

void LineReader::take_names(std::string_view line) {
  columns_.clear();
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    std::string_view name = trimmed(line.substr(at, end - at));
    if (name.size() > 1 && name.front() == '"' && name.back() == '"')
      name = name.substr(1, name.size() - 2);
    if (name == "sr") name = "random";
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const Field& f) { return f.name == name; });
    const auto place = static_cast<std::size_t>(field - fields_.begin());
    if (field == fields_.end() ||
        std::find(columns_.begin(), columns_.end(), place) != columns_.end())
      throw Error("the column " + in_quotes(name) + " is unknown or stands twice", "",
                  "the columns are " + names_of(fields_));
    columns_.push_back(place);
    at = end + 1;
  }
  const bool has_flags =
      std::find(columns_.begin(), columns_.end(), fields_.size() - 1) != columns_.end();
  const bool lacks_flags = flags_optional_ && !has_flags;
  if (columns_.size() + (lacks_flags ? 1 : 0) != fields_.size())
    throw wrong_count(fields_, columns_.size());
}

std::optional<Style> detect_style_in_noise(std::string_view beginning, const Layout& layout,
                                           bool flags_optional) {
  constexpr std::size_t most_lines = 1000;
  if (beginning.substr(0, 2) == "PK") return Style::npz;
  std::vector<std::string_view> lines = parts_of(beginning, "\n");
  lines.resize(std::min(lines.size(), most_lines));
  for (const Style style :
       {Style::testfloat, Style::readmemh, Style::fptest, Style::csv, Style::json}) {
    for (const std::string_view whole : lines) {
      try {
        LineReader reader(style, layout, flags_optional);
        const std::string_view line = reader.without_prompt(whole);
        Case c;
        if (!reader.begin(line) && reader.read(line, c) == LineReader::Line::a_case) return style;
      } catch (const Error&) {
        continue;  // noise, or a layout that the style cannot hold
      }
    }
  }
  return std::nullopt;
}

}  // namespace halfulp::vectors

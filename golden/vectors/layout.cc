// SPDX-License-Identifier: MIT
#include "golden/vectors/layout.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"

namespace halfulp::vectors {
namespace {

constexpr int flag_bits = 8;
constexpr std::array<std::string_view, 6> style_names{"testfloat", "readmemh", "fptest",
                                                      "csv",       "json",     "npz"};
constexpr const char* operand_names = "abc";

using Ending = std::pair<std::string_view, Style>;
constexpr std::array<Ending, 10> endings{{{".hex", Style::readmemh},
                                          {".mem", Style::readmemh},
                                          {".memh", Style::readmemh},
                                          {".vmem", Style::readmemh},
                                          {".tv", Style::readmemh},
                                          {".csv", Style::csv},
                                          {".json", Style::json},
                                          {".jsonl", Style::json},
                                          {".npz", Style::npz},
                                          {".fptest", Style::fptest}}};

bool is_comment(std::string_view line) { return line[0] == '#' || line.substr(0, 2) == "//"; }

// The first line that is neither blank nor a comment, trimmed.
std::string_view first_line(std::string_view text) {
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!is_comment(line)) return line.substr(0, line.find_last_not_of(" \t\r") + 1);
    text.remove_prefix(end);
  }
}

// Is it a name of the operation? Names that are unknown here may be.
bool is_operation(std::string_view name, Op op) {
  try {
    return parse_op(name) == op;
  } catch (const Error&) {
    return true;
  }
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::vector<Field> fields_of(const Layout& layout) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < layout.inputs.size(); ++i)
    fields.push_back({std::string(1, operand_names[i]), bits(layout.inputs[i])});
  if (layout.has_random()) fields.push_back({"random", layout.output.rounding.random_bits});
  fields.push_back({"result", bits(layout.output.format)});
  fields.push_back({"flags", flag_bits});
  return fields;
}

Code field_value(const Layout& layout, const Case& c, std::size_t place) {
  const std::size_t count = layout.inputs.size();
  if (place < count) return c.operands[place];
  const std::size_t rest = place - count + (layout.has_random() ? 0 : 1);
  if (rest == 0) return c.random;
  return rest == 1 ? c.result : c.flags;
}

void set_field_value(const Layout& layout, Case& c, std::size_t place, Code value) {
  const std::size_t count = layout.inputs.size();
  if (place < count) {
    c.operands[place] = value;
    return;
  }
  const std::size_t rest = place - count + (layout.has_random() ? 0 : 1);
  if (rest == 0) c.random = static_cast<std::uint64_t>(value);
  if (rest == 1) c.result = value;
  if (rest == 2) c.flags = static_cast<std::uint8_t>(value);
}

std::string_view name_of(Style style) { return style_names.at(static_cast<std::size_t>(style)); }

Style parse_style(std::string_view name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < style_names.size(); ++i) {
    if (style_names[i] == name) return static_cast<Style>(i);
    known.emplace_back(style_names[i]);
  }
  const std::string hint = suggest(std::string(name), known);
  throw Error("unknown style \"" + std::string(name) + "\"", "",
              hint.empty() ? "there are testfloat, readmemh, fptest, csv, json, npz" : hint);
}

std::optional<Style> style_of_file(std::string_view path) {
  for (const auto& [ending, style] : endings) {
    const bool ends =
        path.size() > ending.size() && path.substr(path.size() - ending.size()) == ending;
    if (ends) return style;
  }
  return std::nullopt;
}

Style detect_style(std::string_view beginning) {
  if (beginning.substr(0, 2) == "PK") return Style::npz;
  const std::string_view line = first_line(beginning);
  if (line.empty()) return Style::testfloat;
  if (line.substr(0, 2) == "{\"" && !holds(line, "->")) return Style::json;
  if (holds(line, "->") || line.substr(0, 20) == "Floating point tests") return Style::fptest;
  if (holds(line, ",")) return Style::csv;
  return holds(line, " ") || holds(line, "\t") ? Style::testfloat : Style::readmemh;
}

std::vector<std::string> origin_lines(const Layout& layout, const Origin& origin) {
  std::string what = std::string(name_of(layout.op)) + ":";
  for (const Format& format : layout.inputs) what += " " + format.name;
  what += " to " + layout.output.format.name;
  Json rounding = to_json(layout.output);
  rounding.erase("format");
  return {"Test vectors of halfulp " + origin.version, what, "rounding: " + rounding.dump(),
          origin.every_case
              ? "every operand, " + counted(origin.count, "case")
              : counted(origin.count, "case") + ", seed " + std::to_string(origin.seed)};
}

void OriginReader::take(std::string_view line) {
  const auto skip = [&](std::string_view word) {
    const bool there = line.substr(0, word.size()) == word;
    if (there) line.remove_prefix(word.size());
    return there;
  };
  ours_ = skip("Test vectors of halfulp ") || ours_;
  if (!ours_ || count_) return;
  skip("every operand, ");
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
  if (error != std::errc()) return;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if ((skip(" cases") || skip(" case")) && (line.empty() || line[0] == ',')) count_ = count;
}

std::optional<std::uint64_t> count_of_metadata(const Json& object, const Layout& layout) {
  if (!object.is_object()) return std::nullopt;
  const auto op = object.find("op");
  if (op != object.end() && op->is_string() &&
      !is_operation(op->get_ref<const std::string&>(), layout.op))
    throw Error("the file holds vectors of \"" +
                    tensors::printable(op->get_ref<const std::string&>().substr(0, 60)) + "\"",
                "", "the operation asked for is " + std::string(name_of(layout.op)));
  const auto count = object.find("count");
  if (count == object.end()) return std::nullopt;
  if (!count->is_number_unsigned())
    throw Error("the metadata's count is no number of cases", "", "is the file damaged?");
  return count->get<std::uint64_t>();
}

std::string origin_json(const Layout& layout, const Origin& origin) {
  Json object;
  object["halfulp_vectors"] = 1;
  object["version"] = origin.version;
  object["op"] = name_of(layout.op);
  Json inputs = Json::array();
  for (const Format& format : layout.inputs) inputs.push_back(to_json(format));
  object["operands"] = inputs;
  object["output"] = to_json(layout.output);
  object["count"] = origin.count;
  if (origin.every_case) {
    object["all"] = true;
  } else {
    object["seed"] = origin.seed;
  }
  return object.dump();
}

void append_hexadecimal(std::string& text, Code value, int digits) {
  const std::size_t begin = text.size();
  text.resize(begin + static_cast<std::size_t>(digits));
  constexpr std::size_t in_word = 16;
  auto low = static_cast<std::uint64_t>(value);
  auto high = static_cast<std::uint64_t>(value >> 64);
  std::size_t written = 0;
  for (std::size_t i = text.size(); i-- > begin; low >>= 4) {
    if (written++ == in_word) low = std::exchange(high, 0);
    text[i] = "0123456789ABCDEF"[low & 15U];
  }
}

}  // namespace halfulp::vectors

// SPDX-License-Identifier: MIT
//
// What every reader of vectors promises of any bytes whatever: an Error of one short line, or cases
// that, written in the same style, read as the same.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/line_reader.h"
#include "golden/vectors/line_writer.h"

namespace halfulp::vectors {

inline Layout layout_of(Op op, const std::vector<std::string>& inputs, const std::string& output,
                        Mode mode = Mode::nearest_even) {
  Layout layout{.op = op, .inputs = {}, .output = {.format = find_format(output), .rounding = {}}};
  for (const std::string& name : inputs) layout.inputs.push_back(find_format(name));
  layout.output.rounding.mode = mode;
  layout.output.rounding.random_bits = 12;
  return layout;
}

// A few that differ in every field; the choice picks one that the style can hold.
inline Layout some_layout(Style style, std::size_t choice) {
  static const std::array<Layout, 7> layouts{
      {layout_of(Op::add, {"binary16", "binary16"}, "binary16"),
       layout_of(Op::fused_multiply_add, {"float8_e4m3fn", "float8_e4m3fn", "binary32"},
                 "binary32"),
       layout_of(Op::square_root, {"binary64"}, "binary64"),
       layout_of(Op::to_integer_exact, {"binary32"}, "int32"),
       layout_of(Op::multiply, {"float6_e2m3fn", "float6_e2m3fn"}, "float6_e2m3fn"),
       layout_of(Op::add, {"posit16", "posit16"}, "posit16"),
       layout_of(Op::convert, {"binary32"}, "float4_e2m1fn", Mode::stochastic)}};
  return layouts[choice % (style == Style::fptest ? 5 : layouts.size())];
}

struct ReadAll {
  std::vector<Case> cases;
  std::string wrong;  // of a broken promise
  std::size_t errors = 0;
  std::optional<std::uint64_t> stated_count;
};

inline bool is_one_line(const Error& error) {
  constexpr std::size_t longest_line = 1000;
  const std::string_view line = error.what();
  if (line.empty() || line.size() > longest_line) return false;
  for (const char c : line) {
    if (c >= 0 && c < ' ') return false;
  }
  return true;
}

inline ReadAll read_lines(std::string_view text, Style style, const Layout& layout,
                          bool flags_optional) {
  ReadAll read;
  LineReader reader(style, layout, flags_optional);
  bool beginning = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    try {
      beginning = beginning && reader.begin(line);
      Case c;
      if (beginning || reader.read(line, c) != LineReader::Line::a_case) continue;
      read.cases.push_back(c);
      if (reader.is_noise(line)) read.wrong = "a case counts as noise";
      if (reader.without_prompt(line) != line) read.wrong = "a case counts as one behind a mark";
    } catch (const Error& error) {
      ++read.errors;
      if (!is_one_line(error))
        read.wrong = "no line of a usual length: " + std::string(error.what());
      if (beginning) return read;
    }
  }
  read.stated_count = reader.stated_count();
  return read;
}

inline ReadAll read_arrays(std::string_view bytes, const Layout& layout, bool flags_optional) {
  ReadAll read;
  try {
    ArrayCases whole =
        cases_of_npz({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, layout,
                     flags_optional);
    read.cases = std::move(whole.cases);
    read.stated_count = whole.stated_count;
  } catch (const Error& error) {
    ++read.errors;
    if (!is_one_line(error)) read.wrong = "no line of a usual length: " + std::string(error.what());
  }
  return read;
}

inline ReadAll read_all(std::string_view text, Style style, const Layout& layout,
                        bool flags_optional) {
  return style == Style::npz ? read_arrays(text, layout, flags_optional)
                             : read_lines(text, style, layout, flags_optional);
}

inline std::string written(Style style, const Layout& layout, const std::vector<Case>& cases) {
  const Origin origin{.version = "0", .seed = 1, .count = cases.size()};
  if (style == Style::npz) return npz_of(layout, origin, cases);
  const LineWriter writer(style, layout);
  std::string text = writer.heading(origin);
  for (const Case& c : cases) writer.append(c, text);
  return text;
}

// "", or what is wrong with how the bytes were read.
inline std::string broken_promise(std::string_view text, Style style, std::size_t choice) {
  const Layout layout = some_layout(style, choice);
  detect_style(text);
  detect_style_in_noise(text, layout, choice % 2 == 1);
  ReadAll read = read_all(text, style, layout, choice % 2 == 1);
  if (!read.wrong.empty()) return read.wrong;
  std::vector<Case> plain;
  for (Case c : read.cases) {
    // What the styles do not keep: that flags were missing, how a line of FPgen was rounded, what
    // is unknown.
    c.has_flags = true;
    c.unknown.clear();
    if (style == Style::fptest) {
      if (c.mode != Mode::nearest_even) continue;
    }
    plain.push_back(c);
  }
  const ReadAll again = read_all(written(style, layout, plain), style, layout, false);
  if (again.errors != 0) return "written, it is refused";
  if (style != Style::testfloat && again.stated_count != plain.size())
    return "written, it states another count";
  return again.cases == plain ? "" : "written, it reads as something else";
}

}  // namespace halfulp::vectors

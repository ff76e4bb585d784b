// SPDX-License-Identifier: MIT
//
// One test vector, and what a file of them holds: an operation, the formats of its operands and its
// result, the rounding, and how the fields are written. The styles:
//   testfloat  operands, [random word,] result, flags as bare upper-case hexadecimal digits between
//              blanks (Berkeley TestFloat 3e, testfloat_gen.html)
//   readmemh   the same fields in one word a line, underscores between them; // comments (IEEE
//              1800-2017 21.4)
//   fptest     "b32+ =0 +1.000000P0 +1.7FFFFFP-1 -> +1.7FFFFFP0 x" (IBM FPgen; fptest.h)
//   csv        a line of names, then the fields of testfloat between commas; # comments
//   json       an object of metadata, then {"a": "3C00", ..., "result": "4000", "flags": "00"}
//   npz        NumPy arrays of codes: a, b, c, random, result, flags
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json.h"
#include "formats/operation.h"
#include "formats/rounding.h"

namespace halfulp::vectors {

inline constexpr std::size_t most_operands = 3;
using Operands = std::array<Code, most_operands>;

struct Case {
  Operands operands{};
  Code result = 0;
  std::uint64_t random = 0;  // 0 where the rounding uses none
  std::uint8_t flags = 0;
  bool has_flags = true;
  std::optional<Mode> mode = std::nullopt;  // where the line itself says how it is rounded
  // A field at a time its text, where it has digits x or z, a simulator's unknowns; else "". Such
  // digits are 0 in the codes. Empty where all is known.
  std::vector<std::string> unknown = {};
  bool operator==(const Case&) const = default;
};

struct Layout {
  Op op = Op::add;
  std::vector<Format> inputs;
  Quantizer output;

  [[nodiscard]] bool has_random() const { return is_stochastic(output.rounding.mode); }
};

// Is the field at a place unknown, in part or as a whole?
inline bool is_unknown(const Case& c, std::size_t place) {
  return place < c.unknown.size() && !c.unknown[place].empty();
}

// A part of a line: its name and its width. digits: hexadecimal ones, all of them written.
struct Field {
  std::string name;
  int bits = 0;
  [[nodiscard]] int digits() const { return (bits + 3) / 4; }
};
// a, b, c as many as there are operands, random where the rounding uses it, result, flags.
std::vector<Field> fields_of(const Layout& layout);
// The number in a field of a case, by the field's place.
Code field_value(const Layout& layout, const Case& c, std::size_t place);
void set_field_value(const Layout& layout, Case& c, std::size_t place, Code value);

enum class Style : std::uint8_t { testfloat, readmemh, fptest, csv, json, npz };
std::string_view name_of(Style style);
Style parse_style(std::string_view name);  // throws Error with a suggestion
// The style that the ending of a file's name says: .hex, .mem, .memh, .vmem and .tv readmemh; .csv;
// .json and .jsonl json; .npz; .fptest. Absent where it says none.
std::optional<Style> style_of_file(std::string_view path);
// What the beginning of a file looks like; testfloat where nothing speaks for another.
Style detect_style(std::string_view beginning);

// What made a file, for its comments or metadata.
struct Origin {
  std::string version;
  std::uint64_t seed = 0;
  std::uint64_t count = 0;
  bool every_case = false;
};
// Lines without end, such as "halfulp 0.1.0: add, binary16 and binary16 to binary16".
std::vector<std::string> origin_lines(const Layout& layout, const Origin& origin);
// The same as one JSON object.
std::string origin_json(const Layout& layout, const Origin& origin);

// Reads the number of cases out of the beginning of a file, as origin_lines has it.
class OriginReader {
 public:
  // A line, without its mark of a comment.
  void take(std::string_view line);
  [[nodiscard]] std::optional<std::uint64_t> count() const { return count_; }

 private:
  bool ours_ = false;
  std::optional<std::uint64_t> count_;
};
// The same out of metadata, of halfulp or not ("count"). Throws Error where they are of another
// operation.
std::optional<std::uint64_t> count_of_metadata(const Json& object, const Layout& layout);

// Upper-case hexadecimal digits, `digits` of them, appended.
void append_hexadecimal(std::string& text, Code value, int digits);

}  // namespace halfulp::vectors

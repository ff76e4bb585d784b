// SPDX-License-Identifier: MIT
//
// docs/formats.md as text. Tables follow from the catalogues and the rules; what names and kinds
// mean stands here, each with an example that is looked up while the page is made.
#include "cli/formats_page.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/block_facts.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/presets.h"
#include "formats/rounding.h"
#include "golden/words/format_facts.h"

namespace halfulp::cli {
namespace {

const char* const introduction =
    "# Formats\n\n"
    "Every named number format and rule, made by `halfulp formats --markdown`. To write this page "
    "anew:\n\n"
    "```\n"
    "build/halfulp formats --markdown > docs/formats.md\n"
    "```\n\n"
    "`halfulp formats NAME` says more about one of them, `--codes` lists its codes, and\n"
    "`halfulp explain` shows how a number becomes one of its codes. Numbers print as the shortest\n"
    "decimal that reads back to the same code.\n\n"
    "## Named formats\n\n"
    "Significand bits count the leading one; tapered formats have from the fewest to the most.\n"
    "Kinds without subnormal numbers show their smallest positive number as the smallest normal\n"
    "one. Infinities and NaNs are numbers of codes. Letters of names count without case.\n\n";

struct Spelling {
  const char* form;
  const char* what;
  const char* example;
};

constexpr std::array<Spelling, 18> spellings{{
    {"eEmM", "float of E exponent and M fraction bits, as IEEE 754 has them", "e5m4"},
    {"eEmMfn", "the same without infinities, one NaN a sign", "e4m5fn"},
    {"eEmMf", "every code a number", "e3m1f"},
    {"eEmMfnuz", "no infinities, one zero, and the code of -0 is the only NaN", "e4m4fnuz"},
    {"eEmMbBfnuz", "and bias B", "e4m3b9fnuz"},
    {"ueEmM...", "u in front of these: no sign", "ue4m4fn"},
    {"qI.F, uqI.F", "fixed point of I integer bits, not counting the sign, and F fraction bits",
     "q3.4"},
    {"intN, uintN", "integers of N bits", "int5"},
    {"qI.F_symmetric, intN_symmetric", "the lowest code is never a result", "int5_symmetric"},
    {"binaryKpP{s,u}{e,f}",
     "P3109: K bits, precision P, signed or unsigned, extended (with infinities) or finite; also "
     "p3109_k...",
     "binary6p3sf"},
    {"cfloat8_143bB, cfloat8_152bB", "Tesla's configurable floats with bias B", "cfloat8_143b10"},
    {"cfloat16bB", "the same of 16 bits", "cfloat16b20"},
    {"positN", "posit of N bits, 2 of them exponent bits", "posit12"},
    {"positNesE", "with E exponent bits", "posit12es1"},
    {"takumN, takum_linearN", "linear takum of N bits", "takum12"},
    {"takum_logN", "logarithmic takum of N bits", "takum_log12"},
    {"logI.F, ulogI.F",
     "logarithmic number: a sign, unless u, and a logarithm of I integer bits (with its own sign) "
     "and F fraction bits",
     "log5.3"},
    {"lnsN.F", "the same, counting all N bits, as the Universal library does", "lns9.3"},
}};

struct KindExample {
  const char* what;
  const char* json;
};

constexpr std::array<KindExample, 7> kind_examples{{
    {"sign, exponent, fraction; which codes are NaN, infinities and zeros is free",
     R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3})"},
    {"a code times a power of two", R"({"kind": "fixed", "bits": 8, "fraction_bits": 4})"},
    {"an integer n for (n - zero_point) * scale",
     R"({"kind": "affine", "bits": 8, "scale": 0.05, "zero_point": 3})"},
    {"posit", R"({"kind": "posit", "bits": 16})"},
    {"takum, linear or logarithmic", R"({"kind": "takum", "bits": 16})"},
    {"a sign and a fixed-point logarithm to base 2",
     R"({"kind": "log", "integer_bits": 5, "fraction_bits": 3})"},
    {"any list of numbers, the code being the place in it",
     R"({"kind": "codebook", "values": [-1, -0.25, 0, 0.25, 1]})"},
}};

// A bar within a cell would end it.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string code(const std::string& text) { return "`" + text + "`"; }

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + escaped(cell) + " |";
  return text + "\n";
}

std::string head(const std::vector<Column>& columns) {
  std::vector<std::string> titles;
  std::vector<std::string> rules;
  for (const Column& column : columns) {
    titles.push_back(column.title);
    rules.emplace_back(column.align == Align::right ? "---:" : "---");
  }
  return row(titles) + row(rules);
}

std::string named_formats() {
  std::vector<Column> columns = words::fact_columns();
  columns.push_back({"source"});
  std::string text = head(columns);
  for (const CatalogueEntry& entry : catalogue()) {
    const words::FormatFacts facts = words::facts_of(entry.format);
    std::vector<std::string> cells = row_of(facts);
    cells.front() = code(cells.front());
    cells.push_back(facts.source);
    text += row(cells);
  }
  return text;
}

std::string block_formats() {
  std::string text =
      "\n## Block formats\n\n"
      "Matrices whose numbers share scales (`formats/block.h`). A level is the format of its\n"
      "scales, the rows and columns that share one, and the rule by which it follows from them;\n"
      "the outermost level first. `bfpM_N` is any block floating point of M bits in blocks of N\n"
      "columns.\n\n";
  std::vector<Column> columns = block_columns();
  columns.push_back({"source"});
  text += head(columns);
  for (const BlockEntry& entry : block_catalogue()) {
    std::vector<std::string> cells = row_of(entry);
    cells.front() = code(cells.front());
    cells.push_back(entry.source);
    text += row(cells);
  }
  return text;
}

std::string spelled_names() {
  std::string text =
      "\n## Names made of numbers\n\n"
      "Wherever a format's name may stand. `fp8`, `fp6`, `e4m3`, `e3m2`, `e2m3` and `e2m1` alone "
      "are\n"
      "refused, as each means two formats.\n\n";
  text += head({{"name"}, {"meaning"}, {"for example"}, {"largest finite", Align::right}});
  for (const Spelling& spelling : spellings) {
    const words::FormatFacts facts = words::facts_of(find_format(spelling.example));
    text +=
        row({code(spelling.form), spelling.what,
             code(spelling.example) + ", " + std::to_string(facts.bits) + " bits", facts.largest});
  }
  return text;
}

std::string kinds() {
  std::string text =
      "\n## Kinds\n\n"
      "A format may be described in JSON too, on the command line or in any document; keys and\n"
      "their defaults are in [json.md](json.md).\n\n";
  text += head({{"kind"}, {"what it is"}, {"for example"}, {"largest finite", Align::right}});
  for (const KindExample& example : kind_examples) {
    const words::FormatFacts facts = words::facts_of(format_from_text(example.json));
    text += row({code(facts.kind), example.what, code(example.json), facts.largest});
  }
  return text;
}

std::string overflow_rules() {
  std::string text =
      "\n## Overflow rules\n\n"
      "What `--overflow` names (`halfulp formats --overflow`), axis by axis;\n"
      "[json.md](json.md#quantizer) says what each axis decides.\n\n";
  std::vector<Column> columns{{"rule"}};
  const Json axes = axes_json(Overflow{});
  for (const auto& [axis, value] : axes.items()) columns.push_back({axis});
  columns.push_back({"what"});
  columns.push_back({"source"});
  columns.push_back({"where"});
  text += head(columns);
  for (const OverflowPreset& preset : overflow_presets()) {
    std::vector<std::string> cells{code(std::string(preset.name))};
    const Json own = axes_json(preset.rule);
    for (const Json& value : own)
      cells.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    cells.emplace_back(preset.what);
    cells.emplace_back(preset.source);
    cells.emplace_back(known_to(preset));
    text += row(cells);
  }
  return text;
}

const char* word(Landing landing) {
  switch (landing) {
    case Landing::largest:
      return "max";
    case Landing::positive_largest:
      return "+max";
    case Landing::infinity:
      return "inf";
    case Landing::nan:
      return "NaN";
    case Landing::zero:
      return "0";
    case Landing::negative_zero:
      return "-0";
    case Landing::smallest:
      return "min";
    case Landing::finite:
      break;
  }
  return "";
}

// What a rule delivers in a format, to nearest even.
std::string deliveries(const Quantizer& q) {
  std::string text = std::string(word(land_overflow(q, false))) + ", " +
                     word(land_infinity(q, false)) + ", " + word(land_nan(q, false));
  if (!is_signed(q.format))
    text += std::string("; -1: ") + (drops_sign(q) ? "1" : word(land_negative(q, false)));
  if (!has_zero(q.format)) text += std::string("; 0: ") + word(land_no_zero(q, true));
  return text;
}

// One row a kind, one column a preset.
std::string rules_by_kind() {
  std::string text =
      "\n## Overflow rules by kind of format\n\n"
      "What a rule delivers, to nearest even, for a number beyond the largest, for infinity and "
      "for "
      "NaN:\nthe largest number (max), infinity (inf), NaN, or a zero. Then what becomes of -1 "
      "where "
      "there is\nno sign, and of 0 where there is no zero (min: the least number). `-`: the rule's "
      "peer says\nnothing of such formats, and the rule is refused for them. Each row is of its "
      "example.\n\n";
  std::vector<Column> columns{{"kind"}, {"example"}};
  for (const OverflowPreset& preset : overflow_presets())
    columns.push_back({code(std::string(preset.name))});
  text += head(columns);
  for (const PeerKindEntry& entry : peer_kinds()) {
    const Format format = format_from_text(std::string(entry.example));
    std::vector<std::string> cells{std::string(entry.name), code(std::string(entry.example))};
    for (const OverflowPreset& preset : overflow_presets()) {
      const std::optional<Overflow> rule = rule_for(preset, entry.kind);
      cells.push_back(rule ? deliveries({format, {.overflow = *rule}}) : "-");
    }
    text += row(cells);
  }
  return text;
}

// The kinds for which a preset holds, with the commas of their names kept apart.
std::string kinds_of(const RoundingPreset& preset) {
  std::string text;
  for (const PeerKindEntry& entry : peer_kinds()) {
    if (!rounding_for(preset, entry.kind)) continue;
    text += (text.empty() ? "" : "; ") + std::string(entry.name);
  }
  return text;
}

// The named block formats that take a preset.
std::string block_formats_of(const BlockPreset& preset) {
  std::string text;
  for (const BlockEntry& entry : block_catalogue()) {
    try {
      preset.apply(entry.format);
      text += (text.empty() ? "" : ", ") + entry.format.name;
    } catch (const Error&) {  // not for this format
    }
  }
  return text;
}

std::string rounding_presets_text() {
  std::string text =
      "\n## Presets of rounding\n\n"
      "Mode and rules together, as a peer has them: `--preset` (`halfulp formats --presets`). A "
      "preset\n"
      "is refused for formats of other kinds.\n\n";
  text += head({{"preset"}, {"rounding"}, {"overflow"}, {"what"}, {"source"}, {"formats"}});
  for (const RoundingPreset& preset : rounding_presets()) {
    const auto first = std::find_if(
        peer_kinds().begin(), peer_kinds().end(),
        [&](const auto& entry) { return rounding_for(preset, entry.kind).has_value(); });
    const Format format = format_from_text(std::string(first->example));
    const std::string_view rule = preset_name_of(preset.rounding.overflow, format);
    text += row({code(std::string(preset.name)), std::string(name_of(preset.rounding.mode)),
                 rule.empty() ? "its own" : std::string(rule), std::string(preset.what),
                 std::string(preset.source), kinds_of(preset)});
  }
  return text;
}

std::string block_presets_text() {
  std::string text =
      "\n## Presets of block formats\n\n"
      "What a peer does where the standards leave a choice, put onto a block format: `\"preset\"` "
      "beside\nit, `halfulp quantize --preset` (`halfulp formats --presets`). Others than these of "
      "the named "
      "formats\nrefuse it; so do formats of your own that are unlike them.\n\n";
  text += head({{"preset"}, {"what"}, {"formats"}});
  for (const BlockPreset& preset : block_presets())
    text +=
        row({code(std::string(preset.name)), std::string(preset.what), block_formats_of(preset)});
  return text;
}

std::string nan_rules() {
  std::string text =
      "\n## NaN rules\n\n"
      "Which NaN a result is: `--nan` (`halfulp formats --nan`).\n\n";
  text += head({{"rule"}, {"what"}, {"source"}});
  for (const NanPreset& preset : nan_presets()) {
    text +=
        row({code(std::string(preset.name)), std::string(preset.what), std::string(preset.source)});
  }
  return text;
}

}  // namespace

std::string formats_page() {
  return introduction + named_formats() + block_formats() + spelled_names() + kinds() +
         overflow_rules() + rules_by_kind() + nan_rules() + rounding_presets_text() +
         block_presets_text();
}

}  // namespace halfulp::cli

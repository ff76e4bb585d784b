// SPDX-License-Identifier: MIT
//
// halfulp formats: what a number format is, in numbers (golden/words/format_facts.h).
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "cli/block_facts.h"
#include "cli/formats_page.h"
#include "cli/literals.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "golden/words/format_facts.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Lists the number formats and the block formats, all of what is known of them with --wide or\n"
    "of one by NAME: a name or an alias, a parametric spelling (e5m10, e4m3fn, q3.4, int4,\n"
    "binary8p3se, bfp8_16), the path of a JSON description, or the JSON text itself.";

const char* const examples =
    "  $ halfulp formats float8_e4m3fn\n"
    "  name                  float8_e4m3fn\n"
    "  ...\n"
    "\n"
    "  $ halfulp formats fp4 --codes | head -4\n"
    "  0x0 0 zero\n"
    "  0x1 0.5 subnormal\n"
    "  0x2 1 normal\n"
    "  0x3 1.5 normal\n"
    "\n"
    "  $ halfulp formats '{\"kind\": \"fixed\", \"bits\": 8, \"fraction_bits\": 4}' --codes | tail "
    "-1\n"
    "  0xff -0.0625 normal\n"
    "\n"
    "  $ halfulp formats mxfp4 | grep '^scale 1'\n"
    "  scale 1               float8_e8m0fnu over 1 x 32, floor; rounded nearest-even, overflow "
    "saturate\n"
    "\n"
    "  $ halfulp formats e5m10 --json\n"
    "  ...\n";

constexpr int most_listed_bits = 16;

struct FormatsOptions {
  std::string name;
  bool codes = false, overflow = false, presets = false, nan = false, markdown = false,
       wide = false, json = false;
  NumberStyle style;
};

void print_one(const Format& format, const NumberStyle& style, bool json) {
  const words::FormatFacts facts = words::facts_of(format);
  if (json) return print(json_of(format, facts).dump() + "\n");
  const auto line = [](std::string name, const std::string& value) {
    if (value.empty()) return;
    name.resize(20, ' ');
    print(name + "  " + value + "\n");
  };
  const auto with_code = [&](const Value& value) {
    const Code code = encode(format, value);
    return number_text(format, code, {.exact = style.exact}) + " = " + hexadecimal_text(value) +
           " (" + code_text(format, code) + ")";
  };
  line("name", facts.name);
  line("aliases", words::joined(facts.aliases));
  line("source", facts.source);
  line("kind", facts.kind);
  line("bits", std::to_string(facts.bits));
  line("exponent bits", facts.exponent_bits);
  if (facts.fewest_significand_bits) {
    line("significand bits", std::to_string(*facts.fewest_significand_bits) + " to " +
                                 std::to_string(*facts.significand_bits));
  } else if (facts.significand_bits) {
    line("significand bits", std::to_string(*facts.significand_bits));
  }
  line("bias", facts.bias);
  for (const auto& [name, text] : facts.own) line(name, text);
  line("lowest finite", with_code(value_at(format, finite_range(format).lowest)));
  line("largest finite", with_code(largest_finite(format)));
  const bool has_subnormals = !facts.smallest_subnormal.empty();
  if (has_subnormals) line("smallest normal", with_code(smallest_normal(format)));
  if (!facts.smallest_normal.empty())
    line(has_subnormals ? "smallest subnormal" : "smallest positive",
         with_code(smallest_positive(format)));
  line("zeros", has_negative_zero(format) ? "+0 and -0" : has_zero(format) ? "one" : "none");
  line("infinities", std::to_string(facts.infinities));
  line("NaNs", facts.nans);
  line("values fit in", fits_binary32(format)   ? "binary32"
                        : fits_binary64(format) ? "binary64"
                                                : "neither binary32 nor binary64");
  line("JSON", to_json(format).dump());
}

void print_codes(const Format& format, const NumberStyle& style, bool json) {
  if (bits(format) > most_listed_bits) {
    throw Error("has " + std::to_string(bits(format)) + " bits, too many to list its codes",
                format.name, "formats of at most 16 bits can be listed");
  }
  for (Code code = 0; code < Code{1} << bits(format); ++code) {
    const std::string digits = code_text(format, code);
    const std::string value = number_text(format, code, style);
    const std::string name = name_of(classify(format, code));
    if (json) {
      Json object;
      object["code"] = digits;
      object["value"] = value;
      object["class"] = name;
      print(object.dump() + "\n");
    } else {
      print(digits + " " + value + " " + name + "\n");
    }
  }
}

// Named choices: what each does, and where that is known from.
template <typename Preset>
void print_presets(const std::vector<Preset>& presets, bool json) {
  std::vector<std::vector<std::string>> rows;
  for (const Preset& preset : presets) {
    if (json) {
      Json object;
      object["name"] = preset.name;
      object["what"] = preset.what;
      object["source"] = preset.source;
      if constexpr (requires { axes_json(preset.rule); }) object["axes"] = axes_json(preset.rule);
      print(object.dump() + "\n");
    }
    rows.push_back(
        {std::string(preset.name), std::string(preset.what), std::string(preset.source)});
  }
  if (!json) print(table_text({{"name"}, {"what"}, {"source"}}, rows));
}

void print_all(bool wide, bool json) {
  std::vector<std::vector<std::string>> rows;
  for (const CatalogueEntry& entry : catalogue()) {
    const words::FormatFacts facts = words::facts_of(entry.format);
    rows.push_back(wide ? row_of(facts) : short_row_of(entry.format, facts));
    if (json) print(json_of(entry.format, facts).dump() + "\n");
  }
  std::vector<std::vector<std::string>> block_rows;
  for (const BlockEntry& entry : block_catalogue()) {
    block_rows.push_back(wide ? row_of(entry) : short_row_of(entry));
    if (json) print(block_json(entry.format).dump() + "\n");
  }
  if (json) return;
  print(table_text(wide ? words::fact_columns() : words::short_columns(), rows));
  print("\n" + table_text(wide ? block_columns() : short_block_columns(), block_rows));
}

// What a name, a path or a JSON text describes, in lines or in JSON.
void print_named(const std::string& name, const NumberStyle& style, bool json) {
  const AnyQuantizer any = any_quantizer_from_text(name);
  const auto* block = std::get_if<BlockFormat>(&any);
  if (block == nullptr) return print_one(format_from_text(name), style, json);
  print(json ? block_json(*block).dump() + "\n" : block_text(*block));
}

void print_codes_of(const std::string& name, const NumberStyle& style, bool json) {
  if (std::holds_alternative<BlockFormat>(any_quantizer_from_text(name)))
    throw Error(
        "a block format has no codes of its own", name,
        "list those of its element or of its scales, which `halfulp formats " + name + "` names");
  print_codes(format_from_text(name), style, json);
}

// Those of rounding, then those of block formats.
void print_all_presets(bool json) {
  print_presets(rounding_presets(), json);
  std::vector<std::vector<std::string>> rows;
  for (const BlockPreset& preset : block_presets()) {
    rows.push_back({std::string(preset.name), std::string(preset.what)});
    if (!json) continue;
    Json object;
    object["name"] = preset.name;
    object["what"] = preset.what;
    object["of"] = "block";
    print(object.dump() + "\n");
  }
  if (!json) print("\n" + table_text({{"of block formats"}, {"what"}}, rows));
}

}  // namespace

int formats_verb(const Arguments& arguments) {
  FormatsOptions options;
  Parser parser("formats", description, examples);
  parser.text("NAME", options.name, "the format to describe; all of them without it");
  parser.flag("--codes", options.codes,
              "every code of a format of at most 16 bits: code value class");
  parser.flag("--overflow", options.overflow, "list the overflow rules instead");
  parser.flag("--nan", options.nan, "list the rules for NaN instead");
  parser.flag("--presets", options.presets,
              "list the presets of rounding and of block formats instead");
  parser.flag("--wide", options.wide, "all facts in the table of all formats");
  parser.flag("--markdown", options.markdown,
              "the page docs/formats.md: all formats, names, kinds and rules");
  add_number_style(parser, options.style);
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;

  const bool named = !options.name.empty();
  if (options.codes && !named)
    throw Error("--codes needs a format", "formats", "write `halfulp formats NAME --codes`");
  const int lists = int{options.overflow} + int{options.presets} + int{options.nan};
  if (lists > 1 || (lists == 1 && (named || options.codes || options.markdown)))
    throw Error("--overflow, --nan and --presets stand alone", "formats",
                "see `halfulp formats --help`");
  if (options.markdown && (named || options.json))
    throw Error("--markdown prints the page of all formats, alone", "formats",
                "see `halfulp formats --help`");
  if (options.overflow) {
    print_presets(overflow_presets(), options.json);
  } else if (options.nan) {
    print_presets(nan_presets(), options.json);
  } else if (options.presets) {
    print_all_presets(options.json);
  } else if (options.markdown) {
    print(formats_page());
  } else if (!named) {
    print_all(options.wide, options.json);
  } else if (options.codes) {
    print_codes_of(options.name, options.style, options.json);
  } else {
    print_named(options.name, options.style, options.json);
  }
  return exit_good;
}

}  // namespace halfulp::cli

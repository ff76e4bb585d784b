// SPDX-License-Identifier: MIT
//
// halfulp formats: what a number format is, in numbers. Everything printed follows from the five
// questions of formats/codes.h; only the count of NaN codes looks into the fields of a float.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/verb.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Lists the number formats. NAME is a name or an alias, a parametric spelling (e5m10, e4m3fn,\n"
    "q3.4, int4, binary8p3se), the path of a JSON description, or the JSON text itself.";

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
    "  0xff -0.06 normal\n"
    "\n"
    "  $ halfulp formats e5m10 --json\n"
    "  ...\n";

constexpr int most_listed_bits = 16;

struct FormatsOptions {
  std::string name;
  bool codes = false, overflow = false, presets = false, nan = false, markdown = false,
       json = false;
};

struct Facts {
  std::string name, kind;
  int bits = 0;
  int exponent_bits = 0;  // 0: fixed point
  int significand_bits = 0;
  std::string bias;
  std::string largest, smallest_normal, smallest_subnormal, lowest;
  int infinities = 0;
  std::string nans;
  std::vector<std::string> aliases;
  std::string source;
};

std::string text_of(const Format& format, const Value& value) {
  return shortest_text(format, encode(format, value));
}

// int1, which has none, is -1 or 0.
bool has_positive(const Format& format) {
  return finite_range(format).highest >= (has_zero(format) ? 1 : 0);
}

std::string decimal(Code number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  return digits;
}

// Codes at the top of each sign's range, and 10...0 where that is not a negative zero.
Code nan_count(const Float& f) {
  if (!f.sign) return f.nan_codes;
  return 2 * f.nan_codes + (f.zero && !f.negative_zero ? 1 : 0);
}

Facts facts_of(const Format& format) {
  Facts facts;
  facts.name = format.name;
  facts.bits = bits(format);
  facts.largest = text_of(format, largest_finite(format));
  facts.lowest = text_of(format, value_at(format, finite_range(format).lowest));
  if (has_positive(format)) facts.smallest_normal = text_of(format, smallest_normal(format));
  facts.infinities = has_infinity(format) ? (is_signed(format) ? 2 : 1) : 0;
  if (const auto* f = std::get_if<Float>(&format.kind)) {
    facts.kind = "float";
    facts.exponent_bits = f->exponent_bits;
    facts.significand_bits = f->fraction_bits + 1;
    facts.bias = std::to_string(f->bias);
    if (f->subnormals && f->fraction_bits > 0)
      facts.smallest_subnormal = text_of(format, smallest_positive(format));
    facts.nans = decimal(nan_count(*f));
  } else {
    facts.kind = to_json(format)["kind"].get<std::string>();
    facts.significand_bits = facts.bits - (is_signed(format) ? 1 : 0);
    facts.nans = has_nan(format) ? "1" : "0";
  }
  for (const CatalogueEntry& entry : catalogue()) {
    if (!(entry.format == format)) continue;
    facts.aliases = entry.aliases;
    facts.source = entry.source;
  }
  return facts;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> row_of(const Facts& facts) {
  const bool is_float = facts.exponent_bits > 0;
  const std::string none = "-";
  return {facts.name,
          facts.kind,
          std::to_string(facts.bits),
          is_float ? std::to_string(facts.exponent_bits) : none,
          std::to_string(facts.significand_bits),
          is_float ? facts.bias : none,
          facts.largest,
          facts.smallest_normal.empty() ? none : facts.smallest_normal,
          facts.smallest_subnormal.empty() ? none : facts.smallest_subnormal,
          std::to_string(facts.infinities),
          facts.nans,
          joined(facts.aliases)};
}

const std::vector<Column>& columns() {
  static const std::vector<Column> titles{{"name"},
                                          {"kind"},
                                          {"bits", Align::right},
                                          {"exponent bits", Align::right},
                                          {"significand bits", Align::right},
                                          {"bias", Align::right},
                                          {"largest finite", Align::right},
                                          {"smallest normal", Align::right},
                                          {"smallest subnormal", Align::right},
                                          {"infinities", Align::right},
                                          {"NaNs", Align::right},
                                          {"aliases"}};
  return titles;
}

Json json_of(const Format& format, const Facts& facts) {
  Json object = to_json(format);
  object["bits"] = facts.bits;
  object["significand_bits"] = facts.significand_bits;
  object["lowest_finite"] = facts.lowest;
  object["largest_finite"] = facts.largest;
  object["smallest_normal"] =
      facts.smallest_normal.empty() ? Json(nullptr) : Json(facts.smallest_normal);
  object["smallest_subnormal"] =
      facts.smallest_subnormal.empty() ? Json(nullptr) : Json(facts.smallest_subnormal);
  object["infinities"] = facts.infinities;
  object["nans"] = facts.nans;
  object["aliases"] = facts.aliases;
  object["source"] = facts.source;
  return object;
}

void print_one(const Format& format, bool json) {
  const Facts facts = facts_of(format);
  if (json) return print(json_of(format, facts).dump() + "\n");
  const auto line = [](std::string name, const std::string& value) {
    if (value.empty()) return;
    name.resize(20, ' ');
    print(name + "  " + value + "\n");
  };
  const auto with_code = [&](const Value& value) {
    return text_of(format, value) + " = " + hexadecimal_text(value) + " (" +
           code_text(format, encode(format, value)) + ")";
  };
  line("name", facts.name);
  line("aliases", joined(facts.aliases));
  line("source", facts.source);
  line("kind", facts.kind);
  line("bits", std::to_string(facts.bits));
  if (facts.exponent_bits > 0) line("exponent bits", std::to_string(facts.exponent_bits));
  line("significand bits", std::to_string(facts.significand_bits));
  line("bias", facts.bias);
  line("lowest finite", with_code(value_at(format, finite_range(format).lowest)));
  line("largest finite", with_code(largest_finite(format)));
  if (has_positive(format)) line("smallest normal", with_code(smallest_normal(format)));
  if (!facts.smallest_subnormal.empty())
    line("smallest subnormal", with_code(smallest_positive(format)));
  line("zeros", has_negative_zero(format) ? "+0 and -0" : has_zero(format) ? "one" : "none");
  line("infinities", std::to_string(facts.infinities));
  line("NaNs", facts.nans);
  line("values fit in", fits_binary32(format)   ? "binary32"
                        : fits_binary64(format) ? "binary64"
                                                : "neither binary32 nor binary64");
  line("JSON", to_json(format).dump());
}

void print_codes(const Format& format, bool json) {
  if (bits(format) > most_listed_bits) {
    throw Error("has " + std::to_string(bits(format)) + " bits, too many to list its codes",
                format.name, "formats of at most 16 bits can be listed");
  }
  for (Code code = 0; code < Code{1} << bits(format); ++code) {
    const std::string digits = code_text(format, code);
    const std::string value = shortest_text(format, code);
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
      print(object.dump() + "\n");
    }
    rows.push_back(
        {std::string(preset.name), std::string(preset.what), std::string(preset.source)});
  }
  if (!json) print(table_text({{"name"}, {"what"}, {"source"}}, rows));
}

void print_markdown(const std::vector<Facts>& all) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + cell + " |";
    print(text + "\n");
  };
  std::vector<std::string> titles;
  std::vector<std::string> rules;
  for (const Column& column : columns()) {
    titles.push_back(column.title);
    rules.emplace_back(column.align == Align::right ? "---:" : "---");
  }
  titles.emplace_back("source");
  rules.emplace_back("---");
  line(titles);
  line(rules);
  for (const Facts& facts : all) {
    std::vector<std::string> cells = row_of(facts);
    cells.front() = "`" + cells.front() + "`";
    cells.push_back(facts.source);
    line(cells);
  }
}

void print_all(const FormatsOptions& options) {
  std::vector<std::vector<std::string>> rows;
  std::vector<Facts> all;
  for (const CatalogueEntry& entry : catalogue()) {
    all.push_back(facts_of(entry.format));
    rows.push_back(row_of(all.back()));
    if (options.json) print(json_of(entry.format, all.back()).dump() + "\n");
  }
  if (options.markdown) return print_markdown(all);
  if (!options.json) print(table_text(columns(), rows));
}

}  // namespace

int formats_verb(const Arguments& arguments) {
  FormatsOptions options;
  Parser parser("formats", description, examples);
  CLI::App& app = parser.app();
  app.add_option("NAME", options.name, "the format to describe; all of them without it");
  app.add_flag("--codes", options.codes,
               "every code of a format of at most 16 bits: code value class");
  app.add_flag("--overflow", options.overflow, "list the overflow rules instead");
  app.add_flag("--nan", options.nan, "list the rules for NaN instead");
  app.add_flag("--presets", options.presets, "list the presets of rounding instead");
  app.add_flag("--markdown", options.markdown, "the table of all formats in Markdown");
  add_json(app, options.json);
  if (!parser.parse(arguments)) return exit_good;

  const bool named = !options.name.empty();
  if (options.codes && !named)
    throw Error("--codes needs a format", "formats", "write `halfulp formats NAME --codes`");
  const int lists = int{options.overflow} + int{options.presets} + int{options.nan};
  if (lists > 1 || (lists == 1 && (named || options.codes || options.markdown)))
    throw Error("--overflow, --nan and --presets stand alone", "formats",
                "see `halfulp formats --help`");
  if (options.markdown && (named || options.json))
    throw Error("--markdown prints the table of all formats, alone", "formats",
                "see `halfulp formats --help`");
  if (options.overflow) {
    print_presets(overflow_presets(), options.json);
  } else if (options.nan) {
    print_presets(nan_presets(), options.json);
  } else if (options.presets) {
    print_presets(rounding_presets(), options.json);
  } else if (!named) {
    print_all(options);
  } else if (options.codes) {
    print_codes(format_from_text(options.name), options.json);
  } else {
    print_one(format_from_text(options.name), options.json);
  }
  return exit_good;
}

}  // namespace halfulp::cli

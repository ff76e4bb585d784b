// SPDX-License-Identifier: MIT
//
// The JSON form of block formats, and of quantizers of either kind (declared in json.h). An object
// is read in two passes where it names a preset: once for the formats, which the preset then edits,
// and once more for the members that are written and override it.
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/json/named_files.h"
#include "formats/presets.h"

namespace halfulp {
namespace {

constexpr std::int64_t most_rows = std::numeric_limits<int>::max();
constexpr double most = std::numeric_limits<double>::max();

// first: formats are read too; later passes leave them as a preset has made them.
enum class Pass : std::uint8_t { first, second };

Rounding saturating() { return {.overflow = parse_overflow("saturate")}; }

// A member that is one of an enumeration's words.
template <typename Enum>
void read_word(ObjectReader& reader, const std::string& key, Enum& value,
               Enum (*parse)(std::string_view)) {
  if (!reader.has(key)) return;
  try {
    value = parse(reader.text(key, ""));
  } catch (const Error& error) {
    throw error.location().empty() ? error.at(reader.place(key)) : error;
  }
}

void read_quantizer(const Json& value, const std::string& where, Quantizer& quantizer, Pass pass) {
  if (pass == Pass::first) quantizer.rounding = saturating();
  if (value.is_string()) {
    if (pass == Pass::first) quantizer.format = format_from_json(value, where);
    return;
  }
  ObjectReader reader(value, where);
  const Json& format = reader.require("format");
  if (pass == Pass::first) quantizer.format = format_from_json(format, reader.place("format"));
  const Rounding preset = preset_from_json(reader, quantizer.format, quantizer.rounding);
  quantizer.rounding = rounding_from_json(reader, quantizer.format, preset);
  reader.finish();
}

void read_level(ObjectReader& reader, Level& level, const std::string& division, Pass pass) {
  level.rows = static_cast<int>(reader.integer("rows", level.rows, 0, most_rows));
  level.columns = static_cast<int>(reader.integer("columns", level.columns, 0, most_rows));
  static const Json binary32 = "binary32";
  const Json* scale = reader.find("scale");
  read_quantizer(scale == nullptr ? binary32 : *scale, reader.place("scale"), level.scale, pass);
  read_word(reader, "rule", level.rule, parse_scale_rule);
  read_word(reader, division, level.division, parse_division);
  level.given =
      reader.number("given", level.given, std::numeric_limits<double>::denorm_min(), most);
  level.predicted = reader.boolean("predicted", level.predicted);
  level.epsilon = reader.number("epsilon", level.epsilon, 0, most);
  level.least_amax = reader.number("least_amax", level.least_amax, 0, most);
  level.least_scale = reader.number("least_scale", level.least_scale, 0, most);
  level.largest_scale = reader.number("largest_scale", level.largest_scale, 0, most);
}

void read_levels(const Json& list, const std::string& where, std::vector<Level>& levels,
                 Pass pass) {
  if (!list.is_array() || list.empty())
    throw Error("a list of levels belongs here", where, "write [{\"columns\": 32, ...}]");
  if (pass == Pass::first) levels.resize(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    ObjectReader reader(list[i], where + "/" + std::to_string(i));
    read_level(reader, levels[i], "division", pass);
    reader.finish();
  }
}

// The members that every form may have.
void read_choices(ObjectReader& reader, BlockFormat& format) {
  read_word(reader, "division", format.division, parse_division);
  read_word(reader, "arithmetic", format.arithmetic, parse_arithmetic);
  read_word(reader, "zero_scale", format.zero_scale, parse_zero_scale);
  read_word(reader, "special", format.special, parse_special_block);
  read_word(reader, "error", format.four_over_six.error, parse_block_error);
  read_word(reader, "error_of", format.four_over_six.of, parse_error_of);
}

// Positive integers at the start of a text, which they are removed from.
int take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 1) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

[[noreturn]] void refuse_scaling(const std::string& text, const std::string& where) {
  const std::string hint = suggest(text, {"tensor", "row", "column", "group:64", "block:16x16"});
  throw Error("unknown scaling \"" + text.substr(0, 80) + "\"", where,
              hint.empty()
                  ? "write \"tensor\", \"row\", \"column\", \"group:64\" or \"block:16x16\""
                  : hint);
}

void read_scaling_text(const std::string& text, const std::string& where, Level& level) {
  std::string_view rest = text;
  const auto starts = [&](std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  };
  if (text == "tensor" || text == "row" || text == "column") {
    level.rows = text == "row" ? 1 : 0;
    level.columns = text == "column" ? 1 : 0;
    return;
  }
  if (starts("group:")) {
    level.rows = 1;
    level.columns = take_number(rest);
    if (level.columns > 0 && rest.empty()) return;
  } else if (starts("block:")) {
    level.rows = take_number(rest);
    const bool by = starts("x");
    level.columns = take_number(rest);
    if (by && level.rows > 0 && level.columns > 0 && rest.empty()) return;
  }
  refuse_scaling(text, where);
}

void read_scaling(const Json& value, const std::string& where, Level& level, Pass pass) {
  if (value.is_string()) {
    if (pass == Pass::first) {
      level.scale = {.format = find_format("binary32"), .rounding = saturating()};
      read_scaling_text(value.get<std::string>(), where, level);
    }
    return;
  }
  ObjectReader reader(value, where);
  if (reader.has("kind"))
    throw Error("scaling of a \"kind\" is for the places of an experiment's policy",
                reader.place("kind"), "write {\"rule\": \"given\", \"given\": 0.5}");
  read_level(reader, level, "division", pass);
  reader.finish();
}

// {"kind": "block", ...}
void read_block(ObjectReader& reader, BlockFormat& format, Pass pass) {
  reader.require("kind");
  read_quantizer(reader.require("element"), reader.place("element"), format.element, pass);
  if (const Json* levels = reader.find("levels")) {
    read_levels(*levels, reader.place("levels"), format.levels, pass);
  } else {
    if (pass == Pass::first) format.levels.resize(1);
    read_level(reader, format.levels[0], "scale_division", pass);
  }
  read_choices(reader, format);
}

// {"format": scalar, ..., "scaling": ...}
void read_scaled(ObjectReader& reader, BlockFormat& format, Pass pass) {
  const Json& scalar = reader.require("format");
  if (pass == Pass::first) {
    format.element = {.format = format_from_json(scalar, reader.place("format")),
                      .rounding = saturating()};
    format.levels.resize(1);
  }
  format.element.rounding =
      rounding_from_json(reader, format.element.format, format.element.rounding);
  read_scaling(reader.require("scaling"), reader.place("scaling"), format.levels[0], pass);
  read_choices(reader, format);
}

// {"format": block format, ...}
void read_edits(ObjectReader& reader, BlockFormat& format, Pass pass) {
  const Json& base = reader.require("format");
  if (pass == Pass::first) format = block_format_from_json(base, reader.place("format"));
  format.element.rounding =
      rounding_from_json(reader, format.element.format, format.element.rounding);
  if (reader.has("rule")) {
    if (format.levels.size() != 1)
      throw Error("one rule for several levels of scales", reader.place("rule"),
                  "describe the format with {\"kind\": \"block\", \"levels\": [...]}");
    read_word(reader, "rule", format.levels[0].rule, parse_scale_rule);
  }
  read_choices(reader, format);
}

using Read = void (*)(ObjectReader&, BlockFormat&, Pass);

// Errors of validate() speak of levels/0/..., which a single level's members are written without.
std::string place_of(const std::string& field, ObjectReader& reader, Read read) {
  const std::string first_level = "levels/0/";
  const bool alone = field.starts_with(first_level);
  const std::string rest = alone ? field.substr(first_level.size()) : field;
  if (read == read_block) {
    const bool list = reader.has("levels");
    return reader.place(alone && !list ? (rest == "division" ? "scale_division" : rest) : field);
  }
  if (read == read_scaled && alone) return reader.place("scaling/" + rest);
  const std::string element = "element/";
  return reader.place(field.starts_with(element) ? field.substr(element.size()) : field);
}

void apply_preset(ObjectReader& reader, BlockFormat& format, Read read) {
  if (!reader.has("preset")) return;
  try {
    const BlockPreset& preset = find_block_preset(reader.text("preset", ""));
    format = preset.apply(std::move(format));
  } catch (const Error& error) {
    if (error.location().starts_with(reader.place("preset"))) throw;
    throw Error(error.message(), reader.place("preset"), error.hint());
  }
  read(reader, format, Pass::second);
}

std::string default_name(const BlockFormat& format, ObjectReader& reader, Read read) {
  if (read == read_block) return "custom";
  if (read == read_edits) return format.name;
  const Json& scaling = reader.require("scaling");
  return format.element.format.name +
         (scaling.is_string() ? " scaled by " + scaling.get<std::string>() : " scaled");
}

BlockFormat read_object(ObjectReader& reader, Read read) {
  BlockFormat format;
  read(reader, format, Pass::first);
  apply_preset(reader, format, read);
  format.name = reader.text("name", default_name(format, reader, read));
  reader.finish();
  try {
    validate(format);
  } catch (const Error& error) {
    throw Error(error.message(), place_of(error.location(), reader, read), error.hint());
  }
  return format;
}

bool names_a_block_format(const Json& value) {
  if (value.is_object())
    return (value.contains("kind") && value["kind"] == "block") || value.contains("scaling") ||
           (value.contains("format") && names_a_block_format(value["format"]));
  if (!value.is_string()) return false;
  const auto text = value.get<std::string>();
  if (!looks_like_path(text)) return is_block_name(text);
  return names_a_block_format(NamedFiles().description(value, "", ""));
}

// Reads what a file says, with the files that it names in their places.
template <typename Read>
auto read_named(const std::string& path, const Read& read) {
  NamedFiles files;
  try {
    return read(files.description(path, "", ""));
  } catch (const Error& error) {
    throw files.explained(error);
  }
}

BlockFormat named_block_format(const std::string& text, const std::string& where) {
  try {
    if (!looks_like_path(text)) return find_block_format(text);
    return read_named(text, [](const Json& whole) { return block_format_from_json(whole, ""); });
  } catch (const Error& error) {
    throw error.at(where);
  }
}

}  // namespace

BlockFormat block_format_from_json(const Json& value, const std::string& where) {
  if (value.is_string()) return named_block_format(value.get<std::string>(), where);
  ObjectReader reader(value, where);
  if (reader.has("kind") && !reader.has("format")) {
    if (reader.text("kind", "") == "block") return read_object(reader, read_block);
    throw Error("a scalar format stands here", where,
                "write {\"format\": ..., \"scaling\": \"tensor\"} for a scaled one");
  }
  if (reader.has("scaling")) return read_object(reader, read_scaled);
  if (!names_a_block_format(reader.require("format")))
    throw Error("numbers without scales stand here", where,
                "name a block format such as mxfp4, or add \"scaling\"");
  return read_object(reader, read_edits);
}

AnyQuantizer any_quantizer_from_json(const Json& value, const std::string& where) {
  try {
    if (value.is_string() && looks_like_path(value.get<std::string>()))
      return read_named(value.get<std::string>(),
                        [](const Json& whole) { return any_quantizer_from_json(whole, ""); });
  } catch (const Error& error) {
    throw error.at(where);
  }
  if (names_a_block_format(value)) return block_format_from_json(value, where);
  if (value.is_object() && value.contains("kind"))
    return Quantizer{.format = format_from_json(value, where), .rounding = {}};
  return quantizer_from_json(value, where);
}

AnyQuantizer any_quantizer_from_text(const std::string& text) {
  if (looks_like_json(text)) return any_quantizer_from_json(parse_json(text, "format"), "");
  return any_quantizer_from_json(Json(text), "");
}

namespace {

Json level_json(const Level& level) {
  Json object;
  object["rows"] = level.rows;
  object["columns"] = level.columns;
  object["scale"] = to_json(level.scale);
  object["rule"] = std::string(name_of(level.rule));
  object["division"] = std::string(name_of(level.division));
  object["given"] = level.given;
  if (level.predicted) object["predicted"] = true;
  object["epsilon"] = level.epsilon;
  if (level.least_amax != 0) object["least_amax"] = level.least_amax;
  if (level.least_scale != 0) object["least_scale"] = level.least_scale;
  if (level.largest_scale != 0) object["largest_scale"] = level.largest_scale;
  return object;
}

}  // namespace

Json to_json(const BlockFormat& format) {
  Json object;
  object["name"] = format.name;
  object["kind"] = "block";
  object["element"] = to_json(format.element);
  object["levels"] = Json::array();
  for (const Level& level : format.levels) object["levels"].push_back(level_json(level));
  object["division"] = std::string(name_of(format.division));
  object["arithmetic"] = std::string(name_of(format.arithmetic));
  object["zero_scale"] = std::string(name_of(format.zero_scale));
  object["special"] = std::string(name_of(format.special));
  if (format.arithmetic == Arithmetic::four_over_six) {
    object["error"] = std::string(name_of(format.four_over_six.error));
    object["error_of"] = std::string(name_of(format.four_over_six.of));
  }
  return object;
}

Json to_json(const AnyQuantizer& quantizer) {
  return std::visit([](const auto& q) { return to_json(q); }, quantizer);
}

}  // namespace halfulp

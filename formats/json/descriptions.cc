// SPDX-License-Identifier: MIT
//
// The JSON form of formats, overflow rules and quantizers (declared in json.h). Keys are the fields
// of the structs.
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/json/named_files.h"
#include "formats/presets.h"

namespace halfulp {
namespace {

constexpr std::int64_t any = std::int64_t{1} << 40;

const std::vector<std::string> tie_words{"even", "lower", "upper", "toward_zero", "away_from_zero"};
const std::vector<std::string> finite_words{"infinity", "largest"};
const std::vector<std::string> infinite_words{"infinity", "largest", "largest_with_negative_zero",
                                              "infinity_or_as_finite"};
const std::vector<std::string> missing_words{"nan", "largest"};
const std::vector<std::string> negative_words{"nan", "zero", "by_mode", "magnitude"};
const std::vector<std::string> nan_words{"zero", "largest", "opposite_zero", "positive_largest",
                                         "negative_zero"};
const std::vector<std::string> odd_words{"infinity", "largest", "odd_code"};
const std::vector<std::string> no_zero_words{"nan", "smallest", "smallest_unless_zero"};
const std::vector<std::string> tininess_words{"after", "before"};

template <typename Enum>
Enum choose(ObjectReader& reader, const std::string& key, Enum otherwise,
            const std::vector<std::string>& words) {
  return static_cast<Enum>(reader.choice(key, static_cast<std::size_t>(otherwise), words));
}

template <typename Enum>
Json word(Enum value, const std::vector<std::string>& words) {
  return words.at(static_cast<std::size_t>(value));
}

Code nan_codes_from_json(ObjectReader& reader, int fraction_bits) {
  const Json* value = reader.find("nan_codes");
  const Code ieee = fraction_bits >= 0 && fraction_bits < 127 ? (Code{1} << fraction_bits) - 1 : 0;
  if (value == nullptr) return reader.boolean("infinity", true) ? ieee : 0;
  if (value->is_string()) {
    if (*value == "ieee") return ieee;
    throw Error(value->dump() + " stands here", reader.place("nan_codes"),
                "an integer or \"ieee\" (2^fraction_bits - 1)");
  }
  return static_cast<Code>(
      integer_from(*value, reader.place("nan_codes"), 0, std::int64_t{1} << 62));
}

Float float_from_json(ObjectReader& reader) {
  reader.require("exponent_bits");
  reader.require("fraction_bits");
  Float f;
  f.exponent_bits = static_cast<int>(reader.integer("exponent_bits", 0, 1, 20));
  f.fraction_bits = static_cast<int>(reader.integer("fraction_bits", 0, 0, 126));
  f.bias = reader.integer("bias", (std::int64_t{1} << (f.exponent_bits - 1)) - 1, -any, any);
  f.nan_codes = nan_codes_from_json(reader, f.fraction_bits);
  f.infinity = reader.boolean("infinity", true);
  f.zero = reader.boolean("zero", true);
  f.negative_zero = reader.boolean("negative_zero", true);
  f.subnormals = reader.boolean("subnormals", f.zero);
  f.sign = reader.boolean("sign", true);
  return f;
}

Fixed fixed_from_json(ObjectReader& reader) {
  reader.require("bits");
  Fixed f;
  f.bits = static_cast<int>(reader.integer("bits", 0, 1, 64));
  f.fraction_bits = static_cast<int>(reader.integer("fraction_bits", 0, -1000, 1000));
  f.sign = reader.boolean("sign", true);
  f.symmetric = reader.boolean("symmetric", false);
  return f;
}

Affine affine_from_json(ObjectReader& reader) {
  reader.require("bits");
  reader.require("scale");
  Affine f;
  f.bits = static_cast<int>(reader.integer("bits", 0, 1, 64));
  f.sign = reader.boolean("sign", true);
  f.scale = reader.number("scale", 1, 0, std::numeric_limits<double>::max());
  f.zero_point = reader.integer("zero_point", 0, -any, any);
  return f;
}

Posit posit_from_json(ObjectReader& reader) {
  reader.require("bits");
  Posit f;
  f.bits = static_cast<int>(reader.integer("bits", 0, 2, 128));
  f.exponent_bits = static_cast<int>(reader.integer("exponent_bits", 2, 0, 16));
  return f;
}

Takum takum_from_json(ObjectReader& reader) {
  reader.require("bits");
  Takum f;
  f.bits = static_cast<int>(reader.integer("bits", 0, 2, 128));
  f.logarithmic = reader.boolean("logarithmic", false);
  return f;
}

Log log_from_json(ObjectReader& reader) {
  reader.require("integer_bits");
  reader.require("fraction_bits");
  Log f;
  f.integer_bits = static_cast<int>(reader.integer("integer_bits", 0, 1, 21));
  f.fraction_bits = static_cast<int>(reader.integer("fraction_bits", 0, 0, 62));
  f.sign = reader.boolean("sign", true);
  return f;
}

std::vector<double> numbers_from_json(const Json* list, const std::string& where) {
  std::vector<double> numbers;
  if (list == nullptr) return numbers;
  if (!list->is_array())
    throw Error("a list of numbers belongs here", where, "write [-1, -0.5, 0, 0.5, 1]");
  for (const Json& entry : *list) {
    if (!entry.is_number())
      throw Error(entry.dump().substr(0, 40) + " is no number",
                  where + "/" + std::to_string(numbers.size()), "write a decimal number");
    numbers.push_back(entry.get<double>());
  }
  return numbers;
}

Codebook codebook_from_json(ObjectReader& reader, const std::string& where) {
  reader.require("values");
  const int bits = static_cast<int>(reader.integer("bits", 0, 0, 16));
  std::vector<double> values = numbers_from_json(reader.find("values"), reader.place("values"));
  std::vector<double> boundaries =
      numbers_from_json(reader.find("boundaries"), reader.place("boundaries"));
  const auto ties = choose(reader, "ties", Codebook::Ties::even, tie_words);
  try {
    return make_codebook(std::move(values), std::move(boundaries), ties, bits);
  } catch (const Error& error) {
    throw Error(error.message(), where + "/" + error.location(), error.hint());
  }
}

// The numbers of nan_codes that JSON integers hold; beyond them only IEEE's set occurs.
Json nan_codes_json(const Float& f) {
  if (f.nan_codes < (Code{1} << 53)) return static_cast<std::int64_t>(f.nan_codes);
  return "ieee";
}

Kind kind_from_json(ObjectReader& reader, const std::string& where) {
  if (reader.text("kind", "") == "block")
    throw Error("a block format stands here", reader.place("kind"),
                "a scalar format is needed, such as that of its elements");
  switch (
      reader.choice("kind", 0, {"float", "fixed", "affine", "posit", "takum", "log", "codebook"})) {
    case 0:
      return float_from_json(reader);
    case 1:
      return fixed_from_json(reader);
    case 2:
      return affine_from_json(reader);
    case 3:
      return posit_from_json(reader);
    case 4:
      return takum_from_json(reader);
    case 5:
      return log_from_json(reader);
    default:
      return codebook_from_json(reader, where);
  }
}

}  // namespace

bool looks_like_json(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

bool looks_like_path(const std::string& text) {
  return text.find('/') != std::string::npos ||
         (text.size() > 5 && text.compare(text.size() - 5, 5, ".json") == 0);
}

Format format_from_json(const Json& value, const std::string& where) {
  try {
    if (value.is_string()) {
      const auto text = value.get<std::string>();
      if (!looks_like_path(text)) return find_format(text);
      NamedFiles files;
      try {
        return format_from_json(files.description(value, "", ""), "");
      } catch (const Error& error) {
        throw files.explained(error);
      }
    }
  } catch (const Error& error) {
    throw error.at(where);
  }
  ObjectReader reader(value, where);
  reader.require("kind");
  Format format;
  format.name = reader.text("name", "");
  format.kind = kind_from_json(reader, where);
  reader.finish();
  try {
    validate(format);
  } catch (const Error& error) {
    throw Error(error.message(), where + "/" + error.location(), error.hint());
  }
  if (format.name.empty()) format.name = "custom";
  return format;
}

Format format_from_text(const std::string& text) {
  if (looks_like_json(text)) return format_from_json(parse_json(text, "format"), "");
  return format_from_json(Json(text), "");
}

namespace {

void put(Json& object, const Float& f) {
  object["kind"] = "float";
  object["exponent_bits"] = f.exponent_bits;
  object["fraction_bits"] = f.fraction_bits;
  object["bias"] = f.bias;
  object["nan_codes"] = nan_codes_json(f);
  object["infinity"] = f.infinity;
  object["zero"] = f.zero;
  object["negative_zero"] = f.negative_zero;
  object["subnormals"] = f.subnormals;
  object["sign"] = f.sign;
}

void put(Json& object, const Fixed& f) {
  object["kind"] = "fixed";
  object["bits"] = f.bits;
  object["fraction_bits"] = f.fraction_bits;
  object["sign"] = f.sign;
  object["symmetric"] = f.symmetric;
}

void put(Json& object, const Affine& f) {
  object["kind"] = "affine";
  object["bits"] = f.bits;
  object["sign"] = f.sign;
  object["scale"] = f.scale;
  object["zero_point"] = f.zero_point;
}

void put(Json& object, const Posit& f) {
  object["kind"] = "posit";
  object["bits"] = f.bits;
  object["exponent_bits"] = f.exponent_bits;
}

void put(Json& object, const Takum& f) {
  object["kind"] = "takum";
  object["bits"] = f.bits;
  object["logarithmic"] = f.logarithmic;
}

void put(Json& object, const Log& f) {
  object["kind"] = "log";
  object["integer_bits"] = f.integer_bits;
  object["fraction_bits"] = f.fraction_bits;
  object["sign"] = f.sign;
}

void put(Json& object, const Codebook& f) {
  object["kind"] = "codebook";
  object["bits"] = f.bits;
  object["values"] = f.values;
  if (!f.boundaries.empty()) object["boundaries"] = f.boundaries;
  if (f.ties != Codebook::Ties::even) object["ties"] = word(f.ties, tie_words);
}

}  // namespace

Json to_json(const Format& format) {
  Json object;
  object["name"] = format.name;
  std::visit([&](const auto& f) { put(object, f); }, format.kind);
  return object;
}

Overflow overflow_from_json(const Json& value, const std::string& where) {
  if (value.is_string()) {
    try {
      return parse_overflow(value.get<std::string>());
    } catch (const Error& error) {
      throw error.at(where);
    }
  }
  ObjectReader reader(value, where);
  Overflow rule;
  rule.finite = choose(reader, "finite", rule.finite, finite_words);
  rule.infinite = choose(reader, "infinite", rule.infinite, infinite_words);
  rule.missing_infinity = choose(reader, "missing_infinity", rule.missing_infinity, missing_words);
  rule.directed = reader.boolean("directed", rule.directed);
  rule.negative = choose(reader, "negative", rule.negative, negative_words);
  rule.missing_nan = choose(reader, "missing_nan", rule.missing_nan, nan_words);
  rule.to_odd = choose(reader, "to_odd", rule.to_odd, odd_words);
  rule.missing_zero = choose(reader, "missing_zero", rule.missing_zero, no_zero_words);
  reader.finish();
  return rule;
}

Json axes_json(const Overflow& rule) {
  Json object;
  object["finite"] = word(rule.finite, finite_words);
  object["infinite"] = word(rule.infinite, infinite_words);
  object["missing_infinity"] = word(rule.missing_infinity, missing_words);
  object["directed"] = rule.directed;
  object["negative"] = word(rule.negative, negative_words);
  object["missing_nan"] = word(rule.missing_nan, nan_words);
  object["to_odd"] = word(rule.to_odd, odd_words);
  object["missing_zero"] = word(rule.missing_zero, no_zero_words);
  return object;
}

Json to_json(const Overflow& rule) {
  if (const std::string_view name = preset_name_of(rule); !name.empty()) return std::string(name);
  return axes_json(rule);
}

namespace {

const std::vector<std::string> flush_words{"underflow+inexact", "underflow"};

// true: by the rule of tininess.
std::optional<Tininess> flush_from_json(const Json& value, const std::string& where,
                                        const Rounding& rounding) {
  if (value.is_boolean()) {
    return value.get<bool>() ? std::optional(rounding.tininess) : std::nullopt;
  }
  for (std::size_t i = 0; i < tininess_words.size(); ++i) {
    if (value == tininess_words[i]) return static_cast<Tininess>(i);
  }
  throw Error(value.dump().substr(0, 40) + " stands here", where,
              "true, false, \"after\" or \"before\" is needed");
}

}  // namespace

Rounding rounding_from_json(ObjectReader& reader, const Rounding& otherwise) {
  Rounding rounding = otherwise;
  try {
    rounding.mode = parse_mode(reader.text("rounding", std::string(name_of(otherwise.mode))));
  } catch (const Error& error) {
    throw error.location().empty() ? error.at(reader.place("rounding")) : error;
  }
  constexpr int most_random_bits = 64;
  rounding.random_bits =
      static_cast<int>(reader.integer("random_bits", rounding.random_bits, 0, most_random_bits));
  if (rounding.random_bits == 0)
    rounding.random_bits = most_random_bits;  // 0: as many as there are
  if (const Json* overflow = reader.find("overflow")) {
    rounding.overflow = overflow_from_json(*overflow, reader.place("overflow"));
  }
  rounding.tininess = choose(reader, "tininess", otherwise.tininess, tininess_words);
  rounding.flush_inputs = reader.boolean("flush_inputs", otherwise.flush_inputs);
  if (const Json* flush = reader.find("flush_outputs")) {
    rounding.flush_outputs = flush_from_json(*flush, reader.place("flush_outputs"), rounding);
  }
  const std::size_t flags = otherwise.flush_inexact ? 0 : 1;
  rounding.flush_inexact = reader.choice("flush_flags", flags, flush_words) == 0;
  try {
    rounding.nan = parse_nan_rule(reader.text("nan", std::string(name_of(otherwise.nan))));
  } catch (const Error& error) {
    throw error.location().empty() ? error.at(reader.place("nan")) : error;
  }
  return rounding;
}

Overflow overflow_from_json(const Json& value, const std::string& where, const Format& format) {
  if (!value.is_string()) return overflow_from_json(value, where);
  try {
    return parse_overflow(value.get<std::string>(), format);
  } catch (const Error& error) {
    throw error.at(where);
  }
}

Json to_json(const Overflow& rule, const Format& format) {
  const std::string_view name = preset_name_of(rule, format);
  return name.empty() ? axes_json(rule) : Json(std::string(name));
}

Rounding rounding_from_json(ObjectReader& reader, const Format& format, const Rounding& otherwise) {
  Rounding rounding = rounding_from_json(reader, otherwise);
  if (const Json* overflow = reader.find("overflow"))
    rounding.overflow = overflow_from_json(*overflow, reader.place("overflow"), format);
  return rounding;
}

Rounding preset_from_json(ObjectReader& reader, const Format& format, const Rounding& otherwise) {
  if (!reader.has("preset")) return otherwise;
  try {
    return parse_rounding_preset(reader.text("preset", ""), format);
  } catch (const Error& error) {
    throw error.location().empty() ? error.at(reader.place("preset")) : error;
  }
}

Quantizer quantizer_from_json(const Json& value, const std::string& where) {
  if (value.is_string()) return {.format = format_from_json(value, where), .rounding = {}};
  ObjectReader reader(value, where);
  Quantizer quantizer;
  quantizer.format = format_from_json(reader.require("format"), reader.place("format"));
  quantizer.rounding =
      rounding_from_json(reader, quantizer.format, preset_from_json(reader, quantizer.format, {}));
  reader.finish();
  return quantizer;
}

Json to_json(const Quantizer& quantizer) {
  const Rounding& rounding = quantizer.rounding;
  Json object;
  object["format"] = to_json(quantizer.format);
  object["rounding"] = std::string(name_of(rounding.mode));
  if (is_stochastic(rounding.mode)) object["random_bits"] = rounding.random_bits;
  object["overflow"] = to_json(rounding.overflow, quantizer.format);
  object["tininess"] = word(rounding.tininess, tininess_words);
  object["flush_inputs"] = rounding.flush_inputs;
  object["flush_outputs"] = false;
  if (rounding.flush_outputs) {
    object["flush_outputs"] = word(*rounding.flush_outputs, tininess_words);
    object["flush_flags"] = flush_words.at(rounding.flush_inexact ? 0 : 1);
  }
  object["nan"] = std::string(name_of(rounding.nan));
  return object;
}

}  // namespace halfulp

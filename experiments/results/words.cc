// SPDX-License-Identifier: MIT
#include "experiments/results/words.h"
#include "experiments/models/table.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace halfulp::experiments {
namespace {

constexpr std::size_t longest_words = 90;

std::string spaced(std::string name) {
  for (char& c : name) c = c == '_' ? ' ' : c;
  return name;
}

std::string shortened(const std::string& text) {
  if (text.size() <= longest_words) return text;
  std::size_t end = longest_words;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string noise_words(const Json& noise) {
  if (!noise.is_object()) return dumped(noise);
  static const std::map<std::string, std::string> kinds{
      {"additive", "additive noise"},
      {"multiplicative_rank1", "multiplicative noise per vector"},
      {"multiplicative_coord", "multiplicative noise per coordinate"}};
  const Json kind = noise.value("kind", Json(""));
  const std::string name = kind.is_string() ? kind.get<std::string>() : dumped(kind);
  const auto known = kinds.find(name);
  std::string text = known == kinds.end() ? spaced(name) + " noise" : known->second;
  if (noise.contains("eps") && noise["eps"].is_number())
    text += ", ε = " + number_words(noise["eps"].get<double>());
  if (noise.contains("law") && noise["law"].is_string() && noise["law"] != "gaussian")
    text += ", " + spaced(noise["law"].get<std::string>());
  return text;
}

std::string integer_words(const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  return value.is_number_integer() ? value.dump() : "?";
}

std::string float_words(const Json& format) {
  const std::string unsigned_mark = format.value("sign", Json(true)) == false ? "u" : "";
  std::string text = "float " + unsigned_mark + "e" + integer_words(format, "exponent_bits") + "m" +
                     integer_words(format, "fraction_bits");
  if (format.contains("bias")) text += "b" + integer_words(format, "bias");
  return text;
}

std::string fixed_words(const Json& format) {
  const Json bits = format.value("bits", Json());
  const Json fraction = format.value("fraction_bits", Json(0));
  const bool sign = format.value("sign", Json(true)) != false;
  if (!bits.is_number_integer() || !fraction.is_number_integer()) return "fixed point";
  const double whole = bits.get<double>() - fraction.get<double>() - (sign ? 1 : 0);
  return std::string("fixed ") + (sign ? "" : "u") + "q" + number_words(whole) + "." +
         fraction.dump();
}

// A format written out: "float e3m2", "fixed q3.4", "posit16 es 1".
std::string described_words(const Json& format) {
  const Json kind = format.value("kind", Json());
  if (!kind.is_string()) return dumped(format);
  const auto name = kind.get<std::string>();
  if (name == "float") return float_words(format);
  if (name == "fixed") return fixed_words(format);
  const std::string bits = integer_words(format, "bits");
  if (name == "affine") {
    const char* sign = format.value("sign", Json(true)) == false ? "affine uint" : "affine int";
    return sign + bits + ", scale " + value_words(format.value("scale", Json())) +
           (format.contains("zero_point") ? ", zero point " + integer_words(format, "zero_point")
                                          : "");
  }
  if (name == "posit")
    return "posit" + bits +
           (format.contains("exponent_bits") ? " es " + integer_words(format, "exponent_bits")
                                             : "");
  if (name == "takum")
    return (format.value("logarithmic", Json()) == true ? "takum_log" : "takum") + bits;
  if (name == "log")
    return "log" + integer_words(format, "integer_bits") + "." +
           integer_words(format, "fraction_bits");
  if (name == "codebook" && format.contains("values") && format["values"].is_array())
    return "codebook of " + std::to_string(format["values"].size());
  return dumped(format);
}

std::string format_words(const Json& format) {
  if (format.is_string()) return format.get<std::string>();
  if (!format.is_object()) return dumped(format);
  if (format.contains("name") && format["name"].is_string() && format["name"] != "")
    return format["name"].get<std::string>();
  return described_words(format);
}

// What a block format says of its scales and of the peer that it follows.
std::string rule_words(const Json& object) {
  std::string text;
  for (const char* key : {"rule", "preset", "arithmetic", "zero_scale", "special"}) {
    const Json value = object.value(key, Json());
    if (value.is_string()) text += ", " + spaced(key) + " " + value.get<std::string>();
  }
  return text;
}

// What one scale is shared by.
std::string sharing_words(const Json& level) {
  const Json rows = level.value("rows", Json(1));
  const Json columns = level.value("columns", Json(0));
  if (columns == 0 && rows == 1) return "row";
  if (columns == 0 && rows == 0) return "tensor";
  if (columns == 1 && rows == 0) return "column";
  const auto extent = [](const Json& count) { return count == 0 ? "all" : dumped(count); };
  if (rows == 1) return "group of " + extent(columns);
  return "block of " + extent(rows) + " × " + extent(columns);
}

std::string level_words(const Json& level) {
  if (!level.is_object()) return ", " + dumped(level);
  std::string text = ", scale per " + sharing_words(level);
  if (level.contains("scale")) text += " in " + value_words(level["scale"]);
  return text;
}

std::string scaling_words(const Json& scaling) {
  if (scaling.is_object()) {
    const Json scale = scaling.value("scale", Json());
    if (scale.is_number()) return ", scale " + number_words(scale.get<double>(), 3);
    return level_words(scaling) + rule_words(scaling);
  }
  if (!scaling.is_string()) return ", " + dumped(scaling);
  const auto text = scaling.get<std::string>();
  const std::size_t colon = text.find(':');
  return ", scale per " + (colon == std::string::npos
                               ? text
                               : text.substr(0, colon) + " of " + text.substr(colon + 1));
}

std::string quantizer_words(const Json& quantizer) {
  std::string text = format_words(quantizer["format"]);
  if (quantizer.contains("scaling")) text += scaling_words(quantizer["scaling"]);
  text += rule_words(quantizer);
  const Json rounding = quantizer.value("rounding", Json());
  if (rounding.is_string() && rounding != "nearest-even")
    text += ", " + rounding.get<std::string>();
  return text;
}

// {"kind": "block", ...}
std::string block_words(const Json& block) {
  if (block.contains("name") && block["name"].is_string()) return block["name"].get<std::string>();
  std::string text = value_words(block.value("element", Json()));
  if (!block.contains("levels")) return text + level_words(block) + rule_words(block);
  for (const Json& level : block["levels"])
    text += level_words(level) + (level.is_object() ? rule_words(level) : "");
  return text + rule_words(block);
}

// A map from places to quantizers, such as a whole policy: places of one quantizer together.
std::string places_words(const Json& object) {
  if (object.empty()) return "full precision";
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  std::map<std::string, std::size_t> known;
  for (const auto& member : object.items()) {
    const auto [place, fresh] = known.try_emplace(value_words(member.value()), groups.size());
    if (fresh) groups.emplace_back(place->first, std::vector<std::string>());
    groups[place->second].second.push_back(spaced(member.key()));
  }
  std::string text;
  constexpr std::size_t few = 2;
  for (const auto& [words, places] : groups) {
    text += text.empty() ? "" : "; ";
    if (places.size() > few) {
      text += std::to_string(places.size()) + " places";
    } else {
      for (std::size_t i = 0; i < places.size(); ++i) text += (i == 0 ? "" : ", ") + places[i];
    }
    text += ": " + words;
  }
  return text;
}

// Of an object that says which kind it is of: "static, init 1024".
std::string kind_words(const Json& value) {
  std::string text = spaced(value["kind"].get<std::string>());
  for (const auto& member : value.items()) {
    if (member.key() != "kind")
      text += ", " + spaced(member.key()) + " " + value_words(member.value());
  }
  return text;
}

bool is_format(const Json& value) {
  const Json kind = value.value("kind", Json());
  static const std::set<std::string> kinds{"float", "fixed", "affine",  "posit",
                                           "takum", "log",   "codebook"};
  return kind.is_string() && kinds.count(kind.get<std::string>()) > 0;
}

// What of an object is not alike in all of `others`: "overflow saturate".
std::string differing_members(const Json& value, const std::vector<const Json*>& others) {
  if (!value.is_object()) return "";
  std::string text;
  for (const auto& member : value.items()) {
    const bool alike = std::all_of(others.begin(), others.end(), [&](const Json* other) {
      if (!other->is_object()) return false;
      const auto found = other->find(member.key());
      return found != other->end() && *found == member.value();
    });
    if (!alike)
      text += (text.empty() ? "" : ", ") + spaced(member.key()) + " " + value_words(member.value());
  }
  return text;
}

}  // namespace

std::string number_words(double x, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, x);
  return text;
}

std::string field_words(const std::string& pointer) {
  static const std::map<std::string, std::string> known{
      {"/problem/sketch_size", "model size M"},
      {"/problem/dimension", "dimension d"},
      {"/problem/spectrum_exponent", "spectrum exponent a"},
      {"/problem/noise_variance", "label noise variance"},
      {"/problem/law/deviation", "deviation of the numbers"},
      {"/problem/outliers/factor", "factor of the outliers"},
      {"/training/samples", "samples N"},
      {"/training/batch", "batch B"},
      {"/training/step_size", "step size γ"}};
  const auto found = known.find(pointer);
  if (found != known.end()) return found->second;
  const std::string last = pointer.substr(pointer.find_last_of('/') + 1);
  if (last == "eps") return "noise variance ε";
  return last.empty() ? pointer : shortened(spaced(last));
}

std::string metric_words(const std::string& metric) {
  static const std::map<std::string, std::string> known{
      {"excess_clean_last", "excess risk"},
      {"excess_clean_average", "excess risk of the averaged weights"},
      {"excess_quantized_last", "excess risk on quantized inputs"},
      {"excess_quantized_average", "excess risk of the averaged weights on quantized inputs"},
      {"approximation", "approximation error"},
      {"floor", "floor of the excess risk"},
      {"relative_mse", "relative mean square error"},
      {"product_relative_mse", "relative mean square error of the product"}};
  const auto found = known.find(metric);
  return found == known.end() ? shortened(spaced(metric)) : found->second;
}

std::vector<std::string> metrics_by_interest(const Json& document) {
  const Json::json_pointer averaging("/training/averaging");
  const bool averaged = document.contains(averaging) && document[averaging] != "none";
  std::vector<std::string> metrics;
  if (averaged) metrics.emplace_back("excess_clean_average");
  for (const char* name : {"excess_clean_last", "floor", "approximation"})
    metrics.emplace_back(name);
  const Json name = document.is_object() ? document.value("experiment", Json()) : Json();
  const Model* model = name.is_string() ? find_model(name.get<std::string>()) : nullptr;
  if (model == nullptr) return metrics;
  for (const std::string_view metric : model->metrics) metrics.emplace_back(metric);
  return metrics;
}

std::string value_words(const Json& value) {
  if (value.is_string()) return shortened(value.get<std::string>());
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return number_words(value.get<double>());
  if (value.is_null()) return "none";
  if (value.is_object()) {
    if (value.contains("noise")) return shortened(noise_words(value["noise"]));
    if (value.contains("format")) return shortened(quantizer_words(value));
    if (value.value("kind", Json()) == "block") return shortened(block_words(value));
    const bool described = value.contains("kind") || value.contains("schema");
    const bool named = described && value.value("name", Json()).is_string() && value["name"] != "";
    if (named || is_format(value)) return shortened(format_words(value));
    if (value.value("kind", Json()).is_string()) return shortened(kind_words(value));
    return shortened(places_words(value));
  }
  return shortened(dumped(value));
}

std::vector<std::string> distinct_words(const std::vector<Json>& values) {
  std::map<std::string, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < values.size(); ++i) alike[value_words(values[i])].push_back(i);
  std::vector<std::string> words(values.size());
  std::set<std::string> taken;
  std::map<std::string, std::size_t> numbers;
  for (const auto& [text, places] : alike) {
    // Each is compared with all others of its words; beyond a few, numbers do.
    constexpr std::size_t most_compared = 64;
    std::vector<const Json*> others;
    for (const std::size_t i : places) others.push_back(&values[i]);
    const bool few = others.size() > 1 && others.size() <= most_compared &&
                     std::all_of(others.begin(), others.end(),
                                 [](const Json* value) { return value->size() <= most_compared; });
    for (const std::size_t i : places) {
      words[i] = text;
      const std::string more = few ? shortened(differing_members(values[i], others)) : "";
      if (!more.empty()) words[i] += " (" + more + ")";
      const std::string stem = words[i];
      std::size_t& number = numbers.try_emplace(stem, 1).first->second;
      while (!taken.insert(words[i]).second) words[i] = stem + " #" + std::to_string(++number);
    }
  }
  return words;
}

}  // namespace halfulp::experiments

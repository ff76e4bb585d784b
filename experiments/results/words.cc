// SPDX-License-Identifier: MIT
#include "experiments/results/words.h"

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

std::string format_words(const Json& format) {
  if (format.is_string()) return format.get<std::string>();
  if (format.is_object() && format.contains("name") && format["name"].is_string())
    return format["name"].get<std::string>();
  return dumped(format);
}

std::string quantizer_words(const Json& quantizer) {
  std::string text = format_words(quantizer["format"]);
  const Json scale = quantizer.contains("scaling") && quantizer["scaling"].is_object()
                         ? quantizer["scaling"].value("scale", Json())
                         : Json();
  if (scale.is_number()) text += ", scale " + number_words(scale.get<double>(), 3);
  const Json rounding = quantizer.value("rounding", Json());
  if (rounding.is_string() && rounding != "nearest-even")
    text += ", " + rounding.get<std::string>();
  return text;
}

// A map from places to quantizers, such as a whole policy.
std::string places_words(const Json& object) {
  if (object.empty()) return "full precision";
  std::set<std::string> values;
  std::string places;
  for (const auto& member : object.items()) {
    values.insert(value_words(member.value()));
    places += (places.empty() ? "" : ", ") + spaced(member.key());
  }
  constexpr std::size_t few = 2;
  if (object.size() > few) places = std::to_string(object.size()) + " places";
  if (values.size() == 1) return places + ": " + *values.begin();
  return dumped(object);
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
      {"floor", "floor of the excess risk"}};
  const auto found = known.find(metric);
  return found == known.end() ? shortened(spaced(metric)) : found->second;
}

std::string value_words(const Json& value) {
  if (value.is_string()) return shortened(value.get<std::string>());
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return number_words(value.get<double>());
  if (value.is_null()) return "none";
  if (value.is_object()) {
    if (value.contains("noise")) return shortened(noise_words(value["noise"]));
    if (value.contains("format")) return shortened(quantizer_words(value));
    return shortened(places_words(value));
  }
  return shortened(dumped(value));
}

}  // namespace halfulp::experiments

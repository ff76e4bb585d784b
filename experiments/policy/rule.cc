// SPDX-License-Identifier: MIT
#include "experiments/policy/rule.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

const std::vector<std::string> kind_names{"additive", "multiplicative_rank1",
                                          "multiplicative_coord"};
const std::vector<std::string> law_names{"gaussian", "uniform", "two_point"};

Noise parse_noise(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Noise noise;
  reader.require("kind");
  reader.require("eps");
  noise.kind = static_cast<Noise::Kind>(reader.choice("kind", 0, kind_names));
  noise.eps = reader.number("eps", 0.0, 0.0, 1e6);
  noise.law = static_cast<Law>(reader.choice("law", 0, law_names));
  reader.finish();
  return noise;
}

double parse_scaling(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  reader.require("scale");
  reader.choice("kind", 0, {"static"});
  const double scale = reader.number("scale", 1.0, 0x1p-1000, 0x1p1000);
  reader.finish();
  return scale;
}

void require_binary64(const Format& format, const std::string& where) {
  if (fits_binary64(format)) return;
  throw Error("the format \"" + format.name + "\" has values that binary64 does not hold", where,
              "training carries its numbers in binary64; choose a narrower format");
}

Quantizer parse_scalar(const Json& value, const std::string& where) {
  const AnyQuantizer any = any_quantizer_from_json(value, where);
  if (const auto* block = std::get_if<BlockFormat>(&any))
    throw Error("the block format \"" + block->name + "\" stands in an accumulator", where,
                "its sums and products come one by one and have no block to share a scale; give a "
                "scalar format such as \"binary32\"");
  const auto& quantizer = std::get<Quantizer>(any);
  require_binary64(quantizer.format, where);
  return quantizer;
}

// {"kind": "static", "scale": s}, "kind" by itself or left out, and no level of a block format,
// whose scale is a format.
bool is_static(const Json& scaling) {
  return scaling.is_object() &&
         (scaling.contains("kind") || (scaling.contains("scale") && scaling["scale"].is_number()));
}

// The members of `value` beside the format and its rounding are read here and taken out.
QuantizerRule parse_accumulator(Json value, const std::string& where, Generator generator) {
  QuantizerRule quantized;
  quantized.generator = generator;
  if (value.is_object() && value.contains("scaling"))
    throw Error("an accumulator has no scale", where + "/scaling", "leave it out");
  if (value.is_object()) {
    ObjectReader reader(value, where);
    DotUnit unit;
    order_from_json(reader, unit);
    quantized.order = unit.order;
    quantized.chunk = unit.chunk;
    if (const Json* outer = reader.find("outer"))
      quantized.outer = parse_scalar(*outer, reader.place("outer"));
    if (const Json* product = reader.find("product"))
      quantized.product = parse_scalar(*product, reader.place("product"));
    for (const char* key : {"order", "chunk", "outer", "product"}) value.erase(key);
  }
  quantized.quantizer = parse_scalar(value, where);
  validate(dot_unit_of(quantized), where);
  return quantized;
}

// The members of `value` that any_quantizer_from_json knows nothing of are read here and taken out.
Rule parse_format(Json value, const std::string& where, PlaceKind kind, Generator generator) {
  if (value.is_object() && value.contains("random")) {
    generator = parse_random(value["random"], where + "/random");
    value.erase("random");
  }
  if (kind == PlaceKind::accumulator) return parse_accumulator(std::move(value), where, generator);
  std::optional<double> scale;
  if (value.is_object() && value.contains("scaling") && is_static(value["scaling"])) {
    scale = parse_scaling(value["scaling"], where + "/scaling");
    value.erase("scaling");
  }
  AnyQuantizer any = any_quantizer_from_json(value, where);
  if (auto* block = std::get_if<BlockFormat>(&any)) {
    if (scale)
      throw Error("a static scale over the scales of \"" + block->name + "\"", where + "/scaling",
                  "leave it out: a block format has scales of its own");
    return BlockRule{.format = std::move(*block), .generator = generator};
  }
  QuantizerRule quantized{
      .quantizer = std::get<Quantizer>(any), .scale = scale.value_or(1.0), .generator = generator};
  require_binary64(quantized.quantizer.format, where);
  return quantized;
}

}  // namespace

bool is_native_name(const Json& value) {
  return value.is_string() && (value == "native" || value == "none" || value == "binary64");
}

Generator parse_random(const Json& value, const std::string& where) {
  if (!value.is_string())
    throw Error(value.dump() + " is no generator", where,
                "write \"philox4x32-10\" or \"splitmix64\"");
  try {
    return parse_generator(value.get<std::string>());
  } catch (const Error& error) {
    throw error.at(where);
  }
}

Rule parse_rule(const Json& value, const std::string& where, PlaceKind kind, Generator generator) {
  if (is_native_name(value)) return {};
  if (value.is_object() && value.contains("noise")) {
    ObjectReader reader(value, where);
    if (reader.has("format"))
      throw Error("\"noise\" and \"format\" stand at one place", where, "keep one of them");
    if (kind == PlaceKind::accumulator)
      throw Error("an accumulator cannot be a noise model", where, "give a float format");
    const Noise noise = parse_noise(reader.require("noise"), reader.place("noise"));
    reader.finish();
    return noise;
  }
  if (!value.is_object() && !value.is_string())
    throw Error(value.dump() + " is no quantizer", where,
                R"(a format's name, {"format": ...} or {"noise": {...}} is needed)");
  return parse_format(value, where, kind, generator);
}

Json to_json(const Rule& rule) {
  if (const Noise* noise = noise_of(rule)) {
    Json inner;
    inner["kind"] = kind_names[static_cast<std::size_t>(noise->kind)];
    inner["eps"] = noise->eps;
    inner["law"] = law_names[static_cast<std::size_t>(noise->law)];
    return Json{{"noise", inner}};
  }
  if (const QuantizerRule* quantized = quantizer_rule_of(rule)) {
    Json object = halfulp::to_json(quantized->quantizer);
    // Only what differs from the default, so that documents keep their hash.
    if (quantized->generator != Generator::philox4x32_10)
      object["random"] = std::string(name_of(quantized->generator));
    if (quantized->scale != 1.0)
      object["scaling"] = Json{{"kind", "static"}, {"scale", quantized->scale}};
    if (quantized->order != Order::sequential)
      object["order"] = std::string(name_of(quantized->order));
    if (quantized->chunk != 0) object["chunk"] = quantized->chunk;
    if (quantized->outer) object["outer"] = halfulp::to_json(*quantized->outer);
    if (quantized->product) object["product"] = halfulp::to_json(*quantized->product);
    return object;
  }
  if (const BlockRule* blocks = blocks_of(rule)) {
    Json object = halfulp::to_json(blocks->format);
    if (blocks->generator != Generator::philox4x32_10)
      object["random"] = std::string(name_of(blocks->generator));
    return object;
  }
  return "binary64";
}

DotUnit dot_unit_of(const QuantizerRule& accumulator) {
  DotUnit unit{.order = accumulator.order,
               .product = accumulator.product,
               .accumulator = accumulator.quantizer,
               .chunk = accumulator.chunk,
               .outer = accumulator.outer};
  return unit;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The JSON form of dot units (declared in json.h).
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

const std::vector<std::string> carrier_words{"binary32", "binary64"};

Quantizer scalar(const Json& value, const std::string& where) {
  const AnyQuantizer any = any_quantizer_from_json(value, where);
  if (const auto* block = std::get_if<BlockFormat>(&any))
    throw Error("the block format \"" + block->name + "\" stands in a dot unit", where,
                "its sums and products come one by one and have no block to share a scale; give a "
                "scalar format such as \"binary32\"");
  return std::get<Quantizer>(any);
}

}  // namespace

void order_from_json(ObjectReader& reader, DotUnit& unit) {
  if (reader.has("order")) {
    try {
      unit.order = parse_order(reader.text("order", ""));
    } catch (const Error& error) {
      throw error.location().empty() ? error.at(reader.place("order")) : error;
    }
  }
  constexpr std::int64_t most = std::int64_t{1} << 53;
  unit.chunk = reader.integer("chunk", 0, 1, most);
}

DotUnit dot_unit_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  DotUnit unit;
  if (const Json* accumulator = reader.find("accumulator"))
    unit.accumulator = scalar(*accumulator, reader.place("accumulator"));
  const bool has_native = reader.has("native");
  unit.native = static_cast<Carrier>(reader.choice("native", 1, carrier_words));
  if (has_native && unit.accumulator)
    throw Error("\"native\" and \"accumulator\" stand in one dot unit", reader.place("native"),
                "keep one of them");
  order_from_json(reader, unit);
  if (const Json* product = reader.find("product"))
    unit.product = scalar(*product, reader.place("product"));
  if (const Json* outer = reader.find("outer")) unit.outer = scalar(*outer, reader.place("outer"));
  reader.finish();
  validate(unit, where);
  return unit;
}

Json to_json(const DotUnit& unit) {
  Json object;
  if (unit.accumulator) {
    object["accumulator"] = to_json(*unit.accumulator);
  } else {
    object["native"] = std::string(name_of(unit.native));
  }
  object["order"] = std::string(name_of(unit.order));
  if (unit.chunk != 0) object["chunk"] = unit.chunk;
  if (unit.outer) object["outer"] = to_json(*unit.outer);
  if (unit.product) object["product"] = to_json(*unit.product);
  return object;
}

}  // namespace halfulp

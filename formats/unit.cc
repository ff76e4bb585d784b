// SPDX-License-Identifier: MIT
#include "formats/unit.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

const std::vector<std::string> order_names{"sequential", "eight-sums",  "pairwise",
                                           "chunked",    "compensated", "exact"};
const std::vector<std::string> carrier_names{"binary32", "binary64"};

std::size_t place_of(Order order) { return static_cast<std::size_t>(order); }

void validate_native(const DotUnit& unit, const std::string& where) {
  if (unit.order != Order::sequential && unit.order != Order::eight_sums)
    throw Error("the order \"" + order_names[place_of(unit.order)] + "\" without an accumulator",
                where + "/order", "give an accumulator, such as \"binary32\"");
  if (unit.product)
    throw Error("a format of products without an accumulator", where + "/product",
                "give an accumulator, such as \"binary32\"");
}

void validate_accumulator(const DotUnit& unit, const std::string& where) {
  if (unit.order == Order::eight_sums)
    throw Error("the order \"eight-sums\" with an accumulator", where + "/order",
                "only native arithmetic has it; \"pairwise\" is near");
  if (unit.order == Order::exact && unit.product && !is_dyadic(unit.product->format))
    throw Error(
        "exact sums of numbers of \"" + unit.product->format.name + "\", which are irrational",
        where + "/product",
        "leave it out, so that products enter exactly, or choose another order");
}

Quantizer scalar(const Json& value, const std::string& where) {
  const AnyQuantizer any = any_quantizer_from_json(value, where);
  if (const auto* block = std::get_if<BlockFormat>(&any))
    throw Error("the block format \"" + block->name + "\" stands in a dot unit", where,
                "its sums and products come one by one and have no block to share a scale; give a "
                "scalar format such as \"binary32\"");
  return std::get<Quantizer>(any);
}

}  // namespace

std::string_view name_of(Carrier carrier) {
  return carrier_names[static_cast<std::size_t>(carrier)];
}

std::string_view name_of(Order order) { return order_names[place_of(order)]; }

Order parse_order(std::string_view name) {
  const std::string plain = plain_name(name);
  for (std::size_t i = 0; i < order_names.size(); ++i) {
    if (plain_name(order_names[i]) == plain) return static_cast<Order>(i);
  }
  std::string list;
  for (const std::string& known : order_names) list += (list.empty() ? "" : ", ") + known;
  const std::string hint = suggest(std::string(name), order_names);
  throw Error("\"" + std::string(name) + "\" is no order of summation", {},
              hint.empty() ? "there are " + list : hint);
}

void validate(const DotUnit& unit, const std::string& where) {
  const bool chunked = unit.order == Order::chunked;
  unit.accumulator ? validate_accumulator(unit, where) : validate_native(unit, where);
  if (chunked && unit.chunk < 1)
    throw Error("the order \"chunked\" without a number of terms", where + "/chunk",
                "give \"chunk\", such as 128");
  if (!chunked && unit.chunk != 0)
    throw Error("a number of terms of a chunk, and no chunks", where + "/chunk",
                "leave it out, or write \"order\": \"chunked\"");
  if (!chunked && unit.outer)
    throw Error("a format of the sums of chunks, and no chunks", where + "/outer",
                "leave it out, or write \"order\": \"chunked\"");
}

std::uint64_t draws_per_term(const DotUnit& unit) {
  switch (unit.order) {
    case Order::pairwise:
    case Order::chunked:
      return 4;
    case Order::compensated:
      return 8;
    case Order::sequential:
    case Order::eight_sums:
    case Order::exact:
      break;
  }
  return 2;
}

const Quantizer& result_quantizer(const DotUnit& unit) {
  HALFULP_REQUIRE(unit.accumulator.has_value(), "result_quantizer: no accumulator");
  return unit.outer ? *unit.outer : *unit.accumulator;
}

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
  unit.native = static_cast<Carrier>(reader.choice("native", 1, carrier_names));
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

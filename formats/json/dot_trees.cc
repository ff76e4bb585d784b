// SPDX-License-Identifier: MIT
//
// The JSON form of trees of dot products (declared in json.h): members named as the fields of
// dot_tree.h, those left out that are as the fields are made.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

const std::vector<std::string> joinings{"in_sequence", "pairwise", "halves", "compensated",
                                        "at_once"};
const std::vector<std::string> parts{"terms", "runs", "strands"};

std::optional<std::int64_t> optional_integer(ObjectReader& reader, const std::string& key,
                                             std::int64_t lowest, std::int64_t highest) {
  if (!reader.has(key)) return std::nullopt;
  return reader.integer(key, 0, lowest, highest);
}

std::optional<int> optional_bits(ObjectReader& reader, const std::string& key) {
  const auto bits = optional_integer(reader, key, 0, dot_limits::bits);
  return bits ? std::optional(static_cast<int>(*bits)) : std::nullopt;
}

std::optional<Quantizer> optional_quantizer(ObjectReader& reader, const std::string& key) {
  const Json* value = reader.find(key);
  return value != nullptr ? std::optional(quantizer_from_json(*value, reader.place(key)))
                          : std::nullopt;
}

std::optional<Format> optional_format(ObjectReader& reader, const std::string& key) {
  const Json* value = reader.find(key);
  return value != nullptr ? std::optional(format_from_json(*value, reader.place(key)))
                          : std::nullopt;
}

Alignment alignment_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  reader.require("bits");
  Alignment alignment{.bits = static_cast<int>(reader.integer("bits", 0, 0, dot_limits::bits))};
  alignment.running_bits = optional_bits(reader, "running_bits");
  alignment.sum_bits = optional_bits(reader, "sum_bits");
  alignment.least_exponent =
      optional_integer(reader, "least_exponent", -dot_limits::exponent, dot_limits::exponent);
  alignment.downward = reader.boolean("downward", false);
  alignment.drops_running = reader.boolean("drops_running", false);
  reader.finish();
  return alignment;
}

Json to_json(const Alignment& alignment) {
  Json object;
  object["bits"] = alignment.bits;
  if (alignment.running_bits) object["running_bits"] = *alignment.running_bits;
  if (alignment.sum_bits) object["sum_bits"] = *alignment.sum_bits;
  if (alignment.least_exponent) object["least_exponent"] = *alignment.least_exponent;
  if (alignment.downward) object["downward"] = true;
  if (alignment.drops_running) object["drops_running"] = true;
  return object;
}

Scaling scaling_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  reader.require("block");
  Scaling scaling{.block = reader.integer("block", 0, 1, dot_limits::terms),
                  .left = format_from_json(reader.require("left"), reader.place("left")),
                  .right = format_from_json(reader.require("right"), reader.place("right"))};
  scaling.product = optional_quantizer(reader, "product");
  scaling.item = optional_quantizer(reader, "item");
  scaling.exponent_of_scales = reader.boolean("exponent_of_scales", false);
  reader.finish();
  return scaling;
}

Json to_json(const Scaling& scaling) {
  Json object;
  object["block"] = scaling.block;
  object["left"] = to_json(scaling.left);
  object["right"] = to_json(scaling.right);
  if (scaling.product) object["product"] = to_json(*scaling.product);
  if (scaling.item) object["item"] = to_json(*scaling.item);
  if (scaling.exponent_of_scales) object["exponent_of_scales"] = true;
  return object;
}

Json to_json(const Sum& sum) {
  Json object;
  object["joining"] = joinings[static_cast<std::size_t>(sum.joining)];
  object["of"] = parts[static_cast<std::size_t>(sum.of)];
  if (sum.size != 0) object["size"] = sum.size;
  if (sum.together != 1) object["together"] = sum.together;
  if (sum.alignment) object["alignment"] = to_json(*sum.alignment);
  if (sum.scaling) object["scaling"] = to_json(*sum.scaling);
  if (sum.rounded) {
    object["quantizer"] = to_json(sum.quantizer);
  } else {
    object["rounded"] = false;
  }
  return object;
}

std::vector<std::int64_t> order_from_json(const Json& value, const std::string& where) {
  if (!value.is_array())
    throw Error("no list of places", where, "write the terms in the order in which they are taken");
  std::vector<std::int64_t> order;
  for (const Json& place : value) {
    order.push_back(integer_from(place, where + "/" + std::to_string(order.size()), 0,
                                 static_cast<std::int64_t>(value.size()) - 1));
  }
  return order;
}

}  // namespace

Sum sum_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Sum sum;
  sum.joining = static_cast<Joining>(reader.choice("joining", 0, joinings));
  sum.of = static_cast<Sum::Of>(reader.choice("of", 0, parts));
  sum.size = reader.integer("size", 0, 1, dot_limits::terms);
  sum.together = reader.integer("together", 1, 1, dot_limits::terms);
  if (const Json* alignment = reader.find("alignment"))
    sum.alignment = alignment_from_json(*alignment, reader.place("alignment"));
  if (const Json* scaling = reader.find("scaling"))
    sum.scaling = scaling_from_json(*scaling, reader.place("scaling"));
  sum.rounded = reader.boolean("rounded", true);
  const Json* quantizer = sum.rounded ? &reader.require("quantizer") : reader.find("quantizer");
  if (quantizer != nullptr)
    sum.quantizer = quantizer_from_json(*quantizer, reader.place("quantizer"));
  reader.finish();
  return sum;
}

DotTree dot_tree_from_json(ObjectReader& reader) {
  DotTree tree;
  tree.product = optional_quantizer(reader, "product");
  tree.left = optional_format(reader, "left");
  tree.right = optional_format(reader, "right");
  tree.product_limit =
      optional_integer(reader, "product_limit", -dot_limits::exponent, dot_limits::exponent);
  if (const Json* order = reader.find("order"))
    tree.order = order_from_json(*order, reader.place("order"));
  const Json& sums = reader.require("sums");
  if (!sums.is_array())
    throw Error("no list of sums", reader.place("sums"),
                "write [{\"joining\": \"in_sequence\", \"quantizer\": \"binary32\"}]");
  for (const Json& sum : sums) {
    const std::string place = reader.place("sums") + "/" + std::to_string(tree.sums.size());
    tree.sums.push_back(sum_from_json(sum, place));
  }
  return tree;
}

DotTree dot_tree_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  DotTree tree = dot_tree_from_json(reader);
  reader.finish();
  validate(tree, where);
  return tree;
}

void add_members(Json& object, const DotTree& tree) {
  if (tree.product) object["product"] = to_json(*tree.product);
  if (tree.left) object["left"] = to_json(*tree.left);
  if (tree.right) object["right"] = to_json(*tree.right);
  if (tree.product_limit) object["product_limit"] = *tree.product_limit;
  if (!tree.order.empty()) object["order"] = tree.order;
  object["sums"] = Json::array();
  for (const Sum& sum : tree.sums) object["sums"].push_back(to_json(sum));
}

Json to_json(const DotTree& tree) {
  Json object;
  add_members(object, tree);
  return object;
}

}  // namespace halfulp

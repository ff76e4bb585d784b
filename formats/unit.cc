// SPDX-License-Identifier: MIT
#include "formats/unit.h"

#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"

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

// Of the terms.
Joining joining_of(Order order) {
  switch (order) {
    case Order::pairwise:
      return Joining::pairwise;
    case Order::compensated:
      return Joining::compensated;
    case Order::exact:
      return Joining::at_once;
    case Order::sequential:
    case Order::eight_sums:
    case Order::chunked:
      break;
  }
  return Joining::in_sequence;
}

DotTree native_tree(const DotUnit& unit) {
  const Quantizer nearest{.format = find_format(name_of(unit.native)), .rounding = {}};
  DotTree tree{.product = nearest, .sums = {}};
  if (unit.order == Order::eight_sums) {
    tree.sums.push_back(
        {.joining = Joining::halves, .quantizer = nearest, .of = Sum::Of::strands, .size = 8});
  }
  tree.sums.push_back({.joining = Joining::in_sequence, .quantizer = nearest});
  return tree;
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

DotTree tree_of(const DotUnit& unit) {
  validate(unit);
  if (!unit.accumulator) return native_tree(unit);
  DotTree tree{.product = unit.product, .sums = {}};
  if (unit.order == Order::chunked) {
    tree.sums.push_back({.joining = Joining::in_sequence,
                         .quantizer = unit.outer ? *unit.outer : *unit.accumulator,
                         .of = Sum::Of::runs,
                         .size = unit.chunk});
  }
  tree.sums.push_back({.joining = joining_of(unit.order), .quantizer = *unit.accumulator});
  return tree;
}

DotUnit::operator DotTree() const { return tree_of(*this); }

}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// Plans of products as libraries publish them: which kernel a shape has, and what of it fixes the
// arithmetic. Read are those that pull requests 2752 to 2855 of facebookexperimental/triton have
// for cuBLAS (bitequiv/cublas_match/plan.py at db4666f), as JSON of the same members:
//   {"mode": "splitk_groups", "k_chunk": 1024, "block_k": 64, "k_per_dot": 16, "merge_scheme": 3}
//
//   mode           what is added
//   plain          one accumulator over all terms
//   k_per_dot      likewise, in groups of k_per_dot terms; the first step of block_k terms, or that
//                  of leading_group_k terms, is a short one
//   split          slices of k_chunk terms, added from the first on in binary32
//   split_blocks   likewise, of a slice blocks of block_k terms, added in binary32
//   splitk_groups  slices of k_chunk terms, each as k_per_dot; merge_scheme 0: added in binary32;
//   2:
//                  rounded to the format of the results before; 3: the sum is so rounded each time
//   gemmsn         no tensor core: `simt` [S, B] are S chunks of the terms, of blocks of B (0: the
//                  chunk), of terms one by one, all added in binary32
// Those for vectors (gemv13, gemv_cslice, gemv14) are refused by their name.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "golden/kernels/order.h"

namespace halfulp::kernels {
namespace {

Quantizer binary32() { return {.format = find_format("binary32"), .rounding = {}}; }

OuterSum runs(std::int64_t size) {
  OuterSum outer;
  outer.sum = {.quantizer = binary32(), .of = Sum::Of::runs, .size = size};
  return outer;
}

std::int64_t terms_of(ObjectReader& reader, const std::string& member) {
  reader.require(member);
  return reader.integer(member, 1, 1, dot_limits::terms);
}

Slicing groups_of(ObjectReader& reader) {
  Slicing slicing{.sum = binary32()};
  reader.require("k_per_dot");
  slicing.group = reader.integer("k_per_dot", 1, 1, most_instruction_terms);
  return slicing;
}

Slicing::Merge merge_of(ObjectReader& reader) {
  reader.require("merge_scheme");
  switch (reader.integer("merge_scheme", 0, 0, 3)) {
    case 0:
      return Slicing::Merge::sums;
    case 2:
      return Slicing::Merge::rounded_parts;
    case 3:
      return Slicing::Merge::rounded_sums;
    default:
      throw Error("a merge scheme that is not published", reader.place("merge_scheme"),
                  "there are 0, 2 and 3");
  }
}

// {"simt": [S, B]}
void add_chains(ObjectReader& reader, Order& order) {
  const Json& simt = reader.require("simt");
  const std::string place = reader.place("simt");
  if (!simt.is_array() || simt.size() != 2)
    throw Error("no pair of chunks and terms of a block", place, "write [S, B]");
  OuterSum chunks = runs(0);
  chunks.parts = integer_from(simt[0], place + "/0", 1, dot_limits::terms);
  order.sums.push_back(chunks);
  const std::int64_t block = integer_from(simt[1], place + "/1", 0, dot_limits::terms);
  if (block != 0) order.sums.push_back(runs(block));
  order.tree = DotTree{.product = std::nullopt, .sums = {Sum{.quantizer = binary32()}}};
}

void add_mode(const std::string& mode, ObjectReader& reader, Order& order) {
  if (mode == "k_per_dot") {
    order.slicing = groups_of(reader);
    if (reader.has("block_k")) {
      order.slicing->step = terms_of(reader, "block_k");
    } else {
      reader.require("leading_group_k");
      order.slicing->first = reader.integer("leading_group_k", 0, 0, dot_limits::terms);
    }
  } else if (mode == "split" || mode == "split_blocks") {
    order.slicing = Slicing{.sum = binary32(), .size = terms_of(reader, "k_chunk")};
    if (mode == "split_blocks") order.sums.push_back(runs(terms_of(reader, "block_k")));
  } else if (mode == "splitk_groups") {
    order.slicing = groups_of(reader);
    order.slicing->merge = merge_of(reader);
    order.slicing->size = terms_of(reader, "k_chunk");
    order.slicing->step = terms_of(reader, "block_k");
  } else if (mode == "gemmsn") {
    add_chains(reader, order);
  } else if (mode != "plain") {
    const std::vector<std::string> modes{"plain",        "k_per_dot",     "split",
                                         "split_blocks", "splitk_groups", "gemmsn"};
    const std::string near = suggest(mode, modes);
    throw Error("the mode \"" + mode.substr(0, 40) + "\" is not read", reader.place("mode"),
                near.empty() ? "there are plain, k_per_dot, split, split_blocks, splitk_groups and "
                               "gemmsn"
                             : near);
  }
}

}  // namespace

bool is_plan(const Json& value) { return value.is_object() && value.contains("mode"); }

Order order_from_plan(const Json& value, const std::string& where) {
  // Members without a value are those that the mode does not need.
  Json plan = Json::object();
  for (const auto& [key, member] : value.items())
    if (!member.is_null() && key != "algo_id" && key != "raw_config") plan[key] = member;
  ObjectReader reader(plan, where);
  const std::string mode = reader.text("mode", "");
  Order order;
  order.name = mode;
  add_mode(mode, reader, order);
  reader.finish();
  return order;
}

}  // namespace halfulp::kernels

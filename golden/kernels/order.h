// SPDX-License-Identifier: MIT
//
// What lies outside a matrix unit: how a kernel cuts a product along its terms and joins the parts
// again (promotion into wider registers, split-K, trees), and what it does with a result
// before it is stored (scales, C, bias, an activation). An order is data; with a unit and a number
// of terms it becomes one tree (formats/dot_tree.h), which the engines execute.
//
// As JSON: {"sums": [...], "tree": {...}, "epilogue": [...]}, members below. As text, for command
// lines: pieces with commas between, the outermost first,
//   plain                no sum outside of the unit
//   promote:128          the unit starts at +0 every 128 terms; binary32 adds what it made
//   deepgemm:128         likewise, by a fused multiplication with the scales of 128 terms
//   split-k:4[:64]       four slices, whole multiples of 64 terms (1), added in binary32 in order
//   tree:32[:bfloat16]   parts of 32 terms, joined in pairs level by level in that format
//   (binary32)
// or, instead of a unit, one of
//   sequential:F  fma:F  pairwise:F  exact:F    with F for products and sums
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/json.h"
#include "formats/matrix_unit.h"
#include "formats/operation.h"

namespace halfulp::kernels {

// A sum of the results of what is further in. Its size is that of `sum`, or follows from the number
// of terms: as few multiples of `grain` as make at most `parts` parts.
struct OuterSum {
  Sum sum;
  std::int64_t parts = 0;  // 0: sum.size
  std::int64_t grain = 1;
  bool operator==(const OuterSum&) const = default;
};

// One step on every result, rounded once by its quantizer.
struct EpilogueStep {
  enum class What : std::uint8_t {
    scale,     // times a's scale times b's, which is rounded by `product` first where it is there
    multiply,  // times `factor`
    add_c,     // plus `factor` times C, that product rounded first by the step's quantizer
    multiply_add_c,  // `factor` times it, plus C, fused
    add_bias,        // plus the bias of the column
    function,        // a function of one operand
    convert
  };
  What what = What::convert;
  double factor = 1;
  Op function = Op::convert;
  std::optional<Quantizer> product = std::nullopt;
  Quantizer quantizer;
  bool operator==(const EpilogueStep&) const = default;
};

struct Order {
  std::string name;
  std::vector<OuterSum> sums;          // from the outermost
  std::optional<DotTree> tree;         // instead of a unit's
  std::vector<EpilogueStep> epilogue;  // in order; where one adds C the sums do not begin with it
  bool operator==(const Order&) const = default;
};

// Throws Error naming the place.
Order order_from_json(const Json& value, const std::string& where);
// Pieces, a path or JSON text.
Order order_from_text(const std::string& text);

bool adds_c_in_epilogue(const Order& order);
bool scales_in_epilogue(const Order& order);

// The tree of a product of so many terms: the order's sums around the unit's. Throws Error where
// they do not go together.
DotTree tree_of(const Order& order, const DotTree& unit, std::size_t terms);

}  // namespace halfulp::kernels

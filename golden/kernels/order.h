// SPDX-License-Identifier: MIT
//
// What lies outside a matrix unit: how a kernel cuts a product along its terms and joins the parts
// again (promotion into wider registers, split-K, trees), and what it does with a result
// before it is stored (scales, C, bias, an activation). An order is data; with a unit and a number
// of terms it becomes one tree (formats/dot_tree.h), which the engines execute.
//
// As JSON: {"sums": [...], "tree": {...}, "split": {...}, "epilogue": [...]}, members below, or
// what a library plans (plan.cc). As text, for command lines: pieces with commas between, the
// outermost first,
//   plain                no sum outside of the unit
//   promote:128          the unit starts at +0 every 128 terms; binary32 adds what it made
//   deepgemm:128         likewise, by a fused multiplication with the scales of 128 terms
//   split-k:4[:64]       four slices, whole multiples of 64 terms (1), added in binary32 in order
//   stream-k:W:MxNxK     W workers share the steps of K terms of all tiles of M x N results
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
    scale,           // times a's scale times b's, that product exact or rounded by `product` first
    multiply,        // times `factor`
    add_c,           // plus `factor` times C, that product rounded first by the step's quantizer
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

// A product in slices, each of neighbouring terms and made like a whole product, without what the
// epilogue does. They are added in their order, beginning with the first, s = Q(part), not with
// zero, so that -0 stays. Unlike an OuterSum it may round in two formats, and know of instructions
// that a kernel issues at places of its own.
struct Slicing {
  // sums: s = Q(s + part). rounded_parts: likewise, of parts that are rounded to the format of the
  // results. rounded_sums: s = R(Q(s + part)), R rounding to that format, s beginning with R(part).
  enum class Merge : std::uint8_t { sums, rounded_parts, rounded_sums };
  Merge merge = Merge::sums;
  Quantizer sum;  // Q
  // Terms of a slice; or as few multiples of `grain` as make at most `parts` slices; or, 0 both,
  // one slice.
  std::int64_t size = 0, parts = 0, grain = 1;
  // Where `group` is not 0, a kernel issues instructions of so many terms. A slice of n terms
  // begins with a short step of n mod `step` terms, or, `step` being 0, of `first`; it ends a
  // group, as the slice does. Each group is filled up with zeros to whole instructions of the unit.
  // (CUTLASS: the residue comes first.)
  std::int64_t group = 0, step = 0, first = 0;
  bool operator==(const Slicing&) const = default;
};

// Stream-K (Osama et al., PPoPP 2023, arXiv 2301.03598, algorithm 5). The results are cut into
// tiles of rows x columns, counted row after row, and every tile into steps of `terms` terms. All
// steps in this order are shared among the workers, each having ceil(steps / workers) of them. The
// slices of a tile are what single workers make of it; that with the first terms adds the others,
// in order, in the format of `sum`.
struct StreamK {
  std::int64_t workers = 1, rows = 128, columns = 128, terms = 32;
  Quantizer sum;
  bool operator==(const StreamK&) const = default;
};

struct Order {
  std::string name;
  std::vector<OuterSum> sums;      // from the outermost
  std::optional<DotTree> tree;     // instead of a unit's
  std::optional<Slicing> slicing;  // around both; not beside stream_k
  std::optional<StreamK> stream_k;
  std::vector<EpilogueStep> epilogue;  // in order; where one adds C the sums do not begin with it
  bool operator==(const Order&) const = default;
};

// Throws Error naming the place.
Order order_from_json(const Json& value, const std::string& where);
// What a library plans for a shape (plan.cc): an object with a "mode". Members that do not touch
// the arithmetic are not read. Throws Error naming the place.
bool is_plan(const Json& value);
Order order_from_plan(const Json& value, const std::string& where);
// Pieces, a path or JSON text.
Order order_from_text(const std::string& text);

bool adds_c_in_epilogue(const Order& order);
bool adds_bias(const Order& order);
bool scales_in_epilogue(const Order& order);

// True where its roundings draw random bits.
bool draws_bits(const Quantizer& quantizer);

// A product in slices is several products one after the other (slices.h), and no single tree.
bool is_sliced(const Order& order);
// The tree of a product of so many terms: the order's sums around the unit's. Throws Error where
// they do not go together, or the order is sliced.
DotTree tree_of(const Order& order, const DotTree& unit, std::size_t terms);

}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// The tree of a dot product walked with bounds in the place of numbers (error_bound.h), in the
// order of reference/dot.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "formats/dot_tree.h"
#include "golden/kernels/bound_steps.h"

namespace halfulp::kernels {

// A number of an operand, as the unit takes it: its magnitude; how far the number of its code is
// from that; the exponent that its format stores; the power of two that it is a multiple of.
struct BoundFactor {
  double magnitude = 0, gap = 0;  // infinity: not finite
  std::int32_t exponent = static_cast<std::int32_t>(Bounded::none);
  std::int32_t lsb = static_cast<std::int32_t>(Bounded::of_zero);
};
// A row of a, or a column of b: its terms as they are taken, and its scales, for every scaled sum.
struct BoundLine {
  std::vector<BoundFactor> terms;
  std::vector<std::vector<BoundFactor>> scales;
};

// Throws Error as BoundRounding does.
struct BoundTree {
  explicit BoundTree(const DotTree& of);
  const DotTree& tree;
  std::optional<BoundRounding> product;
  struct Node {
    std::optional<BoundRounding> rounding = std::nullopt;  // none: the sum is not rounded
    std::optional<BoundRounding> scales = std::nullopt, item = std::nullopt;
    bool at_once = false;     // several numbers at a time
    std::size_t scaling = 0;  // which of the scaled sums it is
  };
  std::vector<Node> nodes;
};

class BoundWalker {
 public:
  BoundWalker(const BoundTree& tree, const BoundLine& a, const BoundLine& b)
      : tree_(tree), a_(a), b_(b) {}

  // c: none where the product has no addend.
  [[nodiscard]] Bounded result(const std::optional<BoundFactor>& c) const;

 private:
  using Node = BoundTree::Node;
  [[nodiscard]] Bounded exact_product(std::size_t k) const;
  [[nodiscard]] Bounded product(std::size_t k) const;
  [[nodiscard]] std::size_t count_items(std::size_t node, const TermList& terms) const;
  [[nodiscard]] TermList item_terms(std::size_t node, const TermList& terms, std::size_t i) const;
  [[nodiscard]] Bounded item(std::size_t node, const TermList& terms) const;
  [[nodiscard]] Bounded scaled(std::size_t node, std::size_t first, Bounded item) const;
  [[nodiscard]] Bounded sum(std::size_t node, const TermList& terms, const Bounded* c) const;
  // Items from one on to another, and s. held: s is a number of the sum's format.
  [[nodiscard]] Bounded addition(std::size_t node, const TermList& terms, std::size_t begin,
                                 std::size_t end, const Bounded* running, bool held) const;
  [[nodiscard]] Bounded in_sequence(std::size_t node, const TermList& terms,
                                    const Bounded* c) const;
  [[nodiscard]] Bounded pairwise(std::size_t node, const TermList& terms) const;
  [[nodiscard]] Bounded halves(std::size_t node, const TermList& terms) const;
  [[nodiscard]] Bounded compensated(std::size_t node, const TermList& terms,
                                    const Bounded* c) const;

  const BoundTree& tree_;
  const BoundLine& a_;
  const BoundLine& b_;
};

}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// Exact results in full, as quotients of integers or roots of them. Where "nearest" turns at a
// geometric mean, which is irrational as a rule, a jammed word does not tell on which side of it
// the result lies; the squares of both do.
#pragma once

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

// numerator / denominator, or its root. The denominator is positive.
struct Ratio {
  Exact<Integer> numerator;
  Exact<Integer> denominator{false, 1, 0};
  bool root = false;
};

// Of dyadic operands.
Ratio ratio_of(const Expression& expression);

// Order of |x| and the geometric mean of two magnitudes.
int compare_to_geometric_mean(const Ratio& x, const Exact<Integer>& a, const Exact<Integer>& b);

template <typename Word>
int compare_to_geometric_mean(const Exactly<Word>& x, const Exact<Integer>& a,
                              const Exact<Integer>& b) {
  if (x.ratio != nullptr) return compare_to_geometric_mean(*x.ratio, a, b);
  const Ratio ratio =
      x.expression != nullptr ? ratio_of(*x.expression) : Ratio{.numerator = exact_integer(x.cut)};
  return compare_to_geometric_mean(ratio, a, b);
}

}  // namespace halfulp::emulator

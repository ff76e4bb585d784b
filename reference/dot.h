// SPDX-License-Identifier: MIT
//
// A dot product executed as its tree says (formats/dot_tree.h), one exact, once rounded operation
// after another. Nothing is computed by the processor's floating point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "formats/engine.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// One rounding on the way to a result, or one sum that is not rounded. Pointers and spans hold
// while the observer is called. Terms are counted as they are taken (DotTree::order).
struct DotStep {
  std::size_t row = 0, column = 0;                // of the result
  std::optional<std::size_t> sum = std::nullopt;  // which of the tree's sums; none: the product
  TermList terms;                   // those that the step brings in; none where C comes alone
  Op op = Op::add;                  // of a sum at once: add, of all operands
  std::span<const Value> operands;  // as they enter, flushed and scaled; of a sum s or C last
  // Of an addition at once: what is added, cut where it is aligned; the exponents by which it is,
  // and E, the largest.
  std::span<const Value> addends = {};
  std::span<const std::optional<std::int64_t>> exponents = {};  // of the operands
  std::optional<std::int64_t> exponent = std::nullopt;
  const Real* exact = nullptr;           // the result before it is rounded
  const Quantizer* quantizer = nullptr;  // rounds it; null: nothing does
  std::uint64_t random = 0;              // the random bits that were drawn
  Outcome outcome = {};
  Value rounded = {};  // the outcome as a number
};
using DotObserver = std::function<void(const DotStep&)>;

void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                  const MutableView& out);
// The same; calls the observer after every rounding, in the order in which they are made.
void observe_multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                          const MutableView& out, const DotObserver& observer);

}  // namespace halfulp::reference

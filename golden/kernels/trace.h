// SPDX-License-Identifier: MIT
//
// A dot product of a matrix unit step by step, as data: every rounding, and every sum that is not
// rounded, in the order in which they are made (reference/dot.h observes them), with names for
// what each takes. What a trace says of the arithmetic is defined in formats/dot_tree.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/matrix_unit.h"
#include "formats/numbers/value.h"
#include "golden/kernels/unit_dot.h"

namespace halfulp::kernels {

// A number that a step takes. Names count terms as the caller does, whatever order they are taken
// in: "a[3]" and "b[3]" where they enter apart, "a[3] b[3]" a product, "terms 0 to 31" a sum of
// them, "s" what has been summed before, "C" the addend.
struct TraceItem {
  std::string name;
  Value value;                                          // as it enters: flushed and scaled
  std::optional<std::size_t> term = std::nullopt;       // of a product
  std::optional<std::int64_t> exponent = std::nullopt;  // of an addition at once
  Value added = {};                                     // likewise: what remains of it
};

struct TraceStep {
  std::string what;  // "C + terms 0 to 31"
  Op op = Op::add;
  bool at_once = false;
  std::vector<TraceItem> items;
  std::optional<std::int64_t> exponent = std::nullopt;  // E of an addition at once
  std::optional<Alignment> alignment = std::nullopt;
  Real exact;  // after the bits below Alignment::sum_bits were cut, where there are such
  std::optional<Quantizer> quantizer = std::nullopt;  // absent: not rounded
  Outcome outcome = {};                               // a code of the quantizer's format
  Value rounded = {};                                 // its number, or the exact one
  std::uint64_t random = 0;                           // the random bits of a stochastic rounding
};

struct Trace {
  std::vector<TraceStep> steps;
  Code result = 0;
};

// Throws Error as UnitDot does. Precondition: `unit` is the one that `dot` was made of.
Trace trace_of(const UnitDot& dot, const MatrixUnit& unit, const DotCodes& codes,
               const Random& random = {});

// The first step of which two traces of the same operands make other numbers, or that takes other
// items, or that one of them lacks; none where they are the same.
std::optional<std::size_t> first_difference(const Trace& one, const Trace& other);

}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// Aligned additions (Alignment in formats/dot_tree.h), step by step on exact numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "formats/dot_tree.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// What is added, with the exponent by which it is aligned; zeros have none, nor has what is not
// finite.
struct Item {
  Value value;
  std::optional<std::int64_t> exponent = std::nullopt;
};

// The exponent that the format stores for a number.
std::optional<std::int64_t> stored_exponent(const Format& format, const Value& x);

// The number without its bits below 2^quantum: the multiple next to it toward zero or, downward,
// next below. What is not finite stays as it is.
Value cut(const Value& x, std::int64_t quantum, bool downward);

struct Addition {
  std::vector<Value> addends;                           // as they are added
  std::optional<std::int64_t> exponent = std::nullopt;  // E; none where all are zeros
};
// Steps E and 1. running: whether the last of the items is s.
Addition align(std::span<const Item> items, bool running, const Alignment& alignment);
// Without an alignment: E of the items as they are.
Addition unaligned(std::span<const Item> items);

// Step 3, of a sum.
Value cut_sum(const Value& sum, const Alignment& alignment);

}  // namespace halfulp::reference

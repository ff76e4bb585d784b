// SPDX-License-Identifier: MIT
//
// Additions at once on integers of any length (Alignment in formats/dot_tree.h): for trees whose
// steps doubles do not hold.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"
#include "formats/dot_tree.h"

namespace halfulp::emulator {

// What is added: of a finite number its value; with the exponent by which it is aligned.
struct ExactItem {
  Operand::Class kind = Operand::Class::zero;
  bool negative = false;
  Exact<Integer> value = {};
  std::optional<std::int64_t> exponent = std::nullopt;
};

ExactItem item_of(const Operand& x, const std::optional<std::int64_t>& least_exponent);
// Exponents: the sum of both, where both have one.
ExactItem product_of(const ExactItem& x, const ExactItem& y);
// Infinite from 2^limit on.
void limit_product(ExactItem& product, std::int64_t limit);

// The sum as exactly as the alignment leaves it. running: the last item is s. Of zero and of what
// is not finite too; exponent: E.
struct ExactTotal {
  ExactItem sum;
  bool zeros_of_one_sign = false;  // of a zero sum
};
ExactTotal add(std::span<ExactItem> items, bool running, const std::optional<Alignment>& alignment);

Outcome round_total(const Target& target, const ExactTotal& total, std::uint64_t random);

}  // namespace halfulp::emulator

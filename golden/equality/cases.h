// SPDX-License-Identifier: MIT
//
// The operands of a check: every combination of codes, or combinations drawn so that what goes
// wrong comes often (zeros, subnormals, ends of the range, powers of two and their neighbours,
// cancellation, results near overflow and underflow, ties, NaN and infinity). A drawn combination
// is a pure function of the seed and its number.
#pragma once

#include <cstdint>

#include "formats/codes.h"
#include "formats/random.h"
#include "golden/vectors/layout.h"

namespace halfulp::equality {

using vectors::Operands;

// The number of combinations of `count` codes; 2^63 where there are more.
std::uint64_t combinations(const Format& format, int count);

// The index-th combination of all, the first operand fastest.
Operands every_case(const Format& format, int count, std::uint64_t index);

class CaseDrawer {
 public:
  explicit CaseDrawer(std::uint64_t seed) : seed_(seed) {}

  // Operands of one format for an operation of `count` operands.
  [[nodiscard]] Operands operands(const Format& format, int count, std::uint64_t index) const;
  // A code of `source` for a conversion to `target`: near its numbers and the middles between them.
  [[nodiscard]] Code input(const Format& source, const Format& target, std::uint64_t index) const;

 private:
  std::uint64_t seed_;
};

}  // namespace halfulp::equality

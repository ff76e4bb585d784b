// SPDX-License-Identifier: MIT
//
// Exact sums of the terms of a dot product, rounded once (Joining::at_once in formats/dot_tree.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/dot/superaccumulator.h"

namespace halfulp::emulator {

// The terms of one sum: numbers in the accumulator, of others only whether there were any.
class ExactSum {
 public:
  void clear() { *this = ExactSum(); }
  void add_product(double a, double b);
  void add(const Operand& x);
  // There has been a term.
  [[nodiscard]] Outcome rounded(const Target& target, std::uint64_t random) const;

 private:
  void add_special(double a, double b);
  void add_far(const Operand& x);
  [[nodiscard]] Exact<Integer> total() const;
  [[nodiscard]] bool zero_is_negative(const Target& target) const;

  Superaccumulator numbers_;
  Exact<Integer> far_;  // the sum of terms that are outside of its range
  bool any_far_ = false, any_number_ = false, nan_ = false;
  std::array<bool, 2> zero_{}, infinity_{};  // positive, negative
};

// Terms of a row of a and a column of b, as they are, or rounded by the unit's product.
class ExactTerms {
 public:
  // Of a unit that is_exact().
  ExactTerms(const MatrixOperands& operands, const CompiledDot& unit, const Random& random);

  // The result whose terms are summed from now on, and where its draws begin.
  void move(std::size_t row, std::size_t column, std::uint64_t first);
  void add_to(ExactSum& sum, const TermList& terms);

 private:
  void add_exactly(ExactSum& sum, const TermList& terms) const;
  void add_rounded(ExactSum& sum, const TermList& terms);
  void add_by_scalar_path(ExactSum& sum, std::size_t k) const;
  [[nodiscard]] std::uint64_t place_of(std::size_t k) const {
    return first_ + k * unit_.draws.per_term + unit_.draws.product;
  }

  const MatrixOperands& operands_;
  const CompiledDot& unit_;
  const Random& random_;
  Lanes lanes_;
  bool in_lanes_;
  std::vector<double> left_, right_;  // rows of a, columns of b
  std::size_t row_ = 0, column_ = 0;
  std::uint64_t first_ = 0;
  Lanes::Numbers a_block_{}, b_block_{}, products_{};
};

}  // namespace halfulp::emulator

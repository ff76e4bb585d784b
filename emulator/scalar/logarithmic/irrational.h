// SPDX-License-Identifier: MIT
//
// Exact results in which numbers of logarithmic formats take part, or that are rounded to such a
// format: products, quotients, roots and sums of numbers with a factor 2^b e^n. They are known
// twice: near, by fixed-point logarithms with an error bound, and exactly, through comparison
// (formats/numbers/value.h). The first decides where its error lets it, the second where it does
// not.
#pragma once

#include <cstdint>
#include <functional>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/logarithmic/fixed_logarithm.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

class Result {
 public:
  // Operands are not zero and must outlive it.
  explicit Result(const Expression& expression);
  // x finite and nonzero; it must outlive the result.
  explicit Result(const Real& x);
  // A number near `magnitude`. What it is exactly is asked only where that does not decide.
  Result(const Near& magnitude, bool negative, std::function<Real()> exact);

  // Sums only; of the others nothing may be asked then.
  [[nodiscard]] bool is_zero() const { return zero_; }
  [[nodiscard]] bool negative() const { return negative_; }

  // Of the magnitude: itself, its logarithm to base 2 and that to base sqrt(e).
  [[nodiscard]] Near near() const;
  [[nodiscard]] Logarithm logarithm_2() const;
  [[nodiscard]] Logarithm logarithm_root_e() const;
  [[nodiscard]] Real magnitude() const;

 private:
  // (numerator / denominator, or its root) * 2^(two / 2^64) * e^(natural / 2^64); a sum of unlike
  // factors is a numerator alone.
  struct Factors {
    Near numerator, denominator;
    std::uint64_t two = 0;
    Power natural = 0;
    bool root = false;
  };

  void add(const Operand& addend);
  [[nodiscard]] Logarithm rational_logarithm() const;
  [[nodiscard]] Real real() const;

  Expression expression_;
  std::function<Real()> exact_;
  Factors factors_;
  bool negative_ = false;
  bool zero_ = false;
};

// The same product, or quotient, of dyadic numbers where the irrational factors make a rational
// number; else a and b as they are.
struct Pair {
  Operand a, b;
};
Pair without_product_of_factors(const Operand& a, const Operand& b);
Pair without_quotient_of_factors(const Operand& a, const Operand& b);

Near near_number(const Operand& x);
// Without its irrational factor; exact.
Near near_rational(const Operand& x);
Value exact_value(const Operand& x);
// The dyadic number of `precision` bits next to an irrational one.
Operand nearest(const Operand& x, int precision);

}  // namespace halfulp::emulator

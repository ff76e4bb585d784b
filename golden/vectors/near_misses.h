// SPDX-License-Identifier: MIT
//
// Products, quotients and square roots of integers that come as near as they can to a number of so
// many bits, or to the middle between two, without being it: what a wrong sticky bit or a divider
// that is a bit short gets wrong. By arithmetic modulo powers of two (Parks, "Number-theoretic test
// generation for directed rounding", ARITH 1999; Kahan, "A test for correctly rounded SQRT", 1996),
// not by search.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "formats/numbers/value.h"

namespace halfulp::vectors {

// A random integer of at most `bits` bits.
using RandomInteger = std::function<Integer(int bits)>;

struct Precisions {
  int a = 0, b = 0, result = 0;  // bits of significands
};

struct IntegerPair {
  Integer a, b;
};

// a b = m 2^d +- 1, or that at the middle. Absent where chance or the widths do not allow it.
std::optional<IntegerPair> near_product(const Precisions& p, const RandomInteger& random);
// a b = (2 m + 1) 2^d exactly.
std::optional<IntegerPair> middle_product(const Precisions& p, const RandomInteger& random);
// a 2^k = m b +- 1 where m has the result's bits, or one more: a middle.
std::optional<IntegerPair> near_quotient(const Precisions& p, const RandomInteger& random);
// a 2^k = m^2 - c for a small c: the operand is a 2^k, times any power of four.
std::optional<Integer> near_square(const Precisions& p, const RandomInteger& random);
// Two factors of an odd integer, the smaller below 2^12 and neither 1.
class Factors {
 public:
  explicit Factors(const Integer& n);
  [[nodiscard]] std::optional<IntegerPair> draw(const RandomInteger& random) const;

 private:
  Integer n_;
  std::vector<int> found_;
};

}  // namespace halfulp::vectors

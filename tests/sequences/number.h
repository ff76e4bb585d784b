// SPDX-License-Identifier: MIT
//
// Two kinds of numbers for loops that are written out by hand (loops.h): Float computes as a kernel
// in binary32 does, with the processor's arithmetic and correctly rounded functions; Bounded
// computes in binary64 and carries a bound of how far the same steps in binary32 may lie from the
// exact numbers. The bound is that of running error analysis (Higham, "Accuracy and Stability of
// Numerical Algorithms", 2002, section 3.3): what the operands' errors become, and half an ulp of
// the result. Functions are monotone between the ends of their operand's range, which gives theirs.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/catalogue.h"
#include "formats/engine.h"
#include "reference/engine.h"

namespace halfulp::sequences {

struct Float {
  float x = 0;
  Float() = default;
  Float(double number) : x(static_cast<float>(number)) {}  // NOLINT(google-explicit-constructor)
};
inline Float of_float(float x) {
  Float number;
  number.x = x;
  return number;
}

inline Float operator+(Float a, Float b) { return of_float(a.x + b.x); }
inline Float operator-(Float a, Float b) { return of_float(a.x - b.x); }
inline Float operator*(Float a, Float b) { return of_float(a.x * b.x); }
inline Float operator/(Float a, Float b) { return of_float(a.x / b.x); }
inline Float operator-(Float a) { return of_float(-a.x); }
inline Float fused(Float a, Float b, Float c) { return of_float(std::fma(a.x, b.x, c.x)); }
inline Float larger(Float a, Float b) { return a.x < b.x ? b : a; }
inline bool is_nothing(Float a) { return a.x == -std::numeric_limits<float>::infinity(); }
inline Float apply(Op op, Float a) {
  static const Plan plan =
      reference::engine().prepare({.format = find_format("binary32"), .rounding = {}}, {});
  double x = a.x;
  const View in = view_of(&std::as_const(x), 1, 1);
  reference::engine().map(op, std::span(&in, 1), plan, {}, view_of(&x, 1, 1), nullptr);
  return of_float(static_cast<float>(x));
}

struct Bounded {
  double x = 0, error = 0;
  Bounded() = default;
  // A constant of a kernel is rounded to binary32, x is the exact one.
  Bounded(double number)  // NOLINT(google-explicit-constructor)
      : x(number), error(std::fabs(static_cast<double>(static_cast<float>(number)) - number)) {
    if (std::isinf(number)) error = 0;
  }
};
// With the rounding of the result.
inline Bounded rounded(double x, double error) {
  constexpr double half_ulp = 0x1p-24;
  constexpr double half_least = 0x1p-150;
  constexpr double of_binary64 = 0x1p-48;  // the steps of x itself
  Bounded result;
  result.x = x;
  if (std::isinf(x)) return result;
  const double carried = error * (1 + of_binary64) + of_binary64 * std::fabs(x);
  result.error = carried + half_ulp * (std::fabs(x) + carried) + half_least;
  return result;
}
inline Bounded operator+(Bounded a, Bounded b) { return rounded(a.x + b.x, a.error + b.error); }
inline Bounded operator-(Bounded a, Bounded b) { return rounded(a.x - b.x, a.error + b.error); }
inline Bounded operator-(Bounded a) {
  a.x = -a.x;
  return a;
}
inline double product_error(Bounded a, Bounded b) {
  if (std::isinf(a.x) || std::isinf(b.x)) return 0;
  return std::fabs(a.x) * b.error + std::fabs(b.x) * a.error + a.error * b.error;
}
inline Bounded operator*(Bounded a, Bounded b) { return rounded(a.x * b.x, product_error(a, b)); }
inline Bounded operator/(Bounded a, Bounded b) {
  const double quotient = a.x / b.x;
  return rounded(quotient, (a.error + std::fabs(quotient) * b.error) / (std::fabs(b.x) - b.error));
}
inline Bounded fused(Bounded a, Bounded b, Bounded c) {
  return rounded(std::fma(a.x, b.x, c.x), product_error(a, b) + c.error);
}
inline Bounded larger(Bounded a, Bounded b) {
  Bounded result = a.x < b.x ? b : a;
  result.error = std::max(a.error, b.error);
  return result;
}
inline bool is_nothing(Bounded a) { return a.x == -std::numeric_limits<double>::infinity(); }
inline Bounded apply(Op op, Bounded a) {
  const auto f = [op](double x) {
    switch (op) {
      case Op::exp:
        return std::exp(x);
      case Op::exp2:
        return std::exp2(x);
      case Op::log:
        return std::log(x);
      case Op::tanh:
        return std::tanh(x);
      case Op::erf:
        return std::erf(x);
      case Op::reciprocal_square_root:
        return 1 / std::sqrt(x);
      default:
        return 1 / x;  // reciprocal
    }
  };
  const double middle = f(a.x);
  return rounded(
      middle, std::max(std::fabs(f(a.x + a.error) - middle), std::fabs(f(a.x - a.error) - middle)));
}

}  // namespace halfulp::sequences

// SPDX-License-Identifier: MIT
//
// The steps of error_bound.h: magnitudes rounded upward, numbers known by bounds only, and what a
// rounding and a cut do to them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "formats/dot_tree.h"
#include "formats/rounding.h"

namespace halfulp::kernels {

// Sums and products of numbers that are not negative, at least as large as the exact ones.
inline double up(double x) { return std::nextafter(x, std::numeric_limits<double>::infinity()); }
inline double sum_up(double x, double y) {
  const double s = x + y;
  return s - x == y && s - y == x ? s : up(s);
}
inline double product_up(double x, double y) { return x == 0 || y == 0 ? 0 : up(x * y); }

// A number of which this is known: |x| <= magnitude; it is a multiple of 2^lsb; the exponent by
// which it is aligned is at most `exponent`, none where it is known to be zero; and it differs from
// the exact number that it stands for by the errors of ResultBound.
struct Bounded {
  static constexpr std::int64_t none = std::numeric_limits<std::int32_t>::min();
  static constexpr std::int64_t of_zero = std::numeric_limits<std::int32_t>::max();
  double magnitude = 0;  // infinity: nothing is known
  std::int64_t lsb = of_zero;
  std::int64_t exponent = none;
  double certain = 0, rounding = 0, squares = 0;

  void add_errors(const Bounded& other);
  void scale_errors(double factor);
};

// What rounds a step, as far as bounds are concerned.
class BoundRounding {
 public:
  // Throws Error: no binary floating-point format of at most 53 bits; operands that are flushed.
  explicit BoundRounding(const Quantizer& quantizer);

  // x rounded. near: a distance from x at which there is a number of the format; to nearest errs by
  // no more.
  [[nodiscard]] Bounded round(Bounded x,
                              double near = std::numeric_limits<double>::infinity()) const;
  // The exponent that the format stores for a number of the magnitude.
  [[nodiscard]] std::int64_t stored_exponent(double magnitude) const;

 private:
  enum class Way : std::uint8_t { nearest, toward_zero, stochastic, other };
  Way way_ = Way::other;
  int precision_ = 0;
  int random_bits_ = 0;
  std::int64_t least_exponent_ = 0;  // of normal numbers
  std::int64_t least_unit_ = 0;      // exponent of the gap below them
  double largest_ = 0;
  double flushed_ = 0;  // the least number that is not; 0: none is
};

// x without its bits below 2^unit.
Bounded cut(Bounded x, std::int64_t unit, bool downward);

}  // namespace halfulp::kernels

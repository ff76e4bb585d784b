// SPDX-License-Identifier: MIT
#include "golden/kernels/bound_steps.h"

#include <algorithm>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::kernels {
namespace {

double power_of_two(std::int64_t exponent) {
  constexpr std::int64_t far = 5000;  // beyond all doubles
  const double x = std::ldexp(1.0, static_cast<int>(std::clamp(exponent, -far, far)));
  return x == 0 ? std::numeric_limits<double>::denorm_min() : x;
}

bool is_nearest(Mode mode) {
  return mode == Mode::nearest_even || mode == Mode::nearest_away || mode == Mode::nearest_zero ||
         mode == Mode::nearest_up || mode == Mode::nearest_down || mode == Mode::nearest_odd;
}

}  // namespace

void Bounded::add_errors(const Bounded& other) {
  certain = sum_up(certain, other.certain);
  rounding = sum_up(rounding, other.rounding);
  squares = sum_up(squares, other.squares);
}
void Bounded::scale_errors(double factor) {
  certain = product_up(certain, factor);
  rounding = product_up(rounding, factor);
  squares = product_up(squares, product_up(factor, factor));
}

BoundRounding::BoundRounding(const Quantizer& quantizer) {
  const auto* f = std::get_if<Float>(&quantizer.format.kind);
  constexpr int most = 53;
  if (f == nullptr || f->fraction_bits >= most || !fits_binary64(quantizer.format))
    throw Error("no bound is known of sums in \"" + quantizer.format.name + "\"", "order",
                "bounds are of binary floating-point formats of at most 53 bits");
  const Rounding& rounding = quantizer.rounding;
  if (rounding.flush_inputs)
    throw Error("no bound is known of sums that flush their operands", "order",
                "leave the flushing out");
  if (is_nearest(rounding.mode)) way_ = Way::nearest;
  if (rounding.mode == Mode::toward_zero) way_ = Way::toward_zero;
  if (is_stochastic(rounding.mode) && rounding.mode != Mode::stochastic_equal)
    way_ = Way::stochastic;
  random_bits_ = rounding.random_bits;
  precision_ = f->fraction_bits + 1;
  const double normal = to_double(smallest_normal(quantizer.format));
  least_exponent_ = std::ilogb(normal);
  least_unit_ = least_exponent_ - f->fraction_bits;
  largest_ = to_double(largest_finite(quantizer.format));
  if (rounding.flush_outputs || !f->subnormals) flushed_ = normal;
}

std::int64_t BoundRounding::stored_exponent(double magnitude) const {
  if (magnitude == 0) return Bounded::none;
  if (std::isinf(magnitude)) return 0;
  return std::max<std::int64_t>(std::ilogb(magnitude), least_exponent_);
}

Bounded BoundRounding::round(Bounded x, double near) const {
  if (x.magnitude == 0 || std::isinf(x.magnitude)) {
    x.exponent = stored_exponent(x.magnitude);
    return x;
  }
  const std::int64_t unit =
      std::max<std::int64_t>(std::ilogb(x.magnitude) - (precision_ - 1), least_unit_);
  if (x.lsb < unit) {
    const double ulp = power_of_two(unit);
    if (way_ == Way::nearest) {
      const double error = std::min(ulp / 2, near);
      x.rounding = sum_up(x.rounding, error);
      x.squares = sum_up(x.squares, product_up(error, error));
    } else if (way_ == Way::stochastic) {
      x.rounding = sum_up(x.rounding, ulp);
      x.squares = sum_up(x.squares, product_up(ulp, ulp));
      x.certain = sum_up(x.certain, power_of_two(unit - random_bits_));
    } else {
      x.certain = sum_up(x.certain, way_ == Way::toward_zero ? std::min(ulp, x.magnitude) : ulp);
    }
    // Rounding never decreases: of numbers up to M none becomes more than M does.
    const double steps = x.magnitude / ulp;
    const double whole = way_ == Way::nearest       ? std::floor(steps + 0.5)
                         : way_ == Way::toward_zero ? std::floor(steps)
                                                    : std::ceil(steps);
    x.magnitude = whole * ulp;
  }
  if (flushed_ > 0 && x.lsb < least_exponent_) x.certain = sum_up(x.certain, flushed_);
  if (x.magnitude > largest_) x.magnitude = std::numeric_limits<double>::infinity();
  x.exponent = stored_exponent(x.magnitude);
  return x;
}

Bounded cut(Bounded x, std::int64_t unit, bool downward) {
  if (x.magnitude == 0 || std::isinf(x.magnitude) || x.lsb >= unit) return x;
  const double one = power_of_two(unit);
  const double loss = downward ? one : std::min(one, x.magnitude);
  x.certain = sum_up(x.certain, loss);
  if (downward) x.magnitude = sum_up(x.magnitude, loss);
  return x;
}

}  // namespace halfulp::kernels

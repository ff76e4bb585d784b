// SPDX-License-Identifier: MIT
#include "reference/functions/enclosed_functions.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "formats/error.h"
#include "reference/functions/exact_powers.h"
#include "reference/functions/interval.h"

namespace halfulp::reference {
namespace {

// x + log(1 + e^-x) for positive x, so that nothing of x is lost.
Interval softplus(const Interval& x, mpfr_prec_t p) {
  if (mpfr_sgn(x.low()) <= 0) return increasing(mpfr_log1p, increasing(mpfr_exp, x, p), p);
  return sum(x, increasing(mpfr_log1p, increasing(mpfr_exp, negated(x), p), p), p);
}

Interval sigmoid(const Interval& x, mpfr_prec_t p) {
  const Interval one = interval_of(1);
  return quotient(one, sum(one, increasing(mpfr_exp, negated(x), p), p), p);
}

// The normal distribution function: (1 + erf(x / sqrt 2)) / 2, or erfc(-x / sqrt 2) / 2.
Interval normal_distribution(const Interval& x, mpfr_prec_t p) {
  const Interval root = increasing(mpfr_sqrt, interval_of(2), p);
  const Interval t = quotient(x, root, p);
  if (mpfr_sgn(x.low()) < 0) return halved(decreasing(mpfr_erfc, negated(t), p));
  return halved(sum(interval_of(1), increasing(mpfr_erf, t, p), p));
}

Interval tangent(const Interval& x, mpfr_prec_t p) {
  if (x.is_point()) return increasing(mpfr_tan, x, p);
  return quotient(oscillating(mpfr_sin, x, p), oscillating(mpfr_cos, x, p), p);
}

Interval unary(Op op, const Interval& x, mpfr_prec_t p) {
  switch (op) {
    case Op::exp:
      return increasing(mpfr_exp, x, p);
    case Op::exp2:
      return increasing(mpfr_exp2, x, p);
    case Op::expm1:
      return increasing(mpfr_expm1, x, p);
    case Op::log:
      return increasing(mpfr_log, x, p);
    case Op::log2:
      return increasing(mpfr_log2, x, p);
    case Op::log10:
      return increasing(mpfr_log10, x, p);
    case Op::log1p:
      return increasing(mpfr_log1p, x, p);
    case Op::sin:
      return oscillating(mpfr_sin, x, p);
    case Op::cos:
      return oscillating(mpfr_cos, x, p);
    case Op::tan:
      return tangent(x, p);
    case Op::asin:
      return increasing(mpfr_asin, x, p);
    case Op::acos:
      return decreasing(mpfr_acos, x, p);
    case Op::atan:
      return increasing(mpfr_atan, x, p);
    case Op::sinh:
      return increasing(mpfr_sinh, x, p);
    case Op::cosh:
      return increasing(mpfr_cosh, absolute(x), p);
    case Op::tanh:
      return increasing(mpfr_tanh, x, p);
    case Op::sigmoid:
      return sigmoid(x, p);
    case Op::erf:
      return increasing(mpfr_erf, x, p);
    case Op::gelu:
      return product(x, normal_distribution(x, p), p);
    case Op::silu:
      return product(x, sigmoid(x, p), p);
    case Op::softplus:
      return softplus(x, p);
    case Op::cube_root:
      return increasing(mpfr_cbrt, x, p);
    default:
      throw Error("the function " + std::string(name_of(op)) + " has no enclosure");
  }
}

Interval power(const Interval& x, const Interval& y, mpfr_prec_t p) {
  return increasing(mpfr_exp, product(y, increasing(mpfr_log, x, p), p), p);
}

Interval hypotenuse(const Interval& x, const Interval& y, mpfr_prec_t p) {
  const Interval squares = sum(product(x, x, p), product(y, y, p), p);
  return increasing(mpfr_sqrt, squares, p);
}

bool is_trigonometric(Op op) { return op == Op::sin || op == Op::cos || op == Op::tan; }

// Bits beyond the point that an irrational operand needs before its sine is known at all.
std::int64_t bits_before_point(Op op, const Value& x) {
  if (!is_trigonometric(op) || x.is_dyadic()) return 0;
  return std::max<std::int64_t>(0, leading_exponent(x));
}

Real far_away(bool negative, bool small) {
  Value v = make_value(1, small ? -farthest : farthest);
  v.negative = negative;
  return real(v);
}

// The results of large operands that no format comes near: 2^farthest, or its inverse.
std::optional<Real> beyond_formats(Op op, const Value& x) {
  const bool is_far = compare(absolute(x), make_value(farthest)) >= 0;
  const bool is_far_for_square = compare(absolute(x), make_value(1 << 13)) >= 0;
  switch (op) {
    case Op::exp:
    case Op::exp2:
      if (is_far) return far_away(false, x.negative);
      break;
    case Op::expm1:
      if (is_far && !x.negative) return far_away(false, false);
      break;
    case Op::sinh:
    case Op::cosh:
      if (is_far) return far_away(x.negative && op == Op::sinh, false);
      break;
    case Op::sigmoid:
    case Op::silu:
    case Op::softplus:
      if (is_far && x.negative) return far_away(op == Op::silu, true);
      break;
    case Op::gelu:  // x e^(-x^2 / 2)
      if (is_far_for_square && x.negative) return far_away(true, true);
      break;
    default:
      break;
  }
  return std::nullopt;
}

// y log2 x, to see whether it is.
std::optional<Real> power_beyond_formats(const Value& x, const Value& y) {
  const Bounds exponent = narrowed(
      [&](mpfr_prec_t p) {
        return product(enclose(y, p), increasing(mpfr_log2, enclose(x, p), p), p);
      },
      32);
  const Value& nearer = exponent.lower.negative ? exponent.upper : exponent.lower;
  if (compare(absolute(nearer), make_value(farthest)) < 0) return std::nullopt;
  return far_away(false, nearer.negative);
}

// An irrational operand may itself be a number of the format, and a function so near to it (or to
// its half) that no bounds would tell them apart. Nothing that a number is compared with, made of
// some 200 bits like itself, lies between it and its neighbours at a 2^-512th; so what is nearer
// stands there, on its side.
Real beside(const Value& x, bool above) {
  Real result = real(x);
  result.addend = make_value(above ? 1 : -1, leading_exponent(x) - beside_bits);
  return result;
}

std::optional<Real> beside_operand(Op op, const Value& x) {
  if (x.is_dyadic()) return std::nullopt;
  const std::int64_t exponent = leading_exponent(x);
  const bool is_tiny = exponent < -beside_bits;
  const bool is_tiny_for_square = exponent < -beside_bits / 2;
  // e^-x from 512 on, of gelu e^(-x^2 / 2) from 32 on, is less than 2^-738.
  const bool is_large = exponent >= (op == Op::gelu ? 5 : 9) && !x.negative;
  switch (op) {
    case Op::sin:
    case Op::atan:
    case Op::tanh:
      if (is_tiny_for_square) return beside(x, x.negative);
      break;
    case Op::tan:
    case Op::asin:
    case Op::sinh:
      if (is_tiny_for_square) return beside(x, !x.negative);
      break;
    case Op::expm1:
    case Op::log1p:
      if (is_tiny) return beside(x, op == Op::expm1);
      break;
    case Op::softplus:
      if (is_large) return beside(x, true);
      break;
    case Op::gelu:
    case Op::silu:
      if (is_tiny) return beside(scaled(x, -1), true);
      if (is_large) return beside(x, false);
      break;
    default:
      break;
  }
  return std::nullopt;
}

// The narrowest bounds so far serve again.
Real real_of(const BoundsOf& bounds) {
  struct Narrowest {
    Bounds bounds;
    int bits = 0;
  };
  constexpr int first = 96;
  const auto known = std::make_shared<Narrowest>(Narrowest{bounds(first), first});
  Real result = real(known->bounds.lower);
  result.enclosure = std::make_shared<const BoundsOf>([bounds, known](int bits) {
    if (bits > known->bits) *known = {bounds(bits), bits};
    return known->bounds;
  });
  return result;
}

}  // namespace

Real enclosed(Op op, std::span<const Value> operands) {
  const Value& x = operands[0];
  if (op == Op::power || op == Op::hypotenuse) {
    const Value& y = operands[1];
    if (op == Op::power) {
      if (std::optional<Real> far = power_beyond_formats(x, y)) return *far;
    }
    return real_of([op, x, y](int bits) {
      const auto formula = [&](mpfr_prec_t p) {
        const Interval a = enclose(x, p);
        const Interval b = enclose(y, p);
        return op == Op::power ? power(a, b, p) : hypotenuse(a, b, p);
      };
      return narrowed(formula, bits);
    });
  }
  if (std::optional<Real> far = beyond_formats(op, x)) return *far;
  if (std::optional<Real> near = beside_operand(op, x)) return *near;
  return real_of([op, x](int bits) {
    return narrowed([&](mpfr_prec_t p) { return unary(op, enclose(x, p), p); }, bits,
                    bits_before_point(op, x));
  });
}

Real hypotenuse_of_unlike(const Value& larger) { return beside(larger, true); }

Real half_pi(bool negative) {
  return real_of([negative](int bits) {
    return narrowed(
        [&](mpfr_prec_t p) {
          Interval pi(p);
          mpfr_const_pi(pi.low(), MPFR_RNDD);
          mpfr_const_pi(pi.high(), MPFR_RNDU);
          Interval half = halved(pi);
          return negative ? negated(half) : std::move(half);
        },
        bits);
  });
}

}  // namespace halfulp::reference

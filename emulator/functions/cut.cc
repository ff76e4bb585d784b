// SPDX-License-Identifier: MIT
//
// Results cut to the bits that a rounding looks at.
//
// MPFR's own functions are rounded toward zero to as many bits, correctly, and the ternary value
// says whether the result is exact, so that the jammed bit is right with no further question. The
// others are composed at a higher precision w. Every step adds at most one relative unit 2^-w to
// the error, times the condition of what follows it; the sum is stated with each. Where the cuts of
// both ends of what the result may be agree, it is that; else w doubles. It ends, as no result is
// exact, but for those that come arbitrarily near a number: they are answered before.
#include <algorithm>
#include <optional>

#include "emulator/functions/functions.h"
#include "emulator/functions/multiple.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

constexpr std::int64_t farthest = std::int64_t{1} << 24;

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

Unary native(Op op) {
  switch (op) {
    case Op::exp:
      return mpfr_exp;
    case Op::exp2:
      return mpfr_exp2;
    case Op::expm1:
      return mpfr_expm1;
    case Op::log:
      return mpfr_log;
    case Op::log2:
      return mpfr_log2;
    case Op::log10:
      return mpfr_log10;
    case Op::log1p:
      return mpfr_log1p;
    case Op::sin:
      return mpfr_sin;
    case Op::cos:
      return mpfr_cos;
    case Op::tan:
      return mpfr_tan;
    case Op::asin:
      return mpfr_asin;
    case Op::acos:
      return mpfr_acos;
    case Op::atan:
      return mpfr_atan;
    case Op::sinh:
      return mpfr_sinh;
    case Op::cosh:
      return mpfr_cosh;
    case Op::tanh:
      return mpfr_tanh;
    case Op::erf:
      return mpfr_erf;
    case Op::reciprocal_square_root:
      return mpfr_rec_sqrt;
    case Op::cube_root:
      return mpfr_cbrt;
    default:
      return nullptr;
  }
}

Exact<Integer> beyond(bool negative, bool small) {
  return {negative, Integer(3), small ? -farthest : farthest};
}

// A number below or above |x| 2^shift and nearer to it than any other of `bits` bits.
Exact<Integer> beside(mpfr_srcptr x, int shift, bool above, int bits) {
  Exact<Integer> number = exact_of(x, true);
  const auto zeros = static_cast<int>(boost::multiprecision::lsb(number.significand));
  number.significand >>= zeros;
  number.exponent += zeros;
  const int more = std::max(2, bits + 2 - bit_length(number.significand));
  number.significand <<= more;
  number.significand += above ? 1 : -1;
  number.exponent += shift - more;
  return number;
}

// e^x / (1 + e^x), or 1 / (1 + e^-x): three steps, and the error of the power of e once more.
void sigmoid(Multiple& r, mpfr_srcptr x, mpfr_prec_t w) {
  Multiple e(w);
  Multiple d(w);
  mpfr_abs(d, x, MPFR_RNDN);
  mpfr_neg(d, d, MPFR_RNDN);
  mpfr_exp(e, d, MPFR_RNDN);
  mpfr_add_ui(d, e, 1, MPFR_RNDN);
  if (mpfr_signbit(x) != 0) {
    mpfr_div(r, e, d, MPFR_RNDN);
  } else {
    mpfr_ui_div(r, 1, d, MPFR_RNDN);
  }
}

// x (1 + erf t) / 2, or x erfc(-t) / 2, t = x / sqrt 2 with two units. The condition of 1 + erf is
// below 1 for positive t, that of erfc(t) below 2 t^2 + 2.
void gelu(Multiple& r, mpfr_srcptr x, mpfr_prec_t w) {
  Multiple t(w);
  mpfr_sqrt_ui(t, 2, MPFR_RNDN);
  mpfr_div(t, x, t, MPFR_RNDN);
  if (mpfr_signbit(x) != 0) {
    mpfr_neg(t, t, MPFR_RNDN);
    mpfr_erfc(r, t, MPFR_RNDN);
  } else {
    mpfr_erf(r, t, MPFR_RNDN);
    mpfr_add_ui(r, r, 1, MPFR_RNDN);
  }
  mpfr_mul(r, r, x, MPFR_RNDN);
  mpfr_div_2ui(r, r, 1, MPFR_RNDN);
}

// log(1 + e^x), whose condition is at most 1.
void softplus(Multiple& r, mpfr_srcptr x, mpfr_prec_t w) {
  Multiple e(w);
  mpfr_exp(e, x, MPFR_RNDN);
  mpfr_log1p(r, e, MPFR_RNDN);
}

void compose(Op op, Multiple& r, mpfr_srcptr x, mpfr_prec_t w) {
  switch (op) {
    case Op::sigmoid:
      return sigmoid(r, x, w);
    case Op::silu:
      sigmoid(r, x, w);
      mpfr_mul(r, r, x, MPFR_RNDN);
      return;
    case Op::gelu:
      return gelu(r, x, w);
    default:
      return softplus(r, x, w);
  }
}

bool exceeds_root(mpfr_srcptr x, int square) {
  Multiple root(64);
  mpfr_sqrt_ui(root, static_cast<unsigned long>(square), MPFR_RNDU);
  return mpfr_greater_p(x, root) != 0;
}

// Results next to a number: 1/2, x / 2, 1, x.
std::optional<Exact<Integer>> near_number(Op op, mpfr_srcptr x, int bits) {
  if (mpfr_zero_p(x) != 0) return std::nullopt;
  const bool negative = mpfr_signbit(x) != 0;
  // So near that no number of `bits` bits, nor of those of x, lies between.
  const int limit = std::max(bits, static_cast<int>(mpfr_min_prec(x))) + 8;
  Multiple one(2);
  mpfr_set_ui(one, 1, MPFR_RNDN);
  const bool activation = op == Op::silu || op == Op::gelu;
  if (mpfr_get_exp(x) < -limit) {
    if (activation) return beside(x, -1, !negative, bits);
    if (op == Op::sigmoid) return beside(one, -1, !negative, bits);
  }
  if (negative) {
    // gelu is x e^(-x^2 / 2), the others are e^x.
    const bool small = mpfr_get_exp(x) > (op == Op::gelu ? 13 : 24);
    if (small) return beyond(activation, true);
    return std::nullopt;
  }
  // 1 - sigmoid and the other differences are less than e^-x, that of gelu than e^(-x^2 / 2).
  const bool large = op == Op::gelu ? exceeds_root(x, 2 * limit) : mpfr_cmp_si(x, limit) > 0;
  if (!large) return std::nullopt;
  if (op == Op::sigmoid) return beside(one, 0, false, bits);
  return beside(x, 0, op == Op::softplus, bits);
}

// At most 8 units of the last place; of gelu below zero 2 (2 t^2 + 2) + 3 and less than 16 times
// the square of the power of two above |x|.
int error_bits(Op op, mpfr_srcptr x) {
  if (op != Op::gelu || mpfr_signbit(x) == 0) return 3;
  return 4 + 2 * static_cast<int>(std::max<mpfr_exp_t>(0, mpfr_get_exp(x)));
}

Exact<Integer> cut_composed(Op op, mpfr_srcptr x, int bits) {
  if (const auto near = near_number(op, x, bits)) return *near;
  const int doubt = error_bits(op, x);
  for (mpfr_prec_t w = bits + doubt + 16;; w *= 2) {
    Multiple r(w);
    compose(op, r, x, w);
    const Exact<Integer> middle = exact_of(r, true);  // of w bits
    const int cut = static_cast<int>(w) - bits;
    const Integer error(std::uint64_t{1} << doubt);
    const Integer low = (middle.significand - error) >> cut;
    if (low == Integer((middle.significand + error) >> cut))
      return {middle.negative, low | 1, middle.exponent + cut};
  }
}

}  // namespace

void set(mpfr_ptr x, const Operand& operand) {
  if (operand.kind == Operand::Class::zero) return mpfr_set_zero(x, operand.negative ? -1 : 1);
  if (operand.kind == Operand::Class::infinite) return mpfr_set_inf(x, operand.negative ? -1 : 1);
  mpfr_set_ui(x, static_cast<std::uint64_t>(operand.significand >> 64), MPFR_RNDN);
  mpfr_mul_2ui(x, x, 64, MPFR_RNDN);
  mpfr_add_ui(x, x, static_cast<std::uint64_t>(operand.significand), MPFR_RNDN);
  mpfr_mul_2si(x, x, operand.exponent, MPFR_RNDN);
  if (operand.negative) mpfr_neg(x, x, MPFR_RNDN);
}

// significand * 2^exponent * 2^two * e^natural: four roundings, and as many units.
void set(Ends& ends, const Operand& operand, mpfr_prec_t precision) {
  Operand rational = operand;
  rational.two = 0;
  rational.natural = 0;
  rational.negative = false;
  Multiple number(128);
  set(number, rational);
  Multiple two(128);
  Operand power = rational;
  power.exponent = -64;
  power.significand = operand.two;
  power.kind = operand.two == 0 ? Operand::Class::zero : Operand::Class::finite;
  set(two, power);
  Multiple natural(128);
  power.negative = operand.natural < 0;
  power.significand = static_cast<Code>(power.negative ? -operand.natural : operand.natural);
  power.kind = operand.natural == 0 ? Operand::Class::zero : Operand::Class::finite;
  set(natural, power);
  Multiple r(precision);
  Multiple e(precision);
  mpfr_exp2(r, two, MPFR_RNDN);
  mpfr_exp(e, natural, MPFR_RNDN);
  mpfr_mul(r, r, e, MPFR_RNDN);
  mpfr_mul(r, r, number, MPFR_RNDN);
  Multiple error(2);
  mpfr_set_ui_2exp(error, 1, r.exponent() - precision + 4, MPFR_RNDN);
  mpfr_sub(ends.low, r, error, MPFR_RNDD);
  mpfr_add(ends.high, r, error, MPFR_RNDU);
}

Exact<Integer> exact_of(mpfr_srcptr x, bool exact) {
  mpz_t integer;
  mpz_init(integer);
  Exact<Integer> number{mpfr_signbit(x) != 0, 0, mpfr_get_z_2exp(integer, x)};
  mpz_abs(integer, integer);
  for (std::size_t limb = mpz_size(integer); limb > 0; --limb) {
    number.significand <<= 64;
    number.significand |= mpz_getlimbn(integer, static_cast<mp_size_t>(limb - 1));
  }
  mpz_clear(integer);
  if (!exact) number.significand |= 1;
  return number;
}

Exact<Integer> cut_of(Op op, mpfr_srcptr x, mpfr_srcptr y, int bits) {
  Multiple r(bits);
  int ternary = 0;
  if (op == Op::power) {
    ternary = mpfr_pow(r, x, y, MPFR_RNDZ);
  } else if (op == Op::hypotenuse) {
    ternary = mpfr_hypot(r, x, y, MPFR_RNDZ);
  } else if (const Unary function = native(op)) {
    ternary = function(r, x, MPFR_RNDZ);
  } else {
    return cut_composed(op, x, bits);
  }
  if (mpfr_zero_p(r) != 0) return beyond(r.negative(), true);
  if (r.exponent() < -farthest || r.exponent() > farthest)
    return beyond(r.negative(), r.exponent() < 0);
  return exact_of(r, ternary == 0);
}

Exact<Integer> cut_function(Op op, std::span<const Operand> operands, int bits) {
  const WidestRange range;
  Multiple x(128);
  Multiple y(128);
  set(x, operands[0]);
  set(y, operands.back());
  return cut_of(op, x, y, bits);
}

}  // namespace halfulp::emulator

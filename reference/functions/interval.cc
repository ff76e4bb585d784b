// SPDX-License-Identifier: MIT
#include "reference/functions/interval.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "formats/error.h"
#include "reference/functions/mpfr_range.h"

namespace halfulp::reference {
namespace {

// x = n, rounded where x is too short.
void set(mpfr_ptr x, const Integer& n, mpfr_rnd_t direction) {
  std::vector<unsigned char> bytes;
  boost::multiprecision::export_bits(n, std::back_inserter(bytes), 8, false);
  mpz_t integer;
  mpz_init(integer);
  mpz_import(integer, bytes.size(), -1, 1, 0, 0, bytes.data());
  mpfr_set_z(x, integer, direction);
  mpz_clear(integer);
}

mpfr_prec_t precision_of(const Integer& n) {
  const auto length = n.is_zero() ? 1 : static_cast<mpfr_prec_t>(boost::multiprecision::msb(n)) + 1;
  return std::max<mpfr_prec_t>(length, MPFR_PREC_MIN);
}

// f(power / 2^power_bits).
Interval enclose_power(MpfrFunction f, Power power, int power_bits, mpfr_prec_t precision) {
  const Integer n = power;
  const Integer magnitude = abs(n);
  Interval x(precision_of(magnitude));
  for (mpfr_ptr end : {x.low(), x.high()}) {
    set(end, magnitude, MPFR_RNDN);
    mpfr_mul_2si(end, end, -power_bits, MPFR_RNDN);
    if (n < 0) mpfr_neg(end, end, MPFR_RNDN);
  }
  return increasing(f, x, precision);
}

Value to_value(mpfr_srcptr x) {
  mpz_t integer;
  mpz_init(integer);
  Value v;
  v.exponent = mpfr_get_z_2exp(integer, x);
  v.negative = mpz_sgn(integer) < 0;
  std::vector<unsigned char> bytes((mpz_sizeinbase(integer, 2) + 7) / 8);
  std::size_t count = 0;
  mpz_export(bytes.data(), &count, -1, 1, 0, 0, integer);
  bytes.resize(count);
  if (!bytes.empty())
    boost::multiprecision::import_bits(v.significand, bytes.begin(), bytes.end(), 8, false);
  mpz_clear(integer);
  return v;
}

bool is_narrow(const Interval& x, int bits) {
  if (mpfr_number_p(x.low()) == 0 || mpfr_number_p(x.high()) == 0) return false;
  if (mpfr_sgn(x.low()) == 0 || mpfr_sgn(x.low()) != mpfr_sgn(x.high())) return false;
  MpfrNumber width(MPFR_PREC_MIN);
  MpfrNumber allowed(MPFR_PREC_MIN);
  mpfr_sub(width.get(), x.high(), x.low(), MPFR_RNDU);
  mpfr_srcptr lesser = mpfr_sgn(x.low()) > 0 ? x.low() : x.high();
  mpfr_abs(allowed.get(), lesser, MPFR_RNDZ);
  mpfr_mul_2si(allowed.get(), allowed.get(), -bits, MPFR_RNDZ);
  return mpfr_lessequal_p(width.get(), allowed.get()) != 0;
}

}  // namespace

Interval::Interval(mpfr_prec_t precision) {
  mpfr_init2(low_, precision);
  mpfr_init2(high_, precision);
}

Interval::~Interval() {
  mpfr_clear(low_);
  mpfr_clear(high_);
}

Interval::Interval(Interval&& other) noexcept : Interval(MPFR_PREC_MIN) {
  mpfr_swap(low_, other.low_);
  mpfr_swap(high_, other.high_);
}

Interval enclose(const Value& v, mpfr_prec_t precision) {
  Interval x(precision_of(v.significand));
  for (mpfr_ptr end : {x.low(), x.high()}) {
    set(end, v.significand, MPFR_RNDN);
    mpfr_mul_2si(end, end, v.exponent, MPFR_RNDN);
  }
  if (v.is_dyadic()) return v.negative ? negated(x) : std::move(x);
  const Interval two = enclose_power(mpfr_exp2, v.binary_power, v.power_bits, precision);
  const Interval e = enclose_power(mpfr_exp, v.natural_power, v.power_bits, precision);
  Interval magnitude = product(x, product(two, e, precision), precision);
  return v.negative ? negated(magnitude) : std::move(magnitude);
}

Interval interval_of(long n) {
  Interval x(64);
  mpfr_set_si(x.low(), n, MPFR_RNDN);
  mpfr_set_si(x.high(), n, MPFR_RNDN);
  return x;
}

Interval increasing(MpfrFunction f, const Interval& x, mpfr_prec_t precision) {
  Interval y(precision);
  f(y.low(), x.low(), MPFR_RNDD);
  f(y.high(), x.high(), MPFR_RNDU);
  return y;
}

Interval decreasing(MpfrFunction f, const Interval& x, mpfr_prec_t precision) {
  Interval y(precision);
  f(y.low(), x.high(), MPFR_RNDD);
  f(y.high(), x.low(), MPFR_RNDU);
  return y;
}

Interval oscillating(MpfrFunction f, const Interval& x, mpfr_prec_t precision) {
  Interval y(precision);
  f(y.low(), x.low(), MPFR_RNDD);
  f(y.high(), x.low(), MPFR_RNDU);
  if (x.is_point()) return y;
  MpfrNumber width(precision);
  mpfr_sub(width.get(), x.high(), x.low(), MPFR_RNDU);
  mpfr_sub(y.low(), y.low(), width.get(), MPFR_RNDD);
  mpfr_add(y.high(), y.high(), width.get(), MPFR_RNDU);
  if (mpfr_cmp_si(y.low(), -1) < 0) mpfr_set_si(y.low(), -1, MPFR_RNDD);
  if (mpfr_cmp_si(y.high(), 1) > 0) mpfr_set_si(y.high(), 1, MPFR_RNDU);
  return y;
}

Interval sum(const Interval& a, const Interval& b, mpfr_prec_t precision) {
  Interval y(precision);
  mpfr_add(y.low(), a.low(), b.low(), MPFR_RNDD);
  mpfr_add(y.high(), a.high(), b.high(), MPFR_RNDU);
  return y;
}

Interval product(const Interval& a, const Interval& b, mpfr_prec_t precision) {
  Interval y(precision);
  MpfrNumber trial(precision);
  mpfr_mul(y.low(), a.low(), b.low(), MPFR_RNDD);
  mpfr_mul(y.high(), a.low(), b.low(), MPFR_RNDU);
  for (mpfr_srcptr x : {a.low(), a.high()}) {
    for (mpfr_srcptr z : {b.low(), b.high()}) {
      mpfr_mul(trial.get(), x, z, MPFR_RNDD);
      mpfr_min(y.low(), y.low(), trial.get(), MPFR_RNDD);
      mpfr_mul(trial.get(), x, z, MPFR_RNDU);
      mpfr_max(y.high(), y.high(), trial.get(), MPFR_RNDU);
    }
  }
  return y;
}

Interval quotient(const Interval& a, const Interval& b, mpfr_prec_t precision) {
  Interval inverse(precision);
  if (mpfr_sgn(b.low()) * mpfr_sgn(b.high()) > 0) {
    mpfr_si_div(inverse.low(), 1, b.high(), MPFR_RNDD);
    mpfr_si_div(inverse.high(), 1, b.low(), MPFR_RNDU);
  }
  return product(a, inverse, precision);
}

Interval negated(const Interval& a) {
  Interval y(std::max(mpfr_get_prec(a.low()), mpfr_get_prec(a.high())));
  mpfr_neg(y.low(), a.high(), MPFR_RNDD);
  mpfr_neg(y.high(), a.low(), MPFR_RNDU);
  return y;
}

Interval absolute(const Interval& a) {
  return mpfr_sgn(a.low()) < 0 ? negated(a) : negated(negated(a));
}

Interval halved(const Interval& a) {
  Interval y = negated(a);
  mpfr_div_2si(y.low(), y.low(), 1, MPFR_RNDD);
  mpfr_div_2si(y.high(), y.high(), 1, MPFR_RNDU);
  return negated(y);
}

Bounds narrowed(const std::function<Interval(mpfr_prec_t)>& formula, int bits, std::int64_t extra) {
  const MpfrRange range(mpfr_get_emin_min(), mpfr_get_emax_max());
  constexpr mpfr_prec_t most = mpfr_prec_t{1} << 26;
  constexpr mpfr_prec_t margin = 32;
  for (mpfr_prec_t precision = bits + margin + extra; precision <= most; precision *= 2) {
    const Interval x = formula(precision);
    if (is_narrow(x, bits)) return {to_value(x.low()), to_value(x.high())};
  }
  throw Error("a function whose result cannot be enclosed within 2^26 bits");
}

}  // namespace halfulp::reference

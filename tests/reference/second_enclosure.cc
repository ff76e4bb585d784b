// SPDX-License-Identifier: MIT
//
// The irrational part of the second derivation: logarithms and powers between MPFR's RNDD and RNDU,
// at a precision that grows until both say the same. It ends: log2 of a dyadic number is rational
// for powers of two only, and ln of one for 1 only; these are answered first. A place between
// neighbours is an integer over a power of two for rational neighbours only, or at an end.
#include <mpfr.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "formats/numbers/value.h"
#include "tests/reference/second_derivation.h"

namespace halfulp::second {
namespace {

namespace mp = boost::multiprecision;

class Number {
 public:
  explicit Number(mpfr_prec_t precision) { mpfr_init2(number_, precision); }
  ~Number() { mpfr_clear(number_); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  mpfr_ptr get() { return number_; }

 private:
  mpfr_t number_;
};

class Whole {
 public:
  Whole() { mpz_init(number_); }
  ~Whole() { mpz_clear(number_); }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;
  mpz_ptr get() { return number_; }

 private:
  mpz_t number_;
};

Integer to_integer(mpz_srcptr n) {
  std::vector<std::uint64_t> words((mpz_sizeinbase(n, 2) + 63) / 64);
  mpz_export(words.data(), nullptr, -1, sizeof(std::uint64_t), 0, 0, n);
  Integer result = 0;
  for (auto word = words.rbegin(); word != words.rend(); ++word) result = (result << 64) + *word;
  return mpz_sgn(n) < 0 ? Integer(-result) : result;
}

void set(Number& to, const Integer& n) {
  const std::string text = n.str();
  if (mpfr_set_str(to.get(), text.c_str(), 10, MPFR_RNDN) != 0)
    throw std::logic_error("set: no number");
}

constexpr mpfr_prec_t first_precision = 192;
constexpr mpfr_prec_t last_precision = 6144;

// x itself: the significand has at most 128 bits.
void set(Number& to, const Dyadic& x) {
  set(to, Integer(x.significand));
  mpfr_mul_2si(to.get(), to.get(), static_cast<long>(x.exponent), MPFR_RNDN);
}

// floor(x * 2^bits).
Integer scaled_floor(Number& x, int bits) {
  Whole n;
  mpfr_mul_2si(x.get(), x.get(), bits, MPFR_RNDN);
  mpfr_get_z(n.get(), x.get(), MPFR_RNDD);
  return to_integer(n.get());
}

// Of an irrational number that `compute` rounds up or down.
template <typename Compute>
Integer floor_of_irrational(Compute compute, int bits) {
  for (mpfr_prec_t precision = first_precision; precision <= last_precision; precision *= 2) {
    Number low(precision);
    Number high(precision);
    compute(low, MPFR_RNDD);
    compute(high, MPFR_RNDU);
    Integer floor = scaled_floor(low, bits);
    if (floor == scaled_floor(high, bits)) return floor;
  }
  throw std::logic_error("an enclosure does not decide");
}

Expansion irrational_expansion(const Integer& floor) {
  const Integer unit = Integer(1) << places;
  Integer whole = floor / unit;
  if (floor < 0 && whole * unit != floor) --whole;
  return {static_cast<std::int64_t>(whole), static_cast<Code>(floor - whole * unit), true};
}

// The base to a rational power. The exponent that is handed to MPFR is exact.
void power(Number& to, const Scheme& s, const Rational& logarithm, mpfr_rnd_t direction) {
  Number exponent(first_precision);
  set(exponent, mp::numerator(logarithm));
  const auto shift = static_cast<long>(mp::msb(mp::denominator(logarithm)));
  const bool natural = s.family == Family::logarithmic_takum;  // sqrt(e)^l = e^(l/2)
  mpfr_div_2si(exponent.get(), exponent.get(), shift + (natural ? 1 : 0), MPFR_RNDN);
  (natural ? mpfr_exp : mpfr_exp2)(to.get(), exponent.get(), direction);
}

mpfr_rnd_t opposite(mpfr_rnd_t direction) { return direction == MPFR_RNDD ? MPFR_RNDU : MPFR_RNDD; }

}  // namespace

Expansion binary_logarithm(const Dyadic& x) {
  const Expansion leading = binary_expansion(x);
  if (leading.fraction == 0) return {leading.whole, 0, false};
  Number exact(first_precision);
  set(exact, x);
  return irrational_expansion(floor_of_irrational(
      [&](Number& to, mpfr_rnd_t direction) { mpfr_log2(to.get(), exact.get(), direction); },
      places));
}

Expansion takum_logarithm(const Dyadic& x) {
  const Expansion leading = binary_expansion(x);
  if (leading.whole == 0 && leading.fraction == 0) return {};
  Number exact(first_precision);
  set(exact, x);
  return irrational_expansion(floor_of_irrational(
      [&](Number& to, mpfr_rnd_t direction) {
        mpfr_log(to.get(), exact.get(), direction);
        mpfr_mul_2ui(to.get(), to.get(), 1, direction);
      },
      places));
}

Dyadic power_near(const Scheme& s, const Rational& logarithm, int precision, bool up) {
  Number x(precision);
  power(x, s, logarithm, up ? MPFR_RNDU : MPFR_RNDD);
  Whole n;
  const mpfr_exp_t exponent = mpfr_get_z_2exp(n.get(), x.get());
  return {false, static_cast<Code>(to_integer(n.get())), exponent};
}

// Numbers that are no powers of two are irrational here, and their logarithms in the other base (2
// ln 2^q = 2 q ln 2, log2 e^(l/2) = l / (2 ln 2)) too.
Expansion key_of_power(const Scheme& to, const Scheme& from, const Rational& logarithm) {
  if (to.family == from.family) return expansion(logarithm);
  if (mp::denominator(logarithm) == 1 && (from.family == Family::logarithmic || logarithm == 0))
    return key(to, Dyadic{false, 1, static_cast<std::int64_t>(mp::numerator(logarithm))});
  if (is_linear(to)) {
    Number rough(first_precision);
    power(rough, from, logarithm, MPFR_RNDD);
    const auto exponent = static_cast<int>(mpfr_get_exp(rough.get())) - 1;
    const Integer floor = floor_of_irrational(
        [&](Number& value, mpfr_rnd_t direction) { power(value, from, logarithm, direction); },
        places - exponent);
    return {exponent, static_cast<Code>(floor - (Integer(1) << places)), true};
  }
  return irrational_expansion(floor_of_irrational(
      [&](Number& value, mpfr_rnd_t direction) {
        power(value, from, logarithm, direction);
        if (to.family == Family::logarithmic) {
          mpfr_log2(value.get(), value.get(), direction);
        } else {
          mpfr_log(value.get(), value.get(), direction);
          mpfr_mul_2ui(value.get(), value.get(), 1, direction);
        }
      },
      places));
}

// Rational logarithms first. In base 2 (with a - b = d): 2^a + 2^b = 2^c has 2^d + 1 = 2^(c - b)
// for an integer d, so d = 0; 2^a - 2^b = 2^c likewise has d = 1; for other d the powers are
// linearly independent over the rationals. Distinct powers of e always are (Lindemann and
// Weierstrass).
Expansion logarithm_of_sum(const Scheme& s, const Rational& a, const Rational& b, bool subtract) {
  if (s.family == Family::logarithmic && !subtract && a == b) return expansion(a + 1);
  if (s.family == Family::logarithmic && subtract && a - b == 1) return expansion(b);
  return irrational_expansion(floor_of_irrational(
      [&](Number& to, mpfr_rnd_t direction) {
        Number second(mpfr_get_prec(to.get()));
        power(to, s, a, direction);
        power(second, s, b, subtract ? opposite(direction) : direction);
        (subtract ? mpfr_sub : mpfr_add)(to.get(), to.get(), second.get(), direction);
        if (s.family == Family::logarithmic) {
          mpfr_log2(to.get(), to.get(), direction);
        } else {
          mpfr_log(to.get(), to.get(), direction);
          mpfr_mul_2ui(to.get(), to.get(), 1, direction);
        }
      },
      places));
}

double nearest_double_of_power(const Scheme& s, const Rational& logarithm) {
  Number x(53);
  power(x, s, logarithm, MPFR_RNDN);
  const double result = mpfr_get_d(x.get(), MPFR_RNDN);
  if (mpfr_cmp_d(x.get(), result) != 0) throw std::logic_error("out of the range of binary64");
  return result;
}

// v = (|x| - inner) / (outer - inner).
Position position(const Scheme& s, const Place& at, const Dyadic& x, int bits) {
  const std::optional<Meaning> inner = meaning(s, at.inner);
  const Rational step(1, Integer(1) << static_cast<unsigned>(is_tapered(s) ? 0 : s.parameter));
  const Rational outer =
      at.outer ? meaning(s, *at.outer)->number() : Rational(inner->number() + step);
  if (is_linear(s) || (s.family == Family::logarithmic && s.parameter == 0)) {
    const auto value = [&](const Rational& number) {
      if (is_linear(s)) return Rational(mp::abs(number));
      return rational({false, 1, static_cast<std::int64_t>(mp::numerator(number))});
    };
    const Rational low = inner ? value(inner->number()) : Rational(0);
    const Rational magnitude = mp::abs(rational(x));
    const Rational v = Rational((magnitude - low) / (value(outer) - low)) *
                       (Integer(1) << static_cast<unsigned>(bits));
    const Integer floor = mp::numerator(v) / mp::denominator(v);
    return {floor, v != floor};
  }
  Number exact(first_precision);
  set(exact, x);
  const auto compute = [&](Number& to, mpfr_rnd_t direction) {
    const mpfr_prec_t precision = mpfr_get_prec(to.get());
    const mpfr_rnd_t other = opposite(direction);
    Number low(precision);
    Number gap(precision);
    mpfr_set_zero(low.get(), 1);
    if (inner) power(low, s, inner->number(), other);
    mpfr_sub(to.get(), exact.get(), low.get(), direction);
    if (inner) power(low, s, inner->number(), direction);
    power(gap, s, outer, other);
    mpfr_sub(gap.get(), gap.get(), low.get(), other);
    mpfr_div(to.get(), to.get(), gap.get(), direction);
  };
  return {floor_of_irrational(compute, bits), true};
}

}  // namespace halfulp::second

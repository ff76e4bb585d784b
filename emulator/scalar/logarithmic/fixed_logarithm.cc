// SPDX-License-Identifier: MIT
//
// The number's leading 16 fraction bits go through tables (Wong and Goto, "Fast Hardware-Based
// Algorithms for Elementary Function Computations Using Rectangular Multipliers", IEEE TC 1994,
// have the scheme), what is left, less than 2^-16, through the series. With
// u = 2^-128, one unit of a fraction:
//     2^f = 2^(i / 2^8) * 2^(j / 2^16) * e^s                i, j the leading bytes of f
//     log2 x = log2(1 + i / 2^8) + log2(1 + j / 2^16) + ln(1 + r) log2 e
// The tables are cut from integers that are right to 180 bits or more.
#include "emulator/scalar/logarithmic/fixed_logarithm.h"

#include <algorithm>
#include <array>
#include <bit>

#include "emulator/scalar/wide.h"

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;

constexpr int working_bits = 192;
constexpr Code top_bit = Code{1} << 127;

Code low_word(Code n) { return n & ~std::uint64_t{0}; }

// floor(a b / 2^128).
Code high_product(Code a, Code b) {
  const Code middle_a = (a >> 64) * low_word(b);
  const Code middle_b = low_word(a) * (b >> 64);
  const Code low = (low_word(a) * low_word(b)) >> 64;
  const Code middle = low + low_word(middle_a) + low_word(middle_b);
  return (a >> 64) * (b >> 64) + (middle_a >> 64) + (middle_b >> 64) + (middle >> 64);
}

std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((Code{a} * b) >> 64);
}

struct Tables {
  std::array<Code, 256> coarse_power, fine_power;          // 2^(i / 2^8) / 2, 2^(j / 2^16) - 1
  std::array<Code, 256> coarse_inverse, fine_inverse;      // 1 / (1 + i / 2^8), 1 / (1 + j / 2^16)
  std::array<Code, 256> coarse_logarithm, fine_logarithm;  // log2 of 1 + i / 2^8, 1 + j / 2^16
  Code ln2 = 0, log2_e = 0, twice_ln2 = 0;                 // of the latter two the fractions
};

// ln((n + 1) / n) = 2 artanh(1 / (2 n + 1)), some units of 2^-working_bits low.
Integer logarithm_of_step(std::int64_t n) {
  const Integer square = Integer(2 * n + 1) * (2 * n + 1);
  Integer power = (Integer(2) << working_bits) / (2 * n + 1);
  Integer total = 0;
  for (int k = 1; !power.is_zero(); k += 2) {
    total += power / k;
    power /= square;
  }
  return total;
}

// A fraction in units of 2^-working_bits, in units of 2^-128; 1 becomes the largest below it.
Code cut(const Integer& fraction) {
  const Integer n = fraction >> (working_bits - 128);
  return mp::msb(n | 1) >= 128 ? ~Code{0} : to_code(n);
}

// The powers 2^(k / 2^bits), k = 0 ... 255, in units of 2^-working_bits.
std::array<Integer, 256> powers(unsigned bits) {
  Integer root = Integer(2) << working_bits;
  for (unsigned i = 0; i < bits; ++i) root = mp::sqrt(Integer(root << working_bits));
  std::array<Integer, 256> list;
  list[0] = Integer(1) << working_bits;
  for (std::size_t k = 1; k < list.size(); ++k) list[k] = (list[k - 1] * root) >> working_bits;
  return list;
}

// Logarithms and inverses of 1 + k / 2^bits, k = 0 ... 255.
void set_steps(int bits, const Integer& ln2, std::array<Code, 256>& logarithms,
               std::array<Code, 256>& inverses) {
  const std::int64_t one = std::int64_t{1} << bits;
  Integer natural = 0;
  for (std::size_t k = 0; k < 256; ++k) {
    const std::int64_t n = one + static_cast<std::int64_t>(k);
    logarithms[k] = cut((natural << working_bits) / ln2);
    inverses[k] = cut((Integer(1) << (working_bits + bits)) / n);
    natural += logarithm_of_step(n);
  }
}

Tables make_tables() {
  Tables t;
  const Integer one = Integer(1) << working_bits;
  const Integer ln2 = logarithm_of_step(1);
  t.ln2 = cut(ln2);
  t.log2_e = cut((one << working_bits) / ln2 - one);
  t.twice_ln2 = cut((ln2 << 1) - one);
  const std::array<Integer, 256> coarse = powers(8);
  const std::array<Integer, 256> fine = powers(16);
  for (std::size_t k = 0; k < 256; ++k) {
    t.coarse_power[k] = cut(coarse[k] >> 1);
    t.fine_power[k] = cut(fine[k] - one);
  }
  set_steps(8, ln2, t.coarse_logarithm, t.coarse_inverse);
  set_steps(16, ln2, t.fine_logarithm, t.fine_inverse);
  return t;
}

const Tables& tables() {
  static const Tables all = make_tables();
  return all;
}

constexpr std::uint64_t inverse64(int n) { return ~std::uint64_t{0} / static_cast<unsigned>(n); }
constexpr Code inverse128(int n) { return ~Code{0} / static_cast<unsigned>(n); }

// 2^(f / 2^128), in units of 2^-127.
// 1. The leading bytes i and j; s = ln 2 times the rest, which is less than 2^-16.5. Numbers below
//    2^-16 are in units of 2^-144.
// 2. e^s - 1 = s + s^2 (1/2 + s (1/6 + s (1/24 + s/120 + s^2/720))). The last bracket takes part
//    with s^4, so that 64 bits of it do; its cut terms make 2^-61, which here is 2 u.
// 3. The factors multiplied. Cuts make the tables' u each, and three more; where the result is
//    2^128 a unit of it is u. All are cut downward: at most 9 u are missing.
Code power_of_fraction(Code f) {
  const Tables& t = tables();
  const auto i = static_cast<std::size_t>(f >> 120);
  const auto j = static_cast<std::size_t>((f >> 112) & 255);
  const Code s = high_product(f << 16, t.ln2);
  const auto short_s = static_cast<std::uint64_t>(s >> 64);
  std::uint64_t inner = inverse64(120) + (high_product(short_s, inverse64(720)) >> 16);
  inner = inverse64(24) + (high_product(short_s, inner) >> 16);
  const Code outer = inverse128(6) + (high_product(s, Code{inner} << 64) >> 16);
  const Code bracket = top_bit + (high_product(s, outer) >> 16);
  const Code e = s + (high_product(high_product(s, s), bracket) >> 16);
  const Code fine = t.fine_power[j] + ((e + high_product(t.fine_power[j], e)) >> 16);
  return t.coarse_power[i] + high_product(t.coarse_power[i], fine);
}

// log2 of m / 2^127, in units of 2^-128.
// 1. The byte i behind the leading bit; (x - c) / c with c = 1 + i / 2^8, in units of 2^-136.
// 2. The byte j of that, likewise; r is less than 2^-16, in units of 2^-144.
// 3. ln(1 + r) = r - r^2 (1/2 - r (1/3 - r (1/4 - r/5 + r^2/6 - r^3/7))). The last bracket takes
//    part with r^4, so that 64 bits of it do; its cuts make 4 / 2^64, which here is 4 u.
// 4. log2 e times that is less than 2^-15. With the two tables' cuts at most 9 u are missing or
//    too many.
Code logarithm_of_mantissa(Code m) {
  const Tables& t = tables();
  const auto i = static_cast<std::size_t>((m >> 119) & 255);
  const Code first = high_product(m << 9, t.coarse_inverse[i]);
  const auto j = static_cast<std::size_t>(first >> 120);
  const Code r = high_product(first << 8, t.fine_inverse[j]);
  const auto short_r = static_cast<std::uint64_t>(r >> 64);
  std::uint64_t inner = inverse64(6) - (high_product(short_r, inverse64(7)) >> 16);
  inner = inverse64(5) - (high_product(short_r, inner) >> 16);
  inner = inverse64(4) - (high_product(short_r, inner) >> 16);
  const Code outer = inverse128(3) - (high_product(r, Code{inner} << 64) >> 16);
  const Code bracket = top_bit - (high_product(r, outer) >> 16);
  const Code natural = r - (high_product(high_product(r, r), bracket) >> 16);
  const Code last = (natural >> 1) + (high_product(natural, t.log2_e) >> 1);
  return t.coarse_logarithm[i] + t.fine_logarithm[j] + (last >> 15);
}

// a (1 + fraction / 2^128) for a >= 0; the fraction is at most u below its number.
Logarithm times(const Logarithm& a, Code fraction) {
  const auto whole = static_cast<std::uint64_t>(a.whole);
  const Code low = whole * low_word(fraction);
  const Code high = whole * (fraction >> 64) + (low >> 64);
  const Logarithm of_whole{.whole = static_cast<std::int64_t>(high >> 64),
                           .fraction = (high << 64) | low_word(low)};
  const Logarithm of_fraction{.whole = 0, .fraction = high_product(a.fraction, fraction)};
  Logarithm result = sum(sum(a, of_whole), of_fraction);
  const bool zero = a.whole == 0 && a.fraction == 0 && a.error == 0;
  result.error = zero ? 0 : 2 * a.error + whole + 2;
  return result;
}

Logarithm signed_times(const Logarithm& a, Code fraction) {
  return a.whole < 0 ? negated(times(negated(a), fraction)) : times(a, fraction);
}

// Moves the leading bit to the top; error counts units, none of an exact number of few bits.
Near normalised(Code n, std::int64_t exponent, std::uint64_t error) {
  const int shift = 128 - bit_length(n);
  return {n << shift, exponent + 127 - shift, error == 0 ? 0 : error << shift};
}

}  // namespace

Logarithm sum(const Logarithm& a, const Logarithm& b) {
  const Code fraction = a.fraction + b.fraction;
  return {a.whole + b.whole + (fraction < a.fraction ? 1 : 0), fraction, a.error + b.error};
}

Logarithm negated(const Logarithm& a) {
  return {-a.whole - (a.fraction != 0 ? 1 : 0), Code{0} - a.fraction, a.error};
}

Logarithm halved(const Logarithm& a) {
  const Code carried = (a.whole & 1) != 0 ? top_bit : 0;
  return {a.whole >> 1, (a.fraction >> 1) | carried, a.error == 0 ? 0 : a.error / 2 + 1};
}

Logarithm times_log2_e(const Logarithm& a) { return signed_times(a, tables().log2_e); }
Logarithm times_2_ln2(const Logarithm& a) { return signed_times(a, tables().twice_ln2); }

// An error of n units of the mantissa is a relative one of n / 2^127, and log2(1 + x) is at most
// 1.5 |x| where x is small.
Logarithm logarithm(const Near& a) {
  if (a.mantissa == top_bit && a.error == 0) return {a.exponent, 0, 0};
  return {a.exponent, logarithm_of_mantissa(a.mantissa), logarithm_error + 3 * a.error};
}

// An error of n u is a relative one of less than 0.7 n u, and the mantissa is less than 2^128.
Near power(const Logarithm& a) {
  if (a.fraction == 0 && a.error == 0) return {top_bit, a.whole, 0};
  return {power_of_fraction(a.fraction), a.whole, power_error + a.error};
}

Near near_number(Code n, std::int64_t exponent) { return normalised(n, exponent, 0); }

Near near_number(const Integer& n, std::int64_t exponent) {
  const int excess = bit_length(n) - 128;
  if (excess <= 0) return near_number(to_code(n), exponent);
  const bool exact = mp::lsb(n) >= static_cast<unsigned>(excess);
  return {to_code(Integer(n >> excess)), exponent + excess + 127, exact ? 0U : 1U};
}

// The relative errors add; a unit of the product is at least half of one of a factor.
Near product(const Near& a, const Near& b) {
  Code high = high_product(a.mantissa, b.mantissa);
  Code low = a.mantissa * b.mantissa;
  std::int64_t exponent = a.exponent + b.exponent + 1;
  if ((high & top_bit) == 0) {
    high = (high << 1) | (low >> 127);
    low <<= 1;
    --exponent;
  }
  const std::uint64_t error = a.error + b.error;
  return {high, exponent, 2 * error + (error != 0 || low != 0 ? 2 : 0)};
}

namespace {

// b in units of the last place of a mantissa with this exponent; every cut counts as a unit.
Near aligned(const Near& b, std::int64_t exponent) {
  const std::int64_t shift = exponent - b.exponent;
  if (shift == 0) return b;
  if (shift >= 128) return {0, exponent, 2};
  const auto cut = static_cast<int>(shift);
  const Code kept = b.mantissa >> cut;
  const bool exact = (kept << cut) == b.mantissa && b.error == 0;
  return {kept, exponent, exact ? 0 : 2 + (cut < 64 ? b.error >> cut : 0)};
}

}  // namespace

Near sum(const Near& a, const Near& b) {
  if (a.exponent < b.exponent) return sum(b, a);
  const Near low = aligned(b, a.exponent);
  const Code total = a.mantissa + low.mantissa;
  const std::uint64_t error = a.error + low.error;
  if (total >= a.mantissa) return {total, a.exponent, error};
  const bool exact = error == 0 && (total & 1) == 0;
  return {(total >> 1) | top_bit, a.exponent + 1, exact ? 0 : error / 2 + 2};
}

std::optional<Near> difference(const Near& a, const Near& b) {
  constexpr int most_lost_bits = 40;
  if (a.exponent < b.exponent) return std::nullopt;
  const Near low = aligned(b, a.exponent);
  const std::uint64_t error = a.error + low.error;
  if (a.mantissa <= low.mantissa || a.mantissa - low.mantissa <= error) return std::nullopt;
  const Code rest = a.mantissa - low.mantissa;
  const int shift = 128 - bit_length(rest);
  if (error != 0 && (shift > most_lost_bits || error >> most_lost_bits / 2 != 0))
    return std::nullopt;
  return normalised(rest, a.exponent - 127, error);
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
#include "reference/functions/exact_powers.h"

#include <algorithm>
#include <utility>

namespace halfulp::reference {
namespace {

namespace mp = boost::multiprecision;

// The most fraction bits of a power that values have, and that formats and their turns have.
constexpr int most_power_bits = 80;
// Longer odd integers, and their squares, are beyond what formats, turns and random bits hold.
constexpr std::int64_t longest = 4096;

Power to_power(const Integer& n) {
  const Integer magnitude = abs(n);
  const auto low = static_cast<std::uint64_t>(magnitude & ~std::uint64_t{0});
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  const auto result = static_cast<Power>((static_cast<unsigned __int128>(high) << 64) | low);
  return n < 0 ? -result : result;
}

std::int64_t bit_length(const Integer& n) {
  return n.is_zero() ? 0 : static_cast<std::int64_t>(mp::msb(n)) + 1;
}

// n / 2^bits in lowest terms; bits may be negative before.
struct Dyadic {
  Integer n = 0;
  std::int64_t bits = 0;
};
Dyadic reduced(const Integer& n, std::int64_t bits) {
  if (n.is_zero()) return {};
  const auto zeros = static_cast<std::int64_t>(mp::lsb(abs(n)));
  const std::int64_t cut = bits < 0 ? bits : std::min(zeros, bits);
  if (cut < 0) return {Integer(n << static_cast<unsigned>(-cut)), 0};
  const Integer magnitude = abs(n) >> static_cast<unsigned>(cut);
  return {n < 0 ? Integer(-magnitude) : magnitude, bits - cut};
}
Dyadic dyadic_of(const Value& v) {
  constexpr std::int64_t largest = 128;
  if (v.exponent > largest) return {Integer(v.negative ? -1 : 1), -farthest};  // unusable
  const Integer n = v.negative ? Integer(-v.significand) : v.significand;
  return reduced(n, -v.exponent);
}

// Within what a Value holds, and formats reach.
bool is_usable(const Dyadic& power) {
  return power.bits <= most_power_bits && bit_length(abs(power.n)) - power.bits <= 25;
}

// odd * 2^(two) * e^(natural), the number of a finite nonzero value.
struct Factors {
  Integer odd;
  Dyadic two, natural;
};
Factors factors_of(const Value& v) {
  const unsigned zeros = mp::lsb(v.significand);
  const Integer exponent = Integer(v.exponent) + zeros;
  return {Integer(v.significand >> zeros),
          reduced((exponent << static_cast<unsigned>(v.power_bits)) + Integer(v.binary_power),
                  v.power_bits),
          reduced(Integer(v.natural_power), v.power_bits)};
}

Value value_of(const Factors& f) {
  const Value two = power_of_two(to_power(f.two.n), static_cast<int>(f.two.bits));
  const Value e = power_of_e(to_power(f.natural.n), static_cast<int>(f.natural.bits));
  return product(integer_value(f.odd), product(two, e));
}

std::optional<Value> power_of_base(const Value& x, bool base_two) {
  if (!x.is_dyadic()) return std::nullopt;
  const Dyadic power = dyadic_of(x);
  if (!is_usable(power)) return std::nullopt;
  const auto bits = static_cast<int>(power.bits);
  return base_two ? power_of_two(to_power(power.n), bits) : power_of_e(to_power(power.n), bits);
}

// An integer over 2^bits as a value.
Value value_of(const Dyadic& d) { return scaled(integer_value(d.n), -d.bits); }

std::optional<Value> logarithm_to_10(const Factors& f) {
  if (!f.natural.n.is_zero() || f.two.bits != 0 || f.two.n < 1) return std::nullopt;
  Integer odd = f.odd;
  Integer n = 0;
  while (odd % 5 == 0) {
    odd /= 5;
    ++n;
  }
  if (odd != 1 || n != f.two.n) return std::nullopt;
  return integer_value(n);
}

// The integer root of degree 3 where there is one.
std::optional<Integer> cube_root(const Integer& n) {
  Integer low = 0;
  Integer high = Integer(1) << static_cast<unsigned>(bit_length(n) / 3 + 1);
  while (high - low > 1) {
    const Integer middle = (low + high) >> 1;
    (middle * middle * middle <= n ? low : high) = middle;
  }
  if (low * low * low != n) return std::nullopt;
  return low;
}

std::optional<Value> exact_cube_root(const Value& x) {
  Factors f = factors_of(x);
  const std::optional<Integer> root = cube_root(f.odd);
  if (!root || f.two.n % 3 != 0 || f.natural.n % 3 != 0) return std::nullopt;
  f.odd = *root;
  f.two.n /= 3;
  f.natural.n /= 3;
  Value v = value_of(f);
  v.negative = x.negative;
  return v;
}

Integer power_of(const Integer& base, std::uint64_t n) {
  Integer result = 1;
  Integer square = base;
  for (; n != 0; n >>= 1) {
    if ((n & 1) != 0) result *= square;
    if (n > 1) square *= square;
  }
  return result;
}

}  // namespace

std::optional<Value> exact_result(Op op, const Value& x) {
  if (op == Op::exp || op == Op::exp2) return power_of_base(x, op == Op::exp2);
  if (op == Op::cube_root) return exact_cube_root(x);
  if (op != Op::log && op != Op::log2 && op != Op::log10) return std::nullopt;
  const Factors f = factors_of(x);
  if (op == Op::log && f.odd == 1 && f.two.n.is_zero()) return value_of(f.natural);
  if (op == Op::log2 && f.odd == 1 && f.natural.n.is_zero()) return value_of(f.two);
  if (op == Op::log10) return logarithm_to_10(f);
  return std::nullopt;
}

// With y = k / 2^f, k odd or f = 0, and x = odd 2^t e^n: roots are taken of the odd part as often
// as they are integers. All f, and the power is a multiple of 2^b e^n; all but one, and its square
// is. An odd part other than 1 leaves negative powers no numbers of this kind.
std::optional<Real> exact_power(const Value& x, const Value& y) {
  if (!y.is_dyadic()) return std::nullopt;
  const Dyadic power = dyadic_of(y);
  if (power.bits < 0) return std::nullopt;
  Factors f = factors_of(x);
  std::int64_t roots = f.odd == 1 ? power.bits : 0;
  while (f.odd != 1 && roots < power.bits) {
    Integer rest;
    const Integer root = mp::sqrt(f.odd, rest);
    if (!rest.is_zero()) break;
    f.odd = root;
    ++roots;
  }
  if (power.bits - roots > 1) return std::nullopt;
  if (f.odd != 1) {
    if (power.n < 0 || bit_length(f.odd) * power.n > longest) return std::nullopt;
    f.odd = power_of(f.odd, static_cast<std::uint64_t>(power.n));
  }
  f.two = reduced(f.two.n * power.n, f.two.bits + roots);
  f.natural = reduced(f.natural.n * power.n, f.natural.bits + roots);
  if (!is_usable(f.two) || !is_usable(f.natural)) return std::nullopt;
  Real result = real(value_of(f));
  result.root = power.bits > roots;
  return result;
}

}  // namespace halfulp::reference

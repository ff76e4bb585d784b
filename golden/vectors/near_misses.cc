// SPDX-License-Identifier: MIT
#include "golden/vectors/near_misses.h"

namespace halfulp::vectors {
namespace {

constexpr int tries = 24;

Integer power_of_two(int exponent) {
  Integer n = 1;
  n <<= static_cast<unsigned>(exponent);
  return n;
}

Integer low_bits(const Integer& n, int count) { return n & (power_of_two(count) - 1); }

int length_of(const Integer& n) {
  return n == 0 ? 0 : static_cast<int>(boost::multiprecision::msb(n)) + 1;
}

// An odd integer of exactly `bits` bits.
Integer odd_integer(int bits, const RandomInteger& random) {
  return low_bits(random(bits), bits) | power_of_two(bits - 1) | 1;
}

// The inverse of an odd integer modulo 2^bits, by Newton's iteration, which doubles the bits.
Integer inverse(const Integer& odd, int bits) {
  Integer x = 1;
  for (int known = 1; known < bits; known *= 2) {
    const Integer two = power_of_two(bits) + 2;
    x = low_bits(x * (two - low_bits(odd * x, bits)), bits);
  }
  return x;
}

// A root of c modulo 2^bits; c is 1 modulo 8. Bit after bit.
Integer root_modulo(const Integer& c, int bits) {
  Integer x = 1;
  for (int known = 3; known < bits; ++known) {
    if (low_bits(x * x - c + power_of_two(2 * bits + 8), known + 1) != 0)
      x += power_of_two(known - 1);
  }
  return x;
}

// An integer of exactly `length` bits that is `rest` modulo 2^bits.
Integer with_rest(const Integer& rest, int bits, int length, const RandomInteger& random) {
  if (bits >= length) return rest;
  const int free = length - bits;
  return ((low_bits(random(free), free) | power_of_two(free - 1)) << static_cast<unsigned>(bits)) +
         rest;
}

}  // namespace

std::optional<IntegerPair> near_product(const Precisions& p, const RandomInteger& random) {
  for (int i = 0; i < tries; ++i) {
    const int discarded = p.a + p.b - p.result - static_cast<int>(random(1));
    if (discarded < 2) continue;
    const Integer a = odd_integer(p.a, random);
    // One off a number, or off the middle.
    Integer target = random(1) == 0 ? Integer(1) : power_of_two(discarded) - 1;
    if (random(1) == 0) target = low_bits(target + power_of_two(discarded - 1), discarded);
    const Integer rest = low_bits(target * inverse(a, discarded), discarded);
    const Integer b = with_rest(rest, discarded, p.b, random);
    if (length_of(b) <= p.b && length_of(a * b) - p.result == discarded) return IntegerPair{a, b};
  }
  return std::nullopt;
}

std::optional<IntegerPair> middle_product(const Precisions& p, const RandomInteger& random) {
  for (int i = 0; i < tries; ++i) {
    const int wanted = p.result + 1;
    const int first = 1 + static_cast<int>(random(16)) % p.a;
    const int second = wanted - first + static_cast<int>(random(1));
    if (second < 1 || second > p.b) continue;
    const Integer a = odd_integer(first, random);
    const Integer b = odd_integer(second, random);
    if (length_of(a * b) == wanted) return IntegerPair{a, b};
  }
  return std::nullopt;
}

std::optional<IntegerPair> near_quotient(const Precisions& p, const RandomInteger& random) {
  for (int i = 0; i < tries; ++i) {
    const int length = p.result + static_cast<int>(random(1));
    const int k = length + p.b - p.a - static_cast<int>(random(1));
    if (k < 1) continue;
    const Integer m = odd_integer(length, random);
    const bool above = random(1) == 0;
    // m b = -1 or 1 modulo 2^k.
    const Integer unit = inverse(m, k);
    const Integer rest = above ? low_bits(power_of_two(k) - unit, k) : unit;
    const Integer b = with_rest(rest, k, p.b, random);
    if (b == 0 || length_of(b) > p.b) continue;
    const Integer a = (m * b + (above ? 1 : -1)) >> static_cast<unsigned>(k);
    if (a > 0 && length_of(a) <= p.a) return IntegerPair{a, b};
  }
  return std::nullopt;
}

std::optional<Integer> near_square(const Precisions& p, const RandomInteger& random) {
  for (int i = 0; i < tries; ++i) {
    const int length = p.result + static_cast<int>(random(1));
    const int k = 2 * length - p.a - static_cast<int>(random(1));
    if (k < 4) continue;
    const Integer c = Integer(1) - 8 * (static_cast<int>(random(2)) - 2);
    Integer rest = low_bits(root_modulo(c, k), k - 1);
    if (random(1) == 0) rest = power_of_two(k - 1) - rest;
    const Integer m = with_rest(rest, k - 1, length, random);
    const Integer operand = m * m - c;
    if (operand <= 0 || length_of(m) != length) continue;
    const int zeros = static_cast<int>(boost::multiprecision::lsb(operand));
    if (length_of(operand) - zeros <= p.a) return operand;
  }
  return std::nullopt;
}

Factors::Factors(const Integer& n) : n_(n) {
  constexpr int last = 1 << 12;
  for (int d = 3; d < last; d += 2) {
    if (n % d == 0 && n != d) found_.push_back(d);
  }
}

std::optional<IntegerPair> Factors::draw(const RandomInteger& random) const {
  if (found_.empty()) return std::nullopt;
  const int d = found_[static_cast<std::size_t>(random(16)) % found_.size()];
  return IntegerPair{n_ / d, Integer(d)};
}

}  // namespace halfulp::vectors

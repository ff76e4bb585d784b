// SPDX-License-Identifier: MIT
//
// Exact decisions about numbers that are sums of dyadic multiples of 2^b e^n with rational b and n
// (declared in value.h). Terms with equal n, and b equal modulo 1, are added exactly. What remains
// are nonzero multiples of distinct factors, and those are linearly independent over the rationals:
// powers 2^b with distinct b in [0, 1) as parts of a basis of Q(2^(1/2^k)), powers e^n with
// distinct n by the theorem of Lindemann and Weierstrass. So a sum of two or more of them is not
// zero, and its sign follows from intervals around the terms that are narrowed until they agree.
// Everything is integers; no interval depends on the machine.
#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

namespace mp = boost::multiprecision;

// [low, high] * 2^exponent, 0 <= low <= high.
struct Enclosure {
  Integer low, high;
  std::int64_t exponent = 0;
};

// Constants to `bits` binary places, lower bounds all.
struct Constants {
  int bits = 0;
  std::vector<Integer> roots;  // roots[i] <= 2^(2^-(i+1)), for the first half of the places
  Integer log2_e;              // <= log2 e
  Integer ln2;                 // <= ln 2
};

// ln 2 = sum over k >= 1 of 1 / (k 2^k), an upper bound at most places + 1 units high: the tail
// from k = places + 1 on is less than one unit, and each term is rounded up.
Integer upper_ln2(int places) {
  Integer sum = 1;
  for (int k = 1; k <= places; ++k)
    sum += (Integer(1) << static_cast<unsigned>(places - k)) / k + 1;
  return sum;
}

Constants make_constants(int bits) {
  Constants c{.bits = bits, .roots = {}, .log2_e = 0, .ln2 = 0};
  const auto places = static_cast<unsigned>(bits);
  Integer root = Integer(2) << places;
  for (int i = 0; i < bits / 2; ++i) {
    root = mp::sqrt(Integer(root << places));
    c.roots.push_back(root);
  }
  const Integer ln2 = upper_ln2(bits);
  c.log2_e = (Integer(1) << (2 * places)) / ln2;
  c.ln2 = ln2 - (bits + 1);
  return c;
}

// Working precisions double from 128 bits; one table each, made when it is first needed.
constexpr int least_precision = 128;
constexpr int precisions = 7;  // to 8192 bits

const Constants& constants(int step) {
  static std::array<Constants, precisions> tables;
  static std::array<std::once_flag, precisions> made;
  const auto i = static_cast<std::size_t>(step);
  std::call_once(made.at(i), [&] { tables.at(i) = make_constants(least_precision << step); });
  return tables.at(i);
}

// floor(n / 2^shift), also of negative numbers.
Integer floor_shifted(const Integer& n, unsigned shift) {
  if (n >= 0) return n >> shift;
  return -((-n + (Integer(1) << shift) - 1) >> shift);
}

// The factor 2^b e^n of a value. With all in units of 2^-places:
// 1. t = b + n log2 e lies in [t, t + 2 slack]: log2_e is less than 3 bits units below its number,
//    which |n| magnifies, and two units are for the cuts.
// 2. 2^t = 2^floor(t) * 2^f. 2^f is the product of the roots 2^(2^-i) at the one bits of the first
//    half of f, and of 1 + g ln 2 for the second half g, whose square is less than a unit. Each
//    factor is at most 3 units low, each product cut by one; every factor is below 2, so the
//    product of bits / 2 + 1 factors is at most 16 bits units low, and 2^(f + 2 slack) is at most
//    2^f (1 + 2 slack).
Enclosure enclose_factor(const Value& a, const Constants& c) {
  const auto places = static_cast<unsigned>(c.bits);
  const auto power_bits = static_cast<unsigned>(a.power_bits);
  const Integer n = a.natural_power;
  const Integer magnified = (mp::abs(n) >> power_bits) + 1;
  const Integer slack = n.is_zero() ? Integer(2) : Integer(magnified * (3 * c.bits) + 2);
  Integer t = floor_shifted(n * c.log2_e, power_bits) +
              floor_shifted(Integer(a.binary_power) << places, power_bits);
  if (n < 0) t -= slack;  // a lower bound of log2 e gives an upper bound here
  const Integer whole = floor_shifted(t, places);
  const Integer f = t - (whole << places);
  Integer product = Integer(1) << places;
  for (std::size_t i = 0; i < c.roots.size(); ++i) {
    if (mp::bit_test(f, static_cast<unsigned>(c.bits - 1) - static_cast<unsigned>(i)))
      product = (product * c.roots[i]) >> places;
  }
  const Integer rest = f & ((Integer(1) << (places / 2)) - 1);
  product += (product * ((rest * c.ln2) >> places)) >> places;
  const Integer width = 4 * slack + 16 * c.bits;
  return {product, product + width, static_cast<std::int64_t>(whole) - c.bits};
}

// Of |a|, finite and nonzero.
Enclosure enclose(const Value& a, const Constants& c) {
  if (a.is_dyadic()) return {a.significand, a.significand, a.exponent};
  Enclosure e = enclose_factor(a, c);
  e.low *= a.significand;
  e.high *= a.significand;
  e.exponent += a.exponent;
  return e;
}

// Nonzero multiples of distinct factors.
std::vector<Value> gathered(std::span<const Value> terms) {
  std::vector<Value> groups;
  for (const Value& term : terms) {
    if (term.is_zero()) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Value& other) {
      return same_irrational_factor(other, term);
    });
    if (group == groups.end()) {
      groups.push_back(term);
    } else {
      *group = sum(*group, term);
      if (group->is_zero()) groups.erase(group);
    }
  }
  return groups;
}

std::vector<Enclosure> enclose_all(const std::vector<Value>& terms, const Constants& c) {
  std::vector<Enclosure> parts;
  parts.reserve(terms.size());
  for (const Value& term : terms) parts.push_back(enclose(term, c));
  return parts;
}

// floor(log2) of a part is this or one more.
std::int64_t rough_exponent(const Enclosure& part) {
  return static_cast<std::int64_t>(mp::msb(part.low)) + part.exponent;
}

// The sign of the largest term where it decides alone: where it is more than twice as many times
// larger than the next as there are others. Else 0.
int sign_of_largest(const std::vector<Value>& terms, const std::vector<Enclosure>& parts) {
  std::size_t largest = 0;
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t second = first;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::int64_t exponent = rough_exponent(parts[i]);
    if (exponent > first) {
      second = first;
      first = exponent;
      largest = i;
    } else {
      second = std::max(second, exponent);
    }
  }
  if (first <= second + static_cast<std::int64_t>(terms.size()) + 2) return 0;
  return terms[largest].negative ? -1 : 1;
}

// The sign of the sum of the terms, or 0 where these enclosures do not tell.
int sign_within(const std::vector<Value>& terms, const std::vector<Enclosure>& parts) {
  std::int64_t least = parts.front().exponent;
  for (const Enclosure& part : parts) least = std::min(least, part.exponent);
  Integer low = 0;
  Integer high = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto shift = static_cast<unsigned>(parts[i].exponent - least);
    const Integer lower = parts[i].low << shift;
    const Integer upper = parts[i].high << shift;
    low += terms[i].negative ? Integer(-upper) : lower;
    high += terms[i].negative ? Integer(-lower) : upper;
  }
  if (low > 0) return 1;
  return high < 0 ? -1 : 0;
}

// Dyadic terms, the smallest far below the last places of the others, so that no long integer is
// made: the sum of the others is a multiple of 2^place and decides unless it is zero. 0 where the
// terms are not so.
int sign_without_smallest(std::span<const Value> terms) {
  constexpr std::int64_t far = 512;  // nearer ones are as quickly added
  std::vector<Value> others;
  for (const Value& term : terms) {
    if (!term.is_dyadic()) return 0;
    if (!term.is_zero()) others.push_back(term);
  }
  if (others.size() < 2) return 0;
  const auto smallest = std::min_element(
      others.begin(), others.end(),
      [](const Value& a, const Value& b) { return leading_exponent(a) < leading_exponent(b); });
  const Value least = *smallest;
  others.erase(smallest);
  const auto lowest =
      std::min_element(others.begin(), others.end(),
                       [](const Value& a, const Value& b) { return a.exponent < b.exponent; });
  if (leading_exponent(least) >= lowest->exponent - far) return 0;
  const int sign = sign_of_sum(others);
  return sign != 0 ? sign : (least.negative ? -1 : 1);
}

}  // namespace

int sign_of_sum(std::span<const Value> terms) {
  if (const int sign = sign_without_smallest(terms); sign != 0) return sign;
  const std::vector<Value> groups = gathered(terms);
  if (groups.empty()) return 0;
  if (groups.size() == 1) return groups.front().negative ? -1 : 1;
  for (int step = 0; step < precisions; ++step) {
    const std::vector<Enclosure> parts = enclose_all(groups, constants(step));
    if (step == 0) {
      if (const int sign = sign_of_largest(groups, parts); sign != 0) return sign;
    }
    if (const int sign = sign_within(groups, parts); sign != 0) return sign;
  }
  throw Error("two numbers that cannot be told apart within 8192 bits", "",
              "give the number with fewer digits");
}

Value truncated(const Value& a, int bits) {
  for (int step = 0; step < precisions; ++step) {
    const Enclosure e = enclose(a, constants(step));
    const auto length = static_cast<std::int64_t>(mp::msb(e.low)) + 1;
    if (a.is_dyadic() && length <= bits) return absolute(a);
    const std::int64_t cut = length - bits;
    if (cut < 1) continue;
    const auto shift = static_cast<unsigned>(cut);
    Value v;
    v.significand = e.low >> shift;
    v.exponent = e.exponent + cut;
    // An irrational number is not the lower end of the cut, so it is inexact and lies above it.
    if (!a.is_dyadic() && v.significand != e.high >> shift) continue;
    if (!a.is_dyadic() || mp::lsb(e.low) < shift) v.significand |= 1;
    return v;
  }
  throw Error("more leading bits of an irrational number were asked for than are computed");
}

}  // namespace halfulp

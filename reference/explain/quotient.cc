// SPDX-License-Identifier: MIT
//
// Digits come from floor(|q| * 10^k). Of a fraction that is one division of integers; of an
// irrational number the floors of both ends of an interval around it, which is narrowed until they
// agree. They do, since an irrational number is no integer.
#include "reference/explain/quotient.h"

#include <algorithm>
#include <utility>

#include "formats/error.h"
#include "formats/numbers/decimal.h"

namespace halfulp::reference {
namespace {

namespace mp = boost::multiprecision;

// The terms' sum as integer * 2^exponent; nothing where one is irrational.
std::optional<Value> dyadic_sum(const std::vector<Value>& terms) {
  Value total;
  for (const Value& term : terms) {
    if (!term.is_dyadic()) return std::nullopt;
    total = sum(total, term);
  }
  return total;
}

// An odd significand; zero stays.
Value odd_part(Value v) {
  if (v.is_zero()) return v;
  const auto zeros = mp::lsb(v.significand);
  v.significand >>= zeros;
  v.exponent += static_cast<std::int64_t>(zeros);
  return v;
}

// One division first, as the library's algorithm takes a step a bit where lengths differ. Of two
// long integers 1: no text shows them.
Integer common_divisor(const Integer& a, const Integer& b) {
  constexpr std::size_t longest = 20000;
  const Integer& low = a < b ? a : b;
  if (mp::msb(low) > longest) return 1;
  return mp::gcd(low, Integer((a < b ? b : a) % low));
}

Integer shifted(const Integer& n, std::int64_t places) {
  return places >= 0 ? Integer(n << static_cast<unsigned>(places))
                     : Integer(n >> static_cast<unsigned>(-places));
}

// floor(n * 2^exponent * 10^ten / d), all positive.
Integer floor_of(Integer n, Integer d, std::int64_t exponent, std::int64_t ten) {
  if (ten >= 0) {
    n *= power_of_ten(ten);
  } else {
    d *= power_of_ten(-ten);
  }
  if (exponent >= 0) return (n << static_cast<unsigned>(exponent)) / d;
  return n / (d << static_cast<unsigned>(-exponent));
}

// [low, high] * 2^exponent
struct Interval {
  Integer low, high;
  std::int64_t exponent = 0;
};

// Around the sum, each term cut to so many bits.
Interval interval_of(const std::vector<Value>& terms, int bits) {
  std::vector<Value> cut;
  std::int64_t least = 0;
  bool first = true;
  for (const Value& term : terms) {
    if (term.is_zero()) continue;
    cut.push_back(truncated(term, bits));
    least = first ? cut.back().exponent : std::min(least, cut.back().exponent);
    first = false;
  }
  Interval total{.low = 0, .high = 0, .exponent = least};
  std::size_t at = 0;
  for (const Value& term : terms) {
    if (term.is_zero()) continue;
    const Value& v = cut[at++];
    const Integer middle = shifted(v.significand, v.exponent - least);
    const bool exact = term.is_dyadic() && halfulp::compare(v, absolute(term)) == 0;
    const Integer slack = exact ? Integer(0) : shifted(Integer(1), v.exponent - least);
    total.low += term.negative ? Integer(-middle - slack) : Integer(middle - slack);
    total.high += term.negative ? Integer(-middle + slack) : Integer(middle + slack);
  }
  return total;
}

// |q|, not zero.
class Magnitude {
 public:
  explicit Magnitude(const Quotient& q) : fraction_(fraction_of(q)), quotient_(q) {
    if (sign(q) >= 0) return;
    for (Value& term : quotient_.numerator) term.negative = !term.negative;
  }

  [[nodiscard]] const std::optional<Fraction>& fraction() const { return fraction_; }

  // floor(|q| * factor * 10^ten)
  [[nodiscard]] Integer floor(std::int64_t ten, int factor = 1) const {
    if (fraction_) {
      return floor_of(fraction_->numerator * factor, fraction_->denominator, fraction_->exponent,
                      ten);
    }
    for (int bits = least_bits; bits <= most_bits; bits *= 2) {
      const Interval n = interval_of(quotient_.numerator, bits);
      const Interval d = interval_of(quotient_.denominator, bits);
      if (n.low <= 0 || d.low <= 0) continue;
      const std::int64_t exponent = n.exponent - d.exponent;
      Integer low = floor_of(n.low * factor, d.high, exponent, ten);
      if (low == floor_of(n.high * factor, d.low, exponent, ten)) return low;
    }
    throw Error("a number whose digits are not certain within 4096 bits", "",
                "give the number with fewer digits");
  }

  // The exponent of the first decimal digit.
  [[nodiscard]] std::int64_t leading_digit() const {
    // floor(log10 |q|) is near this estimate; 1233 / 4096 is just above log10 2.
    std::int64_t estimate = rough_exponent() * 1233 / 4096;
    while (floor(-(estimate + 1)) > 0) ++estimate;
    while (floor(-estimate).is_zero()) --estimate;
    return estimate;
  }

 private:
  static constexpr int least_bits = 128;
  static constexpr int most_bits = 4096;

  // Near log2 |q|.
  [[nodiscard]] std::int64_t rough_exponent() const {
    const auto length = [](const Integer& n) { return static_cast<std::int64_t>(mp::msb(n)); };
    if (fraction_)
      return length(fraction_->numerator) - length(fraction_->denominator) + fraction_->exponent;
    for (int bits = least_bits; bits <= most_bits; bits *= 2) {
      const Interval n = interval_of(quotient_.numerator, bits);
      const Interval d = interval_of(quotient_.denominator, bits);
      if (n.low > 0 && d.low > 0) return length(n.low) - length(d.low) + n.exponent - d.exponent;
    }
    return 0;
  }

  std::optional<Fraction> fraction_;
  Quotient quotient_;
};

// Of a positive fraction: n / d * 2^e has finitely many digits where d is a power of five.
std::optional<Decimal> exact_decimal(const Fraction& f, int most_digits) {
  constexpr std::int64_t most_places = 2000;
  if (mp::msb(f.denominator) > 3 * most_places) return std::nullopt;
  Integer d = f.denominator;
  std::int64_t fives = 0;
  for (; fives <= most_places && d % 5 == 0; ++fives) d /= 5;
  if (d != 1 || f.exponent > most_places || f.exponent < -most_places) return std::nullopt;
  const std::int64_t places = std::max({fives, -f.exponent, std::int64_t{0}});
  Integer digits = shifted(f.numerator, f.exponent + places) *
                   mp::pow(Integer(5), static_cast<unsigned>(places - fives));
  std::int64_t exponent = -places;
  while (digits % 10 == 0) {
    digits /= 10;
    ++exponent;
  }
  if (digits >= power_of_ten(most_digits)) return std::nullopt;
  return Decimal{.digits = digits, .exponent = exponent};
}

}  // namespace

Quotient quotient_of(const Real& x) {
  HALFULP_REQUIRE(x.numerator.is_finite() && !x.root, "quotient_of: no finite quotient");
  return {.numerator = {x.numerator, x.addend}, .denominator = {x.denominator}};
}

int sign(const Quotient& q) { return sign_of_sum(q.numerator); }

int compare(const Quotient& a, const Quotient& b) {
  std::vector<Value> difference;
  for (const Value& n : a.numerator) {
    for (const Value& d : b.denominator) difference.push_back(product(n, d));
  }
  for (const Value& n : b.numerator) {
    for (const Value& d : a.denominator) difference.push_back(negated(product(n, d)));
  }
  return sign_of_sum(difference);
}

std::optional<Fraction> fraction_of(const Quotient& q) {
  const std::optional<Value> numerator = dyadic_sum(q.numerator);
  const std::optional<Value> denominator = dyadic_sum(q.denominator);
  if (!numerator || !denominator) return std::nullopt;
  if (numerator->is_zero()) return Fraction{};
  const Value n = odd_part(*numerator);
  const Value d = odd_part(*denominator);
  const Integer common = common_divisor(n.significand, d.significand);
  return Fraction{.negative = n.negative,
                  .numerator = n.significand / common,
                  .denominator = d.significand / common,
                  .exponent = n.exponent - d.exponent};
}

std::optional<std::string> fraction_text(const Fraction& f, std::size_t longest) {
  const auto length = [](const Integer& n) { return n.is_zero() ? 0 : mp::msb(n); };
  // A decimal digit is more than three bits.
  if (length(f.numerator) + length(f.denominator) > 4 * longest) return std::nullopt;
  constexpr std::int64_t plain_exponent = 20;
  const bool folded = f.exponent == 0 || (f.exponent > 0 && f.exponent <= plain_exponent) ||
                      (f.exponent < 0 && f.denominator > 1 && f.exponent >= -plain_exponent);
  const Integer n = folded && f.exponent > 0 ? shifted(f.numerator, f.exponent) : f.numerator;
  const Integer d = folded && f.exponent < 0 ? shifted(f.denominator, -f.exponent) : f.denominator;
  const std::string power = folded ? "" : "2^" + std::to_string(f.exponent);
  std::string text = f.negative ? "-" : "";
  if (n == 1 && d == 1 && !folded) {
    text += power;
  } else {
    text += n.str() + (d > 1 ? "/" + d.str() : "") + (folded ? "" : " * " + power);
  }
  return text.size() <= longest ? std::optional(text) : std::nullopt;
}

DecimalText decimal_of(const Quotient& q, int most_exact, int rounded) {
  const int order = sign(q);
  if (order == 0) return {.text = "0"};
  const std::string minus = order < 0 ? "-" : "";
  const Magnitude magnitude(q);
  if (magnitude.fraction()) {
    if (const auto exact = exact_decimal(*magnitude.fraction(), most_exact))
      return {.text = minus + decimal_text(*exact)};
  }
  // Twice the number's floor, plus one, halved: the number rounded, halves up.
  const std::int64_t places = rounded - 1 - magnitude.leading_digit();
  const Integer digits = (magnitude.floor(places, 2) + 1) / 2;
  return {.text = minus + decimal_text({.digits = digits, .exponent = -places}), .exact = false};
}

}  // namespace halfulp::reference

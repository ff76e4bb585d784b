// SPDX-License-Identifier: MIT
#include "emulator/scalar/ratio.h"

#include "emulator/scalar/long.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

// Sums of numbers far apart are long. Both terms are short, and so are the bounds that they are
// compared with: no such number agrees with the root of a short one over so many bits.
constexpr int longest = 2048;

Exact<Integer> shortened(Exact<Integer> x) {
  const int cut = bit_length(x.significand) - longest;
  if (cut <= 0) return x;
  const bool lost = boost::multiprecision::lsb(x.significand) < static_cast<unsigned>(cut);
  x.significand >>= cut;
  if (lost) x.significand |= 1;
  x.exponent += cut;
  return x;
}

Exact<Integer> sum(const Exact<Integer>& a, const Exact<Integer>& b) {
  if (a.significand.is_zero()) return b;
  if (b.significand.is_zero()) return a;
  return shortened(long_sum(a, b));
}

Exact<Integer> product(const Exact<Integer>& a, const Exact<Integer>& b) {
  return {a.negative != b.negative, Integer(a.significand * b.significand),
          a.exponent + b.exponent};
}

// Order of two magnitudes.
int compare(const Exact<Integer>& a, const Exact<Integer>& b) {
  if (a.significand.is_zero() || b.significand.is_zero()) {
    return int{!a.significand.is_zero()} - int{!b.significand.is_zero()};
  }
  const std::int64_t top_a = a.exponent + bit_length(a.significand);
  const std::int64_t top_b = b.exponent + bit_length(b.significand);
  if (top_a != top_b) return top_a < top_b ? -1 : 1;
  const std::int64_t shift = a.exponent - b.exponent;
  const int order =
      shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift)).compare(b.significand)
                 : a.significand.compare(Integer(b.significand << static_cast<unsigned>(-shift)));
  return (order > 0) - (order < 0);
}

// A flushed operand still has its significand.
Exact<Integer> term(const Operand& x) {
  return x.kind == Operand::Class::zero ? Exact<Integer>{} : exact_integer(x);
}

}  // namespace

Ratio ratio_of(const Expression& e) {
  Ratio x{.numerator = term(*e.number), .root = e.root};
  if (e.factor != nullptr) x.numerator = product(x.numerator, term(*e.factor));
  if (e.addend != nullptr) x.numerator = sum(x.numerator, term(*e.addend));
  if (e.divisor != nullptr) x.denominator = term(*e.divisor);
  return x;
}

// x = n / d or its root: n^2 against a b d^2, or n against a b d.
int compare_to_geometric_mean(const Ratio& x, const Exact<Integer>& a, const Exact<Integer>& b) {
  const Exact<Integer>& n = x.numerator;
  const Exact<Integer>& d = x.denominator;
  const Exact<Integer> mean_square = product(a, b);
  if (x.root) return compare(n, product(mean_square, d));
  return compare(product(n, n), product(mean_square, product(d, d)));
}

}  // namespace halfulp::emulator

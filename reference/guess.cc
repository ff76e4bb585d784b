// SPDX-License-Identifier: MIT
#include "reference/guess.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <variant>

namespace halfulp::reference {
namespace {

// leading * 2^exponent with 1 <= leading < 2, near the number.
struct Approximation {
  double leading = 1;
  std::int64_t exponent = 0;
};

Approximation approximate(const Value& v) {
  if (!v.is_dyadic()) return approximate(truncated(v, 62));
  constexpr std::int64_t kept_bits = 60;
  const std::int64_t exponent = leading_exponent(v);
  const std::int64_t dropped = exponent - v.exponent - kept_bits;
  const auto kept = static_cast<std::uint64_t>(
      dropped > 0 ? Integer(v.significand >> static_cast<unsigned>(dropped)) : v.significand);
  const std::int64_t scale = dropped > 0 ? kept_bits : exponent - v.exponent;
  return {static_cast<double>(kept) / static_cast<double>(std::uint64_t{1} << scale), exponent};
}

Approximation approximate(const Real& x) {
  Approximation result = approximate(x.numerator);
  if (x.denominator.significand != 1) {
    const Approximation divisor = approximate(x.denominator);
    result.leading /= divisor.leading;
    result.exponent -= divisor.exponent;
  } else {
    result.exponent -= x.denominator.exponent;
  }
  if (x.root) {
    const bool odd = (result.exponent & 1) != 0;
    result.leading = std::sqrt(odd ? 2 * result.leading : result.leading);
    result.exponent = (result.exponent - (odd ? 1 : 0)) / 2;
  }
  if (result.leading < 1) return {result.leading * 2, result.exponent - 1};
  if (result.leading >= 2) return {result.leading / 2, result.exponent + 1};
  return result;
}

constexpr int bits_of_leading = 52;

double logarithm(const Approximation& a) {
  return static_cast<double>(a.exponent) + std::log2(a.leading);
}

// floor(leading * 2^(bits_of_leading + shift)), kept below 2^126.
Rank shifted(const Approximation& a, std::int64_t shift) {
  const auto integer = static_cast<Rank>(std::clamp(a.leading, 1.0, 2.0) *
                                         static_cast<double>(std::int64_t{1} << bits_of_leading));
  if (shift < 0) return shift < -60 ? 0 : integer >> -shift;
  return integer << std::min<std::int64_t>(shift, 72);
}

Rank guess_magnitude(const Float& f, const Approximation& a) {
  const int t = f.fraction_bits;
  const std::int64_t field = a.exponent + f.bias;
  const std::int64_t least_field = f.subnormals ? 1 : 0;
  if (field < least_field) {
    return f.subnormals ? shifted(a, a.exponent - (1 - f.bias - t) - bits_of_leading) : 0;
  }
  const std::int64_t largest_field = (std::int64_t{1} << f.exponent_bits) - 1;
  const Rank fraction = shifted(a, t - bits_of_leading) - (Rank{1} << t);
  return (static_cast<Rank>(std::min(field, largest_field)) << t) + fraction;
}

Rank guess_magnitude(const Fixed& f, const Approximation& a) {
  return shifted(a, a.exponent + f.fraction_bits - bits_of_leading);
}

Rank guess_magnitude(const Affine& f, const Approximation& a) {
  const Approximation scale = approximate(from_double(f.scale));
  const double quotient = a.leading / scale.leading;
  const bool less = quotient < 1;
  return shifted({less ? 2 * quotient : quotient, 0},
                 a.exponent - scale.exponent - (less ? 1 : 0) - bits_of_leading);
}

// The posit whose regime and exponent are those of the number, fraction 0 (2022 standard, 3.3).
Rank guess_magnitude(const Posit& f, const Approximation& a) {
  const std::int64_t regime = a.exponent >> f.exponent_bits;
  const std::int64_t width = f.bits - 1;
  if (regime >= width - 1 || regime < -width) return regime < 0 ? 0 : (Rank{1} << (f.bits - 2));
  const std::int64_t run = regime >= 0 ? regime + 1 : -regime;
  const Rank ones = regime >= 0 ? ((Rank{1} << run) - 1) << (width - run) : 0;
  const std::int64_t stop = width - run - 1;
  const Rank end = regime >= 0 || stop < 0 ? 0 : Rank{1} << stop;
  const std::int64_t below = stop - f.exponent_bits;
  const auto exponent = static_cast<Rank>(a.exponent - (regime << f.exponent_bits));
  return ones + end +
         (below >= 0 ? exponent << below : exponent >> std::min<std::int64_t>(-below, 64));
}

// The exponent and the fraction behind direction, regime and characteristic (arXiv 2404.18603).
Rank guess_magnitude(const Takum& f, const Approximation& a) {
  double position = static_cast<double>(a.exponent) + a.leading - 1;
  if (f.logarithmic) position = logarithm(a) * 2 * std::log(2.0);
  position = std::clamp(position, -254.0, 254.0);
  const auto c = static_cast<std::int64_t>(std::floor(position));
  const auto magnitude = static_cast<std::uint64_t>(c >= 0 ? c + 1 : -c);
  const int r = std::bit_width(magnitude) - 1;
  const Rank characteristic =
      c >= 0 ? c + 1 - (std::int64_t{1} << r) : c - 1 + (std::int64_t{2} << r);
  const Rank head = (Rank{c >= 0 ? 8 + r : 7 - r} << r) + characteristic;
  const auto fraction = static_cast<Rank>((position - static_cast<double>(c)) *
                                          static_cast<double>(std::int64_t{1} << bits_of_leading));
  const int shift = f.bits - 1 - (4 + r) - bits_of_leading;
  const Rank body = (head << bits_of_leading) + fraction;
  return shift >= 0 ? body << shift : body >> -shift;
}

Rank guess_magnitude(const Log& f, const Approximation& a) {
  const Rank zero = -(Rank{1} << (f.integer_bits + f.fraction_bits - 1));
  const double kept = std::clamp(logarithm(a), -0x1p22, 0x1p22) *
                      static_cast<double>(std::int64_t{1} << std::min(f.fraction_bits, 40));
  return (static_cast<Rank>(kept) << std::max(f.fraction_bits - 40, 0)) - zero;
}

// Codebooks are searched from the middle.
Rank guess_magnitude(const Codebook& /*f*/, const Approximation& /*a*/) { return 0; }

}  // namespace

Rank guess_rank(const Format& format, const Real& x, bool negative) {
  const Approximation a = approximate(x);
  const Rank magnitude =
      std::visit([&](const auto& kind) { return guess_magnitude(kind, a); }, format.kind);
  const Range range = finite_range(format);
  return std::clamp(negative ? -magnitude : magnitude, range.lowest, range.highest);
}

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// The inverse normal distribution function, one number at a time: Wichura's algorithm AS 241
// (PPND16; Applied Statistics 37, 1988), a quotient of two polynomials of degree 7 in each of
// three regions, with a logarithm of + - * / alone, so that the bits are the same everywhere.
// Relative error below 2^-49 (tests measure it against MPFR). The lanes of variate_lanes.cc do the
// same operations in the same order, and so give the same bits.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace halfulp::experiments::inverse_normal {

// The logarithm's constants.
inline constexpr double log_2 = 0x1.62e42fefa39efp-1;
inline constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd;  // bits of sqrt(1/2)
inline constexpr std::array<double, 11> odd_inverse{1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,
                                                    1.0 / 9.0,  1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0,
                                                    1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0};

// The three regions, coefficients of ascending powers.
using Polynomial = std::array<double, 8>;
inline constexpr Polynomial centre_above{3.3871328727963666080e0, 1.3314166789178437745e2,
                                         1.9715909503065514427e3, 1.3731693765509461125e4,
                                         4.5921953931549871457e4, 6.7265770927008700853e4,
                                         3.3430575583588128105e4, 2.5090809287301226727e3};
inline constexpr Polynomial centre_below{1.0,
                                         4.2313330701600911252e1,
                                         6.8718700749205790830e2,
                                         5.3941960214247511077e3,
                                         2.1213794301586595867e4,
                                         3.9307895800092710610e4,
                                         2.8729085735721942674e4,
                                         5.2264952788528545610e3};
inline constexpr Polynomial near_above{1.42343711074968357734e0,  4.63033784615654529590e0,
                                       5.76949722146069140550e0,  3.64784832476320460504e0,
                                       1.27045825245236838258e0,  2.41780725177450611770e-1,
                                       2.27238449892691845833e-2, 7.74545014278341407640e-4};
inline constexpr Polynomial near_below{1.0,
                                       2.05319162663775882187e0,
                                       1.67638483018380384940e0,
                                       6.89767334985100004550e-1,
                                       1.48103976427480074590e-1,
                                       1.51986665636164571966e-2,
                                       5.47593808499534494600e-4,
                                       1.05075007164441684324e-9};
inline constexpr Polynomial far_above{6.65790464350110377720e0,  5.46378491116411436990e0,
                                      1.78482653991729133580e0,  2.96560571828504891230e-1,
                                      2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                      2.71155556874348757815e-5, 2.01033439929228813265e-7};
inline constexpr Polynomial far_below{1.0,
                                      5.99832206555887937690e-1,
                                      1.36929880922735805310e-1,
                                      1.48753612908506148525e-2,
                                      7.86869131145613259100e-4,
                                      1.84631831751005468180e-5,
                                      1.42151175831644588870e-7,
                                      2.04426310338993978564e-15};
inline constexpr double split_centre = 0.425;
inline constexpr double centre_square = 0.180625;  // of split_centre
inline constexpr double split_tail = 5.0;
inline constexpr double near_origin = 1.6;

// The middle of a variate's cell less one half, of its 64 random bits: q = n 2^-54 with n odd and
// |n| < 2^53, hence exact.
inline double centred(std::uint64_t bits) {
  constexpr std::int64_t half_range = std::int64_t{1} << 53;
  const auto cell = static_cast<std::int64_t>(bits >> 11);
  return static_cast<double>(2 * cell + 1 - half_range) * 0x1p-54;
}

// -log(p) for 0 < p < 1, relative error below 2^-50:
//   1. p = m 2^e with m in [sqrt(1/2), sqrt(2));
//   2. log m = 2 artanh(f), f = (m - 1) / (m + 1), |f| <= 0.1716;
//   3. artanh(f) = f (1 + f^2/3 + f^4/5 + ...), cut where the next term is below 2^-57.
inline double minus_log(double p) {
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(p) - root_half;
  const auto exponent = static_cast<std::int64_t>(shifted) >> 52;
  const double m = std::bit_cast<double>((shifted & 0x000fffffffffffff) + root_half);
  const double f = (m - 1.0) / (m + 1.0);
  const double g = f * f;
  double series = odd_inverse[10];
  for (std::size_t k = 10; k-- > 0;) series = series * g + odd_inverse[k];
  return -(static_cast<double>(exponent) * log_2 + 2.0 * f * series);
}

// above(x) / below(x) by Horner's rule, from the highest power down.
inline double ratio(const Polynomial& above, const Polynomial& below, double x) {
  double numerator = above[7];
  double denominator = below[7];
  for (std::size_t k = 7; k-- > 0;) {
    numerator = numerator * x + above[k];
    denominator = denominator * x + below[k];
  }
  return numerator / denominator;
}

// |q| > split_centre; the tail's probability 1/2 - |q| is exact.
inline double tail(double q) {
  const double r = std::sqrt(minus_log(0.5 - std::fabs(q)));
  const double x = r <= split_tail ? ratio(near_above, near_below, r - near_origin)
                                   : ratio(far_above, far_below, r - split_tail);
  return q < 0.0 ? -x : x;
}

inline double variate(double q) {
  return std::fabs(q) > split_centre ? tail(q)
                                     : q * ratio(centre_above, centre_below, centre_square - q * q);
}

}  // namespace halfulp::experiments::inverse_normal

// SPDX-License-Identifier: MIT
//
// A block of 128 variates goes through four short loops, each without branches so that compilers
// turn it into vector code: the generator, the centre of the distribution for all, the tails for
// those few that need them.
#include "experiments/data/variates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t block_size = 128;        // variates
constexpr std::size_t lanes = block_size / 2;  // calls of the generator: four words each
constexpr std::int64_t half_range = std::int64_t{1} << 53;

// Philox4x32-10 for counters first, first + 1, ...: the rounds of formats/random.h in the outer
// loop, the counters in the inner one. A variate's two words make one 64-bit number, high word
// first.
void philox_words(const Random& random, std::uint64_t first,
                  std::array<std::uint64_t, block_size>& out) {
  std::array<std::uint32_t, lanes> c0;
  std::array<std::uint32_t, lanes> c1;
  std::array<std::uint32_t, lanes> c2;
  std::array<std::uint32_t, lanes> c3;
  for (std::size_t i = 0; i < lanes; ++i) {
    c0[i] = static_cast<std::uint32_t>(first + i);
    c1[i] = static_cast<std::uint32_t>((first + i) >> 32);
    c2[i] = static_cast<std::uint32_t>(random.stream);
    c3[i] = static_cast<std::uint32_t>(random.stream >> 32);
  }
  auto k0 = static_cast<std::uint32_t>(random.seed);
  auto k1 = static_cast<std::uint32_t>(random.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * c0[i];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57} * c2[i];
      c0[i] = static_cast<std::uint32_t>(b >> 32) ^ c1[i] ^ k0;
      c1[i] = static_cast<std::uint32_t>(b);
      c2[i] = static_cast<std::uint32_t>(a >> 32) ^ c3[i] ^ k1;
      c3[i] = static_cast<std::uint32_t>(a);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    out[2 * i] = (std::uint64_t{c0[i]} << 32) | c1[i];
    out[2 * i + 1] = (std::uint64_t{c2[i]} << 32) | c3[i];
  }
}

// The cell's middle less one half: q = n 2^-54 with n odd, |n| < 2^53, hence exact.
double centred(std::uint64_t bits) {
  const auto cell = static_cast<std::int64_t>(bits >> 11);
  return static_cast<double>(2 * cell + 1 - half_range) * 0x1p-54;
}

// -log(p) for 0 < p < 1, relative error below 2^-50:
//   1. p = m 2^e with m in [sqrt(1/2), sqrt(2));
//   2. log m = 2 artanh(f), f = (m - 1) / (m + 1), |f| <= 0.1716;
//   3. artanh(f) = f (1 + f^2/3 + f^4/5 + ...), cut where the next term is below 2^-57.
double minus_log(double p) {
  constexpr double log_2 = 0x1.62e42fefa39efp-1;
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd;
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(p) - root_half;
  const auto exponent = static_cast<std::int64_t>(shifted) >> 52;
  const double m = std::bit_cast<double>((shifted & 0x000fffffffffffff) + root_half);
  const double f = (m - 1.0) / (m + 1.0);
  const double g = f * f;
  constexpr std::array<double, 11> odd_inverse{1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,
                                               1.0 / 9.0,  1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0,
                                               1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0};
  double series = odd_inverse[10];
  for (std::size_t k = 10; k-- > 0;) series = series * g + odd_inverse[k];
  return -(static_cast<double>(exponent) * log_2 + 2.0 * f * series);
}

// numerator(x) / denominator(x) by Horner's rule, from the highest power down.
double ratio(const std::array<double, 8>& numerator, const std::array<double, 8>& denominator,
             double x) {
  double above = numerator[7];
  double below = denominator[7];
  for (std::size_t k = 7; k-- > 0;) {
    above = above * x + numerator[k];
    below = below * x + denominator[k];
  }
  return above / below;
}

// The three regions of AS 241, coefficients of ascending powers.
constexpr std::array<double, 8> centre_above{3.3871328727963666080e0, 1.3314166789178437745e2,
                                             1.9715909503065514427e3, 1.3731693765509461125e4,
                                             4.5921953931549871457e4, 6.7265770927008700853e4,
                                             3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr std::array<double, 8> centre_below{1.0,
                                             4.2313330701600911252e1,
                                             6.8718700749205790830e2,
                                             5.3941960214247511077e3,
                                             2.1213794301586595867e4,
                                             3.9307895800092710610e4,
                                             2.8729085735721942674e4,
                                             5.2264952788528545610e3};
constexpr std::array<double, 8> near_above{1.42343711074968357734e0,  4.63033784615654529590e0,
                                           5.76949722146069140550e0,  3.64784832476320460504e0,
                                           1.27045825245236838258e0,  2.41780725177450611770e-1,
                                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> near_below{1.0,
                                           2.05319162663775882187e0,
                                           1.67638483018380384940e0,
                                           6.89767334985100004550e-1,
                                           1.48103976427480074590e-1,
                                           1.51986665636164571966e-2,
                                           5.47593808499534494600e-4,
                                           1.05075007164441684324e-9};
constexpr std::array<double, 8> far_above{6.65790464350110377720e0,  5.46378491116411436990e0,
                                          1.78482653991729133580e0,  2.96560571828504891230e-1,
                                          2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                          2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> far_below{1.0,
                                          5.99832206555887937690e-1,
                                          1.36929880922735805310e-1,
                                          1.48753612908506148525e-2,
                                          7.86869131145613259100e-4,
                                          1.84631831751005468180e-5,
                                          1.42151175831644588870e-7,
                                          2.04426310338993978564e-15};
constexpr double split_centre = 0.425;
constexpr double split_tail = 5.0;

// |q| > 0.425; the tail's probability 1/2 - |q| is exact.
double tail(double q) {
  const double r = std::sqrt(minus_log(0.5 - std::fabs(q)));
  const double x = r <= split_tail ? ratio(near_above, near_below, r - 1.6)
                                   : ratio(far_above, far_below, r - split_tail);
  return q < 0.0 ? -x : x;
}

void normals(const std::array<double, block_size>& q, std::array<double, block_size>& out) {
  std::array<std::uint8_t, block_size> tails;
  std::size_t count = 0;
  for (std::size_t i = 0; i < block_size; ++i)
    out[i] = q[i] * ratio(centre_above, centre_below, 0.180625 - q[i] * q[i]);
  for (std::size_t i = 0; i < block_size; ++i) {
    tails[count] = static_cast<std::uint8_t>(i);
    count += std::fabs(q[i]) > split_centre ? 1 : 0;
  }
  for (std::size_t i = 0; i < count; ++i) out[tails[i]] = tail(q[tails[i]]);
}

void transform(Law law, const std::array<std::uint64_t, block_size>& words,
               std::array<double, block_size>& out) {
  constexpr double root_12 = 0x1.bb67ae8584caap+1;
  std::array<double, block_size> q;
  for (std::size_t i = 0; i < block_size; ++i) q[i] = centred(words[i]);
  if (law == Law::gaussian) return normals(q, out);
  for (std::size_t i = 0; i < block_size; ++i)
    out[i] = law == Law::uniform ? root_12 * q[i] : std::copysign(1.0, q[i]);
}

}  // namespace

void fill_variates(Law law, const Random& random, std::uint64_t first, std::span<double> out) {
  HALFULP_REQUIRE(random.offset == 0, "variates are addressed by `first`, not by an offset");
  std::array<std::uint64_t, block_size> words;
  std::array<double, block_size> block;
  // Variates 2 b and 2 b + 1 share the generator's counter b; an odd start wastes one of them.
  std::size_t skipped = first % 2;
  std::uint64_t counter = first / 2;
  for (std::size_t done = 0; done < out.size(); counter += lanes) {
    philox_words(random, counter, words);
    transform(law, words, block);
    const std::size_t count = std::min(block_size - skipped, out.size() - done);
    for (std::size_t i = 0; i < count; ++i) out[done + i] = block[skipped + i];
    done += count;
    skipped = 0;
  }
}

double fourth_moment(Law law) {
  switch (law) {
    case Law::gaussian:
      return 3.0;
    case Law::uniform:
      return 1.8;
    case Law::two_point:
      return 1.0;
  }
  return 0.0;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The error bounds of the emulator's fixed-point logarithms, powers and sums, against 300-bit
// arithmetic that shares nothing with them.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <vector>

#include "emulator/scalar/logarithmic/fixed_logarithm.h"
#include "formats/numbers/value.h"
#include "tests/support/sampling.h"

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;
using Long = mp::number<mp::cpp_bin_float<300, mp::digit_base_2>>;
using sampling::Stream;

Long long_number(Code n) {
  return ldexp(Long(static_cast<std::uint64_t>(n >> 64)), 64) + Long(static_cast<std::uint64_t>(n));
}

Long exact(const Logarithm& a) { return Long(a.whole) + ldexp(long_number(a.fraction), -128); }

Long exact(const Near& a) {
  return ldexp(long_number(a.mantissa), static_cast<int>(a.exponent - 127));
}

// Distances in units of the last place of the approximation, less what 300 bits may be off.
const Long doubt = ldexp(Long(1), -100);
Long distance(const Logarithm& a, const Long& x) {
  return abs(ldexp(Long(exact(a) - x), 128)) - doubt;
}
Long distance(const Near& a, const Long& x) {
  return abs(ldexp(Long(exact(a) - x), static_cast<int>(127 - a.exponent))) - doubt;
}

// Any bits, or few ones at either end, or the edges of the tables' bytes.
Code draw_bits(Stream& stream) {
  const Code any = stream.wide(128);
  const auto shift = static_cast<int>(stream.below(128));
  switch (stream.below(6)) {
    case 0:
      return any >> shift;
    case 1:
      return ~(any >> shift);
    case 2:
      return Code{1} << shift;
    case 3:
      return (any >> 112 << 112) - stream.below(3);
    default:
      return any;
  }
}

Code draw_mantissa(Stream& stream) { return draw_bits(stream) | (Code{1} << 127); }

constexpr int draws = 10000;

TEST(FixedLogarithm, KeepsItsErrorBound) {
  Stream stream(31);
  Long greatest = 0;
  for (int i = 0; i < draws; ++i) {
    const Near x{.mantissa = draw_mantissa(stream), .exponent = 5, .error = 0};
    const Logarithm l = logarithm(x);
    greatest = std::max(greatest, distance(l, log2(exact(x))));
    ASSERT_LE(distance(l, log2(exact(x))), Long(l.error)) << exact(x);
  }
  RecordProperty("greatest", greatest.str(4));
  EXPECT_GT(greatest, 0.5);
}

TEST(FixedLogarithm, KeepsThePowersErrorBound) {
  Stream stream(32);
  Long greatest = 0;
  for (int i = 0; i < draws; ++i) {
    const Logarithm l{.whole = -3, .fraction = draw_bits(stream), .error = 0};
    const Near x = power(l);
    const Long wanted = exp2(exact(l));
    greatest = std::max(greatest, distance(x, wanted));
    ASSERT_LE(distance(x, wanted), Long(x.error)) << exact(l);
  }
  RecordProperty("greatest", greatest.str(4));
  EXPECT_GT(greatest, 0.5);
}

TEST(FixedLogarithm, IsExactForPowersOfTwo) {
  const Logarithm l = logarithm(near_number(Code{8}, 10));
  EXPECT_EQ(l.whole, 13);
  EXPECT_EQ(l.fraction, 0U);
  EXPECT_EQ(l.error, 0U);
  const Near x = power(l);
  EXPECT_EQ(x.exponent, 13);
  EXPECT_EQ(x.mantissa, Code{1} << 127);
  EXPECT_EQ(x.error, 0U);
}

// An argument anywhere within its error.
Long shaken(const Long& x, std::uint64_t error, int unit, Stream& stream) {
  const Long part = Long(stream.bits(20)) / Long((1 << 20) - 1) * 2 - 1;
  return x + ldexp(Long(part * Long(error)), unit);
}

std::uint64_t draw_error(Stream& stream) { return stream.bits(1) != 0 ? 0 : stream.bits(18); }

TEST(FixedLogarithm, PassesErrorsOn) {
  Stream stream(33);
  for (int i = 0; i < draws / 4; ++i) {
    Near a{draw_mantissa(stream), static_cast<std::int64_t>(stream.below(140)), draw_error(stream)};
    Near b{draw_mantissa(stream), static_cast<std::int64_t>(stream.below(140)), draw_error(stream)};
    if (stream.bits(1) != 0) b = {a.mantissa - stream.below(1U << 30), a.exponent, b.error};
    b.mantissa |= Code{1} << 127;
    const Long x = shaken(exact(a), a.error, static_cast<int>(a.exponent) - 127, stream);
    const Long y = shaken(exact(b), b.error, static_cast<int>(b.exponent) - 127, stream);
    const Near total = sum(a, b);
    ASSERT_LE(distance(total, x + y), Long(total.error));
    const Near both = product(a, b);
    ASSERT_LE(distance(both, x * y), Long(both.error));
    if (const std::optional<Near> rest = difference(a, b)) {
      ASSERT_LE(distance(*rest, x - y), Long(rest->error));
    }
    const Logarithm l = logarithm(a);
    ASSERT_LE(distance(l, log2(x)), Long(l.error));
    const Near again = power(l);
    ASSERT_LE(distance(again, x), Long(again.error));
  }
}

TEST(FixedLogarithm, ChangesTheBase) {
  Stream stream(34);
  const Long e_to_two = log2(exp(Long(1)));
  for (int i = 0; i < draws / 4; ++i) {
    const Logarithm l{static_cast<std::int64_t>(stream.below(1000)) - 500, draw_bits(stream),
                      draw_error(stream)};
    const Long x = shaken(exact(l), l.error, -128, stream);
    ASSERT_LE(distance(times_log2_e(l), x * e_to_two), Long(times_log2_e(l).error));
    ASSERT_LE(distance(times_2_ln2(l), x * 2 / e_to_two), Long(times_2_ln2(l).error));
    const Logarithm half = halved({l.whole, l.fraction, l.error + 1});
    ASSERT_LE(distance(half, x / 2), Long(half.error));
    ASSERT_EQ(exact(negated(l)), -exact(l));
    ASSERT_LE(distance(sum(l, l), 2 * x), Long(sum(l, l).error));
  }
}

// What does not fit is cut, and says so.
TEST(FixedLogarithm, TakesIntegersOfAnyLength) {
  const Integer n = (Integer(5) << 200) + 1;
  EXPECT_EQ(near_number(n, 3).exponent, 205);
  EXPECT_EQ(near_number(n, 3).error, 1U);
  EXPECT_EQ(near_number(Integer(n - 1), 3).error, 0U);
  EXPECT_EQ(near_number(Integer(n - 1), 3).mantissa, Code{5} << 125);
}

TEST(FixedLogarithm, RefusesDifferencesThatAreHardlyKnown) {
  const Near one{.mantissa = Code{1} << 127, .exponent = 0, .error = 3};
  const Near less{.mantissa = (Code{1} << 127) - 5 + (Code{1} << 127), .exponent = -1, .error = 0};
  EXPECT_FALSE(difference(one, less));
  EXPECT_FALSE(difference(less, one));
  const Near exact_one{.mantissa = Code{1} << 127, .exponent = 0, .error = 0};
  EXPECT_FALSE(difference(exact_one, exact_one));
}

}  // namespace
}  // namespace halfulp::emulator

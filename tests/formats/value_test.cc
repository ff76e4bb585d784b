// SPDX-License-Identifier: MIT
#include "formats/numbers/value.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "formats/error.h"

namespace halfulp {
namespace {

std::uint64_t next(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state ^ (state >> 29);
}

TEST(Value, EveryDoubleSurvivesTheRoundTrip) {
  std::uint64_t state = 7;
  for (int i = 0; i < 100000; ++i) {
    std::uint64_t pattern = next(state);
    if (i % 4 == 0) pattern &= 0x800fffffffffffff;  // subnormals
    const auto x = std::bit_cast<double>(pattern);
    if (std::isnan(x)) continue;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(to_double(from_double(x))), pattern);
  }
  for (const double x : {0.0, -0.0, 1.0, std::numeric_limits<double>::denorm_min(),
                         std::numeric_limits<double>::min(), std::numeric_limits<double>::max(),
                         -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(to_double(from_double(x))),
              std::bit_cast<std::uint64_t>(x));
  }
  EXPECT_TRUE(std::isnan(to_double(from_double(std::nan("")))));
}

TEST(Value, SumProductAndOrderAgreeWithExactIntegers) {
  for (int a = -40; a <= 40; ++a) {
    for (int b = -40; b <= 40; ++b) {
      const Value x = make_value(a, -3);
      const Value y = make_value(b, 2);
      EXPECT_EQ(compare(sum(x, y), make_value(a + 32 * b, -3)), 0);
      EXPECT_EQ(compare(product(x, y), make_value(std::int64_t{a} * b, -1)), 0);
      EXPECT_EQ(compare(x, y), (a > 32 * b) - (a < 32 * b));
    }
  }
}

TEST(Value, SpecialsAreOrderedOutsideTheNumbers) {
  const Value huge = make_value(1, 1000000);
  EXPECT_EQ(compare(infinite_value(), huge), 1);
  EXPECT_EQ(compare(infinite_value(true), negated(huge)), -1);
  EXPECT_EQ(compare(infinite_value(), infinite_value()), 0);
  EXPECT_EQ(compare(zero_value(), zero_value(true)), 0);
  EXPECT_FALSE(identical(zero_value(), zero_value(true)));
  EXPECT_TRUE(identical(nan_value(), nan_value(true)));
}

TEST(Value, ExactZeroSumIsPositiveUnlessBothTermsAreNegativeZeros) {
  EXPECT_FALSE(sum(make_value(3), make_value(-3)).negative);
  EXPECT_TRUE(sum(zero_value(true), zero_value(true)).negative);
  EXPECT_FALSE(sum(zero_value(true), zero_value()).negative);
}

TEST(Value, RealsCompareAsTheirDefinition) {
  const Real third{.numerator = make_value(1), .denominator = make_value(3)};
  EXPECT_EQ(compare(third, make_value(1, -2)), 1);
  EXPECT_EQ(compare(third, make_value(1, -1)), -1);
  EXPECT_EQ(compare(Real{.numerator = make_value(6), .denominator = make_value(3)}, make_value(2)),
            0);
  const Real root{.numerator = make_value(2), .root = true};
  EXPECT_EQ(compare(root, make_value(3, -1)), -1);
  EXPECT_EQ(compare(root, make_value(5, -2)), 1);
  EXPECT_EQ(compare(root, make_value(-5)), 1);
  EXPECT_EQ(compare(Real{.numerator = make_value(9), .denominator = make_value(4), .root = true},
                    make_value(3, -1)),
            0);
}

TEST(Value, LiteralsAreExact) {
  EXPECT_EQ(compare(parse_real("0x1.8p-3"), make_value(3, -4)), 0);
  EXPECT_EQ(compare(parse_real("0x.8"), make_value(1, -1)), 0);
  EXPECT_EQ(compare(parse_real("1.5e3"), make_value(1500)), 0);
  EXPECT_EQ(compare(parse_real("-2.5"), make_value(-5, -1)), 0);
  const Real tenth = parse_real("0.1");
  EXPECT_EQ(compare(tenth, from_double(0.1)), -1);  // the double 0.1 is a little more
  EXPECT_TRUE(parse_real("-inf").numerator.is_infinite());
  EXPECT_TRUE(parse_real("NaN").numerator.is_nan());
  EXPECT_TRUE(parse_real("-0").numerator.negative);
  EXPECT_EQ(compare(parse_real("1e999999999999999999999"), make_value(1, 1000000)), 1);
  EXPECT_EQ(compare(parse_real("1e-999999999999"), make_value(1, -1000000)), -1);
}

TEST(Value, WhatIsNoNumberIsRefused) {
  for (const std::string text : {"", "-", "+", ".", "1.2.3", "0x", "0xp1", "1e", "1e+", "abc",
                                 "1 2", "--1", "0x1g", "infx"}) {
    EXPECT_THROW(parse_real(text), Error) << text;
  }
}

TEST(Value, HexadecimalTextIsExact) {
  EXPECT_EQ(hexadecimal_text(make_value(3, -4)), "0x1.8p-3");
  EXPECT_EQ(hexadecimal_text(make_value(-1)), "-0x1p+0");
  EXPECT_EQ(hexadecimal_text(zero_value(true)), "-0x0p+0");
  std::uint64_t state = 3;
  for (int i = 0; i < 1000; ++i) {
    const auto x = std::bit_cast<double>(next(state));
    if (!std::isfinite(x)) continue;
    EXPECT_EQ(compare(parse_real(hexadecimal_text(from_double(x))), from_double(x)), 0);
  }
}

// Digits of any number, and zeros on either side of them, are read as what they stand for.
TEST(ParseReal, LongDecimalsAreExact) {
  const std::string zeros(400000, '0');
  const Integer ten_to = boost::multiprecision::pow(Integer(10), 400001U);
  EXPECT_EQ(compare(parse_real("1" + zeros + "1"), integer_value(ten_to + 1)), 0);
  EXPECT_EQ(compare(parse_real("-1" + zeros + "1." + zeros), integer_value(-ten_to - 1)), 0);
  EXPECT_EQ(compare(parse_real(zeros + "12.5" + zeros), make_value(25, -1)), 0);
  const std::string behind = "0." + zeros + "25";
  EXPECT_EQ(compare(parse_real(behind + "e400001"), make_value(5, -1)), 0);
  // 2^-20000 in full: 5^20000 behind the point.
  const std::string digits = Integer(boost::multiprecision::pow(Integer(5), 20000U)).str();
  const Value power = make_value(1, -20000);
  EXPECT_EQ(compare(parse_real("0." + std::string(20000 - digits.size(), '0') + digits), power), 0);
  EXPECT_EQ(compare(parse_real(digits + "1e-20001"), power), 1);
  EXPECT_EQ(compare(parse_real(digits + "e-20001"), power), -1);
  EXPECT_EQ(compare(parse_real("0x" + zeros + "a." + zeros + "8p4"), make_value(160)), 1);
}

// 2^-2325350 < 10^-700000 < 2^-2325349: formats of 20 exponent bits reach so far.
TEST(ParseReal, ExponentsReachAsFarAsFormats) {
  EXPECT_EQ(compare(parse_real("1e-700000"), make_value(1, -2325350)), 1);
  EXPECT_EQ(compare(parse_real("1e-700000"), make_value(1, -2325349)), -1);
  EXPECT_EQ(compare(parse_real("1e700000"), make_value(1, 2325349)), 1);
  EXPECT_EQ(compare(parse_real("1e700000"), make_value(1, 2325350)), -1);
  // The widest posit ends at 2^(126 * 65536).
  EXPECT_EQ(compare(parse_real("1e3000001"), make_value(1, 126 * 65536)), 1);
  EXPECT_EQ(compare(parse_real("1e-99999999999"), make_value(1, -126 * 65536)), -1);
  EXPECT_EQ(compare(parse_real("-1e-99999999999"), zero_value()), -1);
  EXPECT_EQ(compare(parse_real("0e99999999999"), zero_value()), 0);
}

TEST(ParseReal, TheLimitIsNamed) {
  EXPECT_NO_THROW(parse_real("0." + std::string(longest_literal - 3, '0') + "1"));
  try {
    parse_real("0." + std::string(longest_literal - 2, '0') + "1");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "a number of 1000001 characters");
    EXPECT_EQ(error.hint(), "at most 1000000 are read");
  }
}

}  // namespace
}  // namespace halfulp

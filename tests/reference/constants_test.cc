// SPDX-License-Identifier: MIT
//
// Correctly rounded functions at points whose results are known: exact cases, digits
// computed to 60 places by another program (Python's decimal), and subnormal results.
#include "reference/functions/constants.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace halfulp::reference {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

TEST(Constants, ExactCases) {
  EXPECT_EQ(power(2, -1074), 0x1p-1074);
  EXPECT_EQ(power(2, -1075), 0.0);  // a tie, to even
  EXPECT_EQ(power(4, -1.5), 0.125);
  EXPECT_EQ(power(9, 0.5), 3.0);
  EXPECT_EQ(power(7, 0), 1.0);
  EXPECT_EQ(power(1, -1e300), 1.0);
  EXPECT_EQ(logarithm(1), 0.0);
  EXPECT_EQ(exponential(0), 1.0);
  EXPECT_EQ(sine(0), 0.0);
  EXPECT_EQ(logarithm(0), -inf);
  EXPECT_EQ(exponential(-inf), 0.0);
  EXPECT_EQ(exponential(710), inf);
  EXPECT_TRUE(std::isnan(sine(inf)));
  EXPECT_TRUE(std::isnan(logarithm(-1)));
}

TEST(Constants, KnownDigits) {
  EXPECT_EQ(power(3, -1.5), 0x1.8a2345cc04426p-3);  // 0.19245008972987525483638...
  EXPECT_EQ(exponential(1), 0x1.5bf0a8b145769p+1);
  EXPECT_EQ(logarithm(2), 0x1.62e42fefa39efp-1);
  EXPECT_EQ(logarithm(10), 0x1.26bb1bbb55516p+1);
  EXPECT_EQ(sine(1), 0x1.aed548f090ceep-1);
}

TEST(Constants, SubnormalResultsAreRoundedOnce) {
  // exp(-745) = 4.994...e-324 lies nearest to the least subnormal number.
  EXPECT_EQ(exponential(-745), 0x1p-1074);
  EXPECT_EQ(exponential(-746), 0.0);
  EXPECT_EQ(power(2, -1073.5), 0x1p-1074);  // 1.41 of the least: down, not through 1.5
}

}  // namespace
}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Near misses are what they say, by plain integer arithmetic.
#include "golden/vectors/near_misses.h"
#include "formats/numbers/value.h"

#include <gtest/gtest.h>

#include <random>

namespace halfulp::vectors {
namespace {

class NearMisses : public ::testing::TestWithParam<int> {
 protected:
  std::mt19937_64 generator_{7};
  RandomInteger random_ = [this](int bits) {
    Integer n = 0;
    for (int have = 0; have < bits; have += 64) n = (n << 64) + generator_();
    return Integer(n & ((Integer(1) << static_cast<unsigned>(bits)) - 1));
  };
  Precisions p_{GetParam(), GetParam(), GetParam()};

  static int length(const Integer& n) {
    return static_cast<int>(boost::multiprecision::msb(n)) + 1;
  }
  // How far a is from the nearest multiple of 2^bits.
  static Integer distance(const Integer& a, int bits) {
    const Integer unit = Integer(1) << static_cast<unsigned>(bits);
    const Integer rest = a & (unit - 1);
    return rest * 2 < unit ? rest : Integer(unit - rest);
  }
};

TEST_P(NearMisses, ProductsAreOneOffANumberOrAMiddle) {
  for (int i = 0; i < 200; ++i) {
    const auto pair = near_product(p_, random_);
    ASSERT_TRUE(pair);
    ASSERT_LE(length(pair->a), p_.a);
    ASSERT_LE(length(pair->b), p_.b);
    const Integer ab = pair->a * pair->b;
    ASSERT_EQ(distance(ab, length(ab) - p_.result - 1), 1);
  }
}

TEST_P(NearMisses, ProductsInTheMiddleAre) {
  for (int i = 0; i < 200; ++i) {
    const auto pair = middle_product(p_, random_);
    ASSERT_TRUE(pair);
    const Integer ab = pair->a * pair->b;
    ASSERT_EQ(length(ab), p_.result + 1);
    ASSERT_EQ(ab % 2, 1);
  }
}

// a 2^k = m b +- 1 for the m next to the quotient, which has so many bits.
TEST_P(NearMisses, QuotientsAreOneOff) {
  for (int i = 0; i < 200; ++i) {
    const auto pair = near_quotient(p_, random_);
    ASSERT_TRUE(pair);
    ASSERT_LE(length(pair->a), p_.a);
    ASSERT_LE(length(pair->b), p_.b);
    bool found = false;
    for (int k = 1; k < 3 * p_.result + 3 && !found; ++k) {
      const Integer dividend = pair->a << static_cast<unsigned>(k);
      for (const int off : {-1, 1}) {
        const Integer mb = dividend - off;
        found = found || (mb % pair->b == 0 && length(mb / pair->b) >= p_.result &&
                          length(mb / pair->b) <= p_.result + 1);
      }
    }
    ASSERT_TRUE(found) << pair->a << " / " << pair->b;
  }
}

TEST_P(NearMisses, SquaresAreFewOff) {
  if (GetParam() < 5) return;
  for (int i = 0; i < 200; ++i) {
    const auto square = near_square(p_, random_);
    ASSERT_TRUE(square);
    const Integer root = boost::multiprecision::sqrt(*square);
    const Integer below = *square - root * root;
    const Integer above = (root + 1) * (root + 1) - *square;
    ASSERT_LE(std::min(below, above), 17);
    ASSERT_GT(below, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, NearMisses, ::testing::Values(3, 4, 8, 11, 24, 53, 64, 113),
                         [](const auto& info) { return std::to_string(info.param); });

}  // namespace
}  // namespace halfulp::vectors

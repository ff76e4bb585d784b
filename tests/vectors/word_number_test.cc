// SPDX-License-Identifier: MIT
//
// Numbers in words are what exact numbers are, as far as roundings see: every sum, product and
// quotient that drawing makes of them, near and so far apart that a word holds no exact sum.
#include "golden/vectors/word_number.h"

#include <gtest/gtest.h>

#include <array>

#include "formats/catalogue.h"
#include "golden/vectors/drawn_format.h"

namespace halfulp::vectors {
namespace {

Value exact(const WordNumber& w) {
  Value v = integer_value((Integer(static_cast<std::uint64_t>(w.significand >> 64)) << 64) +
                          static_cast<std::uint64_t>(w.significand));
  v.negative = w.negative;
  v.exponent = w.exponent;
  return v;
}

// Significands of few bits at both ends come as often as others.
WordNumber drawn(Dice& dice, int precision, int reach) {
  const auto length = static_cast<int>(dice.between(1, precision));
  WordNumber w{.negative = dice.coin(),
               .significand = fraction_of<std::uint64_t>(dice, length),
               .exponent = dice.between(-reach, reach)};
  if (dice.below(8) == 0) w.significand = 0;
  return w;
}

void expect_rounded_alike(const DrawnFormat& format, const WordNumber& word, const Value& value,
                          std::uint64_t index) {
  EXPECT_EQ(format.rounded(word), format.rounded(value)) << index;
  EXPECT_EQ(format.rounded_toward_zero(word), format.rounded_toward_zero(value)) << index;
}

TEST(WordNumber, RoundsAsTheExactNumber) {
  for (const char* name : {"binary16", "bfloat16", "binary32", "binary64", "float8_e5m2",
                           "float8_e4m3fn", "float4_e2m1fn", "float6_e3m2fn"}) {
    const DrawnFormat format(find_format(name));
    ASSERT_TRUE(format.is_in_words()) << name;
    const int p = format.precision();
    for (std::uint64_t i = 0; i < 20000; ++i) {
      Dice dice(1, i);
      // Near each other, across the format's range, and beyond what a word can hold.
      const int reach = std::array{p, 3 * p, 200, 1100}.at(dice.below(4));
      const WordNumber a = drawn(dice, p, reach);
      const WordNumber b = drawn(dice, p, reach);
      const WordNumber c = drawn(dice, p, 2 * reach);
      expect_rounded_alike(format, a, exact(a), i);
      expect_rounded_alike(format, sum(a, c), sum(exact(a), exact(c)), i);
      const WordNumber ab = product(a, b);
      expect_rounded_alike(format, ab, product(exact(a), exact(b)), i);
      const WordNumber rest = sum(c, negated(ab));
      const Value exact_rest = sum(exact(c), negated(exact(ab)));
      expect_rounded_alike(format, rest, exact_rest, i);
      if (b.is_zero()) continue;
      EXPECT_EQ(format.rounded_quotient(rest, absolute(b)),
                format.rounded_quotient(exact_rest, absolute(exact(b))))
          << name << i;
    }
  }
}

TEST(WordNumber, StandsForTheCode) {
  for (const char* name :
       {"binary16", "bfloat16", "float8_e5m2", "float8_e4m3fn", "float4_e2m1fn"}) {
    const DrawnFormat format(find_format(name));
    for (Code code = 0; code >> format.bits() == 0; ++code) {
      const Value v = decode(format, code);
      const auto w = format.number<WordNumber>(code);
      ASSERT_EQ(w.kind, v.kind) << name;
      ASSERT_EQ(w.negative, v.negative) << name;
      ASSERT_EQ(format.is_finite(code), v.is_finite()) << name;
      if (!v.is_finite()) continue;
      ASSERT_EQ(compare(exact(w), v), 0) << name;
      ASSERT_EQ(format.rounded(w), code) << name;
      ASSERT_EQ(format.rank(code), rank_of(format, code)) << name;
      ASSERT_EQ(format.code(format.rank(code)), code_at(format, rank_of(format, code))) << name;
      const Rank rank = format.magnitude_rank(code);
      ASSERT_EQ(compare(exact(format.number_at<WordNumber>(rank)), value_at(format, rank)), 0);
      if (rank < format.range().highest) {
        ASSERT_EQ(compare(exact(format.turn_above<WordNumber>(rank)), boundary_above(format, rank)),
                  0);
      }
    }
  }
}

}  // namespace
}  // namespace halfulp::vectors

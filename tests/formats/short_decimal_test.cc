// SPDX-License-Identifier: MIT
//
// Numbers of a word as text and back, against the long way: its text for every code of narrow
// formats and many of wide ones, and its exact numbers between the bits of a word.
#include "formats/numbers/short_decimal.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/decimal.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp {
namespace {

// How many of the codes had a short text.
std::size_t expect_long_text(const Format& format, Code code) {
  const auto shortest = short_shortest_text(format, code);
  const auto value = short_value_text(format, code);
  if (shortest) {
    EXPECT_EQ(*shortest, long_shortest_text(format, code)) << code_text(format, code);
  }
  if (value) {
    EXPECT_EQ(*value, long_value_text(format, code)) << code_text(format, code);
  }
  return shortest && value ? 1 : 0;
}

TEST(ShortDecimal, EveryCodeOfNarrowFloatsHasTheLongText) {
  for (const std::string name :
       {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e3m4", "float6_e2m3fn",
        "float6_e3m2fn", "float4_e2m1fn", "float8_e8m0fnu", "binary8p1ue", "binary8p3se", "e5m0",
        "e1m6", "binary16", "bfloat16"}) {
    const Format format = format_from_text(name);
    std::size_t found = 0;
    const Code step = bits(format) > 8 ? 7 : 1;
    for (Code code = 0; code >> bits(format) == 0; code += step)
      found += expect_long_text(format, code);
    const auto all = static_cast<std::size_t>((Code{1} << bits(format)) / step);
    EXPECT_GT(found, all / 3) << name;  // half of e1m6 are no numbers
  }
}

// Codes of all exponents: any fraction, all ones, none, and those of short decimals.
std::vector<Code> codes_of(const Format& format, std::uint64_t count) {
  const int fraction_bits = std::get<Float>(format.kind).fraction_bits;
  const Random random{.seed = 5};
  std::vector<Code> codes;
  for (std::uint64_t i = 0; i < count; ++i) {
    Code code = random.bits(i, std::min(bits(format), 64));
    const Code fraction = (Code{1} << fraction_bits) - 1;
    if (i % 8 == 0) code &= ~fraction;
    if (i % 8 == 1) code |= fraction;
    if (i % 8 == 2) code &= ~(fraction >> 4);
    codes.push_back(code);
  }
  return codes;
}

TEST(ShortDecimal, CodesOfWideFloatsHaveTheLongText) {
  for (const std::string name : {"binary32", "binary64", "tf32", "e8m17", "e11m40", "e6m9"}) {
    const Format format = format_from_text(name);
    std::size_t found = 0;
    const std::vector<Code> codes = codes_of(format, 6000);
    for (const Code code : codes) found += expect_long_text(format, code);
    EXPECT_GT(found, codes.size() * 9 / 10) << name;
  }
}

TEST(ShortDecimal, WholeAndRoundNumbersHaveTheLongText) {
  const Format binary32 = find_format("binary32");
  const Format binary64 = find_format("binary64");
  std::size_t found = 0;
  std::size_t all = 0;
  for (int power = -20; power <= 22; ++power) {
    for (int digits = 1; digits < 1300; digits += 1 + digits / 16) {
      const double x = digits * std::pow(10.0, power);
      const auto narrow = std::bit_cast<std::uint32_t>(static_cast<float>(x));
      const auto wide = std::bit_cast<std::uint64_t>(x);
      for (const int step : {-1, 0, 1}) {
        found += expect_long_text(binary32, narrow + static_cast<std::uint32_t>(step));
        found += expect_long_text(binary64, wide + static_cast<std::uint64_t>(step));
        all += 2;
      }
    }
  }
  EXPECT_GT(found, all * 9 / 10);
}

TEST(ShortDecimal, OtherFormatsAndNoNumbersAreLeftToTheLongWay) {
  EXPECT_FALSE(short_value_text(find_format("posit8"), 0x40));
  EXPECT_FALSE(short_value_text(find_format("binary128"), 1));
  EXPECT_FALSE(short_value_text(find_format("binary16"), 0x7c00));
  EXPECT_FALSE(short_value_text(find_format("binary16"), 0x7e00));
  EXPECT_FALSE(short_value_text(find_format("binary16"), 0x8000));
}

// The literal, where it is exact, is the number; else the number lies between the one without the
// last bit and the next.
void expect_number(const std::string& text) {
  const auto number = parse_short(text);
  if (!number) return;
  const Real x = parse_real(text);
  const auto value = [&](std::uint64_t significand) {
    Value v = integer_value(Integer(significand));
    v.exponent = number->exponent;
    v.negative = number->negative;
    return v;
  };
  if (number->exact) {
    EXPECT_EQ(compare(x, value(number->significand)), 0) << text;
    EXPECT_EQ(x.numerator.negative, number->negative) << text;
    return;
  }
  EXPECT_NE(number->significand >> 62, 0U) << text;
  EXPECT_EQ(number->significand & 1, 1U) << text;
  const Real magnitude = absolute(x);
  const auto absolute_value = [&](std::uint64_t significand) {
    return absolute(value(significand));
  };
  EXPECT_GT(compare(magnitude, absolute_value(number->significand - 1)), 0) << text;
  if (number->significand != ~std::uint64_t{0}) {
    EXPECT_LT(compare(magnitude, absolute_value(number->significand + 1)), 0) << text;
  }
}

TEST(ShortDecimal, LiteralsAreTheNumbersThatTheyAre) {
  for (const std::string text : {"0",
                                 "-0",
                                 "0.1",
                                 "1e-3",
                                 "-123.456",
                                 "1e22",
                                 "1e23",
                                 "123456789012345678",
                                 "0x1.8p-3",
                                 "-0xfp0",
                                 "0x.8p1",
                                 ".5",
                                 "5.",
                                 "+7",
                                 "1E5",
                                 "0e0",
                                 "1e27",
                                 "1e28",
                                 "1e-27",
                                 "1e-28",
                                 "9007199254740993",
                                 "1152921504606846975",
                                 "0.000000000000000001",
                                 "1e345",
                                 "1e-340"}) {
    EXPECT_TRUE(parse_short(text)) << text;
    expect_number(text);
  }
  const Random random{.seed = 6};
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::uint64_t digits = random.bits(2 * i, 60) >> (i % 50);
    const int power = static_cast<int>(random.bits(2 * i + 1, 20) % 690) - 345;
    expect_number((i % 3 == 0 ? "-" : "") + std::to_string(digits) + "e" +
                  std::to_string(i % 5 == 0 ? power : power % 40));
  }
}

TEST(ShortDecimal, WhatIsNoShortNumberIsLeftToTheLongWay) {
  for (const std::string text : {"",        "-",
                                 "+",       ".",
                                 "e5",      "1e",
                                 "1e+",     "1e-",
                                 "1e+-5",   "0x",
                                 "0x.p1",   "1.2.3",
                                 "inf",     "nan",
                                 "1 ",      " 1",
                                 "1e5x",    "0x1p",
                                 "0x1p+",   "--1",
                                 "1e99999", "12345678901234567890123",
                                 "1p5",     "0x1e5p",
                                 "1e346",   "1/2"}) {
    EXPECT_FALSE(parse_short(text)) << text;
  }
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "reference/explain/quotient.h"
#include "formats/numbers/value.h"

#include <gtest/gtest.h>

namespace halfulp::reference {
namespace {

std::string decimal(const Quotient& q, int most_exact = 25, int rounded = 12) {
  const DecimalText text = decimal_of(q, most_exact, rounded);
  return (text.exact ? "" : "~") + text.text;
}

TEST(Quotient, ExactDecimalsAreExact) {
  EXPECT_EQ(decimal(quotient_of(parse_real("0.1"))), "0.1");
  EXPECT_EQ(decimal(quotient_of(parse_real("-1234567890.0625"))), "-1234567890.0625");
  EXPECT_EQ(decimal(quotient_of(parse_real("0x1p-20"))), "9.5367431640625e-07");
  EXPECT_EQ(decimal({{make_value(3, 2), make_value(-12)}, {make_value(7)}}), "0");
  EXPECT_EQ(decimal({{make_value(3)}, {make_value(75)}}), "0.04");
  EXPECT_EQ(decimal({{make_value(1, 80)}}, 25), "1208925819614629174706176");
  EXPECT_EQ(decimal({{make_value(1, 80)}}, 24, 5), "~1.2089e+24");
}

// Correctly rounded, halves up: 2/3, 1/7, and a number just below and just above a half.
TEST(Quotient, LongDecimalsAreRounded) {
  EXPECT_EQ(decimal({{make_value(-2)}, {make_value(3)}}), "~-0.666666666667");
  EXPECT_EQ(decimal({{make_value(1)}, {make_value(7)}}, 25, 5), "~0.14286");
  EXPECT_EQ(decimal(quotient_of(parse_real("1.23456499999999999999999999999")), 5, 6), "~1.23456");
  EXPECT_EQ(decimal(quotient_of(parse_real("1.23456500000000000000000000000")), 5, 6), "~1.23457");
  EXPECT_EQ(decimal(quotient_of(parse_real("9.99999999")), 5, 6), "~10");
  EXPECT_EQ(decimal({{make_value(1, -100000)}}), "~1.0009989038e-30103");
}

// 2^(1/8) = 1.090507732665257659..., e^(1/2) = 1.648721270700128146...
TEST(Quotient, IrrationalDigitsAreCertain) {
  EXPECT_EQ(decimal({{power_of_two(1, 3)}}, 25, 18), "~1.09050773266525766");
  EXPECT_EQ(decimal({{power_of_e(-1, 1)}}, 25, 18), "~0.606530659712633424");
  EXPECT_EQ(decimal({{power_of_e(1, 1), make_value(-1)}, {power_of_two(1, 1)}}, 25, 15),
            "~0.458715209612015");
  // A difference of which 53 bits cancel.
  EXPECT_EQ(decimal({{power_of_two(1, 1), from_double(-1.4142135623730951)}}),
            "~-9.66729331345e-17");
}

TEST(Quotient, FractionsAreInLowestTerms) {
  const auto text = [](const Quotient& q) {
    return fraction_text(fraction_of(q).value(), 40).value_or("long");
  };
  EXPECT_EQ(text({{make_value(12)}, {make_value(10)}}), "6/5");
  EXPECT_EQ(text({{make_value(-6, -5)}}), "-3 * 2^-4");
  EXPECT_EQ(text({{make_value(-1, -5)}}), "-2^-5");
  EXPECT_EQ(text({{make_value(3)}, {make_value(40)}}), "3/40");
  EXPECT_EQ(text({{make_value(3, 5)}}), "96");
  EXPECT_EQ(text({{make_value(13, 70)}, {make_value(5)}}), "13/5 * 2^70");
  EXPECT_EQ(text({{make_value(0)}, {make_value(5)}}), "0");
  EXPECT_EQ(text(quotient_of(parse_real("0.12345678901234567890123456789"))), "long");
  EXPECT_FALSE(fraction_of({{power_of_two(1, 1)}}).has_value());
}

TEST(Quotient, ComparesExactly) {
  const Quotient third{{make_value(1)}, {make_value(3)}};
  const Quotient nearly{{from_double(1.0 / 3)}};
  EXPECT_EQ(compare(third, nearly), 1);
  EXPECT_EQ(compare(nearly, third), -1);
  EXPECT_EQ(compare(third, {{make_value(2), make_value(1)}, {make_value(10), make_value(-1)}}), 0);
  EXPECT_EQ(compare({{power_of_two(1, 1)}}, {{make_value(2)}, {power_of_two(1, 1)}}), 0);
  EXPECT_EQ(sign({{power_of_two(1, 1), from_double(-1.4142135623730951)}}), -1);
}

}  // namespace
}  // namespace halfulp::reference

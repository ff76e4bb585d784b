// SPDX-License-Identifier: MIT
#include "formats/fields.h"

#include <gtest/gtest.h>

#include "formats/catalogue.h"
#include "formats/codes.h"

namespace halfulp {
namespace {

std::string fields_of(const char* format, Code code) {
  return field_text(find_format(format), code);
}

TEST(Fields, AreThoseOfTheDefinitions) {
  EXPECT_EQ(fields_of("float8_e4m3fn", 0x7d), "0|1111|101");
  EXPECT_EQ(fields_of("e8m0", 0x7f), "01111111");
  EXPECT_EQ(fields_of("q3.4", 0x9c), "1|001|1100");
  EXPECT_EQ(fields_of("int8", 0x80), "1|0000000");
  EXPECT_EQ(fields_of("log3.4", 0x8f), "1|000|1111");
  EXPECT_EQ(field_text({"", Affine{.bits = 4, .scale = 2}}, 5), "0101");
  EXPECT_EQ(field_text({"", make_codebook({0, 1, 2, 3, 4})}, 4), "100");
  EXPECT_EQ(field_text({"", Fixed{.bits = 4, .fraction_bits = 9}}, 5), "0|101");
  EXPECT_EQ(field_text({"", Fixed{.bits = 4, .fraction_bits = -9}}, 5), "0|101");
}

// Posit Standard 2022: the regime ends with the bit that differs, the exponent may be cut.
TEST(Fields, OfPositsFollowTheRegime) {
  EXPECT_EQ(fields_of("posit8", 0x40), "0|10|00|000");
  EXPECT_EQ(fields_of("posit8", 0xc0), "1|10|00|000");
  EXPECT_EQ(fields_of("posit8", 0x02), "0|000001|0");
  EXPECT_EQ(fields_of("posit8", 0x06), "0|00001|10");
  EXPECT_EQ(fields_of("posit8", 0x7f), "0|1111111");
  EXPECT_EQ(fields_of("posit8", 0x80), "1|0000000");
  EXPECT_EQ(fields_of("posit16", 0x5abc), "0|10|11|01010111100");
  EXPECT_EQ(fields_of("posit2", 1), "0|1");
}

// Takum: the characteristic has r bits, r the regime or, below one, its complement.
TEST(Fields, OfTakumsFollowTheRegime) {
  EXPECT_EQ(fields_of("takum16", 0x4000), "0|1|000|00000000000");
  EXPECT_EQ(fields_of("takum16", 0x5fff), "0|1|011|111|11111111");
  EXPECT_EQ(fields_of("takum16", 0x0001), "0|0|000|0000000|0001");
  EXPECT_EQ(fields_of("takum16", 0x3000), "0|0|110|0|0000000000");
  EXPECT_EQ(fields_of("takum8", 0x7f), "0|1|111|111");
  EXPECT_EQ(fields_of("takum4", 0x7), "0|1|11");
}

TEST(Fields, HoldEveryBitOfEveryCode) {
  for (const char* name : {"float8_e5m2", "posit8", "takum8", "takum_log8", "log3.4", "uq3.4",
                           "posit10es1", "takum12", "binary8p1uf"}) {
    const Format format = find_format(name);
    for (Code code = 0; code < Code{1} << bits(format); ++code) {
      Code back = 0;
      int count = 0;
      for (const BitField& field : bit_fields(format, code)) {
        EXPECT_FALSE(field.bits.empty());
        for (const char bit : field.bits) back = 2 * back + (bit == '1' ? 1 : 0);
        count += static_cast<int>(field.bits.size());
      }
      EXPECT_TRUE(back == code) << name;
      EXPECT_EQ(count, bits(format)) << name;
    }
  }
}

TEST(Fields, AreNamed) {
  EXPECT_EQ(field_names(find_format("bf16")), "sign|exponent|fraction");
  EXPECT_EQ(field_names(find_format("e8m0")), "exponent");
  EXPECT_EQ(field_names(find_format("posit8")), "sign|regime|exponent|fraction");
  EXPECT_EQ(field_names(find_format("takum8")), "sign|direction|regime|characteristic|mantissa");
  EXPECT_EQ(field_names(find_format("ulog3.4")), "integer|fraction");
}

}  // namespace
}  // namespace halfulp

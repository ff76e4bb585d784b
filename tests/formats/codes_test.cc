// SPDX-License-Identifier: MIT
//
// The five questions: for every code of every format of at most 16 bits, decode and encode are
// inverse, values grow with rank, and special codes are where the format says.
#include "formats/codes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

std::vector<Format> narrow_formats() {
  std::vector<Format> formats;
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) <= 16) formats.push_back(entry.format);
  }
  const auto add = [&](const std::string& name) {
    const Format format = find_format(name);
    if (std::find(formats.begin(), formats.end(), format) == formats.end())
      formats.push_back(format);
  };
  for (int k = 3; k <= 8; ++k) {
    for (int p = 1; p <= k; ++p) {
      for (const std::string suffix : {"se", "sf", "ue", "uf"}) {
        if (suffix[0] == 's' && p == k) continue;
        add("binary" + std::to_string(k) + "p" + std::to_string(p) + suffix);
      }
    }
  }
  for (const std::string name :
       {"q3.4", "uq3.4", "q3.2_symmetric", "int1", "int16", "uint3", "e1m3", "e2m0", "e4m0fn",
        "e3m0f", "ue3m2", "posit6", "posit8es0", "takum12"}) {
    add(name);
  }
  formats.push_back({"signed_without_zero", Float{.exponent_bits = 3,
                                                  .fraction_bits = 1,
                                                  .bias = 3,
                                                  .nan_codes = 1,
                                                  .infinity = true,
                                                  .zero = false,
                                                  .subnormals = false}});
  formats.push_back({"without_subnormals", Float{.exponent_bits = 4,
                                                 .fraction_bits = 2,
                                                 .bias = 7,
                                                 .nan_codes = 3,
                                                 .subnormals = false}});
  formats.push_back({"symmetric", Fixed{.bits = 6, .fraction_bits = 2, .symmetric = true}});
  return formats;
}

class NarrowFormat : public testing::TestWithParam<Format> {};

// Irrational numbers take long to compare: of those of 16 bits some codes are enough.
int step_of(const Format& format) { return is_dyadic(format) || bits(format) <= 8 ? 1 : 61; }

TEST_P(NarrowFormat, EncodeInvertsDecode) {
  const Format& format = GetParam();
  ASSERT_NO_THROW(validate(format));
  const Range range = finite_range(format);
  for (Code code = 0; code >> bits(format) == 0; code += static_cast<Code>(step_of(format))) {
    const Value value = decode(format, code);
    if (value.is_nan()) {
      EXPECT_TRUE(has_nan(format));
      continue;
    }
    if (value.is_infinite()) {
      EXPECT_EQ(infinity_code(format, value.negative), code);
      continue;
    }
    const Rank rank = rank_of(format, code);
    if (rank < range.lowest) continue;  // the lowest code of a symmetric format is never a result
    EXPECT_LE(rank, range.highest);
    EXPECT_EQ(compare(value_at(format, rank), value), 0);
    EXPECT_EQ(code_text(format, encode(format, value)), code_text(format, code));
    EXPECT_EQ(parse_code(format, code_text(format, code)), code);
    EXPECT_EQ(parse_code(format, bare_code_text(format, code)), code);
  }
}

// Formats that saturate have no boundary beyond their largest number; tapered ones turn at zero
// itself.
TEST_P(NarrowFormat, ValuesGrowWithRankAndBoundariesLieBetween) {
  const Format& format = GetParam();
  const Range range = finite_range(format);
  const bool is_list = std::holds_alternative<Codebook>(format.kind);
  const Rank highest = range.highest - (saturates(format) ? 1 : 0);
  for (Rank rank = range.lowest; rank <= highest; rank += step_of(format)) {
    const Value value = value_at(format, rank);
    const Value above = value_at(format, rank + 1);
    const Value boundary = boundary_above(format, rank);
    ASSERT_LT(compare(value, above), 0);
    if (boundary.is_zero() && saturates(format)) {
      ASSERT_LE(compare(value, boundary), 0);
      ASSERT_LE(compare(boundary, above), 0);
    } else {
      ASSERT_LT(compare(value, boundary), 0);
      ASSERT_LT(compare(boundary, above), 0);
    }
    // Without a zero the two least magnitudes have codes of one parity; lists have any order.
    if (is_list || (!has_zero(format) && rank == -1)) continue;
    ASSERT_NE(is_odd(format, rank), is_odd(format, rank + 1));
  }
  if (saturates(format)) {
    ASSERT_TRUE(boundary_above(format, range.highest).is_infinite());
  } else {
    ASSERT_LT(compare(value_at(format, range.lowest - 1), value_at(format, range.lowest)), 0);
  }
}

TEST_P(NarrowFormat, OneCodeForEachNumber) {
  const Format& format = GetParam();
  const Range range = finite_range(format);
  Code finite = 0;
  Code nan = 0;
  Code infinite = 0;
  for (Code code = 0; code >> bits(format) == 0; ++code) {
    const CodeClass code_class = classify(format, code);
    nan += code_class == CodeClass::nan ? 1 : 0;
    infinite += code_class == CodeClass::infinite ? 1 : 0;
    finite += code_class != CodeClass::nan && code_class != CodeClass::infinite ? 1 : 0;
  }
  const auto numbers = static_cast<Code>(range.highest - range.lowest + 1);
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  const Code unused = fixed != nullptr && fixed->symmetric ? 1 : 0;
  EXPECT_TRUE(finite == numbers + (has_negative_zero(format) ? 1 : 0) + unused);
  EXPECT_TRUE(infinite == (has_infinity(format) ? (is_signed(format) ? 2 : 1) : 0));
  EXPECT_EQ(nan > 0, has_nan(format));
}

INSTANTIATE_TEST_SUITE_P(All, NarrowFormat, testing::ValuesIn(narrow_formats()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

TEST(Codes, ParityOfARankIsTheParityOfItsCode) {
  for (const std::string name : {"float8_e4m3fn", "int8", "float8_e8m0fnu", "binary8p1se"}) {
    const Format format = find_format(name);
    const Range range = finite_range(format);
    for (Rank rank = range.lowest; rank <= range.highest; ++rank) {
      ASSERT_EQ(is_odd(format, rank), (code_at(format, rank) & 1) != 0) << name;
    }
  }
}

TEST(Codes, CarriersThatHoldEveryValue) {
  EXPECT_TRUE(fits_binary32(find_format("binary32")));
  EXPECT_FALSE(fits_binary32(find_format("binary64")));
  EXPECT_TRUE(fits_binary64(find_format("binary64")));
  EXPECT_FALSE(fits_binary64(find_format("e15m112")));
  EXPECT_FALSE(fits_binary64(find_format("e12m3")));
  EXPECT_TRUE(fits_binary32(find_format("int24")));
  EXPECT_TRUE(
      fits_binary32(find_format("int25")));  // -2^24 is a float, and so is every integer above it
  EXPECT_FALSE(fits_binary32(find_format("int26")));
  EXPECT_FALSE(fits_binary64(find_format("int64")));
}

TEST(Codes, BadCodesAreRefused) {
  const Format format = find_format("float6_e3m2fn");
  for (const std::string text :
       {"", "0x", "40", "0x40", "g", "-1", " 1", "1 ", "0x123456789012345678901234567890123"}) {
    EXPECT_THROW(parse_code(format, text), Error) << text;
  }
  EXPECT_EQ(parse_code(format, "3F"), Code{0x3f});
}

TEST(Codes, EncodeRefusesWhatTheFormatDoesNotHold) {
  const Format format = find_format("float4_e2m1fn");
  EXPECT_THROW(encode(format, make_value(5)), Error);
  EXPECT_THROW(encode(format, make_value(8)), Error);
  EXPECT_THROW(encode(format, infinite_value()), Error);
  EXPECT_THROW(encode(format, nan_value()), Error);
  EXPECT_THROW(encode(find_format("uint8"), make_value(-1)), Error);
}

}  // namespace
}  // namespace halfulp

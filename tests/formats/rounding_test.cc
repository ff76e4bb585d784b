// SPDX-License-Identifier: MIT
//
// What the overflow rules say, against the table of formats and peers in their documentation.
#include "formats/rounding.h"

#include <gtest/gtest.h>

#include <set>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp {
namespace {

Quantizer make(const std::string& format, const std::string& overflow,
               const std::string& mode = "rne") {
  return {.format = find_format(format),
          .rounding = {.mode = parse_mode(mode), .overflow = parse_overflow(overflow)}};
}

TEST(Rounding, NamesSurvive) {
  for (const Mode mode : all_modes()) EXPECT_EQ(parse_mode(name_of(mode)), mode);
  EXPECT_EQ(all_modes().size(), static_cast<std::size_t>(mode_count));
  EXPECT_EQ(parse_mode("RTO"), Mode::to_odd);
  EXPECT_EQ(parse_mode("nearest_even"), Mode::nearest_even);
  EXPECT_THROW(parse_mode("nearest"), Error);
  EXPECT_THROW(parse_overflow("saturated"), Error);
}

TEST(Rounding, FiniteOverflowByPreset) {
  using L = Landing;
  const std::vector<std::tuple<std::string, std::string, std::string, L>> cases = {
      {"binary16", "ieee", "rne", L::infinity},
      {"binary16", "ieee", "rtz", L::largest},
      {"binary16", "ieee", "rup", L::infinity},
      {"binary16", "ieee", "rdn", L::largest},
      {"binary16", "ml-dtypes", "rtz", L::infinity},
      {"float8_e4m3fn", "ieee", "rne", L::nan},
      {"float8_e4m3fn", "saturate", "rne", L::largest},
      {"float8_e4m3fn", "saturate-finite", "rup", L::largest},
      {"float8_e4m3fnuz", "ieee", "rne", L::nan},
      {"float4_e2m1fn", "ieee", "rne", L::largest},
      {"int8", "ieee", "rne", L::largest},
      {"binary8p4sf", "p3109-none", "rne", L::largest},
      {"binary8p4se", "p3109-none", "rto", L::infinity},
      {"binary8p4ue", "p3109-none", "rto", L::largest},
      {"dlfloat16", "ieee", "rne", L::nan},
  };
  for (const auto& [format, overflow, mode, expected] : cases) {
    EXPECT_EQ(land_overflow(make(format, overflow, mode), false), expected)
        << format << " " << overflow << " " << mode;
  }
  EXPECT_EQ(land_overflow(make("binary16", "ieee", "rup"), true), L::largest);
  EXPECT_EQ(land_overflow(make("binary16", "ieee", "rdn"), true), L::infinity);
}

TEST(Rounding, InfiniteOperandsByPreset) {
  using L = Landing;
  EXPECT_EQ(land_infinity(make("float8_e5m2", "saturate"), false), L::largest);
  EXPECT_EQ(land_infinity(make("float8_e5m2", "saturate-finite"), false), L::infinity);
  EXPECT_EQ(land_infinity(make("float8_e4m3fn", "saturate-finite"), false), L::nan);
  EXPECT_EQ(land_infinity(make("float8_e4m3fn", "p3109-propagate"), false), L::largest);
  EXPECT_EQ(land_infinity(make("float8_e4m3fn", "onnx-saturate"), false), L::largest);
  EXPECT_EQ(land_infinity(make("float8_e4m3fnuz", "onnx-saturate"), false), L::nan);
  EXPECT_EQ(land_infinity(make("float8_e4m3fn", "ieee", "rtz"), false), L::nan);
  EXPECT_EQ(land_infinity(make("binary8p3ue", "p3109-none"), true), L::nan);
}

TEST(Rounding, NanNegativeAndZeroWithoutAPlace) {
  using L = Landing;
  EXPECT_EQ(land_nan(make("float4_e2m1fn", "ieee"), false), L::zero);
  EXPECT_EQ(land_nan(make("float4_e2m1fn", "onnx"), false), L::positive_largest);
  EXPECT_EQ(land_nan(make("cfloat16_shp", "dojo"), true), L::largest);
  EXPECT_EQ(land_nan(make("float4_e2m1fn", "ml-dtypes"), false), L::negative_zero);
  EXPECT_EQ(land_nan(make("float4_e2m1fn", "ml-dtypes"), true), L::zero);
  EXPECT_EQ(land_negative(make("binary8p3ue", "p3109-none", "rtz"), false), L::zero);
  EXPECT_EQ(land_negative(make("binary8p3ue", "p3109-none", "rne"), false), L::nan);
  EXPECT_EQ(land_negative(make("binary8p3ue", "saturate"), false), L::zero);
  EXPECT_EQ(land_negative(make("uint8", "ieee"), false), L::zero);
  EXPECT_EQ(land_negative(make("float8_e8m0fnu", "saturate"), false), L::smallest);
  EXPECT_EQ(land_no_zero(make("float8_e8m0fnu", "ieee"), true), L::nan);
  EXPECT_EQ(land_no_zero(make("float8_e8m0fnu", "ml-dtypes"), false), L::smallest);
  EXPECT_EQ(land_no_zero(make("float8_e8m0fnu", "ml-dtypes"), true), L::nan);
}

TEST(Rounding, PresetsAreNamedOnceAndStateTheirSource) {
  std::set<std::string_view> names;
  for (const OverflowPreset& preset : overflow_presets()) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    EXPECT_EQ(parse_overflow(preset.name), preset.rule);
    EXPECT_FALSE(preset.what.empty() || preset.source.empty()) << preset.name;
  }
  names.clear();
  for (const RoundingPreset& preset : rounding_presets()) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    EXPECT_EQ(find_rounding_preset(preset.name).rounding, preset.rounding);
    EXPECT_FALSE(preset.what.empty() || preset.source.empty()) << preset.name;
  }
  EXPECT_THROW(find_rounding_preset("ptx-rm"), Error);
}

TEST(Rounding, LandingsHaveCodes) {
  const Format e4m3fn = find_format("float8_e4m3fn");
  EXPECT_EQ(code_of(e4m3fn, Landing::largest, true), Code{0xfe});
  EXPECT_EQ(code_of(e4m3fn, Landing::nan, true), Code{0xff});
  EXPECT_EQ(code_of(find_format("binary16"), Landing::nan, false), Code{0x7e00});
  EXPECT_EQ(code_of(find_format("float8_e5m2"), Landing::nan, false), Code{0x7e});
  EXPECT_EQ(code_of(find_format("float8_e5m2fnuz"), Landing::nan, false), Code{0x80});
  EXPECT_EQ(code_of(find_format("binary8p3ue"), Landing::nan, false), Code{0xff});
  EXPECT_EQ(code_of(find_format("binary8p3ue"), Landing::infinity, false), Code{0xfe});
  EXPECT_EQ(code_of(find_format("int8"), Landing::largest, true), Code{0x80});
}

}  // namespace
}  // namespace halfulp

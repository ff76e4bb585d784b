// SPDX-License-Identifier: MIT
//
// Scales of blocks in the reference, on cases worked out by hand: every rule at powers of two and
// beside them, scales beyond their ranges, zero and special blocks under every choice.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/reference/block_support.h"

namespace halfulp::reference {
namespace {

BlockFormat with_rule(const std::string& element, ScaleRule rule) {
  BlockFormat format = find_block_format("mxfp4");
  format.element.format = find_format(element);
  format.levels[0].rule = rule;
  return format;
}

double scale_for(const BlockFormat& format, double largest) {
  return quantized(format, {0.0, -largest, largest / 4}).scale();
}

// E2M1: the largest number is 6, e = 2, one fraction bit.
TEST(ScaleRules, TurnAtPowersOfTwoAndBesideThem) {
  struct Case {
    ScaleRule rule;
    double largest, scale;
  };
  for (const Case& c : {
           Case{ScaleRule::floor, 4, 1},
           Case{ScaleRule::floor, 4 - 2 * one_ulp, 0.5},
           Case{ScaleRule::floor, 4 + 4 * one_ulp, 1},
           Case{ScaleRule::floor, 7.99, 1},
           Case{ScaleRule::ceil, 4, 1},
           Case{ScaleRule::ceil, 4 - 2 * one_ulp, 1},
           Case{ScaleRule::ceil, 4 + 4 * one_ulp, 2},
           Case{ScaleRule::even, 4, 1},
           Case{ScaleRule::even, 3.5, 1},  // half way from 3 to 4: up
           Case{ScaleRule::even, 3.5 - 2 * one_ulp, 0.5},
           Case{ScaleRule::even, 7, 2},
           Case{ScaleRule::rceil, 6, 1},
           Case{ScaleRule::rceil, 6 - 4 * one_ulp, 1},
           Case{ScaleRule::rceil, 6 + 4 * one_ulp, 2},
           Case{ScaleRule::rceil, 3, 0.5},
           Case{ScaleRule::rceil, 3 - 2 * one_ulp, 0.5},
           Case{ScaleRule::rceil, 3 + 2 * one_ulp, 1},
       })
    EXPECT_EQ(scale_for(with_rule("float4_e2m1fn", c.rule), c.largest), c.scale)
        << name_of(c.rule) << " of " << c.largest;
}

TEST(ScaleRules, EvenRoundsToTheBitsOfFixedPointToo) {
  // int8 / 64: largest 127 / 64, six fraction bits; 255 / 128 is half way from 127 / 64 to 2.
  const BlockFormat format = with_rule("mxint8_element", ScaleRule::even);
  EXPECT_EQ(scale_for(format, 255.0 / 128), 2);
  EXPECT_EQ(scale_for(format, 255.0 / 128 - one_ulp), 1);
  // Posits have no fixed number of fraction bits: none. Largest 2^24; 1.5 rounds to 2.
  EXPECT_EQ(scale_for(with_rule("posit8", ScaleRule::even), 1.5), 0x1p-23);
  EXPECT_EQ(scale_for(with_rule("posit8", ScaleRule::even), 1.5 - one_ulp), 0x1p-24);
}

TEST(ScaleRules, AReciprocalRoundedToBinary32MayMissAPowerOfTwo) {
  BlockFormat format = with_rule("int8", ScaleRule::rceil);
  const double just_above = 127 + 0x1p-17;  // one binary32 ulp
  EXPECT_EQ(scale_for(format, just_above), 2);
  format.levels[0].division = Division::binary32;
  EXPECT_EQ(scale_for(format, just_above), 2);
  format.levels[0].division = Division::binary32_reciprocal;
  EXPECT_EQ(scale_for(format, just_above), 1);
}

TEST(ScaleRules, RatioLargestAndMeanAreRoundedOnce) {
  BlockFormat format = described(R"({"format": "int8", "scaling": "row"})");
  // 1 / 127 in binary32, nearest even.
  EXPECT_EQ(quantized(format, {1, -0.25}).scale(), 0x1.020408p-7);
  EXPECT_EQ(quantized(format, {1, -0.25}).out[1], -32 * 0x1.020408p-7);
  format.levels[0].rule = ScaleRule::largest;
  EXPECT_EQ(quantized(format, {1 + 0x1p-25, -0.25}).scale(), 1);
  format.levels[0].rule = ScaleRule::mean;
  // 0x1p60 + 1 needs 61 bits: the sum is exact, and its third part is rounded once.
  EXPECT_EQ(quantized(format, {0x1p60, -1, 0}).scale(), 0x1.555556p58);
  EXPECT_EQ(quantized(format, {1, -2, 6}).scale(), 3);
  format.levels[0].epsilon = 0.25;
  EXPECT_EQ(quantized(format, {1, -2, 6}).scale(), 3.25);
  EXPECT_EQ(quantized(format, {0, 0}).scale(), 0.25);
}

TEST(ScaleRules, FloorsStandInForLessThanThey) {
  BlockFormat format = described(R"({"format": "int8", "scaling": {"rows": 1, "least_amax": 2}})");
  EXPECT_EQ(scale_for(format, 1), scale_for(format, 2));
  EXPECT_LT(scale_for(format, 2), scale_for(format, 2.5));
  EXPECT_EQ(scale_for(format, 0), scale_for(format, 2));  // a block of zeros too
  format.levels[0].rule = ScaleRule::mean;
  EXPECT_EQ(quantized(format, {1, -2, 6}).scale(), 3);
  EXPECT_EQ(quantized(format, {1, -2, 0}).scale(), 2);
  format.levels[0].epsilon = 0.25;
  EXPECT_EQ(quantized(format, {1, -2, 0}).scale(), 2.25);
  format = described(R"({"format": "float8_e4m3fn",
    "scaling": {"rows": 1, "division": "binary32", "least_scale": 0.5}})");
  EXPECT_EQ(scale_for(format, 448), 1);
  EXPECT_EQ(scale_for(format, 223), 0.5);
  EXPECT_EQ(scale_for(format, 0), 0.5);
  format = with_rule("float4_e2m1fn", ScaleRule::floor);
  format.levels[0].least_amax = 4;
  format.levels[0].least_scale = 0.8;
  EXPECT_EQ(scale_for(format, 1), 1);
  format.levels[0].least_amax = 0;
  EXPECT_EQ(scale_for(format, 1), 1);
}

// m of a tensor's scale: the largest element times what counts as the largest scale.
TEST(ScaleRules, ALargestScaleLeavesRoom) {
  BlockFormat format = find_block_format("nvfp4");
  EXPECT_EQ(quantized(format, {2688, 1}).scale(), 1);
  format.levels[1].largest_scale = 256;
  EXPECT_EQ(quantized(format, {1536, 1}).scale(), 1);
}

TEST(ScaleRules, AGivenScaleDoesNotLook) {
  const BlockFormat format =
      described(R"({"format": "int8", "scaling": {"rows": 0, "rule": "given", "given": 0.5}})");
  const Result result = quantized(format, {1, 100, inf, nan, -0.0});
  EXPECT_EQ(result.scale(), 0.5);
  EXPECT_EQ(result.out, (std::vector<double>{1, 63.5, 63.5, 0, 0}));
  EXPECT_EQ(result.counts.saturated, 2U);
}

// P23 of the pitfalls: floor(log2 a) of 7.9999995 is 2.
TEST(ScaleRules, P23FloorIsExactBelowPowersOfTwo) {
  const double a = std::bit_cast<float>(0x40FFFFFFU);
  EXPECT_EQ(scale_for(with_rule("float4_e2m1fn", ScaleRule::floor), a), 1);
}

TEST(ScaleRules, P24TheRulesOfMxfp8) {
  BlockFormat format = find_block_format("mxfp8_e4m3");
  Result result = quantized(format, {957, 1});
  EXPECT_EQ(result.scale(), 2);
  EXPECT_EQ(result.out[0], 896);
  EXPECT_EQ(result.counts.saturated, 1U);
  for (const ScaleRule rule : {ScaleRule::ceil, ScaleRule::rceil}) {
    format.levels[0].rule = rule;
    result = quantized(format, {957, 1});
    EXPECT_EQ(result.scale(), 4);
    EXPECT_EQ(result.out[0], 960);
    EXPECT_EQ(result.counts.saturated, 0U);
  }
}

// P25: 0x3CC3FFFF / 0.013671875 is just below 1.75, and rounds up to it in binary32.
TEST(Quotients, P25AReciprocalGoesWrongAtATie) {
  const double x = std::bit_cast<float>(0x3CC3FFFFU);
  BlockFormat format = described(R"({"kind": "block", "element": "fp4", "columns": 16,
    "scale": "float8_e4m3fn", "rule": "given", "given": 0.013671875})");
  EXPECT_EQ(quantized(format, {x}).out[0], 1.5 * 0.013671875);
  format.division = Division::binary32;
  EXPECT_EQ(quantized(format, {x}).out[0], 1.5 * 0.013671875);
  format.division = Division::binary32_reciprocal;
  EXPECT_EQ(quantized(format, {x}).out[0], 2 * 0.013671875);
}

TEST(Quotients, AReciprocalBeyondBinary32IsInfinite) {
  BlockFormat format = described(R"({"format": "float4_e2m1fn", "special": "ignore",
    "scaling": {"rule": "given", "given": 1e-40, "scale": "binary32"}})");
  EXPECT_EQ(quantized(format, {3e-40}).counts.saturated, 0U);
  format.division = Division::binary32_reciprocal;
  const Result result = quantized(format, {3e-40, 0, -1e-41});
  EXPECT_EQ(result.counts.saturated, 2U);
  EXPECT_EQ(result.codes.elements, (std::vector<std::uint8_t>{0x07, 0x0f}));  // 6, NaN as 0, -6
}

TEST(ScaleRange, MxScalesStopAtBothEnds) {
  const BlockFormat format = find_block_format("mxfp8_e4m3");
  Result result = quantized(format, {0x1p200, 1});
  EXPECT_EQ(result.scale(), 0x1p127);
  EXPECT_EQ(result.out[0], 448 * 0x1p127);
  EXPECT_EQ(result.out[1], 0);
  EXPECT_EQ(result.counts.flushed, 1U);
  // P29: a subnormal binary32 number has the least scale, and what is left of it.
  result = quantized(format, {0x1p-149, -0x1p-130, 0x1p-136});
  EXPECT_EQ(result.scale(), 0x1p-127);
  EXPECT_EQ(result.out, (std::vector<double>{0, -0x1p-130, 0x1p-136}));
  EXPECT_TRUE(std::signbit(quantized(format, {-0x1p-149}).out[0]));
}

TEST(ScaleRange, BeyondTheLargestAPresetMakesTheBlockNan) {
  const BlockFormat format = find_block_preset("microxcaling").apply(find_block_format("mxint8"));
  EXPECT_EQ(quantized(format, {0x1p127, 1}).scale(), 0x1p127);
  const Result result = quantized(format, {0x1p128, 1});
  EXPECT_EQ(result.codes.scales[0][0], 0xffU);
  EXPECT_TRUE(std::isnan(result.out[0]) && std::isnan(result.out[1]));
  EXPECT_FALSE(std::signbit(result.out[0]));
}

TEST(ZeroBlocks, HaveTheScaleOfTheChoice) {
  BlockFormat format = described(R"({"format": "float4_e2m1fn",
    "scaling": {"columns": 4, "scale": "float8_e4m3fn"}})");
  // The second block's scale, 2^-10 / 6, rounds to zero.
  const std::vector<double> x{0, -0.0, 0, 0, 0x1p-10, -0x1p-20, nan, 0};
  struct Case {
    ZeroScale choice;
    double scale, element;
  };
  format.special = SpecialBlock::saturate;
  for (const Case& c : {Case{ZeroScale::zero, 0, 0}, Case{ZeroScale::least, 0x1p-9, 0x1p-10},
                        Case{ZeroScale::one, 1, 0}}) {
    format.zero_scale = c.choice;
    const Result result = quantized(format, x);
    EXPECT_EQ(result.scale(0, 0), c.scale);
    EXPECT_EQ(result.scale(0, 1), c.scale);
    EXPECT_EQ(result.out[4], c.element) << name_of(c.choice);
    EXPECT_EQ(result.out[5], 0);
    EXPECT_TRUE(std::signbit(result.out[1]) && std::signbit(result.out[5]));
    EXPECT_EQ(result.counts.flushed, c.element == 0 ? 2U : 1U);
    EXPECT_EQ(result.counts.elements, 8U);
    // NaN in E2M1 is zero, and inexact; so are the two small ones, as far as they are flushed.
    EXPECT_EQ(result.counts.inexact, c.element == 0 ? 3U : 2U);
  }
  format = find_block_format("mxfp4");
  EXPECT_EQ(quantized(format, {0, 0}).codes.scales[0][0], 0U);
  format.zero_scale = ZeroScale::one;
  EXPECT_EQ(quantized(format, {0, 0}).codes.scales[0][0], 127U);
}

TEST(ZeroBlocks, AZeroScaleHoldsNoInfinity) {
  BlockFormat format = described(R"({"format": "bfloat16", "special": "ignore",
    "scaling": {"scale": "binary32", "rule": "largest"}})");
  const Result result = quantized(format, {0, -inf, inf, nan});
  EXPECT_EQ(result.scale(), 0);
  EXPECT_EQ(result.out[0], 0);
  EXPECT_EQ(result.out[1], 0);
  EXPECT_TRUE(std::signbit(result.out[1]) && !std::signbit(result.out[2]));
  EXPECT_TRUE(std::isnan(result.out[3]));
  EXPECT_EQ(result.counts.flushed, 2U);
}

struct Special {
  SpecialBlock choice;
  std::vector<double> x;
  double scale;                // NaN for the code 0xff
  std::vector<double> wanted;  // in E5M2, which has infinities and NaN
};

TEST(SpecialBlocks, BecomeWhatTheChoiceSays) {
  const double top = 57344;
  const double largest = 0x1p127;
  const std::vector<Special> cases{
      {SpecialBlock::nan, {1, inf}, nan, {nan, nan}},
      {SpecialBlock::nan, {-nan, 0}, nan, {nan, nan}},
      {SpecialBlock::saturate, {1, -inf}, largest, {0, -top * largest}},
      {SpecialBlock::saturate, {1, nan}, 0x1p-15, {1, nan}},
      {SpecialBlock::saturate, {nan, -nan}, 0x1p-127, {nan, nan}},
      {SpecialBlock::ignore, {1, -inf}, 0x1p-15, {1, -top * 0x1p-15}},
      {SpecialBlock::ignore, {1, nan}, 0x1p-15, {1, nan}},
      {SpecialBlock::ignore, {inf, nan}, largest, {top * largest, nan}},
      {SpecialBlock::ignore, {nan, nan}, nan, {nan, nan}},
      {SpecialBlock::nan_else_saturate, {1, inf}, largest, {0, top * largest}},
      {SpecialBlock::nan_else_saturate, {nan, inf}, nan, {nan, nan}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    BlockFormat format = find_block_format("mxfp8_e5m2");
    format.special = cases[i].choice;
    const Result result = quantized(format, cases[i].x);
    const bool nan_scale = result.codes.scales[0][0] == 0xff;
    EXPECT_EQ(nan_scale, std::isnan(cases[i].scale)) << i;
    EXPECT_TRUE(nan_scale || result.scale() == cases[i].scale) << i;
    for (std::size_t k = 0; k < cases[i].x.size(); ++k) {
      const double want = cases[i].wanted[k];
      EXPECT_TRUE(result.out[k] == want || (std::isnan(want) && std::isnan(result.out[k])))
          << i << ": " << result.out[k] << ", not " << want;
      EXPECT_FALSE(std::isnan(want) && std::signbit(result.out[k])) << i;
    }
  }
}

TEST(SpecialBlocks, ElementsAreNanAsFarAsTheirFormatHasIt) {
  // E5M2's quiet NaN is 0x7e; E2M1 has none, and delivers zero.
  EXPECT_EQ(quantized(find_block_format("mxfp8_e5m2"), {1, -inf}).codes.elements,
            (std::vector<std::uint8_t>{0x7e, 0x7e}));
  EXPECT_EQ(quantized(find_block_format("mxfp4"), {1, -inf}).codes.elements,
            (std::vector<std::uint8_t>{0}));
  // A NaN keeps its sign where the block stays.
  BlockFormat format = find_block_format("mxfp8_e5m2");
  format.special = SpecialBlock::ignore;
  EXPECT_EQ(quantized(format, {1, -nan}).codes.elements[1] & 0x80, std::signbit(-nan) ? 0x80 : 0);
}

TEST(SpecialBlocks, AnInfiniteScaleHasElementsOfOne) {
  // The scale overflows to infinity: 1e300 / 448 is beyond binary16.
  BlockFormat format = described(R"({"format": "float8_e4m3fn", "scaling": {"scale":
    {"format": "binary16", "overflow": "ieee"}}})");
  const Result result = quantized(format, {1e300, -2, 0});
  EXPECT_EQ(result.scale(), inf);
  EXPECT_EQ(result.codes.elements, (std::vector<std::uint8_t>{0x38, 0xb8, 0}));
  EXPECT_EQ(result.out[0], inf);
  EXPECT_EQ(result.out[1], -inf);
  EXPECT_TRUE(std::isnan(result.out[2]));
}

}  // namespace
}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Block formats in the reference, on cases worked out by hand: every rule at powers of two and
// beside them, scales beyond their ranges, zero and special blocks under every choice, short
// blocks, two levels, zero points, the peers' steps.
#include "reference/block.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "reference/engine.h"

namespace halfulp::reference {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double one_ulp = 0x1p-52;  // of binary64 numbers in [1, 2)

struct Result {
  std::vector<double> out;
  BlockCodes codes;
  Counts counts;
  BlockFormat format;

  [[nodiscard]] double scale(std::size_t level = 0, std::size_t block = 0) const {
    const Code code = codes.scales.at(level).at(block);
    return to_double(decode(format.levels[level].scale.format, code));
  }
};

Result quantized(const BlockFormat& format, const std::vector<double>& x, std::size_t rows = 1,
                 const Random& random = {}) {
  Result result{.out = std::vector<double>(x.size()), .codes = {}, .counts = {}, .format = format};
  const std::size_t columns = rows == 0 ? 0 : x.size() / rows;
  const BlockPlan plan = engine().prepare_block(format);
  engine().quantize(view_of(x.data(), rows, columns), plan, random,
                    view_of(result.out.data(), rows, columns), &result.codes, &result.counts);
  std::vector<double> back(x.size());
  engine().dequantize(result.codes, plan, view_of(back.data(), rows, columns));
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(result.out[i]))
        << "element " << i << " from codes is " << back[i] << ", not " << result.out[i];
  }
  return result;
}

BlockFormat described(const std::string& text) {
  return block_format_from_json(parse_json(text, "test"), "");
}

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

// P28: blocks end with their rows.
TEST(Blocks, P28NeverStraddleRows) {
  BlockFormat format = find_block_format("bfp8_4");
  // Rows of six: blocks of four and of two.
  const std::vector<double> x{1, 1, 1, 1, 2, 2, 4, 4, 4, 4, 8, 8};
  const Result result = quantized(format, x, 2);
  ASSERT_EQ(result.codes.scales[0].size(), 4U);
  for (std::size_t block = 0; block < 4; ++block)
    EXPECT_EQ(result.scale(0, block), 1 << block) << block;
  format.levels[0] = {
      .rows = 0, .columns = 1, .scale = format.levels[0].scale, .rule = ScaleRule::floor};
  EXPECT_EQ(quantized(format, x, 2).codes.scales[0].size(), 6U);
  EXPECT_EQ(quantized(format, x, 2).scale(0, 5), 8);
  format.levels[0].columns = 0;
  EXPECT_EQ(quantized(format, x, 2).codes.scales[0].size(), 1U);
  EXPECT_TRUE(quantized(format, {}, 0).codes.scales[0].empty());
}

TEST(Blocks, OfTwoDimensionsAreTiles) {
  BlockFormat format = find_block_format("bfp8_4");
  format.levels[0].rows = 2;
  format.levels[0].columns = 2;
  const Result result = quantized(format,
                                  {1, 1, 2,  //
                                   1, 1, 2,  //
                                   4, 4, 8},
                                  3);
  ASSERT_EQ(result.codes.scales[0].size(), 4U);
  for (std::size_t block = 0; block < 4; ++block)
    EXPECT_EQ(result.scale(0, block), 1 << block) << block;
}

TEST(Blocks, AMeanOfAShortBlockCountsWhatIsThere) {
  BlockFormat format = find_block_format("binary_mean");
  format.levels[0].rows = 1;
  format.levels[0].columns = 4;
  const Result result = quantized(format, {1, -1, 1, 3, 5, -0.0});
  EXPECT_EQ(result.scale(0, 0), 1.5);
  EXPECT_EQ(result.scale(0, 1), 2.5);
  EXPECT_EQ(result.out, (std::vector<double>{1.5, -1.5, 1.5, 1.5, 2.5, 2.5}));
}

TEST(TwoLevels, DivideOneAfterTheOther) {
  const BlockFormat format = find_block_format("nvfp4");
  std::vector<double> x(32, 0.0);
  x[0] = 2688;  // the tensor: scale 1; its block: 448
  x[16] = 13.5;
  x[17] = -6.75;
  const Result result = quantized(format, x);
  EXPECT_EQ(result.scale(0), 1);
  EXPECT_EQ(result.scale(1, 0), 448);
  EXPECT_EQ(result.scale(1, 1), 2.25);  // 13.5 / 6
  EXPECT_EQ(result.out[16], 13.5);
  EXPECT_EQ(result.out[17], -6.75);
  // With a tensor of largest magnitude 1 the block scales are over the tensor's rounded one.
  x[0] = 1;
  x[16] = x[17] = 0.1;
  const Result small = quantized(format, x);
  EXPECT_EQ(small.scale(0), 0x1.861862p-12);  // 1 / 2688 in binary32
  EXPECT_EQ(small.scale(1, 0), 448);
}

TEST(TwoLevels, NanAboveIsNanEverywhere) {
  std::vector<double> x(48, 1.0);
  x[40] = nan;
  const Result result = quantized(find_block_format("nvfp4"), x);
  EXPECT_EQ(result.codes.scales[0][0] & 0x7fffffff, 0x7fc00000U);
  for (const Code code : result.codes.scales[1]) EXPECT_EQ(code, 0x7fU);
  for (const double y : result.out) EXPECT_TRUE(std::isnan(y));
}

TEST(ZeroPoints, TakeLowestToTheLowestCode) {
  const BlockFormat format = described(R"({"format": "uint8",
    "scaling": {"rule": "range", "scale": "binary32"}})");
  // (3 + 1) / 255 does not matter: 255 / 255 = 1 and lowest -51.
  Result result = quantized(format, {-51, 204, 0, 0.5, 1.5, -0.5});
  EXPECT_EQ(result.scale(), 1);
  EXPECT_EQ(result.codes.zero_points, (std::vector<std::int64_t>{51}));
  // Ties to even of the number, not of the code: 0.5 to 0, 1.5 to 2, although 51 is odd.
  EXPECT_EQ(result.out, (std::vector<double>{-51, 204, 0, 0, 2, 0}));
  EXPECT_EQ(result.codes.elements, (std::vector<std::uint8_t>{0, 255, 51, 51, 53, 51}));
  // All positive: taken with 0.
  result = quantized(format, {255, 100});
  EXPECT_EQ(result.codes.zero_points[0], 0);
  EXPECT_EQ(result.scale(), 1);
  // All negative.
  result = quantized(format, {-255, -100});
  EXPECT_EQ(result.codes.zero_points[0], 255);
  EXPECT_EQ(result.out[1], -100);
  // Zeros.
  EXPECT_EQ(quantized(format, {0, 0}).codes.zero_points[0], 0);
}

TEST(ZeroPoints, OfSignedIntegersAndRoundedScales) {
  BlockFormat format = described(R"({"format": "int8",
    "scaling": {"columns": 3, "rule": "range", "scale": "e8m0"}})");
  // 300 / 255 is nearest to 1 among the powers of two: codes beyond the ends saturate.
  const Result result = quantized(format, {-100, 200, 0, 2, 4, 6});
  EXPECT_EQ(result.scale(0, 0), 1);
  EXPECT_EQ(result.codes.zero_points, (std::vector<std::int64_t>{-28, -128}));
  EXPECT_EQ(result.out[0], -100);
  EXPECT_EQ(result.out[1], 155);
  EXPECT_EQ(result.counts.saturated, 1U);
  format.zero_scale = ZeroScale::one;
  EXPECT_EQ(quantized(format, {0, 0, 0}).codes.zero_points[0], -128);
  format.special = SpecialBlock::nan;
  EXPECT_EQ(quantized(format, {nan, 0, 0}).codes.zero_points[0], 0);
}

TEST(Ternary, IsTheSignOfWhatExceedsHalfTheMean) {
  BlockFormat format = find_block_format("bitnet");
  format.levels[0].epsilon = 0;
  const Result result = quantized(format, {1, -3, 0.9, -0.1, 5, -2}, 2);
  EXPECT_EQ(result.scale(), 2);
  EXPECT_EQ(result.out, (std::vector<double>{0, -2, 0, 0, 2, -2}));  // 0.5 to even: 0
}

TEST(Nf4, TiesGoDownOnBothSides) {
  const BlockFormat format = find_block_format("nf4_64");
  const float up = 0.03979014977812767F;
  const float down = -0.045525018125772476F;
  const Result result =
      quantized(format, {1, up, std::nextafter(up, 1.0F), down, std::nextafter(down, 1.0F), -1});
  EXPECT_EQ(result.codes.elements, (std::vector<std::uint8_t>{0x7f, 0x68, 0x07}));
}

TEST(Random, ScalesDrawByBlocksOfTheirOwnStreams) {
  BlockFormat format = described(R"({"format": "binary32", "rounding": "rne",
    "scaling": {"columns": 2, "rule": "largest",
                "scale": {"format": "float8_e4m3fn", "rounding": "sr", "random_bits": 8}}})");
  std::vector<double> x(64, 1.03);  // between 1 and 1.125
  const Random random{.seed = 3, .stream = 5, .offset = 0};
  const Result result = quantized(format, x, 4, random);
  const Random of_scales{.seed = 3, .stream = 6, .offset = 0};
  int up = 0;
  for (std::size_t block = 0; block < 32; ++block) {
    // 0.03 / 0.125 * 256 = 61.44 of 256.
    const bool goes_up = 61 + of_scales.bits(block, 8) >= 256;
    EXPECT_EQ(result.scale(0, block), goes_up ? 1.125 : 1) << block;
    up += goes_up ? 1 : 0;
  }
  EXPECT_GT(up, 0);
  // The lower half alone, as part of the whole.
  const Result part =
      quantized(format, std::vector<double>(32, 1.03), 2, {.seed = 3, .stream = 5, .offset = 32});
  for (std::size_t block = 0; block < 16; ++block)
    EXPECT_EQ(part.codes.scales[0][block], result.codes.scales[0][block + 16]);
}

TEST(Peers, DiffersWhereTheirStepsDo) {
  // P26: a zero block and one whose scale underflows.
  std::vector<double> x(48, 0.0);
  x[0] = 1;
  x[16] = 0x1p-30;
  const auto scales = [&](const std::string& preset) {
    const Result result = quantized(find_block_preset(preset).apply(find_block_format("nvfp4")), x);
    return std::vector<double>{result.scale(1, 1), result.scale(1, 2), result.out[16]};
  };
  EXPECT_EQ(scales("transformer-engine"), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(scales("torchao"), (std::vector<double>{0x1p-6, 0x1p-6, 0}));
  EXPECT_EQ(scales("modelopt"), (std::vector<double>{0x1p-9, 1, 0}));
  EXPECT_EQ(scales("universal"), (std::vector<double>{0x1p-9, 0x1p-9, 0}));
}

TEST(Peers, TransformerEngineMultipliesByTheLargestFloatUnderAZeroScale) {
  const BlockFormat format =
      find_block_preset("transformer-engine").apply(find_block_format("nvfp4"));
  std::vector<double> x(32, 0.0);
  x[0] = 1;
  x[16] = -0x1p-30;
  const Result result = quantized(format, x);
  EXPECT_EQ(result.codes.elements[8], 0x0f);  // -6
  EXPECT_TRUE(std::signbit(result.out[16]) && result.out[16] == 0);
  // A zero tensor has the scale 1.
  EXPECT_EQ(quantized(format, std::vector<double>(16, 0.0)).scale(0), 1);
  EXPECT_EQ(quantized(format, std::vector<double>(16, 0.0)).scale(1), 0);
}

TEST(Peers, QpytorchRoundsTheSumWithSixFirst) {
  const BlockFormat format = find_block_preset("qpytorch").apply(find_block_format("bfp8_0"));
  // 64 steps to 1. A quotient just below half a step rounds to the half in binary32 (spacing 2^-21
  // between 4 and 8), and the half goes up.
  const double half = 0x1p-7;
  const Result result =
      quantized(format, {1, half - 0x1p-30, -half - 0x1p-30, -half + 0x1p-20, 1.999});
  EXPECT_EQ(result.out[1], 0x1p-6);
  EXPECT_EQ(result.out[2], 0);
  EXPECT_EQ(result.out[3], 0);
  EXPECT_EQ(result.out[4], 127.0 / 64);
  BlockFormat exact = format;
  exact.arithmetic = Arithmetic::exact;
  EXPECT_EQ(quantized(exact, {1, half - 0x1p-30}).out[1], 0);
}

TEST(Peers, P3109TakesTheLargestFiniteItself) {
  const BlockFormat format = find_block_format("p3109_8p4se_block32");
  const Result result = quantized(format, {5, -inf, 2.5, nan});
  EXPECT_EQ(result.scale(), 4);  // 5 to the nearest power of two
  EXPECT_EQ(result.out[0], 5);
  EXPECT_EQ(result.out[1], -inf);
  EXPECT_EQ(result.out[2], 2.5);
  EXPECT_TRUE(std::isnan(result.out[3]));
}

TEST(Carriers, ReceiveTheProductRoundedOnce) {
  // The scale 1/127 in binary32 times 127: 31 bits, rounded once to binary32.
  const BlockFormat format = described(R"({"format": "int8", "scaling": "row"})");
  const std::vector<float> x{1, 0.25F};
  std::vector<float> out(2);
  engine().quantize(view_of(std::span(x)), engine().prepare_block(format), {},
                    view_of(std::span(out)), nullptr, nullptr);
  EXPECT_EQ(out[0], 1.0F);
  EXPECT_EQ(out[1], static_cast<float>(32 * 0x1.020408p-7));
  // Beyond binary32: infinity.
  const std::vector<double> large{0x1p300};
  const BlockPlan plan = engine().prepare_block(
      described(R"({"format": "int8", "scaling": {"rule": "ratio", "scale": "binary64"}})"));
  std::vector<float> narrow(1);
  engine().quantize(view_of(std::span(large)), plan, {}, view_of(std::span(narrow)), nullptr,
                    nullptr);
  EXPECT_EQ(narrow[0], std::numeric_limits<float>::infinity());
}

TEST(Elements, FlushTheirInputs) {
  BlockFormat format = find_block_format("mxfp8_e4m3");
  const std::vector<float> x{0x1p-130F, -0x1p-140F};
  std::vector<float> out(2);
  BlockCodes codes;
  format.element.rounding.flush_inputs = true;
  engine().quantize(view_of(std::span(x)), engine().prepare_block(format), {},
                    view_of(std::span(out)), &codes, nullptr);
  EXPECT_EQ(out[0], 0);
  EXPECT_TRUE(std::signbit(out[1]));
  format.element.rounding.flush_inputs = false;
  engine().quantize(view_of(std::span(x)), engine().prepare_block(format), {},
                    view_of(std::span(out)), &codes, nullptr);
  EXPECT_EQ(out[0], 0x1p-130F);
}

TEST(Elements, OfLogarithmicFormatsAreMultipliedAsTheDoublesNextToThem) {
  const BlockFormat format = described(R"({"format": "log8.3",
    "scaling": {"rule": "given", "given": 3, "scale": "binary32"}})");
  const Result result = quantized(format, {4.5});  // 1.5, between 2^(4/8) and 2^(5/8)
  const double number = nearest_double(power_of_two(5, 3));
  EXPECT_EQ(result.out[0], 3 * number);
}

}  // namespace
}  // namespace halfulp::reference

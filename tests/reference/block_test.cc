// SPDX-License-Identifier: MIT
//
// Block formats in the reference, on cases worked out by hand: short blocks, two levels, zero
// points, the peers' steps, random bits, carriers.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "formats/numbers/value.h"
#include "tests/reference/block_support.h"

namespace halfulp::reference {
namespace {

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

// Division counts for nothing, not even where a reciprocal would be zero.
TEST(Peers, QpytorchKeepsInfinities) {
  BlockFormat format = find_block_preset("qpytorch").apply(find_block_format("bfp8_0"));
  format.division = Division::binary32_reciprocal;
  format.special = SpecialBlock::saturate;
  format.levels[0].scale.format = find_format("binary64");
  EXPECT_EQ(quantized(format, {inf, -inf}).codes.elements, (std::vector<std::uint8_t>{127, 129}));
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

// SPDX-License-Identifier: MIT
//
// The pitfalls of pitfalls.json that concern blocks: shared exponents, choices of scales, quotients
// by reciprocals, zero blocks, rows that are no multiple of a block, subnormal blocks.
#include <bit>
#include <cmath>
#include <numeric>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

struct Result {
  std::vector<float> out;
  BlockCodes codes;
};

class BlockPitfalls : public GoldenTest {
 protected:
  static Result quantized(const BlockFormat& format, const std::vector<float>& x,
                          std::size_t rows = 1) {
    Result result{.out = std::vector<float>(x.size()), .codes = {}};
    engine().quantize(view_of(x.data(), rows, x.size() / rows), engine().prepare_block(format), {},
                      view_of(result.out.data(), rows, x.size() / rows), &result.codes, nullptr);
    return result;
  }
};

TEST_P(BlockPitfalls, P23SharedExponentsJustBelowPowersOfTwo) {
  const BlockFormat format = find_block_format("mxint8");  // e is 0: the code is exponent + 127
  for (int k = -100; k <= 127; ++k) {
    float a = std::ldexp(1.0F, k);
    EXPECT_EQ(quantized(format, {a}).codes.scales[0][0], static_cast<Code>(k + 127));
    for (int ulps = 1; ulps <= 45; ++ulps) {
      a = std::nextafter(a, 0.0F);
      ASSERT_EQ(quantized(format, {-a}).codes.scales[0][0], static_cast<Code>(k + 126)) << a;
    }
  }
}

TEST_P(BlockPitfalls, P24RulesOfTheScale) {
  const std::vector<float> x{957};
  for (const auto& [preset, want] :
       {std::pair("ocp", 896.0F), std::pair("torchao-floor", 896.0F),
        std::pair("torchao-ceil", 960.0F), std::pair("torchao-rceil", 960.0F),
        std::pair("nvidia", 960.0F)}) {
    const BlockFormat format = find_block_preset(preset).apply(find_block_format("mxfp8_e4m3"));
    EXPECT_EQ(quantized(format, x).out[0], want) << preset;
  }
}

TEST_P(BlockPitfalls, P25ReciprocalsOfNvfp4Scales) {
  BlockFormat format = find_block_format("nvfp4");
  format.levels[0].rule = format.levels[1].rule = ScaleRule::given;
  format.levels[1].given = 0.013671875;
  const auto code = [&](Division division) {
    format.division = division;
    return quantized(format, {std::bit_cast<float>(0x3CC3FFFFU)}).codes.elements[0];
  };
  EXPECT_EQ(code(Division::exact), 0x3);
  EXPECT_EQ(code(Division::binary32), 0x3);
  EXPECT_EQ(code(Division::binary32_reciprocal), 0x4);
}

TEST_P(BlockPitfalls, P26ZeroAndUnderflowingNvfp4Blocks) {
  std::vector<float> x(48, 0.0F);
  x[0] = 1;
  x[16] = 0x1p-30F;
  const auto scales = [&](const char* preset) {
    const BlockFormat format = find_block_preset(preset).apply(find_block_format("nvfp4"));
    const Result result = quantized(format, x);
    return std::pair{static_cast<int>(result.codes.scales[1][1]),
                     static_cast<int>(result.codes.scales[1][2])};
  };
  EXPECT_EQ(scales("transformer-engine"), std::pair(0x00, 0x00));
  EXPECT_EQ(scales("torchao"), std::pair(0x08, 0x08));   // 2^-6
  EXPECT_EQ(scales("modelopt"), std::pair(0x01, 0x38));  // 2^-9, 1
}

TEST_P(BlockPitfalls, P28RowsThatAreNoMultipleOfABlock) {
  constexpr std::size_t columns = 40;
  std::vector<float> x(3 * columns);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::ldexp(1.25F, static_cast<int>(i / 8));
  const BlockFormat format = find_block_format("mxfp8_e4m3");
  const Result whole = quantized(format, x, 3);
  ASSERT_EQ(whole.codes.scales[0].size(), 6U);
  for (std::size_t row = 0; row < 3; ++row) {
    const std::vector<float> alone(x.begin() + row * columns, x.begin() + (row + 1) * columns);
    const Result result = quantized(format, alone);
    for (std::size_t i = 0; i < columns; ++i)
      EXPECT_EQ(result.out[i], whole.out[row * columns + i]) << row << " " << i;
    // Padded with zeros to whole blocks it is the same.
    std::vector<float> padded = alone;
    padded.resize(64);
    EXPECT_EQ(quantized(format, padded).codes.scales, result.codes.scales);
  }
}

TEST_P(BlockPitfalls, P29SubnormalBlocksHaveFiniteElements) {
  for (const char* name : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp4", "mxint8"}) {
    for (const char* preset : {"ocp", "torchao-floor", "torchao-rceil", "nvidia"}) {
      const BlockFormat format = find_block_preset(preset).apply(find_block_format(name));
      const Result result = quantized(format, {0x1p-149F, -0x1.8p-140F, 0x1p-127F});
      EXPECT_EQ(result.codes.scales[0][0], 0U) << name << " " << preset;
      EXPECT_EQ(result.out[2], 0x1p-127F) << name << " " << preset;
      for (const float y : result.out) EXPECT_TRUE(std::isfinite(y));
    }
  }
}

HALFULP_ON_ALL_ENGINES(BlockPitfalls);

}  // namespace
}  // namespace halfulp::golden

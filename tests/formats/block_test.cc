// SPDX-License-Identifier: MIT
//
// Block formats as descriptions: the catalogue says what its sources say, matrices are cut as
// described, contradictions are refused with their place.
#include "formats/block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <variant>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

TEST(BlockCatalogue, EveryNameAndAliasFindsItsEntryAndNoOther) {
  std::set<std::string> seen;
  for (const BlockEntry& entry : block_catalogue()) {
    EXPECT_NO_THROW(validate(entry.format)) << entry.format.name;
    EXPECT_EQ(find_block_format(entry.format.name), entry.format);
    EXPECT_TRUE(is_block_name(entry.format.name));
    EXPECT_TRUE(seen.insert(entry.format.name).second) << entry.format.name;
    EXPECT_FALSE(entry.source.empty()) << entry.format.name;
    for (const std::string& alias : entry.aliases) {
      EXPECT_EQ(find_block_format(alias), entry.format) << alias;
      EXPECT_TRUE(seen.insert(alias).second) << alias;
    }
  }
  EXPECT_EQ(find_block_format("MXFP4").name, "mxfp4");
}

TEST(BlockCatalogue, NoNameIsThatOfAScalarFormat) {
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_FALSE(is_block_name(entry.format.name)) << entry.format.name;
    for (const std::string& alias : entry.aliases) EXPECT_FALSE(is_block_name(alias)) << alias;
  }
}

// facts of OCP MX 1.0 table 1, NVFP4, MSFP: bits a value.
TEST(BlockCatalogue, BitsAValueAreThePublishedOnes) {
  const std::vector<std::pair<std::string, double>> published{{"mxfp8_e4m3", 8.25},
                                                              {"mxfp8_e5m2", 8.25},
                                                              {"mxfp6_e3m2", 6.25},
                                                              {"mxfp6_e2m3", 6.25},
                                                              {"mxfp4", 4.25},
                                                              {"mxint8", 8.25},
                                                              {"nvfp4", 4.5},
                                                              {"msfp12", 4.5},
                                                              {"msfp16", 8.5},
                                                              {"bfp8_16", 8.5},
                                                              {"bfp8_0", 8},
                                                              {"nf4_64", 4.5},
                                                              {"int8_tensor", 8},
                                                              {"int8_row", 8},
                                                              {"binary_mean", 1},
                                                              {"bitnet_ternary", 2},
                                                              {"flex16_5", 16},
                                                              {"int4_group128", 4 + 16.0 / 128},
                                                              {"uint4_group128", 4 + 20.0 / 128},
                                                              {"nvfp4_2d", 4 + 8.0 / 256}};
  for (const auto& [name, bits] : published)
    EXPECT_EQ(bits_per_value(find_block_format(name)), bits) << name;
}

// A float with one exponent bit has no hidden bit: its numbers are n / 2^k, |n| < 2^(bits - 1).
TEST(BlockCatalogue, OneExponentBitIsSignAndMagnitude) {
  for (const auto& [name, magnitudes] : {std::pair("msfp12", 8), std::pair("msfp16", 128)}) {
    const Format element = find_block_format(name).element.format;
    EXPECT_EQ(std::get<Float>(element.kind).exponent_bits, 1);
    const double step = 2.0 / magnitudes;
    for (int n = 0; n < magnitudes; ++n) {
      EXPECT_EQ(to_double(decode(element, static_cast<Code>(n))), n * step) << name << " " << n;
      EXPECT_EQ(to_double(decode(element, static_cast<Code>(n + magnitudes))), -n * step);
    }
  }
}

TEST(BlockCatalogue, Nf4HasTheNumbersAndTurnsOfBitsandbytes) {
  const Format nf4 = find_block_format("nf4_64").element.format;
  const std::vector<float> numbers{-1.0F,
                                   -0.6961928009986877F,
                                   -0.5250730514526367F,
                                   -0.39491748809814453F,
                                   -0.28444138169288635F,
                                   -0.18477343022823334F,
                                   -0.09105003625154495F,
                                   0.0F,
                                   0.07958029955625534F,
                                   0.16093020141124725F,
                                   0.24611230194568634F,
                                   0.33791524171829224F,
                                   0.44070982933044434F,
                                   0.5626170039176941F,
                                   0.7229568362236023F,
                                   1.0F};
  // Thresholds of bitsandbytes 95f9af3 csrc/kernels.cu dQuantizeNF4, x > threshold goes up.
  const std::vector<float> thresholds{
      -0.8480964004993439F,  -0.6106329262256622F,  -0.4599952697753906F,   -0.33967943489551544F,
      -0.23460740596055984F, -0.13791173323988914F, -0.045525018125772476F, 0.03979014977812767F,
      0.1202552504837513F,   0.2035212516784668F,   0.2920137718319893F,    0.3893125355243683F,
      0.5016634166240692F,   0.6427869200706482F,   0.8614784181118011F};
  const Range range = finite_range(nf4);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(to_double(decode(nf4, static_cast<Code>(i))), numbers[static_cast<std::size_t>(i)]);
    if (i == 15) continue;
    const float threshold = thresholds[static_cast<std::size_t>(i)];
    const Value turn = boundary_above(nf4, range.lowest + i);
    EXPECT_EQ(compare(from_double(threshold), turn), 0) << i;
  }
  EXPECT_EQ(std::get<Codebook>(nf4.kind).ties, Codebook::Ties::lower);
}

TEST(BlockCatalogue, ParametricNamesSpellBitsAndBlock) {
  const BlockFormat format = find_block_format("BFP8_16");
  EXPECT_EQ(format.name, "bfp8_16");
  EXPECT_EQ(std::get<Fixed>(format.element.format.kind), (Fixed{.bits = 8, .fraction_bits = 6}));
  EXPECT_EQ(format.levels[0].columns, 16);
  EXPECT_EQ(format.levels[0].rows, 1);
  EXPECT_EQ(find_block_format("bfp8_0").levels[0].columns, 0);
  for (const std::string name : {"bfp2_1", "bfp32_1000000"}) EXPECT_TRUE(is_block_name(name));
  for (const std::string name : {"bfp1_16", "bfp33_16", "bfp8", "bfp8_", "bfp_8", "bfp8_-1",
                                 "bfp8_16x", "bfp-8_16", "bfp8_99999999999", ""})
    EXPECT_FALSE(is_block_name(name)) << name;
}

std::string message_of(void (*act)()) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BlockCatalogue, WrongNamesAreAnsweredWithRightOnes) {
  EXPECT_NE(message_of([] { find_block_format("mxpf4"); }).find("did you mean \"mxfp4\"?"),
            std::string::npos);
  EXPECT_NE(message_of([] { find_block_format("mxfp8"); }).find("mxfp8_e5m2"), std::string::npos);
  EXPECT_NE(message_of([] { find_block_preset("nvidai"); }).find("did you mean \"nvidia\"?"),
            std::string::npos);
  EXPECT_NE(message_of([] { parse_scale_rule("flor"); }).find("did you mean \"floor\"?"),
            std::string::npos);
  EXPECT_NE(message_of([] { find_format("mxfp8"); }).find("mxfp8_e5m2"), std::string::npos);
  EXPECT_NE(message_of([] { find_format("mxpf4"); }).find("did you mean \"mxfp4\"?"),
            std::string::npos);
  const std::string scalar = message_of([] { find_format("mxfp4"); });
  EXPECT_NE(scalar.find("is a block format"), std::string::npos) << scalar;
  EXPECT_NE(scalar.find("float4_e2m1fn"), std::string::npos) << scalar;
}

TEST(BlockNames, EveryWordReadsBack) {
  for (int i = 0; i < scale_rule_count; ++i) {
    const auto rule = static_cast<ScaleRule>(i);
    EXPECT_EQ(parse_scale_rule(name_of(rule)), rule);
  }
  for (const Division d : {Division::exact, Division::binary32, Division::binary32_reciprocal})
    EXPECT_EQ(parse_division(name_of(d)), d);
  for (const Arithmetic a : {Arithmetic::exact, Arithmetic::transformer_engine, Arithmetic::torchao,
                             Arithmetic::modelopt, Arithmetic::qpytorch})
    EXPECT_EQ(parse_arithmetic(name_of(a)), a);
  for (const ZeroScale z : {ZeroScale::zero, ZeroScale::least, ZeroScale::one})
    EXPECT_EQ(parse_zero_scale(name_of(z)), z);
  for (const SpecialBlock s : {SpecialBlock::nan, SpecialBlock::saturate, SpecialBlock::ignore,
                               SpecialBlock::nan_else_saturate})
    EXPECT_EQ(parse_special_block(name_of(s)), s);
}

struct Cut {
  int rows, columns;  // of a block
  std::size_t matrix_rows, matrix_columns;
  std::size_t down, across;
};

TEST(Partition, CutsAMatrixIntoBlocksThatEndWithItsRows) {
  for (const Cut& cut : {Cut{1, 32, 3, 64, 3, 2}, Cut{1, 32, 3, 65, 3, 3}, Cut{1, 32, 3, 31, 3, 1},
                         Cut{16, 16, 17, 16, 2, 1}, Cut{0, 0, 5, 7, 1, 1}, Cut{1, 0, 5, 7, 5, 1},
                         Cut{0, 1, 5, 7, 1, 7}, Cut{1, 32, 0, 64, 0, 2}, Cut{0, 0, 0, 0, 0, 0},
                         Cut{0, 0, 3, 0, 1, 0}}) {
    const Partition p = partition({.rows = cut.rows, .columns = cut.columns, .scale = {}},
                                  cut.matrix_rows, cut.matrix_columns);
    EXPECT_EQ(p.down, cut.down) << cut.rows << "x" << cut.columns;
    EXPECT_EQ(p.across, cut.across) << cut.rows << "x" << cut.columns;
    EXPECT_EQ(p.count(), cut.down * cut.across);
  }
}

struct Refused {
  std::string field;
  void (*edit)(BlockFormat& format);
};

const std::vector<Refused> contradictions{
    {"levels", [](BlockFormat& f) { f.levels.clear(); }},
    {"levels/1/columns", [](BlockFormat& f) { f.levels[0].columns = 40; }},
    {"levels/1/rows",
     [](BlockFormat& f) {
       f.levels[0].rows = 1;
       f.levels[1].rows = 2;
     }},
    {"levels/1/columns",
     [](BlockFormat& f) {
       f.levels[0].columns = 16;
       f.levels[1].columns = 0;
     }},
    {"levels/0/rows", [](BlockFormat& f) { f.levels[0].rows = -1; }},
    {"levels/0/given", [](BlockFormat& f) { f.levels[0].given = 0; }},
    {"levels/0/given", [](BlockFormat& f) { f.levels[0].given = INFINITY; }},
    {"levels/1/epsilon", [](BlockFormat& f) { f.levels[1].epsilon = -1; }},
    {"levels/1/least_amax", [](BlockFormat& f) { f.levels[1].least_amax = -1; }},
    {"levels/1/least_scale", [](BlockFormat& f) { f.levels[1].least_scale = INFINITY; }},
    {"levels/1/least_amax",
     [](BlockFormat& f) {
       f.levels[1].rule = ScaleRule::given;
       f.levels[1].least_amax = 1;
     }},
    {"levels/1/least_scale",
     [](BlockFormat& f) {
       f.arithmetic = Arithmetic::torchao;
       f.levels[1].least_scale = 1;
     }},
    {"levels/1/largest_scale", [](BlockFormat& f) { f.levels[1].largest_scale = 449; }},
    {"levels/1/largest_scale", [](BlockFormat& f) { f.levels[1].largest_scale = -1; }},
    {"error", [](BlockFormat& f) { f.four_over_six.error = FourOverSix::Error::squared; }},
    {"levels/1/scale/format",
     [](BlockFormat& f) { f.levels[1].scale.format = find_format("posit8"); }},
    {"levels/1/scale/format",
     [](BlockFormat& f) { f.levels[1].scale.format = find_format("e15m16"); }},
    {"levels/1/scale/format",
     [](BlockFormat& f) {
       f.levels[0].scale.format = f.levels[1].scale.format = find_format("e8m30");
     }},
    {"levels/1/scale/flush_inputs",
     [](BlockFormat& f) { f.levels[1].scale.rounding.flush_inputs = true; }},
    {"element/format", [](BlockFormat& f) { f.element.format = find_format("e15m112"); }},
    {"element/format/bits", [](BlockFormat& f) { f.element.format.kind = Fixed{.bits = 65}; }},
    {"element/format",
     [](BlockFormat& f) {
       f.element.format.kind = make_codebook({-4, -1, 0});
     }},
    {"levels/1/scale/format",
     [](BlockFormat& f) { f.levels[1].scale.format.kind = Fixed{.bits = 1, .sign = true}; }},
    {"levels/0/rule", [](BlockFormat& f) { f.levels[0].rule = ScaleRule::range; }},
    {"element/format", [](BlockFormat& f) { f.levels[1].rule = ScaleRule::range; }},
    {"arithmetic",
     [](BlockFormat& f) {
       f.arithmetic = Arithmetic::torchao;
       f.levels.erase(f.levels.begin());
     }},
    {"arithmetic", [](BlockFormat& f) { f.arithmetic = Arithmetic::qpytorch; }},
    {"levels/0/rule",
     [](BlockFormat& f) {
       f.arithmetic = Arithmetic::modelopt;
       f.levels[0].rule = ScaleRule::largest;
     }},
    {"levels/0/scale",
     [](BlockFormat& f) {
       f.arithmetic = Arithmetic::transformer_engine;
       f.levels[0].scale.format = find_format("bfloat16");
     }},
    {"special",
     [](BlockFormat& f) {
       f.arithmetic = Arithmetic::torchao;
       f.special = SpecialBlock::ignore;
     }},
};

TEST(BlockValidation, RefusesContradictionsWithTheirPlace) {
  for (std::size_t i = 0; i < contradictions.size(); ++i) {
    BlockFormat format = find_block_format("nvfp4");
    contradictions[i].edit(format);
    try {
      validate(format);
      ADD_FAILURE() << "case " << i << " (" << contradictions[i].field << ") passes";
    } catch (const Error& error) {
      EXPECT_EQ(error.location(), contradictions[i].field) << i << ": " << error.what();
      EXPECT_FALSE(error.hint().empty()) << i;
    }
  }
}

TEST(BlockPresets, ApplyToTheFormatsTheyAreForAndRefuseOthers) {
  std::set<std::string_view> seen;
  for (const BlockPreset& preset : block_presets()) {
    EXPECT_TRUE(seen.insert(preset.name).second);
    EXPECT_FALSE(preset.what.empty());
    EXPECT_EQ(&find_block_preset(preset.name), &preset);
    int applied = 0;
    for (const std::string name : {"mxfp4", "mxint8", "bfp8_16", "nvfp4", "p3109_8p4se_block32"}) {
      try {
        validate(preset.apply(find_block_format(name)));
        ++applied;
      } catch (const Error& error) {
        EXPECT_EQ(error.location(), "") << preset.name << " " << name;
        EXPECT_NE(std::string(error.what()).find("the preset \""), std::string::npos)
            << preset.name << " " << name;
      }
    }
    EXPECT_GT(applied, 0) << preset.name;
  }
}

TEST(BlockPresets, MicroxcalingHasSignAndMagnitudeAndTiesAway) {
  const BlockFormat format = find_block_preset("microxcaling").apply(find_block_format("mxint8"));
  EXPECT_EQ(format.element.rounding.mode, Mode::nearest_away);
  const Format& element = format.element.format;
  EXPECT_TRUE(has_negative_zero(element));
  EXPECT_EQ(to_double(largest_finite(element)), 127.0 / 64);
  EXPECT_EQ(to_double(smallest_positive(element)), 1.0 / 64);
  EXPECT_EQ(bits(element), 8);
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// JSON of block formats: what is written reads back, short forms mean the long ones, presets yield
// to members, errors name place and remedy.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

BlockFormat read(const std::string& text) {
  return block_format_from_json(parse_json(text, "block.json"), "");
}

TEST(BlockJson, EveryCatalogueFormatAndPresetReadsBack) {
  for (const BlockEntry& entry : block_catalogue()) {
    EXPECT_EQ(block_format_from_json(to_json(entry.format), ""), entry.format);
    for (const BlockPreset& preset : block_presets()) {
      BlockFormat edited;
      try {
        edited = preset.apply(entry.format);
      } catch (const Error&) {
        continue;
      }
      EXPECT_EQ(block_format_from_json(to_json(edited), ""), edited) << preset.name;
    }
  }
}

TEST(BlockJson, AShortFormMeansTheLongOne) {
  const BlockFormat longer = read(R"({"kind": "block", "name": "x", "element": "float4_e2m1fn",
    "levels": [{"rows": 1, "columns": 32, "scale": "e8m0", "rule": "rceil",
                "division": "binary32_reciprocal"}], "zero_scale": "least"})");
  const BlockFormat shorter = read(R"({"kind": "block", "name": "x", "element": "float4_e2m1fn",
    "rows": 1, "columns": 32, "scale": "e8m0", "rule": "rceil",
    "scale_division": "binary32_reciprocal", "zero_scale": "least"})");
  EXPECT_EQ(longer, shorter);
  EXPECT_EQ(longer.levels[0].division, Division::binary32_reciprocal);
  EXPECT_EQ(longer.division, Division::exact);
  EXPECT_EQ(longer.element.rounding.overflow, parse_overflow("saturate"));
  EXPECT_EQ(longer.levels[0].scale.rounding.overflow, parse_overflow("saturate"));
}

TEST(BlockJson, ACatalogueFormatCanBeWrittenOut) {
  BlockFormat written = read(R"({"kind": "block", "element": "fp4", "columns": 32, "scale": "e8m0",
                                 "rule": "floor"})");
  written.name = "mxfp4";
  EXPECT_EQ(written, find_block_format("mxfp4"));
}

TEST(BlockJson, ScalingOfAScalarFormat) {
  struct Shape {
    std::string text;
    int rows, columns;
  };
  for (const Shape& shape : {Shape{"tensor", 0, 0}, Shape{"row", 1, 0}, Shape{"column", 0, 1},
                             Shape{"group:64", 1, 64}, Shape{"block:16x8", 16, 8}}) {
    const BlockFormat format =
        read(R"({"format": "float8_e4m3fn", "rounding": "sr", "random_bits": 8, "scaling": ")" +
             shape.text + "\"}");
    EXPECT_EQ(format.levels.size(), 1U);
    EXPECT_EQ(format.levels[0].rows, shape.rows) << shape.text;
    EXPECT_EQ(format.levels[0].columns, shape.columns) << shape.text;
    EXPECT_EQ(format.levels[0].rule, ScaleRule::ratio);
    EXPECT_EQ(format.levels[0].scale.format, find_format("binary32"));
    EXPECT_EQ(format.element.format, find_format("float8_e4m3fn"));
    EXPECT_EQ(format.element.rounding.mode, Mode::stochastic);
    EXPECT_EQ(format.element.rounding.random_bits, 8);
  }
  const BlockFormat zero_points = read(R"({"format": "uint8", "zero_scale": "one",
    "scaling": {"rows": 1, "columns": 0, "rule": "range", "scale": "binary16"}})");
  EXPECT_EQ(zero_points.levels[0].rule, ScaleRule::range);
  EXPECT_EQ(zero_points.levels[0].scale.format, find_format("binary16"));
  EXPECT_EQ(zero_points.zero_scale, ZeroScale::one);
}

TEST(BlockJson, EveryScalarFormatThatADoubleHoldsCanBeScaled) {
  for (const CatalogueEntry& entry : catalogue()) {
    const bool positive = finite_range(entry.format).highest >= (has_zero(entry.format) ? 1 : 0);
    if (!fits_binary64(entry.format) || !positive) continue;
    for (const std::string scaling : {"tensor", "row", "column", "group:64", "block:16x16"}) {
      const Json document{{"format", entry.format.name}, {"scaling", scaling}};
      EXPECT_NO_THROW(block_format_from_json(document, "")) << entry.format.name;
    }
  }
  EXPECT_NO_THROW(read(R"({"format": "posit16", "scaling": "tensor"})"));
  EXPECT_NO_THROW(read(R"({"format": "log8.3", "scaling": "tensor"})"));
}

TEST(BlockJson, MembersOverrideAPreset) {
  const BlockFormat preset = find_block_preset("microxcaling").apply(find_block_format("mxfp4"));
  BlockFormat format = read(R"({"format": "mxfp4", "preset": "microxcaling"})");
  EXPECT_EQ(format, preset);
  format = read(R"({"format": "mxfp4", "preset": "microxcaling", "rounding": "rne",
                    "special": "ignore"})");
  EXPECT_EQ(format.element.rounding.mode, Mode::nearest_even);
  EXPECT_EQ(format.special, SpecialBlock::ignore);
  EXPECT_EQ(format.levels, preset.levels);
  format = read(R"({"kind": "block", "element": {"format": "mxint8_element", "rounding": "rtz"},
                    "columns": 16, "scale": "e8m0", "preset": "microxcaling"})");
  EXPECT_EQ(format.element.rounding.mode, Mode::toward_zero);
  EXPECT_EQ(std::get<Float>(format.element.format.kind).exponent_bits, 1);
  EXPECT_EQ(format.levels[0].rule, ScaleRule::floor);
  EXPECT_EQ(format.levels[0].columns, 16);
  format = read(R"({"format": "mxfp8_e4m3", "rule": "ceil"})");
  EXPECT_EQ(format.levels[0].rule, ScaleRule::ceil);
}

// The preset of a scale's quantizer is one of rounding, not of blocks.
TEST(BlockJson, ScalesTakeThePeersConversions) {
  const BlockFormat format = read(R"({"kind": "block", "element": "fp4", "columns": 32,
      "scale": {"format": "e8m0", "preset": "ptx-rp"}})");
  EXPECT_EQ(format.levels[0].scale.rounding, find_rounding_preset("ptx-rp").rounding);
  EXPECT_THROW(read(R"({"kind": "block", "element": "fp4", "columns": 32,
      "scale": {"format": "ue4m3", "preset": "ptx-rp"}})"),
               Error);
}

TEST(BlockJson, PlacesForEitherKindTellThemApart) {
  const auto is_block = [](const std::string& text) {
    return std::holds_alternative<BlockFormat>(any_quantizer_from_text(text));
  };
  for (const std::string text :
       {"mxfp4", "bfp8_16", R"({"format": "nvfp4", "preset": "torchao"})",
        R"({"kind": "block", "element": "fp4", "scale": "e8m0"})",
        R"({"format": {"kind": "block", "element": "fp4"}, "rounding": "sr"})",
        R"({"format": "int8", "scaling": "row"})"})
    EXPECT_TRUE(is_block(text)) << text;
  for (const std::string text : {"bfloat16", "posit8", R"({"format": "int8", "rounding": "rtz"})",
                                 R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3})"})
    EXPECT_FALSE(is_block(text)) << text;
  const AnyQuantizer scalar = any_quantizer_from_text("bfloat16");
  EXPECT_EQ(any_quantizer_from_json(to_json(scalar), ""), scalar);
}

std::string message_for(const std::string& text) {
  try {
    any_quantizer_from_json(parse_json(text, "q.json"), "");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BlockJson, ErrorsNameThePlaceAndTheRemedy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"kind": "block", "scale": "e8m0"})", "\"element\" is missing"},
      {R"({"kind": "block", "element": "mxfp4"})", "/element: \"mxfp4\" is a block format"},
      {R"({"kind": "block", "element": "fp4", "rule": "flor"})",
       "/rule: unknown scale rule \"flor\"; did you mean \"floor\"?"},
      {R"({"kind": "block", "element": "fp4", "colums": 32})",
       "/colums: unknown key \"colums\"; did you mean \"columns\"?"},
      {R"({"kind": "block", "element": "fp4", "levels": []})", "/levels: a list of levels"},
      {R"({"kind": "block", "element": "fp4", "levels": [{}], "columns": 32})",
       "/columns: unknown key"},
      {R"({"kind": "block", "element": "fp4", "levels": [{"columns": 24}, {"columns": 16}]})",
       "/levels/1/columns"},
      {R"({"kind": "block", "element": "fp4", "rule": "range"})", "/element/format"},
      {R"({"kind": "block", "element": "fp4", "scale": "posit8"})", "/scale/format"},
      {R"({"kind": "block", "element": "fp4", "rows": -1})", "/rows: -1 is out of range"},
      {R"({"format": "int8", "scaling": "rows"})", "/scaling: unknown scaling \"rows\""},
      {R"({"format": "int8", "scaling": "group:0"})", "/scaling: unknown scaling"},
      {R"({"format": "int8", "scaling": "block:16"})", "/scaling: unknown scaling"},
      {R"({"format": "int8", "scaling": {"kind": "static", "scale": 0.5}})",
       "/scaling/kind: scaling of a \"kind\""},
      {R"({"format": "int8", "scaling": {"scale": "posit8"}})", "/scaling/scale/format"},
      {R"({"format": "fp4", "scaling": {"rule": "range"}})", "/format: zero points of"},
      {R"({"format": "nvfp4", "rule": "floor"})", "/rule: one rule for several levels"},
      {R"({"format": "nvfp4", "preset": "ocp"})", "/preset: the preset \"ocp\" is for one level"},
      {R"({"format": "mxfp4", "preset": "oco"})", "/preset: unknown preset \"oco\""},
      {R"({"format": "mxfp4", "special": "nanx"})", "/special: unknown choice"},
      {R"({"format": {"kind": "posit", "bits": 8}, "rounding": "rne", "special": "nan"})",
       "/special: unknown key"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_NE(message_for(text).find(expected), std::string::npos)
        << text << "\n  gives " << message_for(text);
  }
}

TEST(BlockJson, ScalarPlacesRefuseBlockFormats) {
  for (const std::string text :
       {R"("mxfp4")", R"({"kind": "block", "element": "fp4", "scale": "e8m0"})"}) {
    try {
      format_from_json(parse_json(text, ""), "/weight");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("block format"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace halfulp

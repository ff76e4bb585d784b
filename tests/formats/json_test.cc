// SPDX-License-Identifier: MIT
//
// Descriptions survive JSON both ways; what is wrong in a document is refused with its place and a
// remedy.
#include "formats/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/error.h"

namespace halfulp {
namespace {

TEST(FormatJson, EveryFormatSurvives) {
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_EQ(format_from_json(to_json(entry.format), ""), entry.format);
  }
  for (const std::string name : {"e15m112", "e15m112fn", "q3.4", "ue5m3", "binary5p2ue"}) {
    EXPECT_EQ(format_from_json(to_json(find_format(name)), ""), find_format(name));
  }
}

TEST(FormatJson, TheExampleOfTheContractIsE4m3fn) {
  const Format format = format_from_text(
      R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3, "bias": 7, "nan_codes": 1, "infinity": false,
          "negative_zero": true, "subnormals": true, "sign": true})");
  EXPECT_EQ(format.kind, find_format("float8_e4m3fn").kind);
}

TEST(QuantizerJson, SurvivesWithEveryField) {
  for (const Mode mode : all_modes()) {
    for (const OverflowPreset& preset : overflow_presets()) {
      Quantizer quantizer{.format = find_format("float8_e5m2"),
                          .rounding = {.mode = mode, .overflow = preset.rule}};
      quantizer.rounding.tininess = Tininess::before_rounding;
      quantizer.rounding.flush_outputs = Tininess::after_rounding;
      quantizer.rounding.flush_inexact = false;
      quantizer.rounding.nan = NanRule::arm_propagate;
      if (is_stochastic(mode)) quantizer.rounding.random_bits = 9;
      EXPECT_EQ(quantizer_from_json(to_json(quantizer), ""), quantizer);
    }
  }
  Overflow mixed;
  mixed.finite = Overflow::Finite::largest;
  mixed.to_odd = Overflow::ToOdd::odd_code;
  EXPECT_EQ(overflow_from_json(to_json(mixed), ""), mixed);
}

TEST(QuantizerJson, PresetsAreABaseThatOtherMembersChange) {
  const auto read = [](const char* text) {
    return quantizer_from_json(parse_json(text, ""), "").rounding;
  };
  EXPECT_EQ(read(R"({"format": "e8m0", "preset": "ptx-rp"})"),
            find_rounding_preset("ptx-rp").rounding);
  const Rounding changed = read(R"({"overflow": "ieee", "preset": "ptx-rp", "format": "e8m0"})");
  EXPECT_EQ(changed.mode, Mode::away_from_zero);
  EXPECT_EQ(changed.overflow, Overflow{});
  EXPECT_EQ(read(R"({"format": "bf16", "preset": "arm-fz", "nan": "riscv"})").flush_outputs,
            Tininess::before_rounding);
}

TEST(QuantizerJson, FlushingByNameOrByTheRuleOfTininess) {
  const auto flush = [](const char* text) {
    return quantizer_from_json(parse_json(text, ""), "").rounding.flush_outputs;
  };
  EXPECT_EQ(flush(R"({"format": "bf16", "flush_outputs": false})"), std::nullopt);
  EXPECT_EQ(flush(R"({"format": "bf16", "flush_outputs": true})"), Tininess::after_rounding);
  EXPECT_EQ(flush(R"({"format": "bf16", "flush_outputs": true, "tininess": "before"})"),
            Tininess::before_rounding);
  EXPECT_EQ(flush(R"({"format": "bf16", "flush_outputs": "after", "tininess": "before"})"),
            Tininess::after_rounding);
}

std::string message_for(const std::string& text) {
  try {
    quantizer_from_json(parse_json(text, "q.json"), "");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(QuantizerJson, ErrorsNameThePlaceAndTheRemedy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"format": "bflot16"})",
       "/format: unknown format \"bflot16\"; did you mean \"bfloat16\"?"},
      {R"({"format": "bf16", "roundign": "rne"})",
       "/roundign: unknown key \"roundign\"; did you mean \"rounding\"?"},
      {R"({"format": "bf16", "rounding": "rnee"})",
       "/rounding: unknown rounding \"rnee\"; did you mean \"rne\"?"},
      {R"({"format": "bf16", "nan": "amr"})", "/nan: unknown rule for NaN \"amr\""},
      {R"({"format": "bf16", "flush_outputs": 1})", "/flush_outputs: 1 stands here"},
      {R"({"format": "e8m0", "preset": "ptx-rpp"})",
       "/preset: unknown preset \"ptx-rpp\"; did you mean \"ptx-rp\"?"},
      {R"({"format": "bf16", "preset": "universal"})",
       "/preset: \"universal\" says nothing of bfloat16; it is a conversion into E8M0"},
      {R"({"format": "bf16", "random_bits": 65})",
       "/random_bits: 65 is out of range; 0 to 64 is possible"},
      {R"({"format": "bf16", "random_bits": 1.5})", "/random_bits: 1.5 is no integer"},
      {R"({"format": "bf16", "overflow": {"finite": "big"}})",
       "/overflow/finite: \"big\" is not among"},
      {R"({"rounding": "rne"})", "\"format\" is missing"},
      {R"({"format": {"kind": "float", "exponent_bits": 0, "fraction_bits": 3}})",
       "/format/exponent_bits"},
      {R"({"format": {"kind": "flot", "exponent_bits": 4, "fraction_bits": 3}})", "/format/kind"},
      {R"({"format": {"kind": "float", "exponent_bits": 2, "fraction_bits": 1, "nan_codes": 8}})",
       "/format/nan_codes"},
      {R"([1, 2])", "an object {...} is needed"},
      {R"({"format": "bf16", "format": "e5m2"})", "stands twice"},
      {R"({"format": "bf16",)", "q.json: line 1, column"},
      {"", "q.json: line 1"},
      {"{\"format\": \"bf16\"\n \"rounding\": 1}", "line 2"},
      {R"({"format": 7})", "/format"},
      {R"({"format": "no/such/file.json"})", "no/such/file.json: cannot be read"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_NE(message_for(text).find(expected), std::string::npos)
        << text << "\n  gives " << message_for(text);
  }
}

TEST(Json, CommentsAreAllowed) {
  EXPECT_EQ(parse_json("{ // why\n \"a\": 1 /* x */ }", "x")["a"], 1);
}

TEST(Json, NothingHidesBehindANulByte) {
  using namespace std::string_literals;
  for (const std::string& text : {"{}\0"s, "{}\0garbage"s, "\0"s, "[1,\0 2]"s, "{/*\0*/}"s})
    EXPECT_THROW(parse_json(text, "x"), Error) << text.size();
}

TEST(Json, NonFiniteNumbersAreTexts) {
  EXPECT_EQ(number_json(1.0 / 3).dump(), "0.3333333333333333");
  EXPECT_EQ(number_json(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(number_json(-std::numeric_limits<double>::infinity()), "-inf");
}

}  // namespace
}  // namespace halfulp

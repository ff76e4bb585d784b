// SPDX-License-Identifier: MIT
//
// What a number beyond a format raises, and where underflow can be: one rule for every kind of
// format (reference/round.h), on both engines, on codes and on arrays.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "reference/engine.h"
#include "reference/round.h"

namespace halfulp {
namespace {

constexpr std::uint8_t beyond = flags::overflow | flags::inexact;
constexpr std::uint8_t tiny = flags::underflow | flags::inexact;

std::uint8_t raised(const std::string& number, const Quantizer& q) {
  const Real x = parse_real(number);
  const Outcome reference = reference::round(x, q, 0);
  EXPECT_EQ(reference, emulator::round_real(x, q, 0)) << number << " into " << q.format.name;
  return reference.flags;
}

const std::vector<const char*>& formats_of_every_kind() {
  static const std::vector<const char*> names{
      "binary16",
      "float8_e4m3fn",
      "float8_e5m2fnuz",
      "float4_e2m1fn",
      "ue4m3",
      "ufloat11",
      "e8m0",
      "dlfloat16",
      "binary8p4se",
      "binary8p4ue",
      "binary8p1uf",
      "cfloat16_uhp",
      "int8",
      "int1",
      "uint8",
      "uint1",
      "q3.4",
      "uq3.4",
      "int8_symmetric",
      R"({"kind": "affine", "bits": 8, "sign": false, "scale": 0.5})",
      R"({"kind": "affine", "bits": 8, "scale": 0.3, "zero_point": 3})",
      "posit8",
      "takum8",
      "takum_log8",
      "log4.3",
      "ulog4.3",
      "nf4",
      "dynamic8_unsigned",
      "binary",
      R"({"kind": "codebook", "values": [1, 2, 4]})"};
  return names;
}

// Above the largest, below the lowest: the same flags in every kind, under every rule, whatever is
// delivered.
TEST(NumbersBeyondAFormat, RaiseOverflowAndInexact) {
  for (const char* text : formats_of_every_kind()) {
    Quantizer q{.format = format_from_text(text), .rounding = {}};
    for (const Mode mode : {Mode::nearest_even, Mode::toward_zero, Mode::away_from_zero,
                            Mode::to_odd, Mode::nearest_log}) {
      q.rounding.mode = mode;
      for (const OverflowPreset& preset : overflow_presets()) {
        q.rounding.overflow = preset.rule;
        EXPECT_EQ(raised("1e90", q), beyond) << text << " " << preset.name;
        EXPECT_EQ(raised("-1e90", q), beyond) << text << " " << preset.name;
      }
    }
  }
}

TEST(NumbersBeyondAFormat, AreNegativeOnesWhereThereIsNoSign) {
  for (const char* text : {"uint8", "ue4m3", "ufloat11", "e8m0", "ulog4.3", "dynamic8_unsigned",
                           "uq3.4", "binary8p1uf"}) {
    Quantizer q{.format = format_from_text(text), .rounding = {}};
    for (const OverflowPreset& preset : overflow_presets()) {
      q.rounding.overflow = preset.rule;
      EXPECT_EQ(raised("-1", q), beyond) << text << " " << preset.name;
    }
  }
  Quantizer q{.format = find_format("int8"), .rounding = {}};
  EXPECT_EQ(raised("-129", q), beyond);
  EXPECT_EQ(raised("-128.5", q), flags::inexact);  // rounds to -128
  q.format = find_format("uint8");
  EXPECT_EQ(raised("-0.5", q), flags::inexact);  // rounds to zero
  q.format = find_format("ulog3.2");
  EXPECT_EQ(raised("-1e-3", q), flags::inexact);  // rounds to zero
  EXPECT_EQ(raised("-0.25", q), beyond);
  EXPECT_EQ(raised("-0", q), 0);
}

// What stands for an infinity or a zero that the format lacks decides: NaN is invalid.
TEST(InfinitiesAndZerosWithoutAPlace, AreInvalidWhereNanStandsForThem) {
  const auto flags_of = [](const char* number, const char* name, const char* rule) {
    Quantizer q{.format = find_format(name), .rounding = {}};
    q.rounding.overflow = parse_overflow(rule);
    return raised(number, q);
  };
  EXPECT_EQ(flags_of("inf", "float8_e4m3fn", "ieee"), flags::invalid);
  EXPECT_EQ(flags_of("inf", "float8_e4m3fn", "saturate"), beyond);
  EXPECT_EQ(flags_of("-inf", "uint8", "ieee"), beyond);
  EXPECT_EQ(flags_of("inf", "int8", "ieee"), beyond);
  EXPECT_EQ(flags_of("-inf", "ue4m3", "ieee"), flags::invalid);
  EXPECT_EQ(flags_of("-inf", "ue4m3", "saturate"), beyond);
  EXPECT_EQ(flags_of("-inf", "float8_e8m0fnu", "saturate"), beyond);
  EXPECT_EQ(flags_of("0", "float8_e8m0fnu", "ieee"), flags::invalid);
  EXPECT_EQ(flags_of("0", "float8_e8m0fnu", "saturate"), flags::inexact);
}

// IEEE 754-2019 5.8: conversions to integers.
TEST(ConversionsToIntegers, RaiseInvalid) {
  const Format binary32 = find_format("binary32");
  for (const auto& [name, number] : std::vector<std::pair<const char*, int>>{
           {"uint8", -1}, {"uint8", 256}, {"int8", -129}, {"int8", 128}}) {
    const Quantizer q{.format = find_format(name), .rounding = {}};
    const std::array<Code, 1> operand{encode(binary32, make_value(number))};
    const Operation operation{.op = parse_op("to_int"), .inputs = {&binary32, 1}, .output = &q};
    const Outcome ours = emulator::engine().apply(operation, operand, 0);
    EXPECT_EQ(ours, reference::engine().apply(operation, operand, 0));
    EXPECT_EQ(ours.flags, flags::invalid) << name << " " << number;
  }
}

TEST(Underflow, IsOfFloatsWithNormalNumbersAlone) {
  for (const char* text : {"binary16", "float8_e4m3fn", "ue4m3", "e8m0", "dlfloat16",
                           "float4_e2m1fn", "binary8p4se", "binary8p1uf", "cfloat16_uhp"}) {
    const Quantizer q{.format = format_from_text(text), .rounding = {}};
    EXPECT_EQ(raised("1e-90", q), tiny) << text;
  }
  // IEEE style with one exponent bit: all finite numbers are subnormal.
  const char* no_normals = R"({"kind": "float", "exponent_bits": 1, "fraction_bits": 4})";
  for (const char* text :
       {no_normals, "int8", "uint8", "q3.4", "posit8", "takum8", "takum_log8", "log4.3", "nf4",
        R"({"kind": "affine", "bits": 8, "scale": 0.3, "zero_point": 3})",
        R"({"kind": "codebook", "values": [-1, 0, 1]})"}) {
    Quantizer q{.format = format_from_text(text), .rounding = {}};
    for (const Tininess rule : {Tininess::after_rounding, Tininess::before_rounding}) {
      q.rounding.tininess = rule;
      for (const char* number : {"1e-90", "-1e-90", "0.01234"})
        EXPECT_EQ(raised(number, q), flags::inexact) << text << " " << number;
    }
  }
  // Nothing is tiny, so nothing is flushed.
  Quantizer q{.format = format_from_text(no_normals), .rounding = {}};
  q.rounding.flush_outputs = Tininess::after_rounding;
  const Value number = smallest_positive(q.format);
  EXPECT_EQ(reference::round(real(number), q, 0), (Outcome{1, 0}));
  EXPECT_EQ(emulator::round_real(real(number), q, 0), (Outcome{1, 0}));
}

TEST(CountsOfArrays, CallNumbersBeyondAFormatSaturated) {
  const std::array<double, 6> numbers{-1, -0.25, 300, 3, -0.0, -1e9};
  for (const char* name : {"uint8", "ufloat11", "ulog5.3"}) {
    const Quantizer q{.format = find_format(name), .rounding = {}};
    for (const Engine* engine : {&emulator::engine(), &reference::engine()}) {
      std::array<double, 6> out{};
      Counts counts;
      engine->round(view_of(numbers.data(), 1, numbers.size()), engine->prepare(q), Random{},
                    view_of(out.data(), 1, out.size()), &counts);
      const std::uint64_t above = std::string(name) == "uint8" ? 1 : 0;
      const std::uint64_t quarter = std::string(name) == "uint8" ? 0 : 1;  // a number of floats
      EXPECT_EQ(counts.saturated, 2 + above + quarter) << name;
    }
  }
}

}  // namespace
}  // namespace halfulp

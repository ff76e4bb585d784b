// SPDX-License-Identifier: MIT
//
// What standards, libraries and processors deliver where a conversion has a choice, on both
// engines. The expectations are the peers' own answers, row by row: of P3109's report, of ONNX's
// and PTX's documents, of ml_dtypes, gfloat, CPFloat and universal as measured or read.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "reference/engine.h"
#include "reference/round.h"

namespace halfulp {
namespace {

std::string text(const Format& format, const Outcome& outcome) {
  return code_text(format, outcome.code) + " flags " + std::to_string(outcome.flags);
}

// The reference's answer, which the emulator's must equal.
Outcome agreed(const std::string& number, const Quantizer& q) {
  const Real x = parse_real(number);
  const std::uint64_t random = 0x9e3779b9;
  const Outcome reference = reference::round(x, q, random);
  const Outcome emulator = emulator::round_real(x, q, random);
  EXPECT_EQ(reference, emulator) << number << " into " << q.format.name << " "
                                 << name_of(q.rounding.mode) << ": reference "
                                 << text(q.format, reference) << ", emulator "
                                 << text(q.format, emulator);
  return reference;
}

// One situation of one overflow rule: the code in every mode, but for those that are named.
struct Situation {
  const char* overflow;
  const char* format;
  const char* number;
  const char* code;
  std::map<std::string, const char*> otherwise = {};
};

void check(const std::vector<Situation>& situations) {
  for (const Situation& s : situations) {
    Quantizer q{.format = find_format(s.format), .rounding = {}};
    q.rounding.overflow = parse_overflow(s.overflow, q.format);
    std::map<Mode, const char*> otherwise;
    for (const auto& [mode, code] : s.otherwise) otherwise[parse_mode(mode)] = code;
    for (const Mode mode : all_modes()) {
      q.rounding.mode = mode;
      const auto found = otherwise.find(mode);
      const char* want = found == otherwise.end() ? s.code : found->second;
      const Outcome got = agreed(s.number, q);
      EXPECT_TRUE(got.code == parse_code(q.format, want))
          << s.overflow << ": " << s.number << " into " << s.format << " " << name_of(mode)
          << " gives " << code_text(q.format, got.code) << ", not " << want;
    }
  }
}

TEST(OverflowByPeer, IeeeAndOcpNonSaturating) {
  check({{"ieee", "float8_e5m2", "1e6", "7c", {{"rtz", "7b"}, {"rdn", "7b"}}},
         {"ieee", "float8_e5m2", "-1e6", "fc", {{"rtz", "fb"}, {"rup", "fb"}}},
         {"ieee", "float8_e4m3fn", "1e6", "7f", {{"rtz", "7e"}, {"rdn", "7e"}}},
         {"ieee", "float8_e4m3fn", "-1e6", "ff", {{"rtz", "fe"}, {"rup", "fe"}}},
         {"ieee", "float8_e4m3fnuz", "1e6", "80", {{"rtz", "7f"}, {"rdn", "7f"}}},
         {"ieee", "float8_e4m3fnuz", "-1e6", "80", {{"rtz", "ff"}, {"rup", "ff"}}},
         {"ieee", "float4_e2m1fn", "1e6", "7"},
         {"ieee", "float4_e2m1fn", "-1e6", "f"},
         {"ieee", "float8_e5m2", "inf", "7c"},
         {"ieee", "float8_e5m2", "-inf", "fc"},
         {"ieee", "float8_e4m3fn", "inf", "7f"},
         {"ieee", "float8_e4m3fn", "-inf", "ff"},
         {"ieee", "float8_e5m2fnuz", "inf", "80"},
         {"ieee", "float4_e2m1fn", "-inf", "f"},
         {"ieee", "float8_e5m2", "nan", "7e"},
         {"ieee", "float8_e5m2", "-nan", "fe"},
         {"ieee", "float8_e4m3fn", "-nan", "ff"},
         {"ieee", "float8_e4m3fnuz", "nan", "80"}});
}

TEST(OverflowByPeer, OcpSaturatingGfloatAndP3109SatFinite) {
  check({{"saturate", "float8_e5m2", "1e6", "7b"},
         {"saturate", "float8_e5m2", "-inf", "fb"},
         {"saturate", "float8_e4m3fn", "-1e6", "fe"},
         {"saturate", "float8_e4m3fn", "inf", "7e"},
         {"saturate", "float4_e2m1fn", "inf", "7"},
         {"saturate", "float8_e8m0fnu", "1e39", "fe"},
         {"saturate", "float8_e5m2", "nan", "7e"},
         {"saturate", "float8_e4m3fn", "-nan", "ff"}});
  for (const char* rule : {"saturate", "p3109-finite"}) {
    check({{rule, "float8_e4m3fnuz", "inf", "7f"},
           {rule, "float8_e4m3fnuz", "-1e6", "ff"},
           {rule, "binary8p4se", "1e6", "7e"},
           {rule, "binary8p4se", "-inf", "fe"},
           {rule, "binary8p4ue", "1e9", "fd"},
           {rule, "binary8p4ue", "inf", "fd"},
           {rule, "binary8p4ue", "-inf", "00"},
           {rule, "binary8p4uf", "-5", "00"},
           {rule, "binary8p4se", "nan", "80"},
           {rule, "binary8p4ue", "nan", "ff"}});
  }
}

TEST(OverflowByPeer, SaturatingFiniteValuesOnly) {
  check({{"saturate-finite", "float8_e5m2", "-1e6", "fb"},
         {"saturate-finite", "float8_e5m2", "-inf", "fc"},
         {"saturate-finite", "float8_e4m3fn", "1e6", "7e"},
         {"saturate-finite", "float8_e4m3fn", "inf", "7f"},
         {"saturate-finite", "float8_e4m3fnuz", "inf", "80"},
         {"saturate-finite", "float8_e8m0fnu", "inf", "ff"}});
}

TEST(OverflowByPeer, OnnxCast) {
  check({{"onnx", "float8_e4m3fn", "-1e6", "ff"},
         {"onnx", "float8_e5m2", "1e6", "7c"},
         {"onnx", "float8_e5m2fnuz", "1e6", "80"},
         {"onnx", "float8_e4m3fn", "inf", "7f"},
         {"onnx", "float8_e5m2", "-inf", "fc"},
         {"onnx", "float8_e4m3fnuz", "inf", "80"},
         {"onnx", "float8_e4m3fn", "nan", "7f"},
         {"onnx", "float4_e2m1fn", "1e6", "7"},
         {"onnx", "float4_e2m1fn", "-inf", "f"},
         {"onnx", "float4_e2m1fn", "nan", "7"},
         {"onnx", "float4_e2m1fn", "-nan", "7"},
         {"onnx", "float8_e8m0fnu", "1e39", "ff"},
         {"onnx", "float8_e8m0fnu", "inf", "ff"},
         {"onnx", "float8_e8m0fnu", "0", "00"},
         {"onnx", "float8_e8m0fnu", "-4", "81"}});
  check({{"onnx-saturate", "float8_e4m3fn", "1e6", "7e"},
         {"onnx-saturate", "float8_e4m3fn", "-inf", "fe"},
         {"onnx-saturate", "float8_e5m2", "inf", "7b"},
         {"onnx-saturate", "float8_e5m2", "-1e6", "fb"},
         {"onnx-saturate", "float8_e4m3fnuz", "1e6", "7f"},
         {"onnx-saturate", "float8_e4m3fnuz", "inf", "80"},
         {"onnx-saturate", "float8_e5m2fnuz", "-inf", "80"},
         {"onnx-saturate", "float8_e4m3fn", "nan", "7f"},
         {"onnx-saturate", "float4_e2m1fn", "inf", "7"},
         {"onnx-saturate", "float4_e2m1fn", "-nan", "7"},
         {"onnx-saturate", "float8_e8m0fnu", "1e39", "fe"},
         {"onnx-saturate", "float8_e8m0fnu", "inf", "ff"},
         {"onnx-saturate", "float8_e8m0fnu", "-inf", "ff"},
         {"onnx-saturate", "float8_e8m0fnu", "0", "00"},
         {"onnx-saturate", "float8_e8m0fnu", "-4", "81"}});
}

TEST(OverflowByPeer, MlDtypes) {
  check({{"ml-dtypes", "float8_e5m2", "1e6", "7c"},
         {"ml-dtypes", "float8_e4m3fn", "-1e6", "ff"},
         {"ml-dtypes", "float8_e5m2fnuz", "1e6", "80"},
         {"ml-dtypes", "float8_e5m2", "-inf", "fc"},
         {"ml-dtypes", "float8_e4m3fn", "inf", "7f"},
         {"ml-dtypes", "float8_e4m3fn", "nan", "7f"},
         {"ml-dtypes", "float8_e4m3fn", "-nan", "ff"},
         {"ml-dtypes", "float8_e4m3", "-nan", "fc"},
         {"ml-dtypes", "float8_e3m4", "nan", "78"},
         {"ml-dtypes", "float4_e2m1fn", "-1e6", "f"},
         {"ml-dtypes", "float4_e2m1fn", "inf", "7"},
         {"ml-dtypes", "float6_e3m2fn", "1e6", "1f"},
         {"ml-dtypes", "float6_e2m3fn", "-inf", "3f"},
         {"ml-dtypes", "float4_e2m1fn", "nan", "8"},
         {"ml-dtypes", "float4_e2m1fn", "-nan", "0"},
         {"ml-dtypes", "float6_e3m2fn", "nan", "20"},
         {"ml-dtypes", "float6_e2m3fn", "-nan", "00"},
         {"ml-dtypes", "float8_e8m0fnu", "1e39", "ff"},
         {"ml-dtypes", "float8_e8m0fnu", "inf", "ff"},
         {"ml-dtypes", "float8_e8m0fnu", "0", "ff"},
         {"ml-dtypes", "float8_e8m0fnu", "-1", "ff"},
         {"ml-dtypes", "float8_e8m0fnu", "0x1p-149", "00"}});
  check({{"ml-dtypes-saturate", "float8_e5m2", "1e6", "7b"},
         {"ml-dtypes-saturate", "float8_e5m2", "inf", "7c"},
         {"ml-dtypes-saturate", "float8_e4m3fn", "-1e6", "fe"},
         {"ml-dtypes-saturate", "float8_e4m3fn", "-inf", "ff"},
         {"ml-dtypes-saturate", "float8_e4m3fnuz", "1e6", "7f"},
         {"ml-dtypes-saturate", "float8_e4m3fnuz", "inf", "80"},
         {"ml-dtypes-saturate", "float4_e2m1fn", "nan", "8"},
         {"ml-dtypes-saturate", "float8_e8m0fnu", "1e39", "fe"},
         {"ml-dtypes-saturate", "float8_e8m0fnu", "inf", "ff"},
         {"ml-dtypes-saturate", "float8_e8m0fnu", "0", "00"},
         {"ml-dtypes-saturate", "float8_e8m0fnu", "-1", "00"}});
}

// Extended formats have infinities, finite ones none; s is signed, u unsigned.
TEST(OverflowByPeer, P3109SatNone) {
  check({{"p3109-none", "binary8p4se", "1e6", "7f", {{"rtz", "7e"}, {"rdn", "7e"}}},
         {"p3109-none", "binary8p4se", "-1e6", "ff", {{"rtz", "fe"}, {"rup", "fe"}}},
         {"p3109-none", "binary8p4ue", "1e9", "fe", {{"rtz", "fd"}, {"rdn", "fd"}, {"rto", "fd"}}},
         {"p3109-none", "binary8p4sf", "1e6", "7f"},
         {"p3109-none", "binary8p4sf", "-1e6", "ff"},
         {"p3109-none", "binary8p4uf", "1e9", "fe"},
         {"p3109-none", "binary8p4se", "inf", "7f"},
         {"p3109-none", "binary8p4se", "-inf", "ff"},
         {"p3109-none", "binary8p4sf", "inf", "7f"},
         {"p3109-none", "binary8p4sf", "-inf", "ff"},
         {"p3109-none", "binary8p4ue", "inf", "fe"},
         {"p3109-none", "binary8p4uf", "inf", "fe"},
         {"p3109-none", "binary8p4ue", "-inf", "ff"},
         {"p3109-none", "binary8p4uf", "-inf", "ff"},
         {"p3109-none", "binary8p4ue", "-5", "ff", {{"rtz", "00"}, {"rup", "00"}}},
         {"p3109-none", "binary8p4uf", "-5", "ff", {{"rtz", "00"}, {"rup", "00"}}},
         {"p3109-none", "binary8p4ue", "-0", "00"},
         {"p3109-none", "binary8p4se", "nan", "80"},
         {"p3109-none", "binary8p4uf", "nan", "ff"}});
}

TEST(OverflowByPeer, P3109SatPropagate) {
  check({{"p3109-propagate", "binary8p4se", "1e6", "7e"},
         {"p3109-propagate", "binary8p4se", "-1e6", "fe"},
         {"p3109-propagate", "binary8p4ue", "1e9", "fd"},
         {"p3109-propagate", "binary8p4se", "-inf", "ff"},
         {"p3109-propagate", "binary8p4sf", "inf", "7f"},
         {"p3109-propagate", "binary8p4ue", "inf", "fe"},
         {"p3109-propagate", "binary8p4uf", "inf", "fe"},
         {"p3109-propagate", "binary8p4ue", "-inf", "00"},
         {"p3109-propagate", "binary8p4ue", "-5", "00"},
         {"p3109-propagate", "binary8p4se", "-nan", "80"}});
}

TEST(OverflowByPeer, PtxSatfinite) {
  check({{"ptx-satfinite", "float8_e4m3fn", "-1e6", "fe"},
         {"ptx-satfinite", "float8_e5m2", "inf", "7b"},
         {"ptx-satfinite", "float8_e4m3fn", "nan", "7f"},
         {"ptx-satfinite", "float4_e2m1fn", "nan", "7"},
         {"ptx-satfinite", "float4_e2m1fn", "-nan", "7"},
         {"ptx-satfinite", "float6_e3m2fn", "-nan", "1f"},
         {"ptx-satfinite", "float6_e2m3fn", "-inf", "3f"},
         {"ptx-satfinite", "float8_e8m0fnu", "inf", "fe"},
         {"ptx-satfinite", "float8_e8m0fnu", "nan", "ff"},
         {"ptx-satfinite", "float8_e8m0fnu", "0", "00"},
         {"ptx-satfinite", "float8_e8m0fnu", "-4", "81"}});
}

TEST(OverflowByPeer, CpfloatAndDojo) {
  check({{"cpfloat", "float8_e5m2", "1e6", "7c", {{"rtz", "7b"}, {"rdn", "7b"}, {"rto", "7b"}}},
         {"cpfloat", "float8_e5m2", "-1e6", "fc", {{"rtz", "fb"}, {"rup", "fb"}, {"rto", "fb"}}},
         {"cpfloat", "float8_e5m2", "inf", "7c"},
         {"cpfloat", "float8_e4m3fn", "inf", "7f", {{"rtz", "7e"}, {"rdn", "7e"}, {"rto", "7e"}}},
         {"dojo", "cfloat16_shp", "1e30", "7fff"},
         {"dojo", "cfloat16_shp", "-inf", "ffff"},
         {"dojo", "cfloat16_shp", "nan", "7fff"},
         {"dojo", "cfloat16_shp", "-nan", "ffff"}});
}

// 3 lies in the middle between 80 (even) and 81, 1.5 between 7f and 80; 0x1.6a09e6p+0 and
// 0x1.6a09e8p+0 are the binary32 numbers on either side of the root of 2.
struct ScaleRow {
  const char* preset;
  std::map<std::string, const char*> codes;
};

const std::vector<ScaleRow> scale_rows{
    {"ocp-floor",
     {{"1", "7f"},
      {"1.5", "7f"},
      {"3", "80"},
      {"3.999", "80"},
      {"0", "00"},
      {"inf", "ff"},
      {"nan", "ff"},
      {"-3", "80"},
      {"0x1p-149", "00"},
      {"0x1.000004p-127", "00"},
      {"0x1.8p127", "fe"},
      {"0x1p128", "ff"}}},
    {"gfloat",
     {{"1", "7f"},
      {"1.4999", "7f"},
      {"1.5", "80"},
      {"3", "80"},
      {"3.001", "81"},
      {"0", "ff"},
      {"inf", "ff"},
      {"nan", "ff"},
      {"-1", "ff"},
      {"0x1p-149", "ff"},
      {"0x1p-128", "ff"},
      {"0x1.8p-128", "00"},
      {"0x1.8p127", "fe"},
      {"0x1.fp127", "ff"}}},
    {"ml-dtypes",
     {{"1.4999", "7f"},
      {"1.5", "80"},
      {"2.999", "80"},
      {"3", "81"},
      {"0", "ff"},
      {"inf", "ff"},
      {"nan", "ff"},
      {"-1", "ff"},
      {"0x1p-149", "00"},
      {"0x1p-128", "00"},
      {"0x1.8p127", "ff"}}},
    {"onnx-up",
     {{"1", "7f"},
      {"0x1.000002p0", "80"},
      {"1.125", "80"},
      {"3", "81"},
      {"0", "00"},
      {"inf", "ff"},
      {"-inf", "ff"},
      {"nan", "ff"},
      {"-1", "7f"},
      {"-3", "81"},
      {"0x1.000004p-127", "01"},
      {"0x1.8p127", "fe"}}},
    {"onnx-nearest",
     {{"1.4999", "7f"},
      {"1.5", "80"},
      {"3", "81"},
      {"-3", "81"},
      {"0", "00"},
      {"inf", "ff"},
      {"0x1p-149", "00"},
      {"0x1.8p127", "fe"}}},
    {"onnx-down", {{"1.999", "7f"}, {"-3", "80"}, {"0", "00"}, {"inf", "ff"}, {"nan", "ff"}}},
    {"ptx-rp",
     {{"1", "7f"},
      {"0x1.000002p0", "80"},
      {"3", "81"},
      {"0", "00"},
      {"inf", "fe"},
      {"-inf", "fe"},
      {"nan", "ff"},
      {"-3", "81"},
      {"0x1p-149", "00"},
      {"0x1p-127", "00"},
      {"0x1.000004p-127", "01"},
      {"0x1.8p127", "fe"}}},
    {"ptx-rz",
     {{"1.999", "7f"},
      {"3", "80"},
      {"0", "00"},
      {"inf", "fe"},
      {"nan", "ff"},
      {"-3", "80"},
      {"0x1p-149", "00"},
      {"0x1.8p-127", "00"},
      {"0x1.8p127", "fe"}}},
    {"universal",
     {{"1", "7f"},
      {"0x1.6a09e6p+0", "7f"},
      {"0x1.6a09e8p+0", "80"},
      {"2.8", "80"},
      {"2.9", "81"},
      {"0", "00"},
      {"inf", "fe"},
      {"nan", "ff"},
      {"-1", "00"},
      {"-inf", "00"},
      {"0x1p-149", "00"},
      {"0x1.6a09e6p-127", "00"},
      {"0x1.8p-127", "01"},
      {"0x1.8p127", "fe"}}},
};

TEST(ScalesByPeer, TurnsZerosInfinitiesAndSubnormals) {
  EXPECT_EQ(static_cast<std::ptrdiff_t>(scale_rows.size()),
            std::count_if(rounding_presets().begin(), rounding_presets().end(),
                          [](const RoundingPreset& preset) { return preset.powers_of_two; }));
  for (const ScaleRow& row : scale_rows) {
    const RoundingPreset& preset = find_rounding_preset(row.preset);
    const Quantizer q{.format = find_format("e8m0"), .rounding = preset.rounding};
    EXPECT_NO_THROW(require_fits(preset, q.format));
    EXPECT_THROW(require_fits(preset, find_format("float8_e4m3fn")), Error);
    for (const auto& [number, code] : row.codes) {
      const Outcome got = agreed(number, q);
      EXPECT_TRUE(got.code == parse_code(q.format, code))
          << row.preset << ": " << number << " gives " << code_text(q.format, got.code) << ", not "
          << code;
    }
  }
}

double rounded(const Format& format, const char* number, Mode mode) {
  const Quantizer q{.format = format, .rounding = {.mode = mode, .overflow = {}}};
  return to_double(decode(format, agreed(number, q).code));
}

TEST(NearestDown, TakesTiesTowardMinusInfinity) {
  const Format int8 = find_format("int8");
  EXPECT_EQ(rounded(int8, "2.5", Mode::nearest_down), 2);
  EXPECT_EQ(rounded(int8, "3.5", Mode::nearest_down), 3);
  EXPECT_EQ(rounded(int8, "-2.5", Mode::nearest_down), -3);
  EXPECT_EQ(rounded(int8, "-3.5", Mode::nearest_down), -4);
  EXPECT_EQ(rounded(int8, "2.51", Mode::nearest_down), 3);
  EXPECT_EQ(rounded(int8, "-2.49", Mode::nearest_down), -2);
  EXPECT_EQ(rounded(int8, "2.5", Mode::nearest_up), 3);
  EXPECT_EQ(rounded(int8, "-2.5", Mode::nearest_up), -2);
}

// sqrt(1 * 1.125) = 1.0606..., below the middle 1.0625.
TEST(NearestLog, TurnsAtTheGeometricMean) {
  const Format e4m3fn = find_format("float8_e4m3fn");
  EXPECT_EQ(rounded(e4m3fn, "1.0606", Mode::nearest_log), 1);
  EXPECT_EQ(rounded(e4m3fn, "1.0607", Mode::nearest_log), 1.125);
  EXPECT_EQ(rounded(e4m3fn, "-1.0607", Mode::nearest_log), -1.125);
  EXPECT_EQ(rounded(e4m3fn, "1.0607", Mode::nearest_even), 1);
  EXPECT_EQ(rounded(e4m3fn, "-1e-30", Mode::nearest_log), -0x1p-9);
  const Format list{.name = "list", .kind = make_codebook({0, 1, 4, 9})};
  EXPECT_EQ(rounded(list, "2", Mode::nearest_log), 4);  // a tie: 4 has the even code
  EXPECT_EQ(rounded(list, "6", Mode::nearest_log), 4);  // and here too
  EXPECT_EQ(rounded(list, "1.999999999999999999999", Mode::nearest_log), 1);
  EXPECT_EQ(rounded(list, "6.000000000000000000001", Mode::nearest_log), 9);
  const Format signs{.name = "signs", .kind = make_codebook({-2, 8})};
  EXPECT_EQ(rounded(signs, "0.001", Mode::nearest_log), 8);
  EXPECT_EQ(rounded(signs, "-0.001", Mode::nearest_log), -2);
  const Format posit{.name = "posit8", .kind = Posit{.bits = 8}};
  EXPECT_EQ(rounded(posit, "0.99", Mode::nearest_log), 1);
}

// The root of 2 is as far from 1 as from 2.
TEST(NearestLog, TiesAreRootsAndGoToEven) {
  const Format binary32 = find_format("binary32");
  const Quantizer q{.format = find_format("e8m0"),
                    .rounding = {.mode = Mode::nearest_log, .overflow = {}}};
  const auto root = [&](std::int64_t number) {
    const std::array<Code, 1> operand{encode(binary32, make_value(number))};
    const Operation operation{.op = Op::square_root, .inputs = {&binary32, 1}, .output = &q};
    const Outcome ours = emulator::engine().apply(operation, operand, 0);
    EXPECT_EQ(ours, reference::engine().apply(operation, operand, 0)) << number;
    return ours.code;
  };
  EXPECT_TRUE(root(2) == 0x80);   // between 7f and 80
  EXPECT_TRUE(root(8) == 0x80);   // between 80 and 81
  EXPECT_TRUE(root(32) == 0x82);  // between 81 and 82
  EXPECT_TRUE(root(7) == 0x80);
  EXPECT_TRUE(root(9) == 0x81);
}

}  // namespace
}  // namespace halfulp

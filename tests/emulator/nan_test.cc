// SPDX-License-Identifier: MIT
//
// Which NaN a result is by each rule, and what processors do with tiny results, on both engines.
// The rows for x86 are what a processor answered; those for Arm follow FPProcessNaNs,
// FPProcessNaNs3 and FPRound of the Arm Architecture Reference Manual.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"

namespace halfulp {
namespace {

constexpr std::uint8_t invalid = flags::invalid;

Outcome applied(const Quantizer& q, Op op, const std::vector<Code>& operands) {
  const std::vector<Format> inputs(operands.size(), q.format);
  const Operation operation{.op = op, .inputs = inputs, .output = &q};
  const Outcome reference = reference::engine().apply(operation, operands, 0);
  EXPECT_EQ(reference, emulator::engine().apply(operation, operands, 0)) << name_of(op);
  return reference;
}

Outcome converted(const Format& from, Code code, const Quantizer& q) {
  const Outcome reference =
      reference::engine().convert(from, code, reference::engine().prepare(q), 0);
  EXPECT_EQ(reference, emulator::engine().convert(from, code, emulator::engine().prepare(q), 0));
  return reference;
}

struct Row {
  const char* rule;
  Op op;
  std::vector<Code> operands;
  Code code;
  std::uint8_t raised = 0;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    Quantizer q{.format = find_format("binary32"), .rounding = {}};
    q.rounding.nan = parse_nan_rule(row.rule);
    const Outcome got = applied(q, row.op, row.operands);
    std::string operands;
    for (const Code code : row.operands) operands += " " + code_text(q.format, code);
    EXPECT_TRUE(got.code == row.code)
        << row.rule << " " << name_of(row.op) << operands << ": " << code_text(q.format, got.code);
    EXPECT_EQ(got.flags, row.raised) << row.rule << " " << name_of(row.op) << operands;
  }
}

constexpr Code one = 0x3f800000;
constexpr Code minus_one = 0xbf800000;
constexpr Code infinity = 0x7f800000;
constexpr Code minus_infinity = 0xff800000;

TEST(NanRule, X86TakesTheFirstOperand) {
  check({{"x86", Op::add, {0x7fc12345, 0xffc54321}, 0x7fc12345},
         {"x86", Op::add, {0x7fc12345, 0xff854321}, 0x7fc12345, invalid},
         {"x86", Op::multiply, {0x7f812345, 0xffc54321}, 0x7fc12345, invalid},
         {"x86", Op::subtract, {one, 0xff854321}, 0xffc54321, invalid},
         {"x86", Op::divide, {one, 0xffc54321}, 0xffc54321},
         {"x86", Op::add, {infinity, minus_infinity}, 0xffc00000, invalid},
         {"x86", Op::divide, {0, 0}, 0xffc00000, invalid},
         {"x86", Op::square_root, {minus_one}, 0xffc00000, invalid},
         {"x86", Op::square_root, {0xffc00001}, 0xffc00001},
         {"x86", Op::fused_multiply_add, {0x7fc00001, 0x7f800002, 0x7fc00003}, 0x7fc00001, invalid},
         {"x86", Op::fused_multiply_add, {one, 0x7fc00002, 0x7f800003}, 0x7fc00002, invalid},
         {"x86", Op::fused_multiply_add, {one, one, 0x7f800003}, 0x7fc00003, invalid},
         {"x86", Op::fused_multiply_add, {infinity, 0, 0x7fc00003}, 0x7fc00003},
         {"x86", Op::fused_multiply_add, {infinity, 0, 0x7f800003}, 0x7fc00003, invalid},
         {"x86", Op::fused_multiply_add, {infinity, 0, one}, 0xffc00000, invalid}});
}

TEST(NanRule, ArmTakesSignallingOnesAndTheAddendFirst) {
  const char* rule = "arm-propagate";
  check({{rule, Op::add, {0x7fc12345, 0xffc54321}, 0x7fc12345},
         {rule, Op::add, {0x7fc12345, 0xff854321}, 0xffc54321, invalid},
         {rule, Op::subtract, {infinity, infinity}, 0x7fc00000, invalid},
         {rule, Op::fused_multiply_add, {0x7fc00001, 0x7fc00002, 0x7fc00003}, 0x7fc00003},
         {rule, Op::fused_multiply_add, {0x7fc00001, 0x7f800002, 0x7fc00003}, 0x7fc00002, invalid},
         {rule, Op::fused_multiply_add, {0x7f800001, 0x7f800002, one}, 0x7fc00001, invalid},
         {rule, Op::fused_multiply_add, {infinity, 0, 0xffc00003}, 0x7fc00000, invalid},
         {rule, Op::fused_multiply_add, {infinity, 0, 0xff800003}, 0xffc00003, invalid}});
}

TEST(NanRule, TheOthersHaveOneNan) {
  for (const auto& [rule, code] : {std::pair<const char*, Code>{"keep-sign", 0x7fc00000},
                                   {"arm", 0x7fc00000},
                                   {"riscv", 0x7fc00000},
                                   {"nvidia", 0x7fffffff},
                                   {"gfloat", 0xffffffff}}) {
    check({{rule, Op::add, {one, 0xffc54321}, code},
           {rule, Op::multiply, {0xff854321, one}, code, invalid},
           {rule, Op::multiply, {0, infinity}, code, invalid},
           {rule, Op::fused_multiply_add, {infinity, 0, 0xffc00003}, code, invalid}});
  }
}

TEST(NanRule, Conversions) {
  struct Conversion {
    const char* rule;
    const char* from;
    Code operand;
    const char* to;
    Code code;
    std::uint8_t raised = 0;
  };
  const std::vector<Conversion> conversions{
      {"x86", "binary64", 0x7ff8000000000001, "binary32", 0x7fc00000},
      {"x86", "binary64", 0xfff4000020000001, "binary32", 0xffe00001, invalid},
      {"x86", "binary64", 0x7ff0000000000001, "binary32", 0x7fc00000, invalid},
      {"x86", "binary64", 0xffffffffffffffff, "binary32", 0xffffffff},
      {"x86", "binary32", 0x7fc00001, "binary64", 0x7ff8000020000000},
      {"x86", "binary32", 0xff800001, "binary64", 0xfff8000020000000, invalid},
      {"x86", "binary32", 0xffc54321, "binary16", 0xfe2a},
      {"x86", "binary16", 0xfc01, "binary32", 0xffc02000, invalid},
      {"x86", "binary16", 0x7f00, "float8_e5m2", 0x7f},
      {"x86", "binary16", 0x7e01, "float8_e5m2", 0x7e},
      {"x86", "float8_e4m3fn", 0xff, "binary32", 0xffc00000},
      {"arm-propagate", "binary32", 0xffc54321, "binary16", 0xfe2a},
      {"arm", "binary32", 0xffc54321, "binary16", 0x7e00},
      {"riscv", "binary32", 0xff854321, "binary16", 0x7e00, invalid},
      {"nvidia", "binary32", 0xffc00000, "binary16", 0x7fff},
      {"nvidia", "binary32", 0xffc00000, "bfloat16", 0x7fff},
      {"nvidia", "binary32", 0xffc00000, "float8_e5m2", 0x7f},
      {"nvidia", "binary32", 0xffc00000, "float8_e4m3fn", 0x7f},
      {"gfloat", "binary32", 0x7fc00000, "float8_e5m2", 0xff},
      {"gfloat", "binary32", 0x7fc00000, "float8_e4m3fn", 0xff},
      {"keep-sign", "binary32", 0xffc54321, "float8_e5m2", 0xfe},
      {"keep-sign", "binary32", 0xffc54321, "float8_e4m3", 0xfc},
      {"keep-sign", "binary32", 0xffc54321, "float8_e4m3fn", 0xff},
      {"nvidia", "binary32", 0xffc54321, "float8_e4m3fnuz", 0x80},
      {"x86", "binary32", 0x7fc54321, "binary8p4se", 0x80},
  };
  for (const Conversion& c : conversions) {
    Quantizer q{.format = find_format(c.to), .rounding = {}};
    q.rounding.nan = parse_nan_rule(c.rule);
    const Outcome got = converted(find_format(c.from), c.operand, q);
    EXPECT_TRUE(got.code == c.code && got.flags == c.raised)
        << c.rule << " " << c.from << " to " << c.to << ": " << code_text(q.format, got.code)
        << " flags " << int{got.flags};
  }
}

// Overflow to NaN is no NaN operand: it has the sign of the number, by every rule.
TEST(NanRule, LeavesTheOverflowRuleAlone) {
  for (const NanPreset& preset : nan_presets()) {
    Quantizer q{.format = find_format("float8_e4m3fn"), .rounding = {}};
    q.rounding.nan = preset.rule;
    EXPECT_TRUE(converted(find_format("binary32"), 0xc7c35000, q).code == 0xff) << preset.name;
    EXPECT_TRUE(converted(find_format("binary32"), infinity, q).code == 0x7f) << preset.name;
  }
}

// What the lanes deliver and encode, on every instruction set: vectors full of NaNs and numbers.
TEST(NanRule, ArraysAndTheirCodesFollowIt) {
  std::vector<float> floats;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const std::uint32_t pattern = i % 3 == 0 ? 0x3f800000U + i : 0x7f800001U + (i * 0x2ab0d5U);
    floats.push_back(std::bit_cast<float>(pattern | (i % 5 == 1 ? 0x80000000U : 0U)));
  }
  for (const std::string& set : emulator::instruction_sets()) {
    emulator::force_instruction_set(set);
    for (const char* to : {"binary16", "bfloat16", "binary32", "float8_e4m3fn", "binary64"}) {
      for (const NanPreset& preset : nan_presets()) {
        Quantizer q{.format = find_format(to), .rounding = {}};
        q.rounding.nan = preset.rule;
        const Plan plan = emulator::engine().prepare(q);
        std::vector<std::uint8_t> bytes(packed_bytes(q.format, floats.size()));
        emulator::engine().encode(view_of(std::span<const float>(floats)), plan, {}, bytes,
                                  nullptr);
        std::vector<double> doubles(floats.size());
        emulator::engine().round(view_of(std::span<const float>(floats)), plan, {},
                                 view_of(std::span<double>(doubles)), nullptr);
        const auto width = static_cast<std::size_t>(packed_bits(q.format)) / 8;
        for (std::size_t i = 0; i < floats.size(); ++i) {
          Code code = 0;
          for (std::size_t k = width; k-- > 0;) code = code << 8 | bytes[i * width + k];
          const Code want =
              converted(find_format("binary32"), std::bit_cast<std::uint32_t>(floats[i]), q).code;
          ASSERT_TRUE(code == want) << set << " " << preset.name << " to " << to << " of "
                                    << std::hex << std::bit_cast<std::uint32_t>(floats[i]);
          const Value value = decode(q.format, want);
          if (!value.is_nan() || !has_nan_fraction(q.format)) continue;
          ASSERT_EQ(std::bit_cast<std::uint64_t>(doubles[i]),
                    std::bit_cast<std::uint64_t>(to_double(value)))
              << set << " " << preset.name << " to " << to;
        }
      }
    }
  }
  emulator::force_instruction_set("");
}

struct Tiny {
  const char* preset;
  std::vector<Code> factors;
  Code product;
  std::uint8_t raised = 0;
};

constexpr std::uint8_t inexact = flags::inexact;
constexpr std::uint8_t under = flags::underflow | flags::inexact;

// 0x00fffffe * 0x3f000001 is less than the least normal number by less than a quarter of the last
// place that it would have with an unbounded exponent: tiny before rounding only.
TEST(Flushing, ProcessorsDifferInWhenAndInFlags) {
  const std::vector<Code> nearly{0x00fffffe, 0x3f000001};
  const std::vector<Code> exact_half{0x00800000, 0x3f000000};
  const std::vector<Code> inexact_half{0x00800001, 0xbf000000};
  const std::vector<Code> subnormal{0x80400000, 0x3f000000};
  const std::vector<Tiny> rows{{"x86", nearly, 0x00800000, inexact},
                               {"x86", exact_half, 0x00400000},
                               {"x86", inexact_half, 0x80400000, under},
                               {"x86-ftz", nearly, 0x00800000, inexact},
                               {"x86-ftz", exact_half, 0, under},
                               {"x86-ftz", inexact_half, 0x80000000, under},
                               {"x86-ftz", subnormal, 0x80000000},
                               {"arm", nearly, 0x00800000, under},
                               {"arm", exact_half, 0x00400000},
                               {"arm-fz", nearly, 0, flags::underflow},
                               {"arm-fz", exact_half, 0, flags::underflow},
                               {"arm-fz", inexact_half, 0x80000000, flags::underflow},
                               {"arm-fz", subnormal, 0x80000000},
                               {"riscv", nearly, 0x00800000, inexact}};
  for (const Tiny& row : rows) {
    const Quantizer q{.format = find_format("binary32"),
                      .rounding = find_rounding_preset(row.preset).rounding};
    const Outcome got = applied(q, Op::multiply, row.factors);
    EXPECT_TRUE(got.code == row.product && got.flags == row.raised)
        << row.preset << " " << code_text(q.format, row.factors[0]) << ": "
        << code_text(q.format, got.code) << " flags " << int{got.flags};
  }
}

// The rule of the flush need not be the rule of the flag.
TEST(Flushing, IsIndependentOfTheFlagsTininess) {
  Quantizer q{.format = find_format("binary32"), .rounding = {}};
  const std::vector<Code> nearly{0x00fffffe, 0x3f000001};
  q.rounding.flush_outputs = Tininess::before_rounding;
  EXPECT_EQ(applied(q, Op::multiply, nearly), (Outcome{0, under}));
  q.rounding.tininess = Tininess::before_rounding;
  q.rounding.flush_outputs = Tininess::after_rounding;
  EXPECT_EQ(applied(q, Op::multiply, nearly), (Outcome{0x00800000, under}));
}

}  // namespace
}  // namespace halfulp

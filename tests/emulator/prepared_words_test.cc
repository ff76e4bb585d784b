// SPDX-License-Identifier: MIT
//
// Prepared operations in words of 64 bits (emulator/prepared/word_operation.cc says where) against
// the scalar path and the reference: all codes of short formats, exponents at every distance at
// which something is shifted out, floats of any shape; and codes that come as words.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "emulator/prepared/operation.h"
#include "formats/error.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using sampling::Stream;

constexpr std::array served{Op::convert, Op::add, Op::subtract, Op::multiply,
                            Op::fused_multiply_add};

struct Prepared {
  Op op;
  std::vector<Format> inputs;
  Quantizer output;
  OperationPlan plan;

  Prepared(Op operation, std::vector<Format> from, Quantizer to)
      : op(operation), inputs(std::move(from)), output(std::move(to)) {
    plan = emulator::engine().prepare_operation({.op = op, .inputs = inputs, .output = &output});
  }

  void check(std::span<const Code> codes, const Engine& judge) const {
    const Outcome want = judge.apply({.op = op, .inputs = inputs, .output = &output}, codes, 0);
    const Outcome got = emulator::engine().operate(plan, codes, 0);
    std::string text = std::string(name_of(op)) + " to " + cases::describe(output);
    for (std::size_t i = 0; i < codes.size(); ++i)
      text += ", " + inputs[i].name + " " + code_text(inputs[i], codes[i]);
    ASSERT_EQ(got, want) << text << "\n  prepared " << cases::describe(output.format, got) << "\n  "
                         << judge.name << " " << cases::describe(output.format, want);
    if (!emulator::is_short(plan)) return;
    std::array<std::uint64_t, 3> words{~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}};
    for (std::size_t i = 0; i < codes.size(); ++i) words[i] = static_cast<std::uint64_t>(codes[i]);
    const emulator::ShortOutcome of_words = emulator::operate_on_short_codes(plan, words, 0);
    ASSERT_EQ(Code{of_words.code}, want.code) << text;
    ASSERT_EQ(of_words.flags, want.flags) << text;
  }
};

std::vector<Mode> modes_without_draws() {
  std::vector<Mode> modes;
  for (const Mode mode : all_modes()) {
    if (!is_stochastic(mode)) modes.push_back(mode);
  }
  return modes;
}

Quantizer quantizer_of(const Format& format, Mode mode, Tininess tininess) {
  Quantizer q{.format = format, .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.tininess = tininess;
  return q;
}

constexpr std::array tininesses{Tininess::after_rounding, Tininess::before_rounding};

// All operands of formats of few bits.
void check_all(const Prepared& prepared) {
  const int width = bits(prepared.inputs[0]);
  const std::size_t together = static_cast<std::size_t>(width) * prepared.inputs.size();
  for (std::uint64_t place = 0; place < std::uint64_t{1} << together; ++place) {
    std::vector<Code> codes;
    for (std::size_t i = 0; i < prepared.inputs.size(); ++i)
      codes.push_back(place >> (i * static_cast<std::size_t>(width)) & ((1U << width) - 1));
    prepared.check(codes, emulator::engine());
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(PreparedWords, FusedProductsOfAllShortCodesAreThoseOfTheScalarPath) {
  const Format small = cases::custom(
      "e3m1", Float{.exponent_bits = 3, .fraction_bits = 1, .bias = 3, .nan_codes = 1});
  for (const Mode mode : modes_without_draws()) {
    for (const Tininess tininess : tininesses) {
      for (const Format& format : {small, find_format("float4_e2m1fn")}) {
        check_all({Op::fused_multiply_add, std::vector<Format>(3, format),
                   quantizer_of(format, mode, tininess)});
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(PreparedWords, OfEightBitsAreThoseOfTheScalarPath) {
  std::size_t turn = 0;
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz"}) {
    const Format format = find_format(name);
    for (const Mode mode : modes_without_draws()) {
      const Op op = served[1 + turn % 3];
      const Tininess tininess = tininesses[turn++ % 2];
      check_all({op, std::vector<Format>(2, format), quantizer_of(format, mode, tininess)});
      if (HasFatalFailure()) return;
    }
  }
}

// Significands at the ends of a binade, an exponent apart as far as matters and farther.
TEST(PreparedWords, SumsAreRightAtEveryDistance) {
  Stream stream(71);
  for (const char* name : {"binary16", "bfloat16", "binary32", "binary64"}) {
    const Format format = find_format(name);
    const Float& f = std::get<Float>(format.kind);
    const Code hidden = Code{1} << f.fraction_bits;
    const std::array<Code, 5> fractions{0, 1, hidden / 2, hidden - 2, hidden - 1};
    const Code sign = Code{1} << (f.exponent_bits + f.fraction_bits);
    const Code most = (Code{1} << f.exponent_bits) - 2;
    for (const Op op : {Op::add, Op::subtract, Op::fused_multiply_add}) {
      for (const Mode mode : modes_without_draws()) {
        const std::size_t count = op == Op::fused_multiply_add ? 3 : 2;
        const Prepared prepared(op, std::vector<Format>(count, format),
                                quantizer_of(format, mode, tininesses[stream.below(2)]));
        for (Code apart = 0; apart <= 66 && apart < most; ++apart) {
          for (int i = 0; i < 12; ++i) {
            const Code field =
                stream.bits(1) != 0 ? stream.below(3) : stream.below(std::uint64_t(most - apart));
            const auto number = [&](Code exponent) {
              return (exponent << f.fraction_bits) + fractions[stream.below(5)] +
                     (stream.bits(1) != 0 ? sign : 0);
            };
            std::vector<Code> codes{number(field), number(field + apart)};
            if (stream.bits(1) != 0) std::swap(codes[0], codes[1]);
            if (count == 3)
              codes.insert(codes.begin(), number(static_cast<Code>(f.bias) - stream.below(2)));
            prepared.check(codes, i < 2 ? reference::engine() : emulator::engine());
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

// The least number of a format of few exponents, less what differs from it in a last bit that lies
// 31 places farther down: where the difference begins is below all that a word holds of both.
TEST(PreparedWords, DifferencesBelowTheWordAreLeftToOtherWays) {
  const Format few =
      cases::custom("few", Float{.exponent_bits = 3, .fraction_bits = 31, .bias = 3});
  const Format many =
      cases::custom("many", Float{.exponent_bits = 8, .fraction_bits = 31, .bias = 127});
  const Code number = Code{127 - 33} << 31 | 1;
  for (const Mode mode : modes_without_draws()) {
    const Quantizer output = quantizer_of(
        cases::custom("result", Float{.exponent_bits = 8, .fraction_bits = 10, .bias = 127}), mode,
        Tininess::after_rounding);
    Prepared(Op::subtract, {few, many}, output)
        .check(std::array{Code{1}, number}, reference::engine());
    Prepared(Op::subtract, {many, few}, output)
        .check(std::array{number, Code{1}}, reference::engine());
    if (HasFatalFailure()) return;
  }
}

// May have too few codes for what it says.
Float draw_fields(Stream& stream) {
  const int exponent_bits =
      static_cast<int>(stream.bits(3) == 0 ? 2 + stream.below(18) : 2 + stream.below(8));
  const int room = 62 - exponent_bits;
  const int fraction_bits =
      1 + static_cast<int>(stream.bits(1) != 0 ? stream.below(24) : stream.below(52));
  Float f{.exponent_bits = exponent_bits, .fraction_bits = std::min(fraction_bits, room)};
  f.bias = (std::int64_t{1} << (exponent_bits - 1)) - 1;
  if (stream.bits(2) == 0) f.bias += static_cast<std::int64_t>(stream.below(100)) - 50;
  if (stream.bits(4) == 0) f.bias = static_cast<std::int64_t>(stream.below(1 << 21)) - (1 << 20);
  f.infinity = stream.bits(1) != 0;
  f.negative_zero = stream.bits(2) != 0;
  f.nan_codes = stream.bits(1) != 0 ? 1 : (Code{1} << f.fraction_bits) - 1;
  if (!f.negative_zero) f.nan_codes = 0;
  f.subnormals = stream.bits(3) != 0;
  return f;
}

Format draw_float(Stream& stream) {
  while (true) {
    try {
      return cases::custom("drawn", draw_fields(stream));
    } catch (const Error&) {
    }
  }
}

TEST(PreparedWords, OfDrawnFloatsAreThoseOfBothEngines) {
  Stream stream(72);
  const std::vector<Mode> modes = modes_without_draws();
  for (std::size_t turn = 0; turn < sampling::draws(4000); ++turn) {
    const Op op = served[turn % served.size()];
    const Format output = draw_float(stream);
    const Format input = stream.bits(1) != 0 ? output : draw_float(stream);
    std::vector<Format> inputs;
    for (int i = 0; i < arity(op); ++i)
      inputs.push_back(stream.bits(2) != 0 ? input : draw_float(stream));
    const Prepared prepared(
        op, inputs,
        quantizer_of(output, modes[stream.below(modes.size())], tininesses[stream.below(2)]));
    for (int i = 0; i < 30; ++i) {
      std::vector<Code> codes;
      for (const Format& format : inputs) codes.push_back(sampling::draw_code(format, stream));
      prepared.check(codes, i < 3 ? reference::engine() : emulator::engine());
      if (HasFatalFailure()) return;
    }
  }
}

// Shifts differ from one instruction set to another.
TEST(PreparedWords, AreTheSameOnEveryInstructionSet) {
  Stream stream(73);
  const Format format = find_format("binary16");
  for (const std::string& name : emulator::instruction_sets()) {
    emulator::force_instruction_set(name);
    for (const Op op : served) {
      const Format from = op == Op::convert ? find_format("binary32") : format;
      const Prepared prepared(op, std::vector<Format>(static_cast<std::size_t>(arity(op)), from),
                              {.format = format, .rounding = {}});
      for (int i = 0; i < 2000; ++i) {
        std::vector<Code> codes;
        for (const Format& input : prepared.inputs)
          codes.push_back(sampling::draw_code(input, stream));
        prepared.check(codes, emulator::engine());
        if (HasFatalFailure()) break;
      }
    }
  }
  emulator::force_instruction_set("");
}

}  // namespace
}  // namespace halfulp

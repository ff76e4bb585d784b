// SPDX-License-Identifier: MIT
//
// The emulator's operations on codes against the reference's, in every bit of code and flags:
// exhaustively where formats are small, on boundary-biased draws where they are not.
#include <gtest/gtest.h>

#include <bit>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "reference/round.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;

std::uint64_t draw_random(const Rounding& rounding, sampling::Stream& stream) {
  const std::uint64_t all = rounding.random_bits == 64
                                ? ~std::uint64_t{0}
                                : (std::uint64_t{1} << rounding.random_bits) - 1;
  switch (stream.below(6)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return all / 2;
    case 3:
      return all / 2 + 1;
    default:
      return stream.bits(rounding.random_bits);
  }
}

// Compares one operation; answers whether they agree.
bool same(Op op, std::span<const Format> inputs, const Quantizer& q, std::span<const Code> codes,
          std::uint64_t random) {
  const Operation operation{.op = op, .inputs = inputs, .output = &q};
  const Outcome ours = emulator::engine().apply(operation, codes, random);
  const Outcome theirs = reference::engine().apply(operation, codes, random);
  if (ours == theirs) return true;
  std::string operands;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    operands += " " + code_text(inputs[i], codes[i]) + " (" +
                hexadecimal_text(decode(inputs[i], codes[i])) + ")";
  }
  ADD_FAILURE() << name_of(op) << " into " << describe(q) << ", random " << random << ":"
                << operands << " of " << inputs[0].name << "\n  emulator  "
                << describe(q.format, ours) << "\n  reference " << describe(q.format, theirs);
  return false;
}

bool same_conversion(const Format& from, Code code, const Plan& ours, const Plan& theirs,
                     std::uint64_t random) {
  const Outcome a = emulator::engine().convert(from, code, ours, random);
  const Outcome b = reference::engine().convert(from, code, theirs, random);
  if (a == b) return true;
  const Quantizer& q = ours.quantizer;
  ADD_FAILURE() << from.name << " " << code_text(from, code) << " ("
                << hexadecimal_text(decode(from, code)) << ") into " << describe(q) << ", random "
                << random << "\n  emulator  " << describe(q.format, a) << "\n  reference "
                << describe(q.format, b);
  return false;
}

constexpr int tolerated_failures = 3;

// All codes of formats of at most 8 bits into every format, every other mode from one pair of
// formats to the next.
TEST(AgreesWithReference, ConvertsAllCodesOfSmallFormats) {
  int failures = 0;
  sampling::Stream stream(1);
  std::size_t turn = 0;
  for (const Format& to : cases::formats()) {
    for (const Format& from : cases::formats_up_to(8)) {
      for (int mode = 0; mode < mode_count; mode += 2) {
        const Quantizer q{.format = to, .rounding = cases::rounding(turn)};
        turn += 2;
        const Plan ours = emulator::engine().prepare(q);
        const Plan theirs = reference::engine().prepare(q);
        for (Code code = 0; code < Code{1} << bits(from); ++code) {
          const std::uint64_t random = draw_random(q.rounding, stream);
          failures += same_conversion(from, code, ours, theirs, random) ? 0 : 1;
          if (failures > tolerated_failures) return;
        }
      }
      turn += 1;
    }
  }
}

// All codes of 16-bit formats into small ones; drawn codes of the wide ones into all.
TEST(AgreesWithReference, ConvertsWideFormats) {
  int failures = 0;
  sampling::Stream stream(2);
  std::size_t turn = 0;
  for (const Format& from : cases::formats()) {
    if (bits(from) <= 8) continue;
    for (const Format& to : cases::formats()) {
      const Quantizer q{.format = to, .rounding = cases::rounding(turn++)};
      const Plan ours = emulator::engine().prepare(q);
      const Plan theirs = reference::engine().prepare(q);
      for (int i = 0; i < 2000; ++i) {
        const Code code = sampling::draw_code(from, stream);
        const std::uint64_t random = draw_random(q.rounding, stream);
        failures += same_conversion(from, code, ours, theirs, random) ? 0 : 1;
        if (failures > tolerated_failures) return;
      }
    }
  }
}

// All pairs of formats of at most 6 bits, every operation of two operands and the root, every mode.
TEST(AgreesWithReference, OperatesOnAllPairsOfSmallFormats) {
  int failures = 0;
  sampling::Stream stream(3);
  std::size_t turn = 0;
  for (const Format& format : cases::formats_up_to(6)) {
    const std::array<Format, 2> inputs{format, format};
    for (const Op op : {Op::add, Op::subtract, Op::multiply, Op::divide, Op::square_root}) {
      for (int mode = 0; mode < mode_count; ++mode) {
        const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
        const Code count = Code{1} << bits(format);
        for (Code pair = 0; pair < (arity(op) == 1 ? count : count * count); ++pair) {
          const std::array<Code, 2> codes{pair % count, pair / count};
          const auto used = static_cast<std::size_t>(arity(op));
          const bool agree = same(op, std::span(inputs).first(used), q,
                                  std::span(codes).first(used), draw_random(q.rounding, stream));
          failures += agree ? 0 : 1;
          if (failures > tolerated_failures) return;
        }
      }
      turn += 1;
    }
  }
}

TEST(AgreesWithReference, FusesAllTriplesOfTheSmallestFormats) {
  int failures = 0;
  sampling::Stream stream(4);
  std::size_t turn = 0;
  for (const Format& format : cases::formats_up_to(4)) {
    const std::array<Format, 3> inputs{format, format, format};
    const Code count = Code{1} << bits(format);
    for (int mode = 0; mode < 2 * mode_count; ++mode) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      for (Code triple = 0; triple < count * count * count; ++triple) {
        const std::array<Code, 3> codes{triple % count, triple / count % count,
                                        triple / count / count};
        failures +=
            same(Op::fused_multiply_add, inputs, q, codes, draw_random(q.rounding, stream)) ? 0 : 1;
        if (failures > tolerated_failures) return;
      }
    }
  }
}

// Drawn operands of every format, into the format itself and into others.
TEST(AgreesWithReference, OperatesOnDrawnOperands) {
  int failures = 0;
  sampling::Stream stream(5);
  std::size_t turn = 0;
  std::vector<Format> list = cases::formats();
  list.push_back(cases::custom("fixed64", Fixed{.bits = 64, .fraction_bits = 20}));
  list.push_back(cases::custom("unsigned-fixed64", Fixed{.bits = 64, .sign = false}));
  list.push_back(cases::custom(
      "e15m48", Float{.exponent_bits = 15, .fraction_bits = 48, .bias = 16383, .nan_codes = 1}));
  list.push_back(cases::custom("posit128", Posit{.bits = 128}));
  list.push_back(cases::custom("takum128", Takum{.bits = 128}));
  for (const Format& format : list) {
    for (int variant = 0; variant < 3 * mode_count; ++variant) {
      const Format& other = list[stream.below(list.size())];
      const std::array<Format, 3> inputs{format, variant % 3 == 1 ? other : format,
                                         variant % 5 == 2 ? other : format};
      const Quantizer q{.format = variant % 4 == 3 ? other : format,
                        .rounding = cases::rounding(turn++)};
      for (std::size_t i = 0; i < sampling::draws(40); ++i) {
        const auto op = static_cast<Op>(stream.below(arithmetic_op_count));
        const auto used = static_cast<std::size_t>(arity(op));
        std::array<Code, 3> codes;
        for (std::size_t k = 0; k < 3; ++k) codes[k] = sampling::draw_code(inputs[k], stream);
        failures += same(op, std::span(inputs).first(used), q, std::span(codes).first(used),
                         draw_random(q.rounding, stream))
                        ? 0
                        : 1;
        if (failures > tolerated_failures) return;
      }
    }
    turn += 5;
  }
}

TEST(AgreesWithReference, RoundsDecimals) {
  int failures = 0;
  sampling::Stream stream(6);
  std::size_t turn = 0;
  for (const Format& format : cases::formats()) {
    for (int i = 0; i < 300; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      const std::string text = std::string(stream.bits(1) != 0 ? "-" : "") +
                               std::to_string(stream.bits(30)) + "." +
                               std::to_string(stream.bits(40)) + "e" +
                               std::to_string(static_cast<int>(stream.below(60)) - 40);
      const Real x = parse_real(i == 0 ? "inf" : i == 1 ? "-nan" : i == 2 ? "-0" : text);
      const std::uint64_t random = draw_random(q.rounding, stream);
      const Outcome ours = emulator::round_real(x, q, random);
      const Outcome theirs = reference::round(x, q, random);
      EXPECT_EQ(ours, theirs) << text << " into " << describe(q) << ", random " << random
                              << "\n  emulator  " << describe(format, ours) << "\n  reference "
                              << describe(format, theirs);
      failures += ours == theirs ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
  }
}

// Sums 2^e + b at and just beside 2^e + 1/2, which lies in the middle of 1 and 2^(e+1), and where
// half of all random numbers go out.
TEST(AgreesWithReference, DecidesBetweenFarNeighbours) {
  const Format wide = find_format("binary128");
  const std::array<Format, 2> inputs{wide, wide};
  const auto code = [&](double b) {
    return emulator::convert(find_format("binary64"), std::bit_cast<std::uint64_t>(b), {wide, {}},
                             0)
        .code;
  };
  const std::array<std::pair<Format, int>, 3> cases{
      {{cases::custom("list", make_codebook({1, 0x1p900})), 899},
       {cases::custom("list-of-both-signs", make_codebook({-2, 1, 0x1p900})), 899},
       {cases::custom("posit4-es11", Posit{.bits = 4, .exponent_bits = 11}), 2047}}};
  for (const auto& [format, exponent] : cases) {
    const Code large = encode(wide, make_value(1, exponent));
    for (const Mode mode : all_modes()) {
      const Quantizer q{.format = format, .rounding = {.mode = mode, .overflow = {}}};
      for (const double b : {0.5, 0.5 + 0x1p-53, 0.5 - 0x1p-54, 0.25, -0.5, 0x1p-1000}) {
        for (const std::uint64_t random : {0x7fffffffU, 0x80000000U, 0x80000001U}) {
          EXPECT_TRUE(same(Op::add, inputs, q, std::array{large, code(b)}, random));
        }
      }
    }
  }
}

// The cut leaves 127 bits of regime and drops a field of which one bit fits the word.
TEST(AgreesWithReference, CutsTheWidestPositsWithinTheExponent) {
  const Format posit = cases::custom("posit128-es12", Posit{.bits = 128, .exponent_bits = 12});
  for (const Mode mode : all_modes()) {
    const Quantizer q{.format = posit, .rounding = {.mode = mode, .overflow = {}}};
    for (const std::int64_t exponent : {2047, 2048, 2049, 4095, 4096, 4097}) {
      for (const std::int64_t regime : {-126, -125, 124, 125}) {
        const Real x = real(make_value(1, regime * 4096 + exponent));
        EXPECT_EQ(emulator::round_real(x, q, 5), reference::round(x, q, 5))
            << describe(q) << " 2^(" << regime << " * 4096 + " << exponent << ")";
      }
    }
  }
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// Integers, remainders, exponents, signs, comparisons and extremes: the emulator's codes and flags
// against the reference's, on all operands of small formats and on drawn ones of all.
#include <gtest/gtest.h>

#include <array>

#include "emulator/engine.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

constexpr int tolerated_failures = 3;

std::vector<Op> tested() {
  std::vector<Op> list;
  for (const OpEntry& entry : operations()) {
    if (!is_arithmetic(entry.op) && !is_function(entry.op)) list.push_back(entry.op);
  }
  list.push_back(Op::reciprocal);
  return list;
}

class Comparison {
 public:
  // Answers whether to go on.
  bool agree(Op op, std::span<const Format> inputs, const Quantizer& q, std::span<const Code> codes,
             std::uint64_t random) {
    const auto used = static_cast<std::size_t>(arity(op));
    const Operation operation{.op = op, .inputs = inputs.first(used), .output = &q};
    const Outcome ours = emulator::engine().apply(operation, codes.first(used), random);
    const Outcome theirs = reference::engine().apply(operation, codes.first(used), random);
    if (ours == theirs) return true;
    std::string operands;
    for (std::size_t i = 0; i < used; ++i)
      operands += " " + inputs[i].name + " " + code_text(inputs[i], codes[i]);
    ADD_FAILURE() << name_of(op) << operands << " into " << cases::describe(q) << ", random "
                  << random << "\n  emulator  " << cases::describe(q.format, ours)
                  << "\n  reference " << cases::describe(q.format, theirs);
    return ++failures_ < tolerated_failures;
  }

 private:
  int failures_ = 0;
};

std::vector<Format> all_formats() {
  std::vector<Format> list = cases::formats();
  for (const Format& format : cases::logarithmic_formats()) list.push_back(format);
  list.push_back(cases::custom("fixed64", Fixed{.bits = 64, .fraction_bits = 20}));
  list.push_back(cases::custom("posit128", Posit{.bits = 128}));
  list.push_back(cases::custom("takum128", Takum{.bits = 128}));
  return list;
}

// Every mode with every operation; the result in the format, or in one of integers or truths.
TEST(Operations, AgreeOnAllOperandsOfSmallFormats) {
  Comparison comparison;
  sampling::Stream stream(41);
  std::size_t turn = 0;
  const std::array<Format, 4> others{find_format("int8"), find_format("uint1"),
                                     find_format("binary16"), find_format("uint4")};
  for (const Format& format : all_formats()) {
    if (bits(format) > 5) continue;
    const Code count = Code{1} << bits(format);
    const std::array<Format, 2> inputs{format, format};
    for (const Op op : tested()) {
      const bool chooses = is_to_integer(op) || op <= Op::log_b || op == Op::reciprocal;
      for (int mode = 0; mode < (chooses ? mode_count : 3); ++mode) {
        const bool own = turn % 2 == 0 && !is_to_integer(op);
        const Quantizer q{.format = own ? format : others[turn / 2 % others.size()],
                          .rounding = cases::rounding(turn++)};
        for (Code pair = 0; pair < (arity(op) == 1 ? count : count * count); ++pair) {
          const std::array<Code, 2> codes{pair % count, pair / count};
          const std::uint64_t random = stream.bits(q.rounding.random_bits);
          if (!comparison.agree(op, inputs, q, codes, random)) return;
        }
      }
      ++turn;
    }
  }
}

TEST(Operations, AgreeOnDrawnOperands) {
  Comparison comparison;
  sampling::Stream stream(42);
  std::size_t turn = 0;
  const std::vector<Format> list = all_formats();
  for (const Format& format : list) {
    for (const Op op : tested()) {
      for (int i = 0; i < 60; ++i) {
        const Format& other = list[stream.below(list.size())];
        const std::array<Format, 2> inputs{format, i % 3 == 0 ? other : format};
        const Quantizer q{.format = i % 4 == 0 ? other : format,
                          .rounding = cases::rounding(turn++)};
        const std::array<Code, 2> codes{sampling::draw_code(inputs[0], stream),
                                        sampling::draw_code(inputs[1], stream)};
        const std::uint64_t random = stream.bits(q.rounding.random_bits);
        if (!comparison.agree(op, inputs, q, codes, random)) return;
      }
    }
  }
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// Arrays of binary32 into formats without a grid where the emulator has kernels of its own, without
// counts, against the reference: posits at every number and turn and next to it, and beyond the
// largest and the least; staircases of few steps next to every step; on every instruction set of
// the machine.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"

namespace halfulp {
namespace {

using cases::describe;

class Gridless : public testing::Test {
 protected:
  void TearDown() override { emulator::force_instruction_set(""); }
};

void add_around(std::uint32_t pattern, std::vector<float>& list) {
  for (const std::uint32_t p : {pattern - 1, pattern, pattern + 1}) {
    list.push_back(std::bit_cast<float>(p & 0x7fffffff));
    list.push_back(std::bit_cast<float>(p | 0x80000000));
  }
}

std::vector<float> special_numbers() {
  std::vector<float> list;
  for (const std::uint32_t p : {0U, 1U, 0x7fffffU, 0x800000U, 0x7f7fffffU, 0x7f800000U, 0x7f800001U,
                                0x7fc00000U, 0x7fc12345U, 0x7fffffffU})
    add_around(p, list);
  return list;
}

std::vector<float> rounded(const Engine& engine, const Plan& plan, const std::vector<float>& in) {
  std::vector<float> out(in.size());
  engine.round(view_of(std::span(in)), plan, {}, view_of(std::span(out)), nullptr);
  return out;
}

// On all sets, and what is chosen where none is forced.
void check(const Quantizer& q, const Plan& plan, const std::vector<float>& in) {
  const std::vector<float> want = rounded(reference::engine(), reference::engine().prepare(q), in);
  std::vector<std::string> sets = emulator::instruction_sets();
  sets.emplace_back();
  for (const std::string& set : sets) {
    emulator::force_instruction_set(set);
    const std::vector<float> ours = rounded(emulator::engine(), plan, in);
    for (std::size_t i = 0; i < in.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(ours[i]), std::bit_cast<std::uint32_t>(want[i]))
          << describe(q) << " on " << set << " of " << std::hexfloat << in[i];
    }
  }
}

bool has_kernel(const Plan& plan) { return emulator::compiled(plan).posit32() != nullptr; }

// The numbers of a format with one more bit are numbers and turns.
TEST_F(Gridless, PositsAroundEveryTurn) {
  int served = 0;
  for (int exponent_bits = 0; exponent_bits <= 4; ++exponent_bits) {
    for (const int width : {3, 4, 5, 6, 7, 8, 9, 10, 12, 16}) {
      const Format format{"posit", Posit{.bits = width, .exponent_bits = exponent_bits}};
      if (!fits_binary32(format) || (width > 12 && exponent_bits != 2)) continue;
      const Format finer{"finer", Posit{.bits = width + 1, .exponent_bits = exponent_bits}};
      std::vector<float> in = special_numbers();
      for (Rank rank = 1; rank <= finite_range(finer).highest; ++rank) {
        const double number = to_double(decode(finer, code_at(finer, rank)));
        add_around(std::bit_cast<std::uint32_t>(static_cast<float>(number)), in);
      }
      const Quantizer q{.format = format, .rounding = {}};
      const Plan plan = emulator::engine().prepare(q);
      served += has_kernel(plan) ? 1 : 0;
      check(q, plan, in);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GE(served, 25);
}

// Whatever rules for infinities, overflows and NaN the kernel takes, it keeps them.
TEST_F(Gridless, PositsKeepTheirRules) {
  const std::vector<float> in = special_numbers();
  for (std::size_t turn = 0; turn < 200; ++turn) {
    const Quantizer q{.format = find_format("posit8"), .rounding = cases::rounding(turn)};
    if (is_stochastic(q.rounding.mode)) continue;
    check(q, emulator::engine().prepare(q), in);
    if (HasFatalFailure()) return;
  }
  Quantizer q{.format = find_format("posit16"), .rounding = {}};
  EXPECT_TRUE(has_kernel(emulator::engine().prepare(q)));
  q.rounding.mode = Mode::nearest_away;
  EXPECT_FALSE(has_kernel(emulator::engine().prepare(q)));
}

TEST_F(Gridless, StaircasesAroundEveryStep) {
  const Preparation many{.elements = 1 << 16, .carrier = Carrier::binary32};
  std::size_t turn = 0;
  int served = 0;
  std::vector<Format> formats{find_format("nf4")};
  for (const Format& format : cases::formats_up_to(5)) formats.push_back(format);
  for (const Format& format : formats) {
    if (!fits_binary32(format)) continue;
    for (int i = 0; i < 12; ++i) {
      const Rounding rounding = i == 0 ? Rounding{} : cases::rounding(turn++);
      if (is_stochastic(rounding.mode)) continue;
      const Quantizer q{.format = format, .rounding = rounding};
      const Plan plan = emulator::engine().prepare(q, many);
      const auto& ready = emulator::compiled(plan);
      if (ready.staircase32() == nullptr) continue;
      ++served;
      std::vector<float> in = special_numbers();
      for (const auto& change : ready.steps<std::uint32_t>()->changes())
        add_around(change.begin, in);
      check(q, plan, in);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GE(served, 20);
}

// Any length, in place, and nothing behind the end.
TEST_F(Gridless, AnyLength) {
  const Preparation many{.elements = 1 << 16, .carrier = Carrier::binary32};
  std::vector<std::string> sets = emulator::instruction_sets();
  sets.emplace_back();
  for (const char* name : {"nf4", "posit8"}) {
    const Quantizer q{.format = find_format(name), .rounding = {}};
    const Plan plan = emulator::engine().prepare(q, many);
    for (std::size_t length = 0; length < 70; ++length) {
      std::vector<float> in(length);
      for (std::size_t i = 0; i < length; ++i) in[i] = static_cast<float>(i) / 37 - 1;
      const auto want = rounded(reference::engine(), reference::engine().prepare(q), in);
      for (const std::string& set : sets) {
        emulator::force_instruction_set(set);
        std::vector<float> all = in;
        all.push_back(-7);
        const auto part = std::span(all).first(length);
        emulator::engine().round(as_const(view_of(part)), plan, {}, view_of(part), nullptr);
        EXPECT_EQ(all.back(), -7);
        all.pop_back();
        EXPECT_EQ(all, want) << name << " on " << set << ", " << length;
      }
    }
  }
}

}  // namespace
}  // namespace halfulp

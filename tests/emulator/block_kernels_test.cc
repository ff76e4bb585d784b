// SPDX-License-Identifier: MIT
//
// Blocks where the emulator has ways of its own, against the reference: numbers around every place
// where an element turns, at every power of two that a scale may have, and under scales that are no
// powers of two; largest magnitudes around every place where a scale turns; blocks that such ways
// leave to others among blocks that they take; on every instruction set of the machine. And which
// formats have these ways.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "emulator/blocks/plan.h"
#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

float moved_by(float x, int steps) {
  const auto pattern = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x));
  return std::bit_cast<float>(static_cast<std::uint32_t>(pattern + steps));
}

// The positive numbers of a format and the middles between them.
std::vector<double> turns_of(const Format& format) {
  std::vector<double> turns;
  const auto at = [&](Rank r) { return to_double(decode(format, code_at(format, r))); };
  for (Rank rank = 0; rank < finite_range(format).highest; ++rank) {
    turns.push_back(at(rank + 1));
    turns.push_back((at(rank) + at(rank + 1)) / 2);
  }
  return turns;
}

class BlockKernels : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }

  // Values, codes and what these are worth, by both engines.
  static void expect_same(const BlockFormat& format, const std::vector<float>& in,
                          std::size_t columns) {
    const std::size_t rows = in.size() / columns;
    const auto made = [&](const Engine& engine, bool codes_too) {
      std::vector<float> all(in.size());
      std::vector<float> worth(in.size());
      const BlockPlan plan =
          engine.prepare_block(format, {.elements = in.size(), .carrier = Carrier::binary32});
      BlockCodes codes;
      engine.quantize(view_of(in.data(), rows, columns), plan, {},
                      view_of(all.data(), rows, columns), codes_too ? &codes : nullptr, nullptr);
      if (codes_too) engine.dequantize(codes, plan, view_of(worth.data(), rows, columns));
      return std::tuple(all, codes, worth);
    };
    const auto [values, codes, worth] = made(emulator::engine(), true);
    const auto [alone, none, nothing] = made(emulator::engine(), false);
    const auto [want, want_codes, want_worth] = made(reference::engine(), true);
    int failures = 0;
    for (std::size_t i = 0; i < in.size() && failures < 3; ++i) {
      const auto bits = [&](const std::vector<float>& of) {
        return std::bit_cast<std::uint32_t>(of[i]);
      };
      if (bits(values) == bits(want) && bits(alone) == bits(want) &&
          bits(worth) == bits(want_worth))
        continue;
      ++failures;
      ADD_FAILURE() << format.name << " number " << i << ", " << in[i] << ": " << values[i] << ", "
                    << alone[i] << " without codes, " << worth[i] << " back; reference " << want[i];
    }
    EXPECT_TRUE(codes.elements == want_codes.elements) << format.name;
    EXPECT_TRUE(codes.scales == want_codes.scales) << format.name;
  }
};

// And what is chosen where none is forced: there are kernels for more than can be forced.
std::vector<std::string> instruction_sets_and_best() {
  std::vector<std::string> sets = emulator::instruction_sets();
  sets.emplace_back();
  return sets;
}

INSTANTIATE_TEST_SUITE_P(, BlockKernels, testing::ValuesIn(instruction_sets_and_best()),
                         [](const auto& info) { return info.param.empty() ? "best" : info.param; });

// One row for every exponent of binary32, so that the powers go beyond those that the adder takes
// on both sides; the largest element stands first, alone or where it saturates.
TEST_P(BlockKernels, EveryPowerOfTwo) {
  sampling::Stream stream(61);
  for (const char* name : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e2m3", "mxfp4", "mxint8"}) {
    for (const bool saturates : {false, true}) {
      BlockFormat format = find_block_format(name);
      if (!saturates) format.element.rounding.overflow = parse_overflow("ieee");
      const std::vector<double> turns = turns_of(format.element.format);
      constexpr std::size_t columns = 96;
      std::vector<float> in;
      for (int exponent = -149; exponent < 128; ++exponent) {
        for (std::size_t column = 0; column < columns; ++column) {
          const double turn = turns[stream.below(turns.size())];
          const auto x = static_cast<float>(std::ldexp(turn, exponent));
          const float near = std::isfinite(x) && x != 0 && x < 0x1p127F
                                 ? moved_by(x, static_cast<int>(stream.below(3)) - 1)
                                 : 0;
          in.push_back(stream.bits(1) != 0 ? near : -near);
        }
      }
      expect_same(format, in, columns);
      // Blocks that end short, and rows that are not as one.
      expect_same(format, std::vector<float>(in.begin(), in.begin() + 70 * 50), 70);
      expect_same(format, std::vector<float>(in.begin() + 13 * 96, in.end() - 96 * 33), 3);
    }
  }
}

// Under every positive scale, of a tensor's scale that is one (then turns are ties) and of some
// that have all digits: numbers up to 70 steps of binary32 around every turn.
TEST_P(BlockKernels, ElementsAroundTheirTurns) {
  const BlockFormat format = find_block_format("nvfp4");
  const Format& scale_format = format.levels[1].scale.format;
  const std::vector<double> turns = turns_of(format.element.format);
  for (const float outer : {1.0F, 0x1.3579bep-3F, 0x1.fffffep-70F, 0x1.000002p55F}) {
    std::vector<float> in;
    const auto largest = static_cast<float>(2688.0 * outer);
    in.insert(in.end(), 16, largest);
    const double s0 = static_cast<float>(largest / 2688.0);
    for (Rank rank = 1; rank <= finite_range(scale_format).highest; ++rank) {
      const double s = s0 * to_double(decode(scale_format, code_at(scale_format, rank)));
      std::size_t i = 0;
      for (const double turn : turns) {
        if (turn > 5) continue;
        for (const int steps : {-70, -33, -31, -8, -4, -3, -2, -1, 0, 1, 2, 3, 4, 8, 31, 33, 70}) {
          if (i++ % 15 == 0) in.push_back(static_cast<float>(6 * s));
          const float x = moved_by(static_cast<float>(turn * s), steps);
          in.push_back(i % 2 != 0 ? x : -x);
        }
      }
      while (in.size() % 16 != 0) in.push_back(0);
    }
    for (const bool to_nearest_away : {false, true}) {
      BlockFormat with = format;
      if (to_nearest_away) with.element.rounding.mode = Mode::nearest_away;
      expect_same(with, in, 16);
      expect_same(with, in, in.size());
      // Blocks of several vectors, and blocks that are none.
      for (const int columns : {24, 48}) {
        if (outer != 1 || to_nearest_away) break;
        with.levels[1].columns = columns;
        const auto length = static_cast<std::ptrdiff_t>(in.size() / 48 * 48);
        expect_same(with, std::vector<float>(in.begin(), in.begin() + length), in.size() / 48 * 48);
      }
    }
  }
}

// The largest magnitude of a block goes up to two steps from where its scale turns; below all
// scales; zeros, infinities and NaN in between.
TEST_P(BlockKernels, ScalesAroundTheirTurns) {
  const BlockFormat format = find_block_format("nvfp4");
  const std::vector<double> turns = turns_of(format.levels[1].scale.format);
  for (const bool special : {false, true}) {
    for (const float outer : {1.0F, 0x1.3579bep-3F, 0x1.8p90F}) {
      std::vector<float> in(16, 2688 * outer);
      std::size_t i = 0;
      for (const double turn : turns) {
        for (int steps = -2; steps <= 2; ++steps) {
          const float largest = moved_by(static_cast<float>(6 * turn * outer), steps);
          if (largest > in[0]) continue;
          for (int k = 0; k < 16; ++k)
            in.push_back(k == 5 ? -largest : largest * static_cast<float>(k) / 17);
          if (++i % 37 == 0) in.insert(in.end(), 16, 0.0F);
          if (i % 41 == 0) in.insert(in.end(), 16, outer * 0x1p-30F);
        }
      }
      // The tensor's scale is NaN then.
      if (special) in[40] = std::numeric_limits<float>::infinity();
      expect_same(format, in, 16);
      expect_same(format, in, in.size());
      BlockFormat alone = format;  // every row has a scale, and special ones only their own
      alone.levels[0].rows = 1;
      expect_same(alone, in, 16);
    }
  }
}

// Rows longer than what is decoded at once, with the end of the last block short.
TEST_P(BlockKernels, LongRows) {
  sampling::Stream stream(62);
  for (const char* name : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp4", "nvfp4"}) {
    for (const std::size_t columns : {9000, 9001, 8208, 5008}) {
      std::vector<float> in(2 * columns);
      for (float& x : in)
        x = std::ldexp(static_cast<float>(stream.below(2001)) - 1000,
                       static_cast<int>(stream.below(9)) - 4);
      expect_same(find_block_format(name), in, columns);
    }
  }
}

// Whatever codes there are: scales that are zero, negative, infinite or NaN, too.
TEST_P(BlockKernels, DecodeAnyCodes) {
  sampling::Stream stream(63);
  constexpr std::size_t columns = 256;
  constexpr std::size_t rows = 72;
  for (const char* name : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp4", "nvfp4"}) {
    for (const double outer : {1.0, 0x1.3579bep-3, 0x1p125, 0x1.8p-140, std::nan("")}) {
      BlockFormat format = find_block_format(name);
      const bool levels = format.levels.size() == 2;
      if (!levels && outer != 1) continue;
      BlockCodes codes;
      codes.elements.resize(packed_bytes(format.element.format, rows * columns));
      for (std::uint8_t& code : codes.elements) code = static_cast<std::uint8_t>(stream.bits(8));
      if (levels) codes.scales.push_back({std::bit_cast<std::uint32_t>(static_cast<float>(outer))});
      const auto block = static_cast<std::size_t>(format.levels.back().columns);
      std::vector<Code>& scales = codes.scales.emplace_back(rows * columns / block);
      for (std::size_t k = 0; k < scales.size(); ++k) scales[k] = k < 256 ? k : stream.bits(8);
      const auto worth = [&](const Engine& engine) {
        std::vector<float> all(rows * columns);
        const BlockPlan plan =
            engine.prepare_block(format, {.elements = all.size(), .carrier = Carrier::binary32});
        engine.dequantize(codes, plan, view_of(all.data(), rows, columns));
        return all;
      };
      const std::vector<float> ours = worth(emulator::engine());
      const std::vector<float> want = worth(reference::engine());
      EXPECT_EQ(std::memcmp(ours.data(), want.data(), want.size() * sizeof(float)), 0)
          << name << " under " << outer;
    }
  }
}

// Which formats have the ways, and that what takes them away does.
TEST(BlockWays, AreThoseOfPlans) {
  const auto plan_of = [](const BlockFormat& format) {
    return emulator::engine().prepare_block(format, {});
  };
  const auto moves = [&](const BlockFormat& format) {
    const BlockPlan plan = plan_of(format);
    const auto* rule = emulator::compiled(plan).power32();
    return rule != nullptr && rule->moved.has_value();
  };
  for (const char* name :
       {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp4", "mxint8"}) {
    BlockFormat format = find_block_format(name);
    EXPECT_TRUE(moves(format)) << name;
    format.element.rounding.mode = Mode::stochastic;
    EXPECT_FALSE(moves(format)) << name;
  }
  const auto quotients = [&](const BlockFormat& format) {
    const BlockPlan plan = plan_of(format);
    const emulator::QuotientPlan& of = emulator::compiled(plan).quotients();
    return std::pair(of.ratio.has_value(), of.narrow_quotients.has_value());
  };
  const BlockFormat nvfp4 = find_block_format("nvfp4");
  EXPECT_EQ(quotients(nvfp4), std::pair(true, true));
  BlockFormat other = nvfp4;
  other.element.rounding.mode = Mode::nearest_away;
  EXPECT_EQ(quotients(other), std::pair(true, false));
  other = nvfp4;
  other.levels[1].scale.rounding.mode = Mode::toward_positive;
  EXPECT_EQ(quotients(other), std::pair(false, true));
  other = nvfp4;
  other.levels[1].division = Division::binary32;
  EXPECT_EQ(quotients(other), std::pair(false, true));
}

}  // namespace
}  // namespace halfulp

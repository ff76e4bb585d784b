// SPDX-License-Identifier: MIT
//
// `halfulp verify` must be able to fail: given an engine that is wrong in one place, it says so;
// given the right one, it does not.
#include "golden/equality/equality.h"

#include <gtest/gtest.h>

#include <set>

#include "emulator/engine.h"
#include "formats/catalogue.h"

namespace halfulp::equality {
namespace {

const Format& byte_format() {
  static const Format format = find_format("float8_e4m3fn");
  return format;
}

Tally check(const Engine& engine, std::optional<Op> op, bool exhaustive = true) {
  Subject subject{.format = byte_format(), .op = op, .source = {}};
  if (!op) subject.source = find_format("float8_e5m2");
  const CaseRange range{.begin = 0, .end = 256, .exhaustive = exhaustive};
  return check_range(subject, range, all_modes(), engine);
}

TEST(Equality, FindsNothingInTheEmulator) {
  for (const bool exhaustive : {true, false}) {
    EXPECT_EQ(check(emulator::engine(), Op::add, exhaustive).mismatches, 0U);
    EXPECT_EQ(check(emulator::engine(), Op::fused_multiply_add, exhaustive).mismatches, 0U);
    EXPECT_EQ(check(emulator::engine(), std::nullopt, exhaustive).mismatches, 0U);
  }
}

TEST(Equality, FindsAWrongCode) {
  Engine wrong = emulator::engine();
  wrong.operate = [](const OperationPlan& plan, std::span<const Code> operands,
                     std::uint64_t random) {
    Outcome outcome = emulator::engine().operate(plan, operands, random);
    if (operands[0] == 0x11) outcome.code ^= 1;
    return outcome;
  };
  const Tally tally = check(wrong, Op::add);
  EXPECT_GT(tally.mismatches, 0U);
  ASSERT_FALSE(tally.first.empty());
  EXPECT_NE(tally.first[0].find("0x11"), std::string::npos) << tally.first[0];
}

TEST(Equality, FindsAWrongFlag) {
  Engine wrong = emulator::engine();
  wrong.convert = [](const Format& from, Code code, const Plan& plan, std::uint64_t random) {
    Outcome outcome = emulator::engine().convert(from, code, plan, random);
    outcome.flags &= static_cast<std::uint8_t>(~flags::underflow);
    return outcome;
  };
  EXPECT_GT(check(wrong, std::nullopt).mismatches, 0U);
}

TEST(Equality, FindsAWrongElementOfAnArray) {
  Engine wrong = emulator::engine();
  wrong.map = [](Op op, std::span<const View> in, const Plan& plan, const Random& random,
                 const MutableView& out, Counts* counts) {
    emulator::engine().map(op, in, plan, random, out, counts);
    if (out.carrier == Carrier::binary32 && plan.quantizer.rounding.mode == Mode::to_odd) {
      auto* x = static_cast<float*>(out.data);
      x[64] = -x[64];
    }
  };
  EXPECT_GT(check(wrong, Op::multiply).mismatches, 0U);
}

TEST(Equality, FindsIgnoredRandomBits) {
  Engine wrong = emulator::engine();
  wrong.round = [](const View& in, const Plan& plan, const Random& random, const MutableView& out,
                   Counts* counts) {
    emulator::engine().round(in, plan, Random{.seed = random.seed}, out, counts);
  };
  Subject subject{.format = byte_format(), .op = {}, .source = find_format("binary32")};
  // The second range: the first one's stream is 0.
  const CaseRange range{.begin = 256, .end = 512, .exhaustive = false};
  EXPECT_GT(check_range(subject, range, {Mode::stochastic}, wrong).mismatches, 0U);
  EXPECT_EQ(check_range(subject, range, {Mode::stochastic}, emulator::engine()).mismatches, 0U);
}

TEST(Equality, FindsAWrongPackedCode) {
  Engine wrong = emulator::engine();
  wrong.encode = [](const View& in, const Plan& plan, const Random& random,
                    std::span<std::uint8_t> out, Counts* counts) {
    emulator::engine().encode(in, plan, random, out, counts);
    out[64] ^= 0x80U;
  };
  EXPECT_GT(check(wrong, std::nullopt).mismatches, 0U);
  const CaseRange all{.begin = 0, .end = 256, .exhaustive = true};
  EXPECT_GT(check_codes(byte_format(), all, wrong).mismatches, 0U);
  EXPECT_EQ(check_codes(byte_format(), all, emulator::engine()).mismatches, 0U);
}

TEST(Equality, DigestsWhatArraysGive) {
  Engine wrong = emulator::engine();
  wrong.round = [](const View& in, const Plan& plan, const Random& random, const MutableView& out,
                   Counts* counts) {
    emulator::engine().round(in, plan, random, out, counts);
    auto* x = static_cast<float*>(out.data);
    if (out.carrier == Carrier::binary32) x[200] = x[200] == 1.0F ? 0.0F : 1.0F;
  };
  const Subject subject{.format = byte_format(), .op = {}, .source = find_format("float8_e5m2")};
  const CaseRange all{.begin = 0, .end = 256, .exhaustive = true};
  const auto digest = [&](const Engine& engine) {
    return digest_range(subject, all, all_modes(), engine);
  };
  EXPECT_EQ(digest(emulator::engine()), digest(emulator::engine()));
  EXPECT_NE(digest(wrong), digest(emulator::engine()));
}

TEST(Cases, EveryCombinationOnce) {
  const Format format = find_format("fp4");
  std::set<std::pair<Code, Code>> seen;
  for (std::uint64_t i = 0; i < combinations(format, 2); ++i) {
    const Operands operands = every_case(format, 2, i);
    seen.insert({operands[0], operands[1]});
  }
  EXPECT_EQ(seen.size(), 256U);
}

TEST(Cases, DrawnOnesReachTheEdges) {
  const Format format = find_format("binary32");
  std::set<CodeClass> classes;
  int cancelling = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Operands operands = CaseDrawer(1).operands(format, 2, i);
    classes.insert(classify(format, operands[0]));
    cancelling += ((operands[0] ^ operands[1]) & 0x7fffff00U) == 0 ? 1 : 0;
  }
  EXPECT_EQ(classes.size(), 5U);
  EXPECT_GT(cancelling, 100);
}

}  // namespace
}  // namespace halfulp::equality

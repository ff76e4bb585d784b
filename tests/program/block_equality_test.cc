// SPDX-License-Identifier: MIT
//
// `halfulp verify` of block formats must be able to fail: in values, codes, scales and counts.
#include "golden/equality/block_equality.h"

#include <gtest/gtest.h>

#include "emulator/engine.h"
#include "formats/block.h"

namespace halfulp::equality {
namespace {

constexpr CaseRange some{.begin = 0, .end = 60, .exhaustive = false};

Tally check(const Engine& engine, const char* name, bool decoded = false) {
  const Matrices matrices{.format = find_block_format(name), .decoded = decoded};
  return check_matrices(matrices, some, all_modes(), engine);
}

TEST(BlockEquality, FindsNothingInTheEmulator) {
  for (const char* name : {"mxfp8_e5m2", "nvfp4", "uint4_group128"}) {
    for (const bool decoded : {false, true}) {
      const Tally tally = check(emulator::engine(), name, decoded);
      EXPECT_EQ(tally.mismatches, 0U) << (tally.first.empty() ? "" : tally.first[0]);
      EXPECT_GT(tally.cases, 5000U);
    }
  }
}

// One call of quantize that goes wrong after the emulator's.
template <void (*kSpoil)(const MutableView& out, BlockCodes& codes, Counts& counts)>
Engine spoiled() {
  Engine wrong = emulator::engine();
  wrong.quantize = [](const View& in, const BlockPlan& plan, const Random& random,
                      const MutableView& out, BlockCodes* codes, Counts* counts) {
    emulator::engine().quantize(in, plan, random, out, codes, counts);
    kSpoil(out, *codes, *counts);
  };
  return wrong;
}

void spoil_value(const MutableView& out, BlockCodes& /*codes*/, Counts& /*counts*/) {
  if (out.carrier == Carrier::binary32 && out.rows == 7) *static_cast<float*>(out.data) = 0.75F;
}
void spoil_code(const MutableView& /*out*/, BlockCodes& codes, Counts& /*counts*/) {
  if (codes.elements.size() > 50) codes.elements[50] ^= 8U;
}
void spoil_scale(const MutableView& /*out*/, BlockCodes& codes, Counts& /*counts*/) {
  codes.scales.back().back() ^= 1U;
}
void spoil_zero_point(const MutableView& /*out*/, BlockCodes& codes, Counts& /*counts*/) {
  codes.zero_points.back() ^= 1;
}
void spoil_counts(const MutableView& /*out*/, BlockCodes& /*codes*/, Counts& counts) {
  ++counts.flushed;
}

TEST(BlockEquality, FindsWhatIsWrong) {
  EXPECT_GT(check(spoiled<spoil_value>(), "mxfp4").mismatches, 0U);
  EXPECT_GT(check(spoiled<spoil_code>(), "mxfp4").mismatches, 0U);
  EXPECT_GT(check(spoiled<spoil_scale>(), "nvfp4").mismatches, 0U);
  EXPECT_GT(check(spoiled<spoil_zero_point>(), "uint4_group128").mismatches, 0U);
  const Tally tally = check(spoiled<spoil_counts>(), "mxfp4");
  EXPECT_EQ(tally.mismatches, some.end);
  ASSERT_EQ(tally.first.size(), most_shown);
  EXPECT_NE(tally.first[0].find("flushed"), std::string::npos) << tally.first[0];
}

TEST(BlockEquality, FindsAWrongDecodedNumber) {
  Engine wrong = emulator::engine();
  wrong.dequantize = [](const BlockCodes& codes, const BlockPlan& plan, const MutableView& out) {
    emulator::engine().dequantize(codes, plan, out);
    if (out.carrier == Carrier::binary64) *static_cast<double*>(out.data) += 1;
  };
  EXPECT_GT(check(wrong, "mxfp6_e2m3", true).mismatches, 0U);
}

TEST(BlockEquality, DigestsWhatTheEngineGives) {
  const Matrices matrices{.format = find_block_format("nvfp4"), .decoded = false};
  const auto digest = [&](const Engine& engine) {
    return digest_matrices(matrices, some, all_modes(), engine);
  };
  EXPECT_EQ(digest(emulator::engine()), digest(emulator::engine()));
  EXPECT_NE(digest(spoiled<spoil_value>()), digest(emulator::engine()));
  EXPECT_NE(digest(spoiled<spoil_code>()), digest(emulator::engine()));
}

}  // namespace
}  // namespace halfulp::equality

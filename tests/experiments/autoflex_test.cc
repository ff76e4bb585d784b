// SPDX-License-Identifier: MIT
//
// Autoflex on sequences worked out by hand from the published steps, and its promise: after the
// start a slowly changing sequence does not overflow, and its largest code has 13 bits or more.
#include "experiments/policy/autoflex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace halfulp::experiments {
namespace {

// What a 16-bit code of the number is under the scale.
std::uint64_t code_of(double x, double scale) {
  return static_cast<std::uint64_t>(std::min(std::nearbyint(x / scale), 32767.0));
}

// Observes the tensor until its codes stand; the scales that were tried.
std::vector<double> scales_for(Autoflex& autoflex, double largest) {
  std::vector<double> scales{autoflex.scale()};
  while (!autoflex.observe(code_of(largest, autoflex.scale()))) scales.push_back(autoflex.scale());
  return scales;
}

TEST(Autoflex, StartsByJumpingToTheTensorsScale) {
  // Code 1 under scale 1: two bits of fifteen with the one that is added, so 13 down; then code
  // 8192, one bit short.
  Autoflex autoflex{AutoflexRule{}};
  EXPECT_EQ(scales_for(autoflex, 1.0), (std::vector<double>{1.0, 0x1p-13, 0x1p-14}));
  // 1 + 100 * 2^-14 has exponent 0.
  EXPECT_EQ(autoflex.scale(), 0x1p-14);
}

TEST(Autoflex, TakesItsRangeFromTheFormat) {
  EXPECT_EQ(autoflex_rule(find_block_format("flex16+5")), AutoflexRule{});
  EXPECT_EQ(autoflex_rule(find_block_format("mxfp4")), std::nullopt);
}

TEST(Autoflex, GrowsByHalfTheBitsWhereTheStartOverflows) {
  AutoflexRule rule;
  rule.greatest_exponent = 30;
  Autoflex autoflex(rule);
  const std::vector<double> scales = scales_for(autoflex, 0x1p20);
  EXPECT_EQ(scales[1], 0x1p7);
  EXPECT_EQ(scales.back(), 0x1p6);
}

TEST(Autoflex, LeavesATensorOfZerosAtOne) {
  Autoflex autoflex{AutoflexRule{}};
  EXPECT_EQ(scales_for(autoflex, 0.0).back(), 1.0);
}

TEST(Autoflex, ClearsTheHistoryAtAnOverflowAndCountsItTwice) {
  Autoflex autoflex{AutoflexRule{}};
  scales_for(autoflex, 0.01);
  const double before = autoflex.scale();
  EXPECT_TRUE(autoflex.observe(32767));
  EXPECT_EQ(autoflex.overflows(), 1U);
  // 2 * 32767 + 100 codes: exponent 16, two more than 14.
  EXPECT_EQ(autoflex.scale(), before * 4);
}

TEST(Autoflex, KeepsTheScaleWithinFiveBits) {
  Autoflex small{AutoflexRule{}};
  for (int i = 0; i < 100; ++i) scales_for(small, 1e-30);
  EXPECT_EQ(small.scale(), 0x1p-31);
  Autoflex large{AutoflexRule{}};
  for (int i = 0; i < 100; ++i) scales_for(large, 1e30);
  EXPECT_EQ(large.scale(), 1.0);
}

TEST(Autoflex, AddsThreeDeviationsOfTheHistory) {
  // Maxima 1 and 1.99: deviation 0.495. 1.99 + 1.485 + 100 * 2^-14 has exponent 1; without the
  // deviations the sum stays below 2.
  Autoflex autoflex{AutoflexRule{}};
  scales_for(autoflex, 1.0);
  EXPECT_TRUE(autoflex.observe(code_of(1.99, autoflex.scale())));
  EXPECT_EQ(autoflex.scale(), 0x1p-13);
  AutoflexRule rule;
  rule.deviations = 0;
  Autoflex narrow(rule);
  scales_for(narrow, 1.0);
  EXPECT_TRUE(narrow.observe(code_of(1.99, narrow.scale())));
  EXPECT_EQ(narrow.scale(), 0x1p-14);
}

TEST(Autoflex, FollowsASlowSequenceWithoutOverflow) {
  Autoflex autoflex{AutoflexRule{}};
  scales_for(autoflex, 1.0);
  std::uint64_t least = 1 << 15;
  for (int step = 1; step <= 2000; ++step) {
    const double largest = 0x1p-6 + std::abs(1.0 - step / 1000.0);
    const std::uint64_t code = code_of(largest, autoflex.scale());
    least = std::min(least, code);
    EXPECT_TRUE(autoflex.observe(code));
  }
  EXPECT_EQ(autoflex.overflows(), 0U);
  EXPECT_GE(least, std::uint64_t{1} << 12);
}

}  // namespace
}  // namespace halfulp::experiments

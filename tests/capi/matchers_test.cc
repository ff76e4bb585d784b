// SPDX-License-Identifier: MIT
//
// The matchers for GoogleTest: what they pass, and of what they must not pass the message.
#include <gtest/gtest-spi.h>
#include <halfulp_gtest.h>

#include <vector>

namespace halfulp_test {
namespace {

Operation add() { return {"add", {"binary16"}, "binary16"}; }

TEST(Matchers, RightResultsMatch) {
  const std::vector<std::uint16_t> ones{0x3c00, 0x3c00}, others{0x3c00, 0x1000};
  const std::vector<std::uint16_t> sums{0x4000, 0x3c00};
  EXPECT_BITS_EQ(codes(sums), golden(add(), {codes(ones), codes(others)}));
  EXPECT_BITS_EQ(codes(sums).with_flags({0, HALFULP_INEXACT}),
                 golden(add(), {codes(ones), codes(others)}));
  EXPECT_BITS_EQ(code(0x7e00), of(Format("binary16"), code(0xfe01)));  // NaN
  EXPECT_ULP_LE(codes(sums), of(Format("binary16"), codes(sums)), 0);
  EXPECT_ULP_LE(code(0x8001), of(Format("binary16"), code(1)), 2);
  ASSERT_BITS_EQ(code(1), of(Format("e2m1fn"), code(1)));
  const std::uint8_t two[1] = {0x41};
  EXPECT_BITS_EQ(packed(Format("e2m1fn"), two, 2),
                 of(Format("e2m1fn"), codes(std::vector<int>{1, 4})));
}

TEST(Matchers, StochasticResultsAreThoseOfTheirBits) {
  const Operation sr("convert", {"binary32"},
                     R"({"format": "e4m3fn", "rounding": "stochastic", "random_bits": 2})");
  const std::vector<std::uint32_t> tenth{0x3dcccccd, 0x3dcccccd};
  EXPECT_BITS_EQ(codes(std::vector<int>{0x1c, 0x1d}), golden(sr, {codes(tenth)}, {0, 3}));
}

// EXPECT_NONFATAL_FAILURE knows no local variables.
const std::vector<std::uint16_t>& left() {
  static const std::vector<std::uint16_t> all{0x3c00, 0x3c00, 0x3c00};
  return all;
}
const std::vector<std::uint16_t>& right() {
  static const std::vector<std::uint16_t> all{0x3c00, 0x1000, 0x1000};
  return all;
}

TEST(Matchers, AWrongResultIsSaidInFull) {
  EXPECT_NONFATAL_FAILURE(
      EXPECT_BITS_EQ(codes(std::vector<int>{0x4000, 0x3c01, 0x3c02}),
                     golden(add(), {codes(left()), codes(right())})),
      "golden(add(), {codes(left()), codes(right())})\n"
      "2 of 3 cases are wrong, the first at 1\n"
      "add\n"
      "  a     3C00  0|01111|0000000000  1\n"
      "  b     1000  0|00100|0000000000  0.0004883\n"
      "  exact 1.00048828125 = 2049 * 2^-11\n"
      "  got   3C01  0|01111|0000000001  1.001\n"
      "  want  3C00  0|01111|0000000000  1  01 inexact\n"
      "  off   1 ulp\n"
      "  as if rounded nearest-away, or toward-positive, or away-from-zero, or to-odd\n");
}

TEST(Matchers, WrongFlagsAreSaid) {
  EXPECT_NONFATAL_FAILURE(
      EXPECT_BITS_EQ(code(0x3c00).with_flags({0}), golden(add(), {code(0x3c00), code(0x1000)})),
      "  got   3C00  0|01111|0000000000  1  00\n"
      "  want  3C00  0|01111|0000000000  1  01 inexact\n");
}

TEST(Matchers, AWrongCodeIsSaid) {
  EXPECT_NONFATAL_FAILURE(EXPECT_BITS_EQ(codes(std::vector<int>{0, 0x39}),
                                         of(Format("e4m3fn"), codes(std::vector<int>{0, 0x38}))),
                          "1 of 2 elements differs, the first at 1\n"
                          "  got   39  0|0111|001  1.1\n"
                          "  want  38  0|0111|000  1\n"
                          "  off   1 ulp\n");
  EXPECT_NONFATAL_FAILURE(EXPECT_BITS_EQ(code(0x8000), of(Format("binary16"), code(0))),
                          "1 of 1 element differs\n");
  EXPECT_NONFATAL_FAILURE(
      EXPECT_BITS_EQ(code(0x7e00), of(Format("binary16"), code(0x7e01), HALFULP_NAN_EXACT)),
      "7E01");
}

TEST(Matchers, WhatIsTooFarIsSaid) {
  EXPECT_NONFATAL_FAILURE(
      EXPECT_ULP_LE(codes(std::vector<int>{0x3c01, 0x3c03}),
                    of(Format("binary16"), codes(std::vector<int>{0x3c00, 0x3c00})), 2),
      "  finite numbers are at most 3 ulp apart\n"
      "  1 further apart than 2 ulp, 0 NaN or infinite on one side\n");
  // An infinity is beside the largest number, and within nothing.
  EXPECT_NONFATAL_FAILURE(EXPECT_ULP_LE(code(0x7c00), of(Format("binary16"), code(0x7bff)), 1000),
                          "0 further apart than 1000 ulp, 1 NaN or infinite on one side");
}

TEST(Matchers, NothingMatchesNothing) {
  EXPECT_NONFATAL_FAILURE(EXPECT_BITS_EQ(Codes(), of(Format("binary16"), Codes())),
                          "no elements: nothing is tested");
  EXPECT_NONFATAL_FAILURE(EXPECT_BITS_EQ(Codes(), golden(add(), {Codes(), Codes()})),
                          "no elements: nothing is tested");
  EXPECT_NONFATAL_FAILURE(EXPECT_ULP_LE(Codes(), of(Format("binary16"), Codes()), 1),
                          "no elements: nothing is tested");
}

TEST(Matchers, WhatDescribesNothingThrows) {
  EXPECT_THROW(Format("e4m3"), std::invalid_argument);
  EXPECT_THROW(bits_equal(code(1), of(Format("e4m3fn"), Codes())), std::invalid_argument);
  EXPECT_THROW(bits_equal(code(1), golden(add(), {code(1)})), std::invalid_argument);
  EXPECT_THROW(bits_equal(code(0x100), of(Format("e4m3fn"), code(0), 8)), std::invalid_argument);
  try {
    Format("e4m3");
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("float8_e4m3fn"), std::string::npos) << error.what();
  }
}

// 2 x 3 by 3 x 1 of ones and halves.
struct Kernel {
  std::vector<float> a = {1, 0.5F, 1, 1, 1, 1}, b = {1, 1, 0.5F}, results;
  std::size_t a_shape[2] = {2, 3}, b_shape[2] = {3, 1}, shape[2] = {2, 1};
  halfulp_tensor of_a = {a.data(), HALFULP_F32, 2, a_shape, nullptr, nullptr};
  halfulp_tensor of_b = {b.data(), HALFULP_F32, 2, b_shape, nullptr, nullptr};
  halfulp_tensor got = {nullptr, HALFULP_F32, 2, shape, nullptr, nullptr};
  halfulp_product product = {&of_a, &of_b, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, 1};
  explicit Kernel(std::vector<float> made) : results(std::move(made)) { got.data = results.data(); }
};
Unit hopper() { return Unit("nv.hopper.wgmma.e4m3.f32"); }

TEST(Matchers, ResultsWithinTheBoundMatch) {
  const Kernel kernel({2.0F, 2.5F});
  EXPECT_WITHIN_BOUND(kernel.got, bound(hopper(), kernel.product));
}

const Kernel& wrong() {
  static const Kernel kernel({2.0F, 3.5F});
  return kernel;
}

TEST(Matchers, ResultsBeyondTheBoundAreSaid) {
  EXPECT_NONFATAL_FAILURE(EXPECT_WITHIN_BOUND(wrong().got, bound(hopper(), wrong().product)),
                          "bound (deterministic): NO, 1 of 2 results is further from the exact "
                          "product\n");
  EXPECT_NONFATAL_FAILURE(EXPECT_WITHIN_BOUND(wrong().got, bound(hopper(), wrong().product, 1e-6)),
                          "  [1, 0]  3.5    2.5      1");
}

}  // namespace
}  // namespace halfulp_test

// SPDX-License-Identifier: MIT
//
// The array functions of the reference: carriers, packed codes, random bits by index, counts.
#include "reference/engine.h"

#include <bit>
#include <cmath>
#include <limits>

#include "formats/numbers/value.h"
#include "formats/random.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <typename T>
std::vector<T> rounded(const std::vector<T>& in, const Quantizer& q, Counts* counts = nullptr,
                       const Random& random = {}) {
  std::vector<T> out(in.size());
  engine().round(view_of(std::span<const T>(in)), engine().prepare(q), random,
                 view_of(std::span<T>(out)), counts);
  return out;
}

TEST(Round, ValuesOfBothCarriers) {
  const Quantizer q = quantizer("float8_e4m3fn");
  EXPECT_EQ(rounded<double>({0.1, -0.1, 464, 1e-30, 3}, q),
            (std::vector<double>{0.1015625, -0.1015625, 448, 0, 3}));
  EXPECT_EQ(rounded<float>({0.1F, -0.1F, 464, 1e-30F, 3}, q),
            (std::vector<float>{0.1015625F, -0.1015625F, 448, 0, 3}));
  const std::vector<double> special = rounded<double>({nan, -nan, inf, -1e-30, 500}, q);
  EXPECT_TRUE(std::isnan(special[0]) && !std::signbit(special[0]));
  EXPECT_TRUE(std::isnan(special[1]) && std::signbit(special[1]));
  EXPECT_TRUE(std::isnan(special[2]) && std::isnan(special[4]));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(special[3]), 0x8000000000000000);
}

TEST(Round, SubnormalFloats) {
  const std::vector<float> in{0x1p-149F, -0x1.8p-148F, 0x1.fffffcp-127F, 0x1p-126F};
  EXPECT_EQ(rounded<float>(in, quantizer("binary32")), in);
  Quantizer flushing = quantizer("binary32");
  flushing.rounding.flush_inputs = true;
  EXPECT_EQ(rounded<float>(in, flushing), (std::vector<float>{0, 0, 0, 0x1p-126F}));
}

TEST(Round, CountsWhatHappened) {
  Counts counts{.elements = 10};
  rounded<double>({0.5, 0.3, 1e-9, 500, inf, nan, -0.0, 448}, quantizer("float8_e4m3fn"), &counts);
  EXPECT_EQ(counts.elements, 18U);
  EXPECT_EQ(counts.saturated, 2U);  // 500 and infinity
  EXPECT_EQ(counts.flushed, 1U);
  EXPECT_EQ(counts.inexact, 4U);  // 0.3, 1e-9, 500, infinity
}

TEST(Round, DrawsRandomBitsByIndex) {
  Quantizer q = quantizer("int8", Mode::stochastic);
  q.rounding.random_bits = 16;
  const Random random{.seed = 5, .stream = 6, .offset = 100};
  const std::vector<double> in(64, 0.3);
  std::vector<double> want;
  for (std::uint64_t i = 0; i < in.size(); ++i)  // floor(0.3 * 65536) = 19660
    want.push_back(19660 + random.bits(i, 16) >= 65536 ? 1 : 0);
  EXPECT_EQ(rounded<double>(in, q, nullptr, random), want);
  // Rows of a strided view: the element at (row, column) draws at row * columns + column.
  std::vector<double> out(3 * 20, -7);
  const View strided{in.data(), Carrier::binary64, 3, 7, 20};
  engine().round(strided, engine().prepare(q), random, {out.data(), Carrier::binary64, 3, 7, 20},
                 nullptr);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 20; ++column)
      EXPECT_EQ(out[row * 20 + column], column < 7 ? want[row * 7 + column] : -7);
  }
}

TEST(Map, RoundsTheExactResultOnce) {
  const Quantizer q = quantizer("bfloat16");
  const std::vector<double> a{1, 1.0078125, 3};
  const std::vector<double> b{0x1p-60, 1.0078125, 0};
  const std::array<View, 2> in{view_of(std::span(a)), view_of(std::span(b))};
  std::vector<double> out(3);
  Counts counts;
  engine().map(Op::add, in, engine().prepare(q), {}, view_of(std::span(out)), &counts);
  EXPECT_EQ(out, (std::vector<double>{1, 2.015625, 3}));
  EXPECT_EQ(counts, (Counts{.elements = 3, .saturated = 0, .flushed = 0, .inexact = 1}));
  engine().map(Op::divide, in, engine().prepare(q), {}, view_of(std::span(out)), &counts);
  EXPECT_EQ(out, (std::vector<double>{0x1p60, 1, inf}));
  EXPECT_EQ(counts.saturated, 1U);
}

class Packing : public testing::TestWithParam<std::string> {};

TEST_P(Packing, GoesThereAndBack) {
  const Quantizer q = quantizer(GetParam());
  const Plan plan = engine().prepare(q);
  std::vector<double> values;
  const Range range = finite_range(q.format);
  for (Rank rank = range.lowest; rank <= range.highest && values.size() < 101; ++rank)
    values.push_back(to_double(value_at(q.format, rank)));
  std::vector<std::uint8_t> bytes(packed_bytes(q.format, values.size()) + 2, 0xee);
  engine().encode(view_of(std::span<const double>(values)), plan, {}, bytes, nullptr);
  EXPECT_EQ(bytes.back(), 0xee);
  std::vector<double> back(values.size());
  engine().decode(bytes, plan, view_of(std::span(back)));
  EXPECT_EQ(back, values);
}

INSTANTIATE_TEST_SUITE_P(Formats, Packing,
                         testing::Values("float4_e2m1fn", "float6_e3m2fn", "float8_e4m3fn",
                                         "binary16", "tf32", "binary32", "binary64", "int4"),
                         [](const auto& info) { return info.param; });

TEST(PackedCodes, LieLeastSignificantFirst) {
  const Plan plan = engine().prepare(quantizer("float6_e2m3fn"));
  const std::vector<double> values{0.125, 0.25, 0.375, -0.125, 7.5};  // codes 01 02 03 21 1f
  std::array<std::uint8_t, 4> bytes{};
  engine().encode(view_of(std::span(values)), plan, {}, bytes, nullptr);
  // 1 | 2 << 6 | 3 << 12 | 0x21 << 18 | 0x1f << 24
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 4>{0x81, 0x30, 0x84, 0x1f}));
}

// 2^(1/2) and -2^(-3/8), and rounding what was carried gives the same codes.
TEST(Carriers, HoldTheNumberNextToAnIrrationalOne) {
  const Format format{.name = "log8", .kind = Log{.integer_bits = 4, .fraction_bits = 3}};
  const Plan plan = engine().prepare({.format = format, .rounding = {}});
  const std::array<std::uint8_t, 2> codes{0x04, 0xfd};
  std::vector<double> doubles(2);
  std::vector<float> floats(2);
  engine().decode(codes, plan, view_of(std::span(doubles)));
  engine().decode(codes, plan, view_of(std::span(floats)));
  EXPECT_EQ(doubles, (std::vector<double>{0x1.6a09e667f3bcdp+0, -0x1.8ace5422aa0dbp-1}));
  EXPECT_EQ(floats, (std::vector<float>{0x1.6a09e6p+0F, -0x1.8ace54p-1F}));
  EXPECT_EQ(rounded<double>({1.4, -0.75}, plan.quantizer), doubles);
  EXPECT_EQ(rounded<float>({1.4F, -0.75F}, plan.quantizer), floats);
  std::array<std::uint8_t, 2> back{};
  engine().encode(view_of(std::span<const double>(doubles)), plan, {}, back, nullptr);
  EXPECT_EQ(back, codes);
}

TEST(Carriers, ThatAreTooSmallAreRefused) {
  std::vector<float> out(1);
  const std::vector<float> in(1);
  EXPECT_THROW(
      engine().round(view_of(std::span<const float>(in)), engine().prepare(quantizer("binary64")),
                     {}, view_of(std::span(out)), nullptr),
      std::logic_error);
}

}  // namespace
}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Orders of summation on both engines: emulator against reference where sums cancel, overflow and
// are subnormal, with logarithmic numbers and specials; results worked out by hand; indices of
// random bits.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "emulator/engine.h"
#include "formats/error.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

constexpr std::array orders{Order::sequential, Order::pairwise, Order::chunked, Order::compensated,
                            Order::exact};

Quantizer quantizer(const char* format, Mode mode = Mode::nearest_even) {
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = mode;
  return q;
}

DotUnit unit_of(Order order, const Quantizer& accumulator, std::int64_t chunk = 4) {
  DotUnit unit{.order = order, .product = {}, .accumulator = accumulator};
  if (order == Order::chunked) unit.chunk = chunk;
  return unit;
}

double dot(const Engine& engine, const std::vector<double>& a, const std::vector<double>& b,
           const DotUnit& unit, const Random& random = {}, std::optional<double> addend = {}) {
  double out = addend.value_or(-7);
  MatrixOperands operands{view_of(a.data(), 1, a.size()), view_of(b.data(), b.size(), 1), {}};
  if (addend) operands.addend = view_of(&out, 1, 1);
  engine.multiply_add(operands, engine.prepare_dot(unit), random, view_of(&out, 1, 1));
  return out;
}

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }

class OnBothEngines : public testing::TestWithParam<const Engine*> {
 protected:
  static double sum(const std::vector<double>& terms, const DotUnit& unit,
                    const Random& random = {}) {
    return dot(*GetParam(), terms, std::vector<double>(terms.size(), 1.0), unit, random);
  }
  static double sum_from(double addend, const std::vector<double>& terms, const DotUnit& unit,
                         const Random& random = {}) {
    return dot(*GetParam(), terms, std::vector<double>(terms.size(), 1.0), unit, random, addend);
  }
};
INSTANTIATE_TEST_SUITE_P(, OnBothEngines,
                         testing::Values(&emulator::engine(), &reference::engine()),
                         [](const auto& info) { return std::string(info.param->name); });

// --- Emulator and reference.

// Numbers of every magnitude, as products that overflow, are subnormal, or cancel to 2^-1000.
struct Terms {
  std::vector<double> a, b;
};
Terms draw_terms(std::size_t count, int range, sampling::Stream& stream) {
  Terms terms;
  const auto draw = [&] {
    const double x = 1 + static_cast<double>(stream.bits(20)) * 0x1p-20;
    const auto exponent = static_cast<int>(stream.below(2 * static_cast<std::uint64_t>(range) + 1));
    return std::ldexp(stream.bits(1) != 0 ? x : -x, exponent - range);
  };
  for (std::size_t k = 0; k < count; ++k) {
    // Half of them undo an earlier one.
    const bool undo = k > 0 && stream.bits(1) != 0;
    const std::size_t other = undo ? stream.below(k) : 0;
    terms.a.push_back(undo ? -terms.a[other] : draw());
    terms.b.push_back(undo ? terms.b[other] : draw());
  }
  if (count > 2 && stream.bits(1) != 0) {
    terms.a[1] = 0x1p-500;
    terms.b[1] = std::ldexp(1.0, -500 - static_cast<int>(stream.below(60)));
  }
  return terms;
}

void expect_same(const Terms& terms, const DotUnit& unit, const Random& random,
                 const std::string& what) {
  const double ours = dot(emulator::engine(), terms.a, terms.b, unit, random);
  const double theirs = dot(reference::engine(), terms.a, terms.b, unit, random);
  EXPECT_EQ(bits_of(ours), bits_of(theirs))
      << what << " " << name_of(unit.order) << " of " << terms.a.size() << " terms into "
      << cases::describe(*unit.accumulator) << ": emulator " << ours << ", reference " << theirs;
}

TEST(Accumulators, AgreeWhereSumsCancelOverflowAndAreSubnormal) {
  sampling::Stream stream(21);
  std::size_t turn = 0;
  for (const char* name :
       {"binary16", "bfloat16", "binary32", "binary64", "float8_e4m3fn", "float8_e5m2fnuz", "int8",
        "posit8", "posit16", "posit32", "takum16", "nf4", "float8_e8m0fnu"}) {
    for (std::size_t i = 0; i < sampling::draws(150); ++i) {
      const Quantizer q{.format = find_format(name), .rounding = cases::rounding(turn++)};
      if (!fits_binary64(q.format)) continue;
      DotUnit unit = unit_of(orders[stream.below(5)], q, 1 + static_cast<int>(stream.below(5)));
      if (stream.below(4) == 0) unit.product = Quantizer{q.format, cases::rounding(turn + 3)};
      if (stream.below(4) == 0) unit.product = quantizer("posit64");
      if (unit.order == Order::chunked && stream.bits(1) != 0)
        unit.outer = Quantizer{find_format("binary32"), cases::rounding(turn + 5)};
      constexpr std::array ranges{1, 12, 70, 511};
      const Terms terms = draw_terms(stream.below(24), ranges[stream.below(4)], stream);
      expect_same(terms, unit, {.seed = 4, .stream = 5, .offset = stream.below(90)}, "drawn");
      if (HasFailure()) return;
    }
  }
}

TEST(Accumulators, AgreeInLogarithmicFormats) {
  sampling::Stream stream(22);
  std::size_t turn = 0;
  for (const Format& format : cases::logarithmic_formats()) {
    if (!fits_binary64(format)) continue;
    for (int i = 0; i < 24; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      DotUnit unit = unit_of(orders[static_cast<std::size_t>(i) % 5], q, 3);
      if (i % 4 == 1) {
        unit.product = unit.order == Order::exact ? quantizer("binary16")
                                                  : Quantizer{format, cases::rounding(turn + 9)};
      }
      const Terms terms = draw_terms(stream.below(7), 3, stream);
      expect_same(terms, unit, {.seed = 4, .stream = 6, .offset = 0}, "logarithmic");
      if (HasFailure()) return;
    }
  }
}

TEST(Accumulators, AgreeOnEveryMixtureOfSpecials) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array<double, 8> specials{0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 0x1p-1074};
  std::size_t turn = 0;
  for (const char* name : {"binary16", "float8_e4m3fn", "float8_e4m3fnuz", "posit8", "uint4",
                           "float4_e2m1fn", "float8_e8m0fnu"}) {
    for (const Order order : orders) {
      for (std::size_t i = 0; i < 512; ++i) {
        const Quantizer q{.format = find_format(name), .rounding = cases::rounding(turn++)};
        const Terms terms{{specials[i % 8], specials[i / 8 % 8], 1.0},
                          {1.0, -1.0, specials[i / 64]}};
        DotUnit unit = unit_of(order, q, 2);
        if (i % 3 == 1) unit.product = Quantizer{q.format, cases::rounding(turn + 11)};
        expect_same(terms, unit, {}, "specials " + std::to_string(i));
        if (HasFailure()) return;
      }
    }
  }
}

// --- By hand.

TEST_P(OnBothEngines, ExactSumsHaveTheSignsOfZeroOfIeee754) {
  const auto exactly = [&](const std::vector<double>& terms, Mode mode) {
    return bits_of(sum(terms, unit_of(Order::exact, quantizer("binary16", mode))));
  };
  const std::uint64_t minus = bits_of(-0.0);
  for (const Mode mode : {Mode::nearest_even, Mode::toward_zero, Mode::toward_positive}) {
    EXPECT_EQ(exactly({-0.0, -0.0}, mode), minus);
    EXPECT_EQ(exactly({0.0, -0.0}, mode), 0U);
    EXPECT_EQ(exactly({1.0, -1.0}, mode), 0U);
    EXPECT_EQ(exactly({-0.0, 1.0, -0.0, -1.0}, mode), 0U);
  }
  EXPECT_EQ(exactly({-0.0}, Mode::toward_negative), minus);
  EXPECT_EQ(exactly({0.0, 0.0}, Mode::toward_negative), 0U);
  EXPECT_EQ(exactly({0.0, -0.0}, Mode::toward_negative), minus);
  EXPECT_EQ(exactly({1.0, -1.0}, Mode::toward_negative), minus);
}

TEST_P(OnBothEngines, SumsOfNothingArePlusZero) {
  for (const Order order : orders) {
    for (const char* format : {"binary16", "float8_e8m0fnu", "posit8"}) {
      EXPECT_EQ(bits_of(sum({}, unit_of(order, quantizer(format, Mode::toward_negative)))), 0U);
    }
  }
}

TEST_P(OnBothEngines, InfinitiesAndNanAreThoseOfIeeeSums) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Order order : orders) {
    const DotUnit unit = unit_of(order, quantizer("binary16"), 2);
    EXPECT_EQ(sum({1, inf, 2, 3}, unit), inf) << name_of(order);
    EXPECT_EQ(sum({1, -inf, 2, -inf, 5}, unit), -inf) << name_of(order);
    EXPECT_EQ(bits_of(sum({1, inf, 2, -inf, 3}, unit)), 0x7ff8000000000000U) << name_of(order);
    EXPECT_EQ(bits_of(sum({1, 2, -nan}, unit)), 0x7ff8000000000000U) << name_of(order);
    EXPECT_TRUE(std::isnan(dot(*GetParam(), {1, inf}, {1, 0}, unit))) << name_of(order);
  }
  // Of finite terms: 65504 + 65504 - 65504 overflows on the way, but not exactly.
  EXPECT_EQ(sum({65504, 65504, -65504}, unit_of(Order::sequential, quantizer("binary16"))), inf);
  EXPECT_EQ(sum({65504, 65504, -65504}, unit_of(Order::exact, quantizer("binary16"))), 65504);
  EXPECT_EQ(sum({65504, 16}, unit_of(Order::exact, quantizer("binary16"))), inf);
}

// 1 and 2048 times 2^-12 in binary16, whose numbers from 1 on are 2^-10 apart: 1.5 in all.
TEST_P(OnBothEngines, OneAndManySmallTermsBinary16) {
  std::vector<double> terms(2049, 0x1p-12);
  terms[0] = 1;
  const Quantizer q = quantizer("binary16");
  // Every step is below half a place.
  EXPECT_EQ(sum(terms, unit_of(Order::sequential, q)), 1.0);
  // 1 takes up 2^-12, 2^-11, ..., 2^-2 from its neighbours; the first is below half a place, the
  // second a tie that stays, and 2^-10 + ... + 2^-2 = 1/2 - 2^-10. The last term is lost too.
  EXPECT_EQ(sum(terms, unit_of(Order::pairwise, q)), 1.5 - 0x1p-10);
  // Of 64 terms the first chunk loses 63; 31 others are 2^-6 each, the last term is lost.
  EXPECT_EQ(sum(terms, unit_of(Order::chunked, q, 64)), 1 + 31 * 0x1p-6);
  // c keeps -2^-12, -2^-11 (a tie), then 3 2^-12 rounds up and c is 2^-12: four terms add 2^-10.
  EXPECT_EQ(sum(terms, unit_of(Order::compensated, q)), 1.5);
  EXPECT_EQ(sum(terms, unit_of(Order::exact, q)), 1.5);
}

TEST_P(OnBothEngines, ChunksArePromotedToTheOuterFormat) {
  // bfloat16 stops at 256, and so do chunks of 1024 ones; chunks of 128 do not, and binary32 adds
  // them exactly, bfloat16 too as long as they are few.
  const std::vector<double> ones(10000, 1.0);
  DotUnit unit = unit_of(Order::chunked, quantizer("bfloat16"), 1024);
  unit.outer = quantizer("binary32");
  EXPECT_EQ(sum(ones, unit), 10 * 256);
  unit.chunk = 128;
  EXPECT_EQ(sum(ones, unit), 10000);
  unit.outer.reset();
  EXPECT_EQ(sum(std::vector<double>(1280, 1.0), unit), 1280);
  unit.chunk = 20000;
  EXPECT_EQ(sum(ones, unit), 256);
}

TEST_P(OnBothEngines, PairwiseSumsPassTheOddOneOut) {
  // Five terms in binary16: ((a + b) + (c + d)) + e. 2048 + 1 is a tie that stays, 2048 + 2 is not.
  EXPECT_EQ(sum({2048, 1, 1, 0, 0}, unit_of(Order::pairwise, quantizer("binary16"))), 2048);
  EXPECT_EQ(sum({2048, 0, 1, 1, 0}, unit_of(Order::pairwise, quantizer("binary16"))), 2050);
  // Six: ((a + b) + (c + d)) + (e + f). Seven: ... + ((e + f) + g).
  EXPECT_EQ(sum({2048, 0, 0, 0, 1, 1}, unit_of(Order::pairwise, quantizer("binary16"))), 2050);
  EXPECT_EQ(sum({2048, 0, 0, 0, 1, 0, 1}, unit_of(Order::pairwise, quantizer("binary16"))), 2050);
  EXPECT_EQ(sum({2048, 0, 0, 0, 1, 0, 0, 0, 1}, unit_of(Order::pairwise, quantizer("binary16"))),
            2048);
}

TEST_P(OnBothEngines, TheQuireKeepsWhatPositsLose) {
  // posit8's largest is 2^24: its square cancels, and what is left is the least number squared,
  // 2^-48, which is less than the least number 2^-24 and so becomes it.
  const DotUnit quire = unit_of(Order::exact, quantizer("posit8"));
  EXPECT_EQ(dot(*GetParam(), {0x1p24, 0x1p-24, -0x1p24}, {0x1p24, 0x1p-24, 0x1p24}, quire),
            0x1p-24);
  EXPECT_EQ(dot(*GetParam(), {0x1p24, 1, 1, -0x1p24}, {0x1p24, 1, 1, 0x1p24}, quire), 2);
  EXPECT_EQ(sum({0x1p24, 1, -0x1p24}, unit_of(Order::sequential, quantizer("posit8"))), 0);
}

TEST_P(OnBothEngines, ExactSumsRoundProductsFirstWhereAsked) {
  // (1 + 2^-10)^2 = 1 + 2^-9 + 2^-20, which binary16 has without the last.
  DotUnit unit = unit_of(Order::exact, quantizer("binary32"));
  const double x = 1 + 0x1p-10;
  EXPECT_EQ(dot(*GetParam(), {x, -1, -0x1p-9}, {x, 1, 1}, unit), 0x1p-20);
  unit.product = quantizer("binary16");
  EXPECT_EQ(dot(*GetParam(), {x, -1, -0x1p-9}, {x, 1, 1}, unit), 0);
}

// Every rounding in a tie that its random bit decides, so that every index shows.
TEST_P(OnBothEngines, DrawAtTheStatedIndices) {
  Quantizer q = quantizer("binary16", Mode::stochastic_equal);
  q.rounding.random_bits = 1;
  const Random random{.seed = 8, .stream = 2, .offset = 0};
  const auto bit = [&](std::uint64_t index) { return static_cast<double>(random.bits(index, 1)); };
  // Terms 2048 + 1 + ...: 2049 lies between 2048 and 2050.
  for (std::uint64_t r = 0; r < 40; ++r) {
    const auto at = [&](const DotUnit& unit, const std::vector<double>& terms) {
      Random moved = random;
      moved.offset = r * draws_per_result(unit, terms.size());
      return sum(terms, unit, moved);
    };
    EXPECT_EQ(at(unit_of(Order::exact, q), {2048, 1, 0}), 2048 + 2 * bit(r * 16));
    EXPECT_EQ(at(unit_of(Order::pairwise, q), {0, 0, 2049}), 2048 + 2 * bit(r * 16 + 8));
    EXPECT_EQ(at(unit_of(Order::pairwise, q), {2048, 0, 1}), 2048 + 2 * bit(r * 16 + 8 + 1));
    EXPECT_EQ(at(unit_of(Order::pairwise, q), {2048, 1, 0}), 2048 + 2 * bit(r * 16 + 4 + 1));
    EXPECT_EQ(at(unit_of(Order::chunked, q, 2), {0, 2048, 0, 2049}),
              4096 + 4 * bit(r * 16 + 4 + 1) * bit(r * 16 + 6));
    EXPECT_EQ(at(unit_of(Order::sequential, q), {2048, 1}), 2048 + 2 * bit(r * 16 + 1));
    EXPECT_EQ(at(unit_of(Order::compensated, q), {0, 2049}), 2048 + 2 * bit(r * 16 + 4));
    EXPECT_EQ(at(unit_of(Order::compensated, q), {2048, 1}), 2048 + 2 * bit(r * 16 + 4 + 1));
  }
}

// 2048 + 1 is a tie that stays, 2048 + 2 is not.
TEST_P(OnBothEngines, TheAddendEntersWhereTheOrderSays) {
  const Quantizer q = quantizer("binary16");
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::sequential, q)), 2048);
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::pairwise, q)), 2050);
  EXPECT_EQ(sum_from(1, {2048, 0, 1}, unit_of(Order::pairwise, q)), 2048);
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::chunked, q, 2)), 2050);
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::chunked, q, 1)), 2048);
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::compensated, q)), 2050);
  EXPECT_EQ(sum_from(2048, {1, 1}, unit_of(Order::exact, q)), 2050);
  EXPECT_EQ(sum_from(-2048, {2048, 1}, unit_of(Order::exact, q)), 1);
  const double half_ulp = 0x1p-53;
  DotUnit native;
  EXPECT_EQ(sum_from(1, {half_ulp, half_ulp}, native), 1);
  native.order = Order::eight_sums;
  EXPECT_EQ(sum_from(1, {half_ulp, half_ulp}, native), 1 + 0x1p-52);
}

TEST_P(OnBothEngines, TheAddendIsNotRoundedBeforeItEnters) {
  for (const Order order : orders) {
    EXPECT_EQ(sum_from(2049, {1}, unit_of(order, quantizer("binary16"))), 2050) << name_of(order);
  }
}

TEST_P(OnBothEngines, WithoutTermsTheAddendIsRounded) {
  for (const Order order : orders) {
    EXPECT_EQ(sum_from(2049, {}, unit_of(order, quantizer("binary16"))), 2048) << name_of(order);
    EXPECT_EQ(bits_of(sum_from(-0.0, {}, unit_of(order, quantizer("binary16")))), bits_of(-0.0));
  }
  DotUnit unit = unit_of(Order::chunked, quantizer("binary16"));
  unit.outer = quantizer("binary32");
  EXPECT_EQ(sum_from(2049, {}, unit), 2049);
}

TEST_P(OnBothEngines, TheAddendHasTheSignsInfinitiesAndNanOfTerms) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<DotUnit> units(2);
  units[1].order = Order::eight_sums;
  for (const Order order : orders) units.push_back(unit_of(order, quantizer("binary16")));
  for (const DotUnit& unit : units) {
    const bool sums_from_zero = unit.order == Order::chunked || unit.order == Order::eight_sums;
    EXPECT_EQ(bits_of(sum_from(-0.0, {-0.0}, unit)), bits_of(sums_from_zero ? 0.0 : -0.0))
        << name_of(unit.order);
    EXPECT_EQ(bits_of(sum_from(0.0, {-0.0}, unit)), 0U) << name_of(unit.order);
    EXPECT_EQ(sum_from(inf, {1, 2}, unit), inf) << name_of(unit.order);
    EXPECT_EQ(bits_of(sum_from(inf, {1, -inf}, unit)), 0x7ff8000000000000U) << name_of(unit.order);
    EXPECT_EQ(bits_of(sum_from(-nan, {1, 2}, unit)), 0x7ff8000000000000U) << name_of(unit.order);
  }
}

TEST_P(OnBothEngines, TheAddendIsFlushedByItsCarrier) {
  for (const Order order : orders) {
    DotUnit unit = unit_of(order, quantizer("binary64", Mode::toward_positive));
    EXPECT_EQ(sum_from(0x1p-1074, {0, 0}, unit), 0x1p-1074) << name_of(order);
    unit.accumulator->rounding.flush_inputs = true;
    EXPECT_EQ(sum_from(0x1p-1074, {0, 0}, unit), 0) << name_of(order);
  }
}

TEST_P(OnBothEngines, TheAddendDrawsWhereItIsAddedLastOrAlone) {
  Quantizer q = quantizer("binary16", Mode::stochastic_equal);
  q.rounding.random_bits = 1;
  for (std::uint64_t offset = 0; offset < 40; ++offset) {
    const Random random{.seed = 8, .stream = 2, .offset = offset};
    const auto bit = [&](std::uint64_t i) { return static_cast<double>(random.bits(i, 1)); };
    EXPECT_EQ(sum_from(1, {2048, 0}, unit_of(Order::pairwise, q), random), 2048 + 2 * bit(2));
    EXPECT_EQ(sum_from(2049, {}, unit_of(Order::pairwise, q), random), 2048 + 2 * bit(0));
    EXPECT_EQ(sum_from(2048, {1}, unit_of(Order::sequential, q), random), 2048 + 2 * bit(0));
    EXPECT_EQ(sum_from(2048, {0, 1}, unit_of(Order::chunked, q, 2), random), 2048 + 2 * bit(1));
  }
}

TEST_P(OnBothEngines, RefuseUnitsThatMeanNothing) {
  const Engine& engine = *GetParam();
  EXPECT_THROW(engine.prepare_dot(DotUnit{.order = Order::exact, .product = {}, .accumulator = {}}),
               Error);
  EXPECT_THROW(engine.prepare_dot(unit_of(Order::eight_sums, quantizer("binary16"))), Error);
  EXPECT_THROW(engine.prepare_dot(unit_of(Order::chunked, quantizer("binary16"), 0)), Error);
  DotUnit unit = unit_of(Order::exact, quantizer("log4.3"));
  EXPECT_NO_THROW(engine.prepare_dot(unit));
  unit.product = quantizer("log4.3");
  try {
    engine.prepare_dot(unit);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.location(), "/product");
    EXPECT_NE(error.hint().find("products enter exactly"), std::string::npos);
  }
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// Tolerances against rational arithmetic, and sums worked out by hand.
#include "golden/comparison/tolerance.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>

#include "formats/codes.h"
#include "formats/json.h"
#include "formats/random.h"

namespace halfulp::comparison {
namespace {

using Rational = boost::multiprecision::cpp_rational;

Closeness closeness(const char* atol, const char* rtol) {
  return {parse_real(atol), parse_real(rtol)};
}

Rational rational(double x) {
  int exponent = 0;
  const auto significand = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &exponent), 53));
  Rational value = significand;
  Integer power = 1;
  power <<= std::abs(exponent - 53);
  return exponent >= 53 ? value * Rational(power) : value / Rational(power);
}

// Numbers whose difference is the bound or a step beside it, and anything else.
TEST(Closeness, IsTheRuleExactly) {
  const Random random{.seed = 3};
  std::size_t within = 0;
  std::size_t on_the_edge = 0;
  const std::pair<const char*, const char*> rules[] = {
      {"1e-3", "1e-2"}, {"0", "0.125"}, {"0.5", "0"}, {"1e-5", "1.3e-6"}, {"0", "0"}};
  const std::pair<Rational, Rational> exact[] = {{Rational(1, 1000), Rational(1, 100)},
                                                 {0, Rational(1, 8)},
                                                 {Rational(1, 2), 0},
                                                 {Rational(1, 100000), Rational(13, 10000000)},
                                                 {0, 0}};
  for (std::size_t rule = 0; rule < std::size(rules); ++rule) {
    const Closeness close = closeness(rules[rule].first, rules[rule].second);
    const auto& [atol, rtol] = exact[rule];
    for (std::uint64_t i = 0; i < 4000; ++i) {
      const double want = std::ldexp(random.word(3 * i) * 0x1p-31 - 1,
                                     static_cast<int>(random.word(3 * i + 1) % 40) - 20);
      double got = want + (i % 2 == 0 ? 1 : -1) * close.allowed(want);
      const int steps = static_cast<int>(random.word(3 * i + 2) % 7) - 3;
      for (int step = 0; step < std::abs(steps); ++step)
        got = std::nextafter(got, steps > 0 ? 1e300 : -1e300);
      const Rational apart = abs(rational(got) - rational(want));
      const Rational bound = atol + rtol * abs(rational(want));
      ASSERT_EQ(close.holds(got, want), apart <= bound) << got << " " << want;
      within += apart <= bound ? 1 : 0;
      on_the_edge += apart == bound ? 1 : 0;
    }
  }
  EXPECT_GT(within, 4000U);
  EXPECT_LT(within, 16000U);
  EXPECT_GT(on_the_edge, 1000U);
}

TEST(Closeness, HoldsAtTheEndsOfDoubles) {
  const double least = std::numeric_limits<double>::denorm_min();
  const double largest = std::numeric_limits<double>::max();
  EXPECT_TRUE(closeness("0", "1").holds(0, least));
  EXPECT_FALSE(closeness("0", "0.999").holds(0, least));
  EXPECT_TRUE(closeness("0", "2").holds(-largest, largest));
  EXPECT_FALSE(closeness("0", "1.999").holds(-largest, largest));
  EXPECT_TRUE(closeness("1e-400", "1").holds(0, least));
  EXPECT_FALSE(closeness("1e-400", "0").holds(0, least));
  EXPECT_TRUE(closeness("1e400", "0").holds(-largest, largest));
  EXPECT_TRUE(closeness("0.1", "0").holds(0, 0.09999999999999999));
  EXPECT_FALSE(closeness("0.1", "0").holds(0, 0.1)) << "the double 0.1 is more than 1/10";
}

Tally tally_of(const Tolerance& tolerance, const char* format, std::vector<std::uint64_t> got,
               std::vector<std::uint64_t> want) {
  const Judge judge(format_from_text(format), tolerance, {});
  return judge.tally(judge.elements(std::move(got)), judge.elements(std::move(want)));
}

TEST(Judge, CountsWhatIsBeyond) {
  Tolerance tolerance{.ulp = 2};
  // 1 against itself, one, two and three steps above, minus zero, infinity, NaN.
  const Tally tally =
      tally_of(tolerance, "bfloat16", {0x3f80, 0x3f81, 0x3f82, 0x3f83, 0x8000, 0x7f80, 0x7fc1},
               {0x3f80, 0x3f80, 0x3f80, 0x3f80, 0x0000, 0x7f7f, 0x7fc0});
  EXPECT_EQ(tally.elements, 7U);
  EXPECT_EQ(tally.equal, 2U);  // any NaN is any other
  EXPECT_EQ(tally.beyond_ulp, 2U);
  EXPECT_EQ(tally.unlike, 1U);
  EXPECT_EQ(tally.beyond_step, 3U);
  EXPECT_FALSE(all_hold(rulings(tolerance, tally)));
  tolerance.ulp = 0;
  EXPECT_EQ(tally_of(tolerance, "bfloat16", {0x8000}, {0x0000}).beyond_ulp, 1U);
}

TEST(Judge, SumsAreThoseOfTheirDefinition) {
  // (3, 4) against (4, 3): |x - y|^2 = 2, |x|^2 + |y|^2 = 50, <x, y> = 24.
  const Tolerance tolerance{.calc_diff = 0.04, .cosine = 0.96};
  const Tally tally = tally_of(tolerance, "bfloat16", {0x4040, 0x4080}, {0x4080, 0x4040});
  const std::vector<Ruling> made = rulings(tolerance, tally);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].measured, 2.0 / 50);
  EXPECT_EQ(made[1].measured, 24.0 / 25);
  EXPECT_TRUE(all_hold(made));
  // Zeros are like zeros, and like nothing else; a NaN that the other has not is within nothing.
  EXPECT_TRUE(all_hold(rulings(tolerance, tally_of(tolerance, "bfloat16", {0}, {0}))));
  EXPECT_FALSE(all_hold(rulings(tolerance, tally_of(tolerance, "bfloat16", {0}, {0x3f80}))));
  EXPECT_FALSE(all_hold(
      rulings(tolerance, tally_of(tolerance, "bfloat16", {0x3f80, 0x7fc0}, {0x3f80, 0x3f80}))));
}

// Nine of ten are nine tenths, though the double 0.9 is more.
TEST(Judge, MatchRatesAreExact) {
  std::vector<std::uint64_t> want(10, 0x38);
  std::vector<std::uint64_t> got = want;
  got[4] = 0x39;
  const Tolerance nine_tenths{.match_rate = parse_real("0.9")};
  EXPECT_TRUE(all_hold(rulings(nine_tenths, tally_of(nine_tenths, "float8_e4m3fn", got, want))));
  const Tolerance more{.match_rate = parse_real("0.9000000000000000000001")};
  EXPECT_FALSE(all_hold(rulings(more, tally_of(more, "float8_e4m3fn", got, want))));
  got[4] = 0x3a;
  EXPECT_FALSE(all_hold(rulings(nine_tenths, tally_of(nine_tenths, "float8_e4m3fn", got, want))))
      << "two steps";
}

// Where doubles do not hold the numbers, the numbers decide.
TEST(Judge, WideAndIrrationalFormatsAreDecidedExactly) {
  const Tolerance half{.close = closeness("0.5", "0")};
  const std::uint64_t large = std::uint64_t{1} << 60;
  EXPECT_EQ(tally_of(half, "int64", {large + 1}, {large}).beyond_close, 1U);
  const Tolerance one{.close = closeness("1", "0")};
  EXPECT_EQ(tally_of(one, "int64", {large + 1}, {large}).beyond_close, 0U);
  EXPECT_EQ(tally_of(one, "int64", {large + 2}, {large}).beyond_close, 1U);
  // Neighbours of log4.3 are 2^(1/8) apart: 1.0905 lies between the two tolerances.
  const Format log = format_from_text("log4.3");
  const auto one_code = static_cast<std::uint64_t>(encode(log, make_value(1)));
  const auto next = static_cast<std::uint64_t>(code_at(log, rank_of(log, one_code) + 1));
  const Tolerance inside{.close = closeness("0", "0.0905")};
  const Tolerance outside{.close = closeness("0", "0.0906")};
  EXPECT_EQ(tally_of(inside, "log4.3", {next}, {one_code}).beyond_close, 1U);
  EXPECT_EQ(tally_of(outside, "log4.3", {next}, {one_code}).beyond_close, 0U);
}

}  // namespace
}  // namespace halfulp::comparison

// SPDX-License-Identifier: MIT
//
// Properties that define rounding, over every format of the catalogue and every mode: exact numbers
// stay, what lies between two neighbours becomes the one that the mode names, order is kept, and
// the frequencies of the stochastic modes are those of their definition, by counting all random
// numbers.
#include <algorithm>
#include <optional>
#include <utility>

#include "formats/numbers/value.h"
#include "formats/random.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

// Ranks from end to end: all of a small format, some of a large one.
std::vector<Rank> some_ranks(const Format& format) {
  const Range range = finite_range(format);
  std::vector<Rank> ranks;
  if (bits(format) <= 8) {
    for (Rank r = range.lowest; r <= range.highest; ++r) ranks.push_back(r);
    return ranks;
  }
  constexpr int edge = 6;
  for (int i = 0; i < edge; ++i) {
    ranks.push_back(range.lowest + i);
    ranks.push_back(range.highest - i);
    ranks.push_back(std::min<Rank>(range.highest, i));
    ranks.push_back(std::max<Rank>(range.lowest, -i));
  }
  const Random random{.seed = 1, .stream = 2, .offset = 0};
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto draw = static_cast<Rank>(random.bits(i, 64) >> (i % 8 * 6));
    ranks.push_back(range.highest > draw ? draw : draw % (range.highest + 1));
  }
  return ranks;
}

// Both neighbours are numbers of the format, on one side of zero.
bool is_inner_gap(const Format& format, Rank lower) {
  const Range range = finite_range(format);
  return lower >= range.lowest && lower < range.highest && (has_zero(format) || lower != -1);
}

Value between(const Value& a, const Value& b, std::int64_t numerator, int bits) {
  return sum(a, product(sum(b, negated(a)), make_value(numerator, -bits)));
}

// The same of numbers with different irrational factors, which have no sum as a Value.
Real real_between(const Value& a, const Value& b, std::int64_t numerator, int bits) {
  const std::int64_t whole = std::int64_t{1} << bits;
  if (a.is_zero() || b.is_zero() || same_irrational_factor(a, b))
    return real(between(a, b, numerator, bits));
  if (numerator == 0) return real(a);
  if (numerator == whole) return real(b);
  Real x{.numerator = product(a, make_value(whole - numerator, -bits)),
         .addend = product(b, make_value(numerator, -bits))};
  if (compare(absolute(x.numerator), absolute(x.addend)) < 0) std::swap(x.numerator, x.addend);
  return x;
}

class RoundingModes : public FormatAndMode {};

TEST_P(RoundingModes, ExactNumbersStay) {
  const Quantizer q = under_test();
  for (const Rank rank : some_ranks(q.format)) {
    if (rank == 0 && has_zero(q.format)) continue;
    const Value v = value_at(q.format, rank);
    for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{0xffffffff}}) {
      EXPECT_EQ(round(real(v), q, random), (Outcome{code_at(q.format, rank), 0}))
          << hexadecimal_text(v);
    }
  }
}

// The rank that a deterministic mode chooses for x between `lower` and the next. Nothing for the
// stochastic modes.
Rank expected(const Quantizer& q, Rank lower, const Real& x) {
  const bool negative = value_at(q.format, lower).negative;
  const Rank upper = lower + 1;
  const Rank inner = negative ? upper : lower;
  const Rank outer = negative ? lower : upper;
  const int order = compare(x, boundary_above(q.format, lower));
  const Rank near = order < 0 ? lower : upper;
  const bool tie = order == 0;
  const bool inner_is_odd = (code_at(q.format, inner) & 1) != 0;
  switch (q.rounding.mode) {
    case Mode::nearest_even:
      return tie ? (tie_goes_out(q.format, inner, outer) ? outer : inner) : near;
    case Mode::nearest_odd:
      return tie ? (inner_is_odd ? inner : outer) : near;
    case Mode::nearest_away:
      return tie ? outer : near;
    case Mode::nearest_zero:
      return tie ? inner : near;
    case Mode::nearest_up:
      return tie ? upper : near;
    case Mode::nearest_down:
      return tie ? lower : near;
    case Mode::nearest_log: {
      if (!is_dyadic(q.format)) return near;  // which turns in the logarithm
      const Value mean_square = product(value_at(q.format, lower), value_at(q.format, upper));
      return compare(product(x.numerator, x.numerator), mean_square) > 0 ? outer : inner;
    }
    case Mode::toward_zero:
      return inner;
    case Mode::away_from_zero:
      return outer;
    case Mode::toward_positive:
      return upper;
    case Mode::toward_negative:
      return lower;
    default:
      return inner_is_odd ? inner : outer;
  }
}

TEST_P(RoundingModes, NumbersBetweenNeighboursGoWhereTheModeSays) {
  const Quantizer q = under_test();
  for (const Rank lower : some_ranks(q.format)) {
    if (!is_inner_gap(q.format, lower)) continue;
    const Value low = value_at(q.format, lower);
    const Value high = value_at(q.format, lower + 1);
    for (int quarters = 1; quarters <= 3; ++quarters) {
      const Real x = real_between(low, high, quarters, 2);
      const auto code_of_rank = [&](Rank rank) {
        return rank == 0 && has_zero(q.format) ? zero_code(q.format, x.numerator.negative)
                                               : code_at(q.format, rank);
      };
      const Outcome got = round(x, q, 0x9e3779b9);
      EXPECT_NE(got.flags & flags::inexact, 0);
      if (is_stochastic(q.rounding.mode)) {
        EXPECT_TRUE(got.code == code_of_rank(lower) || got.code == code_of_rank(lower + 1));
      } else {
        EXPECT_TRUE(got.code == code_of_rank(expected(q, lower, x)))
            << hexadecimal_text(x.numerator);
      }
    }
  }
}

TEST_P(RoundingModes, OrderIsKept) {
  const Quantizer q = under_test();
  std::vector<Rank> ranks = some_ranks(q.format);
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  const std::uint64_t random = 0x5bd1e995;
  std::optional<Value> previous;
  for (const Rank lower : ranks) {
    if (!is_inner_gap(q.format, lower)) continue;
    for (int eighths = 0; eighths <= 8; ++eighths) {
      const Real x =
          real_between(value_at(q.format, lower), value_at(q.format, lower + 1), eighths, 3);
      const Value got = decode(q.format, round(x, q, random).code);
      if (previous) {
        EXPECT_LE(compare(*previous, got), 0) << hexadecimal_text(x.numerator);
      }
      previous = got;
    }
  }
}

TEST_P(RoundingModes, SaturatingGivesNumbers) {
  Quantizer q = under_test();
  for (const char* rule : {"saturate", "p3109-finite", "ptx-satfinite"}) {
    q.rounding.overflow = parse_overflow(rule);
    for (const Value& x : {make_value(1, 100000), make_value(-1, 100000), infinite_value(false),
                           infinite_value(true), make_value(1, -100000), make_value(-1, -100000),
                           scaled(largest_finite(q.format), 1), zero_value(true)}) {
      const Outcome got = round(real(x), q, 0);
      EXPECT_TRUE(decode(q.format, got.code).is_finite()) << rule << " " << hexadecimal_text(x);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, RoundingModes,
                         testing::Combine(testing::ValuesIn(catalogue_names()),
                                          testing::ValuesIn(all_modes())),
                         FormatAndMode::name);

// How often, of the 2^n random numbers, k / 2^d of a gap must go outward.
std::int64_t definition(Mode mode, std::int64_t k, int d, int n) {
  const std::int64_t scaled = k << n;  // v 2^n = scaled / 2^d
  const std::int64_t whole = scaled >> d;
  const std::int64_t rest = scaled - (whole << d);
  const std::int64_t half = std::int64_t{1} << (d - 1);
  switch (mode) {
    case Mode::stochastic:
      return whole;
    case Mode::stochastic_b:
      return whole + (rest >= half ? 1 : 0);
    case Mode::stochastic_c:
      return whole + (rest > half || (rest == half && whole % 2 != 0) ? 1 : 0);
    default:
      return k == 0 ? 0 : std::int64_t{1} << (n - 1);
  }
}

TEST(StochasticRounding, FrequenciesAreThoseOfTheDefinition) {
  for (const char* name : {"float8_e4m3fn", "binary16", "binary8p1uf", "int8", "dlfloat16"}) {
    for (const Mode mode :
         {Mode::stochastic, Mode::stochastic_b, Mode::stochastic_c, Mode::stochastic_equal}) {
      for (int n = 1; n <= 6; ++n) {
        Quantizer q = quantizer(name, mode);
        q.rounding.random_bits = n;
        constexpr int d = 5;
        for (const Rank inner : {Rank{0}, Rank{1}, Rank{7}, Rank{40}}) {
          for (std::int64_t k = 0; k < (1 << d); ++k) {
            const Value x = between(value_at(q.format, inner), value_at(q.format, inner + 1), k, d);
            const Located located = locate(real(x), q.format);
            std::int64_t out = 0;
            for (std::uint64_t r = 0; r < (std::uint64_t{1} << n); ++r)
              out += decide(located, q, r).code == code_at(q.format, inner + 1) ? 1 : 0;
            ASSERT_EQ(out, definition(mode, k, d, n)) << name << " " << name_of(mode) << " " << n;
          }
        }
      }
    }
  }
}

TEST(StochasticRounding, ActsOnMagnitudesAndBeyondTheLargest) {
  Quantizer q = quantizer("float8_e4m3fn", Mode::stochastic);
  q.rounding.random_bits = 4;
  int overflows = 0;
  for (std::uint64_t r = 0; r < 16; ++r) {
    const Code positive = round(real(make_value(9, -3)), q, r).code;  // no gap: exact
    EXPECT_TRUE(positive == 0x39);
    const Code up = round(real(make_value(35, -5)), q, r).code;  // 1.09375: 3/4 of the gap
    const Code down = round(real(make_value(-35, -5)), q, r).code;
    EXPECT_TRUE(down == (up | 0x80));
    const Outcome past = round(real(make_value(456)), q, r);  // a quarter of the way to 480
    overflows += (past.flags & flags::overflow) != 0 ? 1 : 0;
  }
  EXPECT_EQ(overflows, 4);
}

struct Threshold {
  const char* format;
  std::int64_t number;
  Mode mode;
  const char* code;
  std::uint8_t raised;
};

class Thresholds : public testing::TestWithParam<Threshold> {};

TEST_P(Thresholds, OverflowIsDecidedAfterRounding) {
  const Threshold& t = GetParam();
  const Quantizer q = quantizer(t.format, t.mode);
  EXPECT_EQ(round(real(make_value(t.number)), q, 0),
            (Outcome{parse_code(q.format, t.code), t.raised}));
}

constexpr std::uint8_t over = flags::overflow | flags::inexact;
INSTANTIATE_TEST_SUITE_P(
    Named, Thresholds,
    testing::Values(Threshold{"float8_e4m3fn", 464, Mode::nearest_even, "7e", flags::inexact},
                    Threshold{"float8_e4m3fn", 465, Mode::nearest_even, "7f", over},
                    Threshold{"float8_e4m3fn", -465, Mode::nearest_even, "ff", over},
                    Threshold{"float8_e4m3fn", 464, Mode::nearest_away, "7f", over},
                    Threshold{"float8_e4m3fn", 479, Mode::toward_zero, "7e", flags::inexact},
                    Threshold{"float8_e4m3fn", 480, Mode::toward_zero, "7e", over},
                    Threshold{"float8_e5m2", 61439, Mode::nearest_even, "7b", flags::inexact},
                    Threshold{"float8_e5m2", 61440, Mode::nearest_even, "7c", over},
                    Threshold{"float8_e5m2", 61440, Mode::nearest_zero, "7b", flags::inexact},
                    Threshold{"float8_e5m2", 60000, Mode::to_odd, "7b", flags::inexact},
                    Threshold{"float8_e5m2", 66000, Mode::to_odd, "7c", over},
                    Threshold{"float8_e5m2", -66000, Mode::toward_positive, "fb", over},
                    Threshold{"binary16", 65519, Mode::nearest_even, "7bff", flags::inexact},
                    Threshold{"binary16", 65520, Mode::nearest_even, "7c00", over},
                    Threshold{"binary8p4se", 232, Mode::nearest_even, "7e", flags::inexact},
                    Threshold{"binary8p4se", 233, Mode::nearest_even, "7f", over},
                    Threshold{"int8", -129, Mode::nearest_even, "80", over},
                    Threshold{"int8", 128, Mode::nearest_even, "7f", over},
                    Threshold{"float4_e2m1fn", 7, Mode::nearest_even, "7", over}));

// The least positive number of a list does not bound its negative ones.
TEST(Codebooks, NegativeNumbersOfAListWithoutZeroHaveTheirOwnNeighbours) {
  const Format list{.name = "list", .kind = make_codebook({-4, -0.5, 2, 3})};
  const auto rounded = [&](double x, Mode mode) {
    return to_double(
        decode(list, round(real(from_double(x)), {list, {.mode = mode, .overflow = {}}}, 0).code));
  };
  EXPECT_EQ(rounded(-1.5, Mode::toward_negative), -4);
  EXPECT_EQ(rounded(-1.5, Mode::toward_zero), -0.5);
  EXPECT_EQ(rounded(-2.25, Mode::nearest_away), -4);
  EXPECT_EQ(rounded(-2.25, Mode::nearest_zero), -0.5);
  EXPECT_EQ(rounded(-1, Mode::away_from_zero), -4);
  EXPECT_EQ(rounded(0.75, Mode::toward_zero), -0.5);
}

// 1/4, the root of 1/16, lies 3/10 of the way from -1/2 to 2: all but the least random numbers of
// eleven bits take it to 2.
TEST(Codebooks, RootsBetweenTheSignsAreComparedWithNegativePoints) {
  const Format list{.name = "list", .kind = make_codebook({-0.5, 2})};
  const Real quarter{.numerator = make_value(1, -4), .root = true};
  const Rounding rounding{.mode = Mode::stochastic, .overflow = {}, .random_bits = 11};
  const auto rounded = [&](std::uint64_t random) {
    return to_double(decode(list, round(quarter, {list, rounding}, random).code));
  };
  EXPECT_EQ(rounded(0), -0.5);
  EXPECT_EQ(rounded(1433), -0.5);  // floor(0.3 * 2048) = 614, and 614 + 1433 < 2048
  EXPECT_EQ(rounded(1434), 2);
  EXPECT_EQ(rounded(2047), 2);
}

}  // namespace
}  // namespace halfulp::reference

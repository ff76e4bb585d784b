// SPDX-License-Identifier: MIT
//
// The engines on logarithmic numbers and logarithmic takums against the second derivation: every
// turn, hit from both sides as closely as binary64 and binary128 can (it is irrational), and the
// numbers of binary16.
#include <array>
#include <cmath>
#include <utility>

#include "emulator/engine.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/reference/second_judge.h"
#include "tests/reference/support.h"
#include "tests/support/sampling.h"

namespace halfulp::second {
namespace {

std::vector<const Engine*> engines() { return {&reference::engine(), &emulator::engine()}; }

std::vector<Scheme> schemes(int least, int most) {
  std::vector<Scheme> list;
  for (int bits = least; bits <= most; ++bits) {
    for (int fraction_bits = 0; fraction_bits <= bits - 2; ++fraction_bits)
      list.push_back({Family::logarithmic, bits, fraction_bits});
    list.push_back({Family::logarithmic_takum, bits, 0});
  }
  return list;
}

// The logarithms where rounding changes: those of the numbers, and the middles of neighbouring
// ones, half a step past the ends among them.
std::vector<Rational> logarithms_of_change(const Scheme& scheme) {
  std::vector<Rational> list;
  if (is_tapered(scheme)) {
    Scheme finer = scheme;
    ++finer.bits;
    const Grid middles(finer);
    list.push_back(middles.side(false).front().number() - 1);
    for (const Grid::Entry& entry : middles.side(false)) list.push_back(entry.number());
    return list;
  }
  const Grid grid(scheme);
  const Rational half(1, Integer(2) << static_cast<unsigned>(scheme.parameter));
  const Rational lowest = grid.side(false).front().number() - 2 * half;
  const Rational highest = grid.side(false).back().number() + 2 * half;
  for (Rational at = lowest; at <= highest; at += half) list.push_back(at);
  return list;
}

// The dyadic numbers of a precision around a number given by its logarithm, and itself if it is
// one.
std::vector<Dyadic> around(const Scheme& scheme, const Rational& logarithm, int precision) {
  const Dyadic below = power_near(scheme, logarithm, precision, false);
  const Dyadic above = power_near(scheme, logarithm, precision, true);
  if (below.significand != above.significand) return {below, above};
  return {neighbour(below, precision, false), below, neighbour(below, precision, true)};
}

// IEEE 754-2019 3.4, normal numbers.
Dyadic dyadic_of_binary16(Code code) {
  return {false, 1024 + code % 1024, static_cast<std::int64_t>(code >> 10) - 25};
}

Dyadic dyadic_of_double(double x) {
  int exponent = 0;
  const double significand = std::frexp(x, &exponent);
  return {false, static_cast<Code>(std::ldexp(significand, 53)), exponent - 53};
}

// The logarithms of all of them, computed once for each base.
const Expansion& key_of_binary16(const Scheme& scheme, Code code) {
  constexpr Code least = 0x0400;
  static std::array<std::vector<Expansion>, 2> tables;
  std::vector<Expansion>& table = tables[is_tapered(scheme) ? 1 : 0];
  for (Code next = least + table.size(); next <= code; ++next)
    table.push_back(key(scheme, dyadic_of_binary16(next)));
  return table[static_cast<std::size_t>(code - least)];
}

// Codes of any length of the logarithm.
Code draw_code(const Scheme& scheme, sampling::Stream& stream) {
  const int length =
      1 + static_cast<int>(stream.below(static_cast<std::uint64_t>(scheme.bits - 1)));
  const Code code = stream.wide(length);
  const Code magnitude = stream.bits(1) != 0 ? code : ~code;
  return magnitude & ((Code{1} << (scheme.bits - 1)) - 1);
}

class Logarithmic : public testing::TestWithParam<Scheme> {};
class ShortLogarithmic : public Logarithmic {};
class LongLogarithmic : public Logarithmic {};

// The exponents of 2 and of e of an exact value that has no other factor.
std::pair<Rational, Rational> exponents(const Value& v) {
  const Rational unit(1, Integer(1) << static_cast<unsigned>(v.power_bits));
  const auto integer = [](Power n) {
    return n < 0 ? Integer(-Integer(static_cast<Code>(-n))) : Integer(static_cast<Code>(n));
  };
  EXPECT_EQ(v.significand & (v.significand - 1), 0);
  const auto log = static_cast<std::int64_t>(boost::multiprecision::msb(v.significand));
  return {log + v.exponent + unit * integer(v.binary_power), unit * integer(v.natural_power)};
}

TEST_P(Logarithmic, EveryCodeStandsForTheNumberOfTheFormula) {
  const Scheme& scheme = GetParam();
  const Format format = format_of(scheme);
  const Code sign = Code{1} << (scheme.bits - 1);
  record_checks(std::int64_t{1} << scheme.bits);
  for (Code code = 0; code < Code{1} << scheme.bits; ++code) {
    const Value found = decode(format, code);
    const std::optional<Meaning> m = meaning(scheme, code);
    if (!m) {
      ASSERT_EQ(found.is_nan(), scheme.sign && code >= sign);
      ASSERT_EQ(found.is_zero(), !found.is_nan());
      continue;
    }
    const auto wanted = is_tapered(scheme) ? std::pair<Rational, Rational>(0, m->number() / 2)
                                           : std::pair<Rational, Rational>(m->number(), 0);
    ASSERT_EQ(found.negative, m->negative);
    ASSERT_TRUE(exponents(found) == wanted) << code_text(format, code);
  }
}

TEST_P(Logarithmic, ArraysCarryTheDoubleNextToEveryNumber) {
  const Scheme& scheme = GetParam();
  const Format format = format_of(scheme);
  if (!fits_binary64(format)) return;
  record_checks(static_cast<std::int64_t>(engines().size() << scheme.bits));
  std::vector<double> found(std::size_t{1} << scheme.bits, -7.0);
  const auto width = static_cast<std::size_t>(packed_bits(format));
  std::vector<std::uint8_t> packed(packed_bytes(format, found.size()));
  for (std::size_t place = 0; place < found.size() * width; ++place) {
    if (place % width < 16 && (place / width >> (place % width) & 1) != 0)
      packed[place / 8] |= static_cast<std::uint8_t>(1U << (place % 8));
  }
  for (const Engine* engine : engines()) {
    engine->decode(packed, engine->prepare({.format = format, .rounding = {}}),
                   view_of(std::span<double>(found)));
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::optional<Meaning> m = meaning(scheme, i);
      if (!m) {
        ASSERT_TRUE(found[i] == 0 || std::isnan(found[i]));
        continue;
      }
      const double wanted = nearest_double_of_power(scheme, m->number());
      ASSERT_EQ(found[i], m->negative ? -wanted : wanted) << engine->name << " " << i;
    }
  }
}

// The formats whose numbers come close to the place at an index: binary128, and binary64 at one in
// three. Of long codes one of the two, and none at three numbers in four.
std::vector<const Source*> sources(const Scheme& scheme, const Rational& logarithm,
                                   std::size_t index) {
  const bool third = index % 3 == 0;
  const bool inside = abs(logarithm) < 1000;  // of binary64
  if (scheme.bits <= 8) {
    if (third && inside) return {&binary64(), &binary128()};
    return {&binary128()};
  }
  const bool number = index % 2 == 0;
  if (number && index % 8 != 0) return {};
  return {inside && !third ? &binary64() : &binary128()};
}

// From both sides of the turns and the numbers.
TEST_P(Logarithmic, EveryBoundary) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  const std::vector<Rational> list = logarithms_of_change(scheme);
  for (std::size_t i = 0; i < list.size() && !judge.failed(); ++i) {
    for (const Source* source : sources(scheme, list[i], i)) {
      for (Dyadic x : around(scheme, list[i], source->fraction_bits + 1)) {
        x.negative = scheme.sign && (i + x.significand) % 3 == 0;
        const Expansion place = key(scheme, x);
        const Place at = grid.place(place, x.negative);
        const Place cut = place_by_encoding(scheme, place, x.negative);
        ASSERT_TRUE(at.inner == cut.inner && at.outer == cut.outer && at.exact == cut.exact &&
                    at.beyond == cut.beyond && (at.beyond || at.exact || at.order == cut.order));
        judge.check(*source, x, [&](Mode mode) { return expected(scheme, mode, at); });
      }
    }
  }
}

// Every number of the scheme into schemes of every family, and into binary64 as MPFR rounds it.
TEST_P(ShortLogarithmic, ConversionsToOtherFamilies) {
  const Scheme& scheme = GetParam();
  const Format from = format_of(scheme);
  for (const Scheme& to :
       {Scheme{Family::posit, 8, 2}, Scheme{Family::posit, 16, 1}, Scheme{Family::takum, 8, 0},
        Scheme{Family::takum, 13, 0}, Scheme{Family::logarithmic, 7, 2},
        Scheme{Family::logarithmic, 12, 6}, Scheme{Family::logarithmic_takum, 7, 0},
        Scheme{Family::logarithmic_takum, 11, 0}}) {
    std::vector<Mode> modes = deterministic_modes();
    if (is_linear(to)) std::erase(modes, Mode::nearest_log);
    Judge judge(format_of(to), modes, engines());
    for (Code code = 0; code < Code{1} << scheme.bits; ++code) {
      const std::optional<Meaning> m = meaning(scheme, code);
      if (!m) continue;
      const Place at = place_by_encoding(to, key_of_power(to, scheme, m->number()), m->negative);
      judge.check(from, code, [&](Mode mode) { return expected(to, mode, at); });
    }
  }
}

TEST_P(ShortLogarithmic, ConversionsToBinary64) {
  const Scheme& scheme = GetParam();
  const Format from = format_of(scheme);
  const std::vector<Mode> modes{Mode::nearest_even, Mode::toward_zero, Mode::away_from_zero};
  Judge judge(binary64().format, modes, engines());
  for (Code code = 0; code < Code{1} << scheme.bits; ++code) {
    const std::optional<Meaning> m = meaning(scheme, code);
    if (!m) continue;
    const Dyadic below = power_near(scheme, m->number(), 53, false);
    const Dyadic above = power_near(scheme, m->number(), 53, true);
    const bool exact = code_in(binary64(), below) == code_in(binary64(), above);
    judge.check(from, code, [&](Mode mode) {
      Dyadic x = mode == Mode::toward_zero ? below : above;
      if (mode == Mode::nearest_even)
        x = dyadic_of_double(nearest_double_of_power(scheme, m->number()));
      x.negative = m->negative;
      return Outcome{code_in(binary64(), x), exact ? std::uint8_t{0} : flags::inexact};
    });
  }
}

// A coarse binary16 in every scheme.
TEST_P(Logarithmic, NumbersOfFiveExponentBits) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  for (Code code = 0x0400; code < 0x7c00; code += 32) {
    const Dyadic x = dyadic_of_binary16(code);
    const Place at = grid.place(key_of_binary16(scheme, code), false);
    judge.check(binary16(), x, [&](Mode mode) { return expected(scheme, mode, at); });
  }
}

// Beyond the largest number: NaN by the rule "ieee", the largest by "saturate".
TEST_P(Logarithmic, OverflowBySaturation) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  const Grid::Entry& last = grid.side(false).back();
  const Rational step(1, Integer(1) << static_cast<unsigned>(scheme.parameter));
  for (const Engine* engine : engines()) {
    for (const Mode mode : deterministic_modes()) {
      const Plan plan =
          engine->prepare({.format = format_of(scheme),
                           .rounding = {.mode = mode, .overflow = parse_overflow("saturate")}});
      for (const int halves : {1, 2}) {
        const Rational logarithm = last.number() + step * halves / 2;
        for (const Dyadic& x : around(scheme, logarithm, 113)) {
          const Place at = grid.place(key(scheme, x), false);
          Outcome wanted = expected(scheme, mode, at);
          if ((wanted.flags & flags::overflow) != 0) wanted.code = last.code;
          EXPECT_EQ(engine->convert(binary128().format, code_in(binary128(), x), plan, 0), wanted);
        }
      }
    }
  }
}

TEST_P(Logarithmic, WhatIsNoNonzeroNumber) {
  const Scheme& scheme = GetParam();
  if (!scheme.sign) return;
  const Format format = format_of(scheme);
  const Code sign = Code{1} << (scheme.bits - 1);
  const Code zero = is_tapered(scheme) ? 0 : sign >> 1;
  const Code nan = is_tapered(scheme) ? sign : sign | zero;
  for (const Engine* engine : engines()) {
    for (const Mode mode : all_modes()) {
      const Plan plan =
          engine->prepare({.format = format, .rounding = {.mode = mode, .overflow = {}}});
      const auto code = [&](std::uint64_t bits) {
        return engine->convert(binary64().format, bits, plan, 1).code;
      };
      EXPECT_TRUE(code(0) == zero && code(std::uint64_t{1} << 63) == zero);
      EXPECT_TRUE(code(std::uint64_t{0x7ff} << 52) == nan);
      EXPECT_TRUE(code(std::uint64_t{0xfff} << 52) == nan);
      EXPECT_TRUE(code(std::uint64_t{0x7ff8} << 48) == nan);
      EXPECT_TRUE(engine->convert(format, nan, plan, 1).code == nan);
    }
  }
}

std::vector<Scheme> with_unsigned(std::vector<Scheme> list) {
  list.push_back({Family::logarithmic, 4, 1, false});
  list.push_back({Family::logarithmic, 7, 3, false});
  list.push_back({Family::logarithmic, 8, 0, false});
  return list;
}

INSTANTIATE_TEST_SUITE_P(, Logarithmic,
                         testing::ValuesIn(with_unsigned(schemes(4, longest(12, 8)))), scheme_name);

// Every number of binary16 but the subnormal ones; of logarithmic takums, whose comparison takes
// long, one in seven.
TEST_P(ShortLogarithmic, EveryNormalNumberOfBinary16) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  const Code step = is_tapered(scheme) ? 7 : 1;
  for (Code code = 0x0400; code < 0x7c00; code += step) {
    Dyadic x = dyadic_of_binary16(code);
    x.negative = code % 5 == 0;
    const Place at = grid.place(key_of_binary16(scheme, code), x.negative);
    judge.check(binary16(), x, [&](Mode mode) { return expected(scheme, mode, at); });
    if (judge.failed()) return;
  }
}

TEST_P(ShortLogarithmic, StochasticModesTurnWhereTheDefinitionSays) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  const std::array widths{1, 3, 20, 64};
  const Code step = is_tapered(scheme) ? 467 : 61;
  for (std::size_t width = 0; width < widths.size(); ++width) {
    Judge judge(format_of(scheme), stochastic_modes(), engines(), widths[width]);
    for (Code code = 0x0400 + 7 * width; code < 0x7c00 && !judge.failed(); code += step) {
      Dyadic x = dyadic_of_binary16(code);
      x.negative = code % 5 == 0;
      const Place at = grid.place(key_of_binary16(scheme, code), x.negative);
      judge.check_chances(binary16(), scheme, at, x, widths[width]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, ShortLogarithmic,
                         testing::Values(Scheme{Family::logarithmic, 5, 0},
                                         Scheme{Family::logarithmic, 6, 3},
                                         Scheme{Family::logarithmic, 8, 3},
                                         Scheme{Family::logarithmic_takum, 5, 0},
                                         Scheme{Family::logarithmic_takum, 8, 0}),
                         scheme_name);

// Sizes whose numbers no list holds: the neighbours are the cut code and the next, and the formula
// for the raw bits must say that they are around x.
TEST_P(LongLogarithmic, DrawnBoundaries) {
  const Scheme& scheme = GetParam();
  sampling::Stream stream(37, static_cast<std::uint64_t>(scheme.bits * 64 + scheme.parameter));
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  Judge chances(format_of(scheme), stochastic_modes(), engines(), 64);
  for (int i = 0; i < 30 && !judge.failed(); ++i) {
    const std::optional<Meaning> m = meaning(scheme, draw_code(scheme, stream));
    if (!m || abs(m->number()) > 16000) continue;
    const Rational half = is_tapered(scheme)
                              ? Rational(0)
                              : Rational(1, Integer(2) << static_cast<unsigned>(scheme.parameter));
    const Rational logarithm = m->number() + half * stream.below(2);
    for (Dyadic x : around(scheme, logarithm, 113)) {
      x.negative = stream.below(4) == 0;
      const Expansion place = key(scheme, x);
      const Place at = place_by_encoding(scheme, place, x.negative);
      const std::optional<Meaning> inner = meaning(scheme, at.inner);
      ASSERT_TRUE(!inner ||
                  (at.exact ? key(scheme, *inner) == place : key(scheme, *inner) < place));
      ASSERT_TRUE(!at.outer || key(scheme, *meaning(scheme, *at.outer)) > place);
      judge.check(binary128(), x, [&](Mode mode) { return expected(scheme, mode, at); });
      chances.check_chances(binary128(), scheme, at, x, 64);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , LongLogarithmic,
    testing::Values(Scheme{Family::logarithmic, 16, 8}, Scheme{Family::logarithmic, 16, 11},
                    Scheme{Family::logarithmic, 32, 20}, Scheme{Family::logarithmic, 32, 24},
                    Scheme{Family::logarithmic, 64, 50}, Scheme{Family::logarithmic_takum, 16, 0},
                    Scheme{Family::logarithmic_takum, 32, 0},
                    Scheme{Family::logarithmic_takum, 64, 0}),
    scheme_name);

}  // namespace
}  // namespace halfulp::second

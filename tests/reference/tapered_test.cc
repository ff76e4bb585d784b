// SPDX-License-Identifier: MIT
//
// Both engines on posits and linear takums against the second derivation: every boundary of every
// size up to 16 bits, hit and missed by one unit of binary64.
#include <algorithm>
#include <array>
#include <cmath>

#include "emulator/engine.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/reference/second_judge.h"
#include "tests/support/sampling.h"

namespace halfulp::second {
namespace {

std::vector<const Engine*> engines() { return {&reference::engine(), &emulator::engine()}; }

std::vector<Scheme> schemes(int least, int most) {
  std::vector<Scheme> list;
  for (int bits = least; bits <= most; ++bits) {
    for (int es = 0; es <= 3; ++es) list.push_back({Family::posit, bits, es});
    list.push_back({Family::takum, bits, 0});
  }
  return list;
}

Scheme with_bits(Scheme scheme, int bits) {
  scheme.bits = bits;
  return scheme;
}

// Every number of two more bits, which are those of the scheme, the turns between them and one
// point in each half; and the neighbours in binary64 of all but the last. Of the negative numbers
// of long codes one in seven.
std::vector<Dyadic> inputs_around(const Scheme& scheme) {
  constexpr int precision = 53;
  const Scheme finer = with_bits(scheme, scheme.bits + 2);
  const Code step = scheme.bits <= 11 ? 1 : 7;
  std::vector<Dyadic> list;
  for (Code code = 0; code < Code{1} << finer.bits; ++code) {
    const bool negative = code >> (finer.bits - 1) != 0;
    if ((negative || code % 2 != 0) && code % step != 0) continue;
    const std::optional<Meaning> m = meaning(finer, code);
    if (!m) continue;
    const Dyadic x = m->exact;
    list.push_back(x);
    if (code % 2 != 0) continue;
    list.push_back(neighbour(x, precision, false));
    list.push_back(neighbour(x, precision, true));
  }
  return list;
}

// Far past both ends.
std::vector<Dyadic> extremes() {
  std::vector<Dyadic> list;
  for (const bool negative : {false, true}) {
    for (const std::int64_t exponent : {-1022, -600, -256, -255, -254, 254, 255, 256, 600, 1023}) {
      const Dyadic power{negative, 1, exponent};
      list.push_back(power);
      list.push_back(neighbour(power, 53, true));
      if (exponent > -1022) list.push_back(neighbour(power, 53, false));
    }
  }
  return list;
}

class Tapered : public testing::TestWithParam<Scheme> {};
class ShortTapered : public Tapered {};
class LongTapered : public Tapered {};

Rational rational(const Value& v) {
  const Rational power = v.exponent >= 0
                             ? Rational(Integer(1) << static_cast<unsigned>(v.exponent))
                             : Rational(1, Integer(1) << static_cast<unsigned>(-v.exponent));
  const Rational magnitude = Rational(v.significand) * power;
  return v.negative ? Rational(-magnitude) : magnitude;
}

// By the formula for the raw bits, into exact values and into arrays of binary64.
TEST_P(Tapered, EveryCodeStandsForTheNumberOfTheFormula) {
  const Scheme& scheme = GetParam();
  const Format format = format_of(scheme);
  std::vector<std::uint8_t> packed(packed_bytes(format, std::size_t{1} << scheme.bits));
  std::vector<double> wanted(std::size_t{1} << scheme.bits);
  record_checks(static_cast<std::int64_t>((engines().size() + 1) << scheme.bits));
  for (Code code = 0; code < Code{1} << scheme.bits; ++code) {
    const auto i = static_cast<std::size_t>(code);
    const std::optional<Meaning> m = meaning(scheme, code);
    const Value found = decode(format, code);
    const bool nar = code == Code{1} << (scheme.bits - 1);
    ASSERT_EQ(found.is_nan(), nar);
    ASSERT_EQ(m.has_value(), code != 0 && !nar);
    const Rational number = m ? m->number() : Rational(0);
    ASSERT_TRUE(nar || rational(found) == number) << code_text(format, code);
    ASSERT_TRUE(!m || m->negative == (number < 0));
    wanted[i] = m ? static_cast<double>(m->number()) : nar ? std::nan("") : 0;
    const auto width = static_cast<std::size_t>(packed_bits(format));
    for (std::size_t bit = 0; bit < width; ++bit) {
      if ((code >> bit & 1) != 0)
        packed[(i * width + bit) / 8] |= static_cast<std::uint8_t>(1U << ((i * width + bit) % 8));
    }
  }
  for (const Engine* engine : engines()) {
    std::vector<double> found(wanted.size(), -7.0);
    engine->decode(packed, engine->prepare({.format = format, .rounding = {}}),
                   view_of(std::span<double>(found)));
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool same = std::isnan(wanted[i]) ? std::isnan(found[i]) : wanted[i] == found[i];
      ASSERT_TRUE(same) << engine->name << " " << i << ": " << found[i] << ", not " << wanted[i];
    }
  }
}

TEST_P(Tapered, EveryBoundary) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  const std::vector<Mode> few{Mode::nearest_even, Mode::to_odd};
  const bool all = scheme.bits <= 11;
  Judge judge(format_of(scheme), all ? deterministic_modes() : few, engines());
  for (const Dyadic& x : inputs_around(scheme)) {
    Place at = grid.place(binary_expansion(x), x.negative);
    if (all) at.logarithmic_order = logarithmic_order(scheme, at, x);
    judge.check(binary64(), x, [&](Mode mode) { return expected(scheme, mode, at); });
    if (judge.failed()) return;
  }
}

TEST_P(Tapered, NumbersFarPastTheEnds) {
  const Scheme& scheme = GetParam();
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  for (const Dyadic& x : extremes()) {
    Place at = place_by_encoding(scheme, binary_expansion(x), x.negative);
    at.logarithmic_order = logarithmic_order(scheme, at, x);
    judge.check(binary64(), x, [&](Mode mode) { return expected(scheme, mode, at); });
  }
}

// Posit Standard 2022, section 4: zero and NaR stay; section 6.5: infinities and NaN of IEEE 754
// become NaR. A result of arithmetic that is no real number is NaR.
TEST_P(Tapered, WhatIsNoNonzeroNumber) {
  const Scheme& scheme = GetParam();
  const Format format = format_of(scheme);
  const Format& source = binary64().format;
  const Code nar = Code{1} << (scheme.bits - 1);
  for (const Engine* engine : engines()) {
    for (const Mode mode : all_modes()) {
      const Plan plan =
          engine->prepare({.format = format, .rounding = {.mode = mode, .overflow = {}}});
      const auto code = [&](std::uint64_t bits) {
        return engine->convert(source, bits, plan, 1).code;
      };
      EXPECT_TRUE(code(0) == 0 && code(std::uint64_t{1} << 63) == 0);
      EXPECT_TRUE(code(std::uint64_t{0x7ff} << 52) == nar);
      EXPECT_TRUE(code(std::uint64_t{0xfff} << 52) == nar);
      EXPECT_TRUE(code(std::uint64_t{0x7ff8} << 48) == nar);
      EXPECT_TRUE(engine->convert(format, nar, plan, 1).code == nar);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Tapered, testing::ValuesIn(schemes(2, longest(16, 10))), scheme_name);

// The rule of section 4.1 of the standard: u and w are the numbers around x, U the code of u, v
// the number of one more bit with the code U1; x becomes u where x < v, or x = v and U is even,
// else w; past the ends it becomes the last number or the least. Takums round by the same rule.
TEST_P(ShortTapered, TheRuleOfTheStandardSaysTheSameAsTheEncoding) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  const Scheme finer = with_bits(scheme, scheme.bits + 1);
  std::vector<std::pair<Rational, Code>> list{{0, 0}};
  for (Code code = 1; code < Code{1} << scheme.bits; ++code) {
    if (const auto m = meaning(scheme, code)) list.emplace_back(m->number(), code);
  }
  std::sort(list.begin(), list.end());
  const auto [largest, largest_code] = list.back();
  const auto [least, least_code] =
      *(std::find(list.begin(), list.end(), std::pair(Rational(0), Code{0})) + 1);
  for (const Dyadic& input : inputs_around(scheme)) {
    const Rational x = second::rational(input);
    const Place at = place_by_encoding(scheme, binary_expansion(input), input.negative);
    const Code found = expected(scheme, Mode::nearest_even, at).code;
    const Place searched = grid.place(binary_expansion(input), input.negative);
    ASSERT_TRUE(at.inner == searched.inner && at.outer == searched.outer &&
                at.exact == searched.exact && at.beyond == searched.beyond);
    const auto above = std::lower_bound(
        list.begin(), list.end(), x, [](const auto& a, const Rational& b) { return a.first < b; });
    const Code all = Code{1} << scheme.bits;
    if (above != list.end() && above->first == x) {
      ASSERT_TRUE(found == above->second);
    } else if (abs(x) > largest) {
      ASSERT_TRUE(found == (input.negative ? all - largest_code : largest_code));
    } else if (abs(x) < least) {
      ASSERT_TRUE(found == (input.negative ? all - least_code : least_code));
    } else {
      const Code u = (above - 1)->second;
      const Rational v = meaning(finer, 2 * u + 1)->number();
      const bool lower = x < v || (x == v && u % 2 == 0);
      ASSERT_TRUE(found == (lower ? u : above->second));
    }
  }
}

// Chance is in proportion to the place between the neighbours, an exact rational. The random
// numbers are those where each variant turns.
TEST_P(ShortTapered, StochasticModesTurnWhereTheDefinitionSays) {
  const Scheme& scheme = GetParam();
  const Grid grid(scheme);
  const std::vector<Dyadic> inputs = inputs_around(scheme);
  const std::array widths{1, 3, 20, 64};
  for (std::size_t width = 0; width < widths.size(); ++width) {
    Judge judge(format_of(scheme), stochastic_modes(), engines(), widths[width]);
    for (std::size_t i = 0; i < inputs.size() && !judge.failed(); ++i) {
      if (scheme.bits > 6 && i % widths.size() != width) continue;
      const Dyadic& x = inputs[i];
      const Place at = grid.place(binary_expansion(x), x.negative);
      judge.check_chances(binary64(), scheme, at, x, widths[width]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, ShortTapered, testing::ValuesIn(schemes(2, 8)), scheme_name);

// A drawn code, its run of equal bits of any length.
Code draw_code(const Scheme& scheme, sampling::Stream& stream) {
  const int magnitude_bits = scheme.bits - 1;
  const int run = static_cast<int>(stream.below(static_cast<std::uint64_t>(magnitude_bits)));
  const Code ones = (Code{1} << scheme.bits) - 1;
  const Code low = stream.wide(magnitude_bits) >> run;
  return (stream.bits(1) != 0 ? low : ones - low) & ones;
}

// Sizes whose numbers no list holds: the neighbours are the cut code and the next, and the formula
// for the raw bits must say that they are around x.
TEST_P(LongTapered, DrawnBoundaries) {
  const Scheme& scheme = GetParam();
  const Scheme finer = with_bits(scheme, scheme.bits + 2);
  sampling::Stream stream(31, static_cast<std::uint64_t>(scheme.bits * 8 + scheme.parameter));
  Judge judge(format_of(scheme), deterministic_modes(), engines());
  Judge chances(format_of(scheme), stochastic_modes(), engines(), 64);
  for (int i = 0; i < 300 && !judge.failed(); ++i) {
    const std::optional<Meaning> m = meaning(finer, draw_code(finer, stream));
    if (!m) continue;
    const Dyadic middle = m->exact;
    for (const Dyadic& x : {neighbour(middle, 113, false), middle, neighbour(middle, 113, true)}) {
      Place at = place_by_encoding(scheme, binary_expansion(x), x.negative);
      at.logarithmic_order = logarithmic_order(scheme, at, x);
      const Rational magnitude = abs(second::rational(x));
      const auto inner = meaning(scheme, at.inner);
      const Rational low = inner ? Rational(abs(inner->number())) : Rational(0);
      ASSERT_TRUE(at.exact ? low == magnitude : low < magnitude);
      ASSERT_TRUE(!at.outer || magnitude < abs(meaning(scheme, *at.outer)->number()));
      judge.check(binary128(), x, [&](Mode mode) { return expected(scheme, mode, at); });
      chances.check_chances(binary128(), scheme, at, x, 64);
    }
  }
}

std::vector<Scheme> long_schemes() {
  std::vector<Scheme> list;
  for (const int bits : {17, 32, 48, 64}) {
    for (const Scheme& scheme : schemes(bits, bits)) list.push_back(scheme);
  }
  return list;
}

INSTANTIATE_TEST_SUITE_P(, LongTapered, testing::ValuesIn(long_schemes()), scheme_name);

}  // namespace
}  // namespace halfulp::second

// SPDX-License-Identifier: MIT
//
// Explanations against what they speak of: probabilities, expected values and biases against every
// random number put through an engine, wrong ways against the same ways walked here, and known
// cases from other software's issues to the bit.
#include "reference/explain/explain.h"

#include <gtest/gtest.h>

#include <map>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "reference/operations.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

Format custom(std::string name, Kind kind) { return {.name = std::move(name), .kind = kind}; }

// Every kind, with and without signs, zeros, infinities, subnormals.
std::vector<Format> formats() {
  std::vector<Format> list;
  for (const char* name : {"float8_e4m3fn", "bfloat16", "binary16", "e8m0", "binary8p4se",
                           "dlfloat16", "int8", "uint4", "q3.4", "posit8", "posit16", "posit6es0",
                           "takum8", "takum16", "log4.3", "takum_log12", "ulog3.2"})
    list.push_back(find_format(name));
  list.push_back(custom("affine", Affine{.bits = 6, .scale = 0.1, .zero_point = 5}));
  list.push_back(custom("list", make_codebook({-1, -0.7, -0.1, 0, 0.2, 0.7, 1})));
  list.push_back(custom("no-zero", make_codebook({-4, -0.5, 2, 3, 100})));
  list.push_back(custom("turns", make_codebook({-1, -0.25, 0, 0.25, 1}, {-0.3, -0.0, 0.2, 0.7})));
  return list;
}

std::vector<Real> numbers() {
  std::vector<Real> list;
  for (const char* text : {"0.1", "-0.3", "1.7", "-2.71828182845904523536", "0x1.0000001p+0",
                           "0.9999", "400.1995849609375", "-100.25", "1e-3", "-7e-4", "1e-9", "470",
                           "60000.5", "0.625", "3.0517578125e-05", "7.3e-5", "0.5"})
    list.push_back(parse_real(text));
  return list;
}

Quantizer stochastic(const Format& format, Mode mode, int bits, const char* overflow) {
  Quantizer q{.format = format, .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.random_bits = mode == Mode::stochastic_equal ? 1 : bits;
  q.rounding.overflow = parse_overflow(overflow);
  return q;
}

// sum over all random numbers of what is delivered, and how often each code is.
struct Enumerated {
  std::vector<Value> delivered;
  std::map<Code, int> counts;
  bool finite = true;
};

Enumerated enumerate(const Real& x, const Quantizer& q) {
  Enumerated all;
  for (std::uint64_t random = 0; random < std::uint64_t{1} << q.rounding.random_bits; ++random) {
    const Code code = emulator::round_real(x, q, random).code;
    ++all.counts[code];
    all.delivered.push_back(decode(q.format, code));
    all.finite = all.finite && all.delivered.back().is_finite();
  }
  return all;
}

void check_against_enumeration(const Real& x, const Quantizer& q) {
  const Explanation e = explain(x, q);
  const Enumerated all = enumerate(x, q);
  std::map<Code, int> counts;
  for (const Chance& chance : e.chosen.chances)
    counts[chance.outcome.code] += static_cast<int>(chance.count);
  ASSERT_TRUE(counts == all.counts);
  const auto expectation = expectation_of(e, q.format, e.chosen);
  ASSERT_EQ(expectation.has_value(), all.finite);
  if (!all.finite) return;
  const Value count = make_value(1, q.rounding.random_bits);
  const Quotient expected{.numerator = all.delivered, .denominator = {count}};
  EXPECT_EQ(compare(expectation->expected, expected), 0);
  // E - x = (sum d - n 2^R) / (2^R d)
  Quotient bias{.numerator = {}, .denominator = {product(count, x.denominator)}};
  for (const Value& v : all.delivered) bias.numerator.push_back(product(v, x.denominator));
  bias.numerator.push_back(negated(product(x.numerator, count)));
  EXPECT_EQ(compare(expectation->bias, bias), 0);
  ASSERT_EQ(expectation->bias_in_gap.has_value(), e.gap.has_value());
  if (!e.gap) return;
  Quotient in_gap = bias;
  in_gap.denominator = {product(bias.denominator.front(), absolute(e.outer->value)),
                        negated(product(bias.denominator.front(), absolute(e.inner->value)))};
  if (e.inner->value.negative && !e.outer->value.negative)
    in_gap.denominator = {product(bias.denominator.front(), e.outer->value),
                          negated(product(bias.denominator.front(), e.inner->value))};
  EXPECT_EQ(compare(*expectation->bias_in_gap, in_gap), 0);
}

TEST(Explain, ChancesExpectationAndBiasAreThoseOfAllRandomNumbers) {
  int finite = 0;
  for (const Format& format : formats()) {
    for (const Real& x : numbers()) {
      for (const Mode mode :
           {Mode::stochastic, Mode::stochastic_b, Mode::stochastic_c, Mode::stochastic_equal}) {
        for (const int bits : {1, 5}) {
          const Quantizer q =
              stochastic(format, mode, bits, finite++ % 2 == 0 ? "ieee" : "saturate");
          SCOPED_TRACE(format.name + " " + std::string(name_of(mode)) + " " +
                       hexadecimal_text(x.numerator));
          check_against_enumeration(x, q);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Explain, ChancesOfTenBitsAreThoseOfAllRandomNumbers) {
  for (const char* name : {"float8_e4m3fn", "bfloat16", "int8", "posit16"}) {
    for (const Mode mode : {Mode::stochastic, Mode::stochastic_b, Mode::stochastic_c}) {
      for (const char* text : {"0.1", "-2.71828182845904523536", "100.3"})
        check_against_enumeration(parse_real(text),
                                  stochastic(find_format(name), mode, 10, "saturate"));
    }
  }
}

// Flushing makes three outcomes of two: tininess ends at another random number than the result
// turns.
TEST(Explain, ChancesAreRightWhereTinyResultsAreFlushed) {
  std::size_t most = 0;
  for (const char* text : {"0x1.fp-7", "0x1.f8p-7", "0x1.fcp-7", "0x1.fep-7", "0x1.ff8p-7"}) {
    for (const bool flush : {false, true}) {
      Quantizer q = stochastic(find_format("float8_e4m3fn"), Mode::stochastic, 6, "ieee");
      if (flush) q.rounding.flush_outputs = Tininess::after_rounding;
      const Real x = parse_real(text);
      check_against_enumeration(x, q);
      most = std::max(most, explain(x, q).chosen.chances.size());
    }
  }
  EXPECT_EQ(most, 3U);
}

// P3109 4.7.4 in terms of the position v: A floor(v 2^R), B floor(v 2^R + 1/2), C nearest even.
TEST(Explain, ProbabilitiesFollowFromThePosition) {
  const int bits = 7;
  for (const Format& format : formats()) {
    if (!is_dyadic(format)) continue;
    for (const Real& x : numbers()) {
      const Explanation e = explain(x, stochastic(format, Mode::stochastic, bits, "saturate"));
      if (!e.position || !e.outer->code || !e.inner->code) continue;
      const Fraction v = fraction_of(*e.position).value();
      const auto down = static_cast<unsigned>(std::max<std::int64_t>(-v.exponent, 0));
      const auto up = static_cast<unsigned>(std::max<std::int64_t>(v.exponent, 0));
      const Integer n = v.numerator << (up + bits);
      const Integer d = v.denominator << down;
      const Integer whole = n / d;
      const Integer rest = 2 * (n % d);
      const Integer half_up = rest >= d ? Integer(whole + 1) : whole;
      const Integer even = rest == d && whole % 2 == 0 ? whole : half_up;
      const std::map<Mode, Integer> expected{
          {Mode::stochastic, whole}, {Mode::stochastic_b, half_up}, {Mode::stochastic_c, even}};
      for (const Answer& answer : e.answers) {
        const auto entry = expected.find(answer.mode);
        if (entry == expected.end()) continue;
        Integer out = 0;
        for (const Chance& chance : answer.chances)
          out += chance.outcome.code == *e.outer->code ? chance.count : Integer(0);
        EXPECT_EQ(out, entry->second) << format.name << " " << name_of(answer.mode);
      }
    }
  }
}

TEST(Explain, NeighboursEncloseTheNumber) {
  for (const Format& format : formats()) {
    for (const Real& x : numbers()) {
      const Explanation e = explain(x, {format, {}});
      const Located::Place place = e.located.place;
      ASSERT_EQ(e.inner.has_value(), place == Located::Place::exact || e.gap.has_value());
      if (!e.gap) continue;
      const bool swapped = compare(e.inner->value, e.outer->value) > 0;
      EXPECT_EQ(compare(x, swapped ? e.outer->value : e.inner->value), 1);
      EXPECT_EQ(compare(x, swapped ? e.inner->value : e.outer->value), -1);
      EXPECT_NE(e.inner->odd, e.outer->odd);
      for (const auto& neighbour : {*e.inner, *e.outer}) {
        if (!neighbour.code) continue;
        EXPECT_EQ(compare(decode(format, *neighbour.code), neighbour.value), 0);
        EXPECT_EQ(round(real(neighbour.value), {format, {}}, 0).code, *neighbour.code);
      }
      // What lies a little before the turn goes inward, a little past it outward.
      EXPECT_EQ(e.located.gap->middle, compare(x, *e.turn) * (swapped ? -1 : 1));
    }
  }
}

std::string code_of(const Answer& answer, const Format& format) {
  EXPECT_EQ(answer.chances.size(), 1U);
  return code_text(format, answer.chances.front().outcome.code);
}

TEST(Explain, ModesAnswerLikeTheEngine) {
  for (const Format& format : formats()) {
    for (const Real& x : numbers()) {
      const Explanation e = explain(x, {format, {}});
      ASSERT_EQ(e.answers.size(), all_modes().size());
      for (const Answer& answer : e.answers) {
        if (is_stochastic(answer.mode)) continue;
        Quantizer q{format, {}};
        q.rounding.mode = answer.mode;
        EXPECT_EQ(answer.chances.front().outcome, emulator::round_real(x, q, 0))
            << name_of(answer.mode);
      }
    }
  }
}

TEST(Explain, EveryPresetAnswersOnce) {
  for (const char* text : {"500", "-500", "inf", "nan", "-inf", "1", "0"}) {
    for (const char* name : {"float8_e4m3fn", "float8_e5m2", "uint4", "e8m0", "fp4", "posit8"}) {
      const Format format = find_format(name);
      const Explanation e = explain(parse_real(text), {format, {}});
      std::map<std::string, std::string> seen;
      for (const RuleAnswer& rule : e.rules) {
        for (const std::string_view preset : rule.presets)
          EXPECT_TRUE(seen.emplace(preset, code_of(rule.answer, format)).second);
      }
      for (const OverflowPreset& preset : overflow_presets()) {
        Quantizer q{format, {}};
        const std::optional<Overflow> holds = rule_for(preset, peer_kind_of(format));
        EXPECT_EQ(seen.count(std::string(preset.name)) == 1, holds.has_value()) << preset.name;
        if (!holds) continue;
        q.rounding.overflow = *holds;
        EXPECT_EQ(seen[std::string(preset.name)],
                  code_text(format, round(parse_real(text), q, 0).code));
      }
    }
  }
}

const WrongPath* find_path(const Explanation& e, Path path, std::string_view through = {}) {
  for (const WrongPath& candidate : e.wrong_paths) {
    if (candidate.path == path && candidate.through == through) return &candidate;
  }
  return nullptr;
}

struct Known {
  const char* number;
  const char* format;
  const char* right;
  Path path;
  const char* through;
  const char* wrong;
};

// jax-ml/ml_dtypes#401 (the first three), FlashML-org/FreeToken#85, flushing and others.
TEST(Explain, WrongWaysOfOtherSoftwareAreNamed) {
  const Known cases[] = {
      {"-0x1.affffffffffffp+8", "float8_e4m3fn", "0xfd", Path::through, "binary32", "0xfe"},
      {"0x1.010000000100p+0", "bfloat16", "0x3f81", Path::through, "binary32", "0x3f80"},
      {"0x1.fefffffffffe0p+127", "bfloat16", "0x7f7f", Path::through, "binary32", "0x7f80"},
      {"0x1.903318p+8", "float8_e4m3fn", "0x7d", Path::cut_through, "binary16", "0x7c"},
      {"0x1.51p+0", "float8_e4m3fn", "0x3b", Path::through, "bfloat16", "0x3a"},
      {"1.0625", "float8_e4m3fn", "0x38", Path::ties_away, "", "0x39"},
      {"-1.0625", "float8_e4m3fn", "0xb8", Path::ties_away, "", "0xb9"},
      {"-1.1875", "float8_e4m3fn", "0xba", Path::ties_up, "", "0xb9"},
      {"1.1", "float8_e4m3fn", "0x39", Path::truncated, "", "0x38"},
      {"-1.03", "float8_e4m3fn", "0xb8", Path::floored, "", "0xb9"},
      {"0x1p-8", "float8_e4m3fn", "0x02", Path::flushed, "", "0x00"},
      {"500", "float8_e4m3fn", "0x7f", Path::clamped, "", "0x7e"},
      {"1e-40", "posit8", "0x01", Path::by_distance, "", "0x00"},
      {"0x1.2p+19", "posit8", "0x7e", Path::by_distance, "", "0x7d"},
      // The tie of subnormal numbers, a little exceeded: 4.5 units and 2^-30 of one.
      {"0x2.4000001p-8", "float8_e4m3fn", "0x05", Path::unbounded_exponent, "", "0x04"},
  };
  for (const Known& known : cases) {
    const Format format = find_format(known.format);
    const Explanation e = explain(parse_real(known.number), {format, {}});
    EXPECT_EQ(code_of(e.chosen, format), known.right) << known.number;
    const WrongPath* path = find_path(e, known.path, known.through);
    ASSERT_NE(path, nullptr) << known.number;
    EXPECT_EQ(code_of(path->answer, format), known.wrong) << known.number;
  }
}

// 2.3456 / 0.1 in binary32 and exactly; ties with an odd zero point.
TEST(Explain, WrongWaysOfIntegerQuantization) {
  const Format odd = custom("affine", Affine{.bits = 8, .scale = 0.5, .zero_point = 3});
  const Explanation tie = explain(parse_real("0.75"), {odd, {}});  // 1.5 units: 2, code 5
  EXPECT_EQ(code_of(tie.chosen, odd), "0x05");
  ASSERT_NE(find_path(tie, Path::offset_first), nullptr);  // 4.5: code 4
  EXPECT_EQ(code_of(find_path(tie, Path::offset_first)->answer, odd), "0x04");
  const Format tenth = custom("affine", Affine{.bits = 8, .scale = 0.1, .zero_point = 0});
  int divided = 0;
  int reciprocal = 0;
  for (int i = 0; i < 40; ++i) {
    const Explanation e = explain(parse_real(std::to_string(i) + "5e-2"), {tenth, {}});
    divided += find_path(e, Path::divided) != nullptr ? 1 : 0;
    reciprocal += find_path(e, Path::reciprocal) != nullptr ? 1 : 0;
  }
  EXPECT_GT(divided, 0);
  EXPECT_GT(reciprocal, 0);
}

// What is listed differs, and double roundings are what two calls of the other engine give.
TEST(Explain, ListedWaysDifferAndAreReproducible) {
  int through = 0;
  for (const Format& format : formats()) {
    if (!is_dyadic(format)) continue;
    for (const Mode mode : {Mode::nearest_even, Mode::toward_zero, Mode::to_odd}) {
      for (const Real& x : numbers()) {
        Quantizer q{format, {}};
        q.rounding.mode = mode;
        const Explanation e = explain(x, q);
        for (const WrongPath& path : e.wrong_paths) {
          EXPECT_NE(path.answer.chances.front().outcome.code,
                    e.chosen.chances.front().outcome.code);
          if (path.path != Path::through && path.path != Path::cut_through) continue;
          ++through;
          Quantizer first{find_format(path.through), {}};
          if (path.path == Path::cut_through) first.rounding.mode = Mode::toward_zero;
          const Code between = emulator::round_real(x, first, 0).code;
          EXPECT_EQ(emulator::convert(first.format, between, q, 0),
                    path.answer.chances.front().outcome);
        }
      }
    }
  }
  EXPECT_GT(through, 20);
}

TEST(Explain, SubnormalOperandsAreFlushedOnDemand) {
  const Format to = find_format("binary32");
  const Real x = parse_real("0x1p-24");  // the least number of binary16
  Quantizer q{to, {}};
  const Explanation kept = explain(x, q, true);
  EXPECT_EQ(code_of(kept.chosen, to), "0x33800000");
  ASSERT_NE(find_path(kept, Path::flushed_input), nullptr);
  EXPECT_EQ(code_of(find_path(kept, Path::flushed_input)->answer, to), "0x00000000");
  q.rounding.flush_inputs = true;
  const Explanation flushed = explain(x, q, true);
  EXPECT_EQ(code_of(flushed.chosen, to), "0x00000000");
  EXPECT_EQ(find_path(flushed, Path::flushed_input), nullptr);
}

// 400.1995849609375 lies 0.506237030029296875 of the way from 384 to 416. With 8 random bits A and
// C go up for 129, 130 of 256.
TEST(Explain, AKnownCaseToTheDigit) {
  const Format format = find_format("float8_e4m3fn");
  const Real x = parse_real("400.1995849609375");
  const Explanation e = explain(x, stochastic(format, Mode::stochastic, 8, "ieee"));
  EXPECT_EQ(decimal_of(*e.position, 25, 9).text, "0.506237030029296875");
  EXPECT_EQ(decimal_of({{*e.turn}}, 25, 9).text, "400");
  ASSERT_EQ(e.chosen.chances.size(), 2U);
  EXPECT_EQ(e.chosen.chances[1].count, 129);
  const Expectation a = expectation_of(e, format, e.chosen).value();
  EXPECT_EQ(decimal_of(a.expected, 25, 9).text, "400.125");
  EXPECT_EQ(decimal_of(a.bias, 25, 9).text, "-0.0745849609375");
  EXPECT_EQ(decimal_of(*a.bias_in_gap, 25, 9).text, "-0.002330780029296875");
  const Answer& c = e.answers[static_cast<std::size_t>(Mode::stochastic_c)];
  EXPECT_EQ(c.chances[1].count, 130);
  const Expectation nearest = expectation_of(e, format, c).value();
  EXPECT_EQ(decimal_of(nearest.bias, 25, 9).text, "0.0504150390625");
  const Answer& equal = e.answers[static_cast<std::size_t>(Mode::stochastic_equal)];
  EXPECT_EQ(equal.random_bits, 1);
  EXPECT_EQ(decimal_of(expectation_of(e, format, equal)->expected, 25, 9).text, "400");
}

// 1.05 between 1 and 2^(1/8): E = 1 + p (2^(1/8) - 1), p = floor(v 32) / 32 with
// v = 0.05 / 0.0905077326652576... = 0.552438... -> 17 / 32.
TEST(Explain, ALogarithmicBiasIsCertified) {
  const Format format = find_format("log4.3");
  const Real x = parse_real("1.05");
  const Explanation e = explain(x, stochastic(format, Mode::stochastic, 5, "ieee"));
  EXPECT_EQ(e.chosen.chances[1].count, 17);
  const Expectation found = expectation_of(e, format, e.chosen).value();
  const DecimalText bias = decimal_of(found.bias, 25, 15);
  EXPECT_FALSE(bias.exact);
  EXPECT_EQ(bias.text, "-0.00191776702158187");
  EXPECT_EQ(decimal_of(*found.bias_in_gap, 25, 12).text, "-0.0211889853508");
  EXPECT_FALSE(fraction_of(found.expected).has_value());
}

}  // namespace
}  // namespace halfulp::reference

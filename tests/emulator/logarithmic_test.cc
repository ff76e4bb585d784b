// SPDX-License-Identifier: MIT
//
// Logarithmic formats and takums: the emulator against the reference where exact cases are dense
// (all codes of small formats into each other, all pairs of the smallest, sums and products that
// meet a number or a turn exactly), and what holds for arrays that carry irrational numbers.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/catalogue/families.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "reference/round.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;
using sampling::Stream;

constexpr int tolerated_failures = 3;

Format find(const char* name) { return find_format(name); }

std::vector<Format> logarithmic_up_to(int width) {
  std::vector<Format> list;
  for (const Format& format : cases::logarithmic_formats()) {
    if (bits(format) <= width) list.push_back(format);
  }
  return list;
}

std::uint64_t draw_random(const Rounding& rounding, Stream& stream) {
  const std::uint64_t any = stream.bits(rounding.random_bits);
  return stream.below(4) != 0 ? any : any & (std::uint64_t{0} - stream.bits(1));
}

// Compares conversions of one code in every mode; answers how many differ.
class Conversions {
 public:
  explicit Conversions(const Format& to, std::size_t turn) {
    for (std::size_t i = 0; i < mode_count; ++i) {
      plans_.push_back(emulator::engine().prepare({to, cases::rounding(turn + i)}));
    }
  }

  int differences(const Format& from, Code code, Stream& stream) const {
    int count = 0;
    const Format& to = plans_[0].quantizer.format;
    const reference::Located at = reference::locate(real(decode(from, code)), to);
    for (const Plan& plan : plans_) {
      const Quantizer& q = plan.quantizer;
      const std::uint64_t random = draw_random(q.rounding, stream);
      const bool flushed = q.rounding.flush_inputs && std::holds_alternative<Float>(from.kind);
      const Outcome theirs =
          flushed ? reference::engine().convert(from, code, reference::engine().prepare(q), random)
                  : reference::decide(at, q, random);
      const Outcome ours = emulator::engine().convert(from, code, plan, random);
      if (ours == theirs) continue;
      ++count;
      ADD_FAILURE() << from.name << " " << code_text(from, code) << " ("
                    << hexadecimal_text(decode(from, code)) << ") into " << describe(q)
                    << ", random " << random << "\n  emulator  " << describe(to, ours)
                    << "\n  reference " << describe(to, theirs);
    }
    return count;
  }

 private:
  std::vector<Plan> plans_;
};

TEST(Logarithmic, ConvertsAllCodesOfSmallFormatsIntoEachOther) {
  std::vector<Format> list = logarithmic_up_to(8);
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "posit8", "takum8",
                           "binary4p2sf", "float8_e8m0fnu", "ue4m3", "int8", "uint4"}) {
    list.push_back(find(name));
  }
  list.push_back(cases::custom("tenths", make_codebook({0.3, -0.1, 0.1, 0, -0.3, 1})));
  list.push_back(cases::custom("affine5", Affine{.bits = 5, .scale = 0.1, .zero_point = 3}));
  Stream stream(41);
  int failures = 0;
  std::size_t turn = 0;
  for (const Format& to : list) {
    for (const Format& from : list) {
      if (is_dyadic(from) && is_dyadic(to)) continue;
      const Conversions conversions(to, turn++ * mode_count);
      for (Code code = 0; code < Code{1} << bits(from); ++code) {
        failures += conversions.differences(from, code, stream);
        if (failures > tolerated_failures) return;
      }
    }
  }
}

// Compares one operation; answers whether they agree.
bool same(Op op, std::span<const Format> inputs, const Quantizer& q, std::span<const Code> codes,
          std::uint64_t random) {
  const Operation operation{.op = op, .inputs = inputs, .output = &q};
  const Outcome ours = emulator::engine().apply(operation, codes, random);
  const Outcome theirs = reference::engine().apply(operation, codes, random);
  if (ours == theirs) return true;
  std::string operands;
  for (std::size_t i = 0; i < codes.size(); ++i)
    operands += " " + inputs[i].name + " " + code_text(inputs[i], codes[i]);
  ADD_FAILURE() << name_of(op) << " into " << describe(q) << ", random " << random << ":"
                << operands << "\n  emulator  " << describe(q.format, ours) << "\n  reference "
                << describe(q.format, theirs);
  return false;
}

// All pairs of the smallest, into themselves and into a float with half steps between.
TEST(Logarithmic, OperatesOnAllPairsOfTheSmallest) {
  Stream stream(42);
  int failures = 0;
  std::size_t turn = 0;
  for (const Format& format : logarithmic_up_to(6)) {
    const std::array<Format, 2> inputs{format, format};
    const Code count = Code{1} << bits(format);
    for (const Op op : {Op::add, Op::subtract, Op::multiply, Op::divide, Op::square_root}) {
      const auto used = static_cast<std::size_t>(arity(op));
      for (Code pair = 0; pair < (used == 1 ? count : count * count); ++pair) {
        const std::array<Code, 2> codes{pair % count, pair / count};
        const Quantizer q{turn % 5 == 4 ? find("float8_e5m2") : format, cases::rounding(turn)};
        ++turn;
        const bool agree = same(op, std::span(inputs).first(used), q, std::span(codes).first(used),
                                draw_random(q.rounding, stream));
        failures += agree ? 0 : 1;
        if (failures > tolerated_failures) return;
      }
    }
  }
}

TEST(Logarithmic, FusesAllTriplesOfTheSmallest) {
  Stream stream(43);
  int failures = 0;
  std::size_t turn = 0;
  for (const Format& format : logarithmic_up_to(4)) {
    const std::array<Format, 3> inputs{format, format, format};
    const Code count = Code{1} << bits(format);
    for (Code triple = 0; triple < count * count * count; ++triple) {
      const std::array<Code, 3> codes{triple % count, triple / count % count,
                                      triple / count / count};
      const Quantizer q{format, cases::rounding(turn++)};
      failures +=
          same(Op::fused_multiply_add, inputs, q, codes, draw_random(q.rounding, stream)) ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
  }
}

// Products of irrational numbers that are rational, or a number or a turn of the target: fixed
// point cannot tell these from their neighbourhood.
TEST(Logarithmic, DecidesProductsThatMeetNumbersAndTurns) {
  const Format narrow = find("log5.10");
  const Format wide = find("log6.12");
  Stream stream(44);
  int failures = 0;
  for (std::size_t turn = 0; turn < sampling::draws(2000); ++turn) {
    const Quantizer q{turn % 2 == 0 ? narrow : find("binary32"), cases::rounding(turn)};
    const std::array<Format, 3> inputs{wide, wide, wide};
    const Code first = sampling::draw_code(wide, stream);
    // The logarithms add up to a multiple of 1, 1/2^10 or 1/2^11.
    const int zeros = std::array{12, 2, 1}[stream.below(3)];
    const Code rest = (Code{0} - first) & ((Code{1} << zeros) - 1);
    const Code second = (sampling::draw_code(wide, stream) >> zeros << zeros) | rest;
    const std::array<Code, 3> codes{first, second, sampling::draw_code(wide, stream)};
    for (const Op op : {Op::multiply, Op::divide, Op::fused_multiply_add, Op::square_root}) {
      const auto used = static_cast<std::size_t>(arity(op));
      failures += same(op, std::span(inputs).first(used), q, std::span(codes).first(used),
                       draw_random(q.rounding, stream))
                      ? 0
                      : 1;
      if (failures > tolerated_failures) return;
    }
  }
}

// Irrational factors that cancel leave integers, which turn at a geometric mean.
TEST(Logarithmic, TurnsInTheLogarithmWhereFactorsCancel) {
  const Format wide = find("log4.3");
  Stream stream(46);
  int failures = 0;
  for (std::size_t turn = 0; turn < sampling::draws(3000); ++turn) {
    constexpr std::array names{"float8_e4m3fn", "nf4",    "dynamic8_signed",
                               "binary16",      "posit8", "int8"};
    Quantizer q{.format = find(names[stream.below(names.size())]), .rounding = {}};
    q.rounding.mode = Mode::nearest_log;
    const Code first = sampling::draw_code(wide, stream);
    const Code rest = stream.bits(1) != 0 ? (Code{0} - first) & 7 : first & 7;
    const std::array<Format, 3> inputs{wide, wide, q.format};
    const std::array<Code, 3> codes{first, (sampling::draw_code(wide, stream) & ~Code{7}) | rest,
                                    sampling::draw_code(q.format, stream)};
    for (const Op op : {Op::multiply, Op::divide, Op::fused_multiply_add}) {
      const auto used = static_cast<std::size_t>(arity(op));
      failures +=
          same(op, std::span(inputs).first(used), q, std::span(codes).first(used), 0) ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
  }
}

// 2^10000 * 2^(1/2) is the geometric mean of 2^10000 and 2^10001, and +-2^-16382 beside it decides.
TEST(Logarithmic, ATermFarBelowAGeometricMeanDecides) {
  const Format powers{"powers", ieee(15, 0)};
  Quantizer q{.format = powers, .rounding = {}};
  q.rounding.mode = Mode::nearest_log;
  const std::array<Format, 3> inputs{powers, find("log4.3"), powers};
  constexpr Code power = 16383 + 10000;
  for (const Code c : {Code{1}, Code{0x8001}}) {
    const std::array<Code, 3> codes{power, 4, c};
    const Operation operation{.op = Op::fused_multiply_add, .inputs = inputs, .output = &q};
    for (const Engine* engine : {&emulator::engine(), &reference::engine()})
      EXPECT_TRUE(engine->apply(operation, codes, 0).code == (c == 1 ? power + 1 : power));
  }
}

// Decimal literals and exact turns.
TEST(Logarithmic, RoundsRealNumbers) {
  Stream stream(45);
  for (const Format& format : cases::logarithmic_formats()) {
    for (std::size_t turn = 0; turn < 60; ++turn) {
      const Quantizer q{format, cases::rounding(turn)};
      const Code code = sampling::draw_code(format, stream);
      const Value v = decode(format, code);
      Real x = real(v);
      if (v.is_finite() && !v.is_zero() && turn % 3 == 1) {
        const Value turning = boundary_above(format, rank_of(format, code));
        if (turning.is_finite()) x = real(turning);
      }
      if (v.is_finite() && turn % 3 == 2) {
        x = parse_real((turn % 2 == 0 ? "-" : "") + std::to_string(stream.bits(20)) + "e-3");
      }
      const std::uint64_t random = draw_random(q.rounding, stream);
      EXPECT_EQ(emulator::round_real(x, q, random), reference::round(x, q, random))
          << describe(q) << " " << hexadecimal_text(x.numerator);
    }
  }
}

template <typename T>
std::vector<T> numbers_of(const Format& format, const Engine& engine) {
  const std::size_t count = std::size_t{1} << bits(format);
  std::vector<std::uint8_t> bytes(packed_bytes(format, count));
  const auto width = static_cast<std::size_t>(packed_bits(format));
  for (std::size_t code = 0; code < count; ++code) {
    for (std::size_t bit = 0; bit < width; ++bit) {
      const std::size_t at = code * width + bit;
      bytes[at / 8] |= static_cast<std::uint8_t>((code >> bit & 1) << at % 8);
    }
  }
  std::vector<T> numbers(count);
  engine.decode(bytes, engine.prepare({format, {}}), view_of(std::span<T>(numbers)));
  return numbers;
}

// What a carrier holds of a number is that number, so rounding leaves it alone in every mode.
template <typename T>
void expect_numbers_to_stay(const Format& format, const Engine& engine) {
  const std::vector<T> numbers = numbers_of<T>(format, engine);
  for (std::size_t turn = 0; turn < mode_count; ++turn) {
    const Quantizer q{format, cases::rounding(turn)};
    std::vector<T> rounded(numbers.size());
    Counts counts;
    engine.round(view_of(std::span<const T>(numbers)), engine.prepare(q), Random{},
                 view_of(std::span<T>(rounded)), &counts);
    EXPECT_EQ(counts.inexact, 0U) << engine.name << " " << describe(q);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] != numbers[i]) continue;
      EXPECT_EQ(rounded[i], numbers[i]) << engine.name << " " << describe(q) << " code " << i;
    }
  }
}

TEST(Logarithmic, KeepsCarriedNumbersInEveryMode) {
  for (const char* name : {"log4.3", "ulog3.2", "log3.0", "takum_log8", "takum_log6"}) {
    for (const Engine* engine : {&emulator::engine(), &reference::engine()}) {
      const Format format = find(name);
      expect_numbers_to_stay<double>(format, *engine);
      if (fits_binary32(format)) expect_numbers_to_stay<float>(format, *engine);
    }
  }
}

// Carried products of logarithmic numbers are exact where the sum of the logarithms is in range.
TEST(Logarithmic, MapsCarriedNumbersAsCodes) {
  const Format format = find("log4.3");
  const std::vector<double> numbers = numbers_of<double>(format, emulator::engine());
  for (std::size_t turn = 0; turn < mode_count; ++turn) {
    const Quantizer q{format, cases::rounding(turn)};
    const Plan plan = emulator::engine().prepare(q);
    const Random random{.seed = 3};
    for (const Op op : {Op::add, Op::multiply, Op::divide}) {
      std::vector<double> second(numbers.size());
      std::vector<double> results(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        second[i] = numbers[(37 * i + 11) % numbers.size()];
      const std::array<View, 2> in{view_of(std::span<const double>(numbers)),
                                   view_of(std::span<const double>(second))};
      emulator::engine().map(op, in, plan, random, view_of(std::span<double>(results)), nullptr);
      const std::array<Format, 2> inputs{format, format};
      const Operation operation{.op = op, .inputs = inputs, .output = &q};
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::array<Code, 2> codes{i, (37 * i + 11) % numbers.size()};
        const std::uint64_t bits =
            is_stochastic(q.rounding.mode) ? random.bits(i, q.rounding.random_bits) : 0;
        const Outcome wanted = emulator::engine().apply(operation, codes, bits);
        const double number = nearest_double(decode(format, wanted.code));
        EXPECT_TRUE(results[i] == number || (number != number && results[i] != results[i]))
            << name_of(op) << " " << describe(q) << " " << i;
      }
    }
  }
}

// The float next to a number is not always the float next to the double next to it; all of
// log5.10 and of a takum decode to the right one.
TEST(Logarithmic, DecodesToTheNearestOfEitherCarrier) {
  for (const char* name : {"log5.10", "takum_log8", "takum_log13"}) {
    const Format format = find(name);
    const std::vector<double> doubles = numbers_of<double>(format, emulator::engine());
    for (std::size_t code = 0; code < doubles.size(); ++code) {
      const Value v = decode(format, code);
      if (v.is_nan()) continue;
      EXPECT_EQ(std::bit_cast<std::uint64_t>(doubles[code]),
                std::bit_cast<std::uint64_t>(nearest_double(v)))
          << name << " " << code;
    }
    if (!fits_binary32(format)) continue;
    const std::vector<float> floats = numbers_of<float>(format, emulator::engine());
    for (std::size_t code = 0; code < floats.size(); ++code) {
      const Value v = decode(format, code);
      if (v.is_nan()) continue;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(floats[code]),
                std::bit_cast<std::uint32_t>(nearest_float(v)))
          << name << " " << code;
    }
  }
}

}  // namespace
}  // namespace halfulp

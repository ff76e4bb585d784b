// SPDX-License-Identifier: MIT
//
// Literals and reals rounded from words against the reference.
#include "emulator/operations/number_rounder.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "reference/round.h"

namespace halfulp::emulator {
namespace {

std::string literal(const Format& format, std::uint64_t i) {
  const Random random{.seed = 4};
  const std::uint64_t word = random.bits(i, 60);
  const std::string sign = i % 2 == 0 ? "" : "-";
  const int power = static_cast<int>(random.bits(i + 100000, 16) % 90) - 45;
  if (i % 4 == 0) return sign + std::to_string(word >> (i % 50)) + "e" + std::to_string(power);
  if (i % 4 == 1) return sign + "0x" + std::to_string(word >> 20) + "p" + std::to_string(power);
  // A number of the format, or where nearest turns, as far as it has one.
  const Range range = finite_range(format);
  const Rank rank =
      std::min(static_cast<Rank>(random.bits(i, 40)) % range.highest, range.highest - 1);
  const Value v = i % 4 == 2 ? value_at(format, rank) : boundary_above(format, rank);
  return sign + hexadecimal_text(v);
}

TEST(NumberRounder, AgreesWithTheReference) {
  for (const std::string name : {"binary16", "bfloat16", "binary32", "binary64", "binary128",
                                 "float8_e4m3fn", "float8_e8m0fnu", "int8", "uint8", "q3.4",
                                 "posit8", "posit16", "takum16", "nf4", "float4_e2m1fn"}) {
    for (const Mode mode : {Mode::nearest_even, Mode::nearest_away, Mode::toward_zero,
                            Mode::toward_positive, Mode::to_odd, Mode::stochastic}) {
      Quantizer quantizer{.format = find_format(name), .rounding = {}};
      quantizer.rounding.mode = mode;
      quantizer.rounding.random_bits = 8;
      const NumberRounder rounder(quantizer);
      for (std::uint64_t i = 0; i < 400; ++i) {
        const std::string text = literal(quantizer.format, i);
        const std::uint64_t random = Random{.seed = 5}.bits(i, 8);
        const Real x = parse_real(text);
        const halfulp::Outcome want = reference::round(x, quantizer, random);
        EXPECT_EQ(rounder.round_literal(text, random), want) << name << " " << text;
        EXPECT_EQ(rounder.round(x, random), want) << name << " " << text;
      }
    }
  }
}

TEST(NumberRounder, QuotientsNextToMiddles) {
  const Quantizer quantizer{.format = find_format("binary32"), .rounding = {}};
  const NumberRounder rounder(quantizer);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Random random{.seed = 6};
    const Value divisor = make_value(static_cast<std::int64_t>(random.bits(2 * i, 53)) | 1);
    const Value middle =
        boundary_above(quantizer.format, static_cast<Rank>(random.bits(2 * i + 1, 30)));
    for (const int beside : {-1, 0, 1}) {
      Value numerator = product(middle, divisor);
      numerator = sum(scaled(numerator, 0), make_value(beside, numerator.exponent - 3));
      const Real x{.numerator = numerator, .denominator = divisor};
      EXPECT_EQ(rounder.round(x, 0), reference::round(x, quantizer, 0));
    }
  }
}

}  // namespace
}  // namespace halfulp::emulator

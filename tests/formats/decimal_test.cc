// SPDX-License-Identifier: MIT
//
// Printed values read back to their code, and no shorter text of the same notation does.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/decimal.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

// Of a list, between a rank and the next one.
bool tie_goes_up(const Format& format, Rank rank) {
  const bool below_zero = rank < -1 || (rank == -1 && has_zero(format));
  return below_zero ? !tie_goes_out(format, rank + 1, rank) : tie_goes_out(format, rank, rank + 1);
}

// The rank nearest to x by the definition of boundaries, ties to even.
Rank nearest_rank(const Format& format, const Real& x) {
  const Range range = finite_range(format);
  for (Rank rank = range.lowest; rank < range.highest; ++rank) {
    const int order = compare(x, boundary_above(format, rank));
    const bool list = std::holds_alternative<Codebook>(format.kind);
    const bool up = list ? tie_goes_up(format, rank) : is_odd(format, rank);
    if (order < 0 || (order == 0 && !up)) return rank;
  }
  return range.highest;
}

TEST(Decimal, EveryCodeOfNarrowFormatsReadsBack) {
  for (const std::string name :
       {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float6_e2m3fn", "float4_e2m1fn",
        "float8_e8m0fnu", "binary8p1ue", "int8", "q3.4", "nf4", "bnb_fp4", "iq4_nl", "binary",
        "dynamic8_signed", "posit8", "takum8", "ternary"}) {
    const Format format = find_format(name);
    for (Code code = 0; code >> bits(format) == 0; ++code) {
      const Value value = decode(format, code);
      if (!value.is_finite() || value.is_zero()) continue;
      if (rank_of(format, code) < finite_range(format).lowest) continue;  // never a result
      const std::string text = shortest_text(format, code);
      EXPECT_TRUE(nearest_rank(format, parse_real(text)) == rank_of(format, code))
          << name << " " << code_text(format, code) << " " << text;
    }
  }
}

TEST(Decimal, Binary64PrintsAsToCharsDoes) {
  const Format format = find_format("binary64");
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const Value value = decode(format, state);
    if (!value.is_finite() || value.is_zero()) continue;
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, to_double(value)).ptr;
    EXPECT_EQ(shortest_text(format, state), std::string(buffer, end));
  }
}

// The definition, digit after digit: with exponents from that of the first digit downward, the
// multiples of the power of ten around the value, compared as exact quotients with the boundaries.
class ByDefinition {
 public:
  ByDefinition(const Format& format, Rank rank) : format_(format), rank_(rank) {
    const Value value = value_at(format, rank);
    negative_ = value.negative;
    value_ = absolute(value);
    lower_ = boundary_above(format, std::min(rank, rank + inward()));
    lower_ = lower_.negative == negative_ ? absolute(lower_) : zero_value();
    upper_ = absolute(boundary_above(format, std::min(rank, rank - inward())));
  }

  // Is digits * 10^exponent what shortest_text must have, up to zeros behind it?
  [[nodiscard]] Decimal find() const {
    std::int64_t exponent = leading_exponent(value_) * 30103 / 100000 + 2;
    while (floor_of(exponent) == 0) --exponent;
    while (true) {
      const Integer low = floor_of(exponent);
      const bool low_reads = reads(low, exponent);
      const bool high_reads = reads(low + 1, exponent);
      if (low_reads || high_reads) {
        const Real halfway = real_of(low * 10 + 5, exponent - 1);
        const int order = compare(halfway, value_);
        const bool nearer_low = order > 0 || (order == 0 && low % 2 == 0);
        return {.digits = low_reads && (!high_reads || nearer_low) ? low : Integer(low + 1),
                .exponent = exponent};
      }
      --exponent;
    }
  }

 private:
  [[nodiscard]] Rank inward() const { return negative_ ? 1 : -1; }

  static Real real_of(const Integer& digits, std::int64_t exponent) {
    Real x = real(integer_value(digits));
    Integer& scaled = exponent < 0 ? x.denominator.significand : x.numerator.significand;
    scaled *= power_of_ten(std::abs(exponent));
    return x;
  }

  [[nodiscard]] Integer floor_of(std::int64_t exponent) const {
    Integer n = value_.significand;
    Integer d = 1;
    (value_.exponent < 0 ? d : n) <<= static_cast<unsigned>(std::abs(value_.exponent));
    (exponent < 0 ? n : d) *= power_of_ten(std::abs(exponent));
    return n / d;
  }

  [[nodiscard]] bool reads(const Integer& digits, std::int64_t exponent) const {
    if (digits == 0) return false;
    const Real x = real_of(digits, exponent);
    const bool even = !is_odd(format_, rank_);
    const int from_lower = compare(x, lower_);
    const int from_upper = compare(x, upper_);
    return (from_lower > 0 || (from_lower == 0 && even)) &&
           (from_upper < 0 || (from_upper == 0 && even));
  }

  const Format& format_;
  Rank rank_;
  bool negative_ = false;
  Value value_, lower_, upper_;
};

// Codes of a format: the ends, powers of two and their neighbours, and drawn ones.
std::vector<Code> some_codes(const Format& format, int drawn) {
  std::vector<Code> codes;
  const Range range = finite_range(format);
  for (int i = 0; i < 3; ++i) {
    codes.push_back(code_at(format, range.highest - i));
    codes.push_back(code_at(format, 1 + i));
  }
  const Code mask = bits(format) == 128 ? ~Code{0} : (Code{1} << bits(format)) - 1;
  std::uint64_t state = 7;
  const auto word = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
  for (int i = 0; i < drawn; ++i) {
    Code code = ((static_cast<Code>(word()) << 64) | word()) & mask;
    const int fraction = std::max(bits(format) / 2, 1);
    if (i % 3 == 0) code = (code >> fraction) << fraction;
    if (i % 6 == 0) code -= 1;
    codes.push_back(code & mask);
  }
  std::erase_if(codes, [&](Code code) {
    const Value value = decode(format, code);
    return !value.is_finite() || value.is_zero();
  });
  return codes;
}

TEST(Decimal, TheTextIsThatOfTheDefinition) {
  for (const std::string name :
       {"float8_e4m3fn", "float8_e8m0fnu", "binary16", "bfloat16", "tf32",  "binary32", "binary64",
        "e15m63",        "binary128",      "e5m120",   "e12m3",    "e15m2", "posit16",  "posit32",
        "posit64",       "takum16",        "takum32",  "takum64",  "int16", "q3.4",     "q20.23"}) {
    const Format format = find_format(name);
    const int drawn = bits(format) > 64 ? 25 : 150;
    for (const Code code : some_codes(format, drawn)) {
      if (rank_of(format, code) < finite_range(format).lowest) continue;  // never a result
      const Decimal want = ByDefinition(format, rank_of(format, code)).find();
      std::string text = shortest_text(format, code);
      const Real got = absolute(parse_real(text));
      // Digits before the point are all right in fixed notation, even where fewer would do.
      if (want.exponent > 0 && text.find('e') == std::string::npos) continue;
      const Real wanted = parse_real(want.digits.str() + "e" + std::to_string(want.exponent));
      EXPECT_EQ(compare(product(got.numerator, wanted.denominator),
                        product(wanted.numerator, got.denominator)),
                0)
          << name << " " << code_text(format, code) << " " << text << ", not "
          << decimal_text(want);
    }
  }
}

// Wide formats cost little more than binary64: a division of some hundred bits, whatever the
// exponent. (Powers of ten in full took 100 times as long for binary128, 10000 for 20 exponent
// bits.)
TEST(Decimal, WideFormatsTakeNoLonger) {
  const auto seconds = [](const std::string& name) {
    const Format format = find_format(name);
    const std::vector<Code> codes = some_codes(format, 60);
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      for (const Code code : codes) EXPECT_NE(long_shortest_text(format, code), "");
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      least = std::min(least, taken.count());
    }
    return least / static_cast<double>(codes.size());
  };
  const double usual = seconds("binary64");
  EXPECT_LT(seconds("binary128"), 30 * usual);
  EXPECT_LT(seconds("e20m107"), 100 * usual);
}

TEST(Decimal, ExactTextHasAllDigits) {
  EXPECT_EQ(exact_text(find_format("float8_e4m3fn"), 0x1d), "0.1015625");
  EXPECT_EQ(exact_text(find_format("float8_e4m3fn"), 0x9d), "-0.1015625");
  EXPECT_EQ(exact_text(find_format("bfloat16"), 0x7f7f), "338953138925153547590470800371487866880");
  EXPECT_EQ(exact_text(find_format("bfloat16"), 0xff80), "-inf");
  EXPECT_EQ(exact_text(find_format("bfloat16"), 0), "0");
  const Format binary128 = find_format("binary128");
  for (const Code code : some_codes(binary128, 20)) {
    const std::string text = exact_text(binary128, code);
    const Real x = parse_real(text);
    EXPECT_EQ(compare(x, decode(binary128, code)), 0) << text;
  }
}

TEST(Decimal, ValuesAreExactInUpToEightCharacters) {
  const Format e4m3 = find_format("float8_e4m3fn");
  EXPECT_EQ(value_text(e4m3, 0x3f), "1.875");
  EXPECT_EQ(value_text(e4m3, 0x08), "0.015625");
  EXPECT_EQ(value_text(e4m3, 0x88), "-0.015625");
  EXPECT_EQ(value_text(e4m3, 0x1d), "0.1");    // 0.1015625
  EXPECT_EQ(value_text(e4m3, 0x01), "0.002");  // 0.001953125
  EXPECT_EQ(value_text(find_format("bfloat16"), 0x4800), "131072");
  EXPECT_EQ(value_text(find_format("bfloat16"), 0x7fc0), "nan");
  EXPECT_EQ(value_text(find_format("binary64"), 0x3fb999999999999a), "0.1");
  EXPECT_EQ(value_text(find_format("takum_log8"), 0x41),
            shortest_text(find_format("takum_log8"), 0x41));
}

TEST(Decimal, Notation) {
  const Format bfloat16 = find_format("bfloat16");
  EXPECT_EQ(shortest_text(bfloat16, 0x3dcd), "0.1");
  EXPECT_EQ(shortest_text(bfloat16, 0x7f7f), "3.39e+38");
  EXPECT_EQ(shortest_text(bfloat16, 0x8000), "-0");
  EXPECT_EQ(shortest_text(bfloat16, 0xff80), "-inf");
  EXPECT_EQ(shortest_text(bfloat16, 0x7fc0), "nan");
  EXPECT_EQ(shortest_text(find_format("float8_e4m3fn"), 0x7e), "448");
  EXPECT_EQ(shortest_text(find_format("binary16"), 0x7bff), "65504");
  // Between -10 and 1 nearest turns at -4.5: every positive decimal up to 7 reads as 1.
  EXPECT_EQ(shortest_text(find_format("iq4_nl"), 8), "1");
  EXPECT_EQ(shortest_text(find_format("binary64"), 1), "5e-324");
  EXPECT_EQ(shortest_text(find_format("binary64"), 0x3fb999999999999a), "0.1");
  EXPECT_EQ(shortest_text(find_format("float8_e8m0fnu"), 0), "6e-39");
}

// Where 1 digit will do in two places, as boundaries are wide or there is none, the nearer decimal.
TEST(Decimal, OfTheShortestTheNearestIsPrinted) {
  EXPECT_EQ(shortest_text(find_format("posit8"), 0x01), "6e-08");
  EXPECT_EQ(shortest_text(find_format("float8_e8m0fnu"), 127 + 33), "9e+09");  // 8.59e9
  const Format list{"list", make_codebook({-0.5, 0, 0.25, 0.96, 30})};
  const std::vector<std::string> texts{"-0.5", "0", "0.2", "1", "30"};
  for (std::size_t code = 0; code < texts.size(); ++code)
    EXPECT_EQ(shortest_text(list, code), texts[code]);
}

}  // namespace
}  // namespace halfulp

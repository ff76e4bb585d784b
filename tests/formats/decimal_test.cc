// SPDX-License-Identifier: MIT
//
// Printed values read back to their code, and no shorter text of the same notation does.
#include <gtest/gtest.h>

#include <charconv>

#include "formats/catalogue.h"
#include "formats/codes.h"

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

// SPDX-License-Identifier: MIT
//
// Lists of numbers: the published constants and extremes, and where nearest turns between them.
#include "formats/catalogue/codebooks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

Codebook list_of(const Format& format) { return std::get<Codebook>(format.kind); }

// The thresholds are binary32 numbers next to the exact middles; some are one step from what
// binary32 arithmetic gives.
TEST(Codebooks, Nf4TurnsInTheMiddleAndTiesGoDown) {
  const Codebook list = nf4();
  ASSERT_EQ(list.boundaries.size(), 15U);
  for (std::size_t i = 0; i < 15; ++i) {
    const double middle = (list.values[i] + list.values[i + 1]) / 2;
    const auto threshold = static_cast<float>(list.boundaries[i]);
    EXPECT_EQ(threshold, list.boundaries[i]) << i;
    EXPECT_LT(std::nextafter(threshold, -2.0F), middle) << i;
    EXPECT_GT(std::nextafter(threshold, 2.0F), middle) << i;
  }
  EXPECT_EQ(list.boundaries[0], -0x1.b239b2p-1);
  EXPECT_EQ(list.ties, Codebook::Ties::lower);
  EXPECT_EQ(list.values[7], 0);
  EXPECT_EQ(list.values.front(), -1);
  EXPECT_EQ(list.values.back(), 1);
}

TEST(Codebooks, FourBitListsHaveTheirOrderOfCodes) {
  const Format fp4 = find_format("bnb_fp4");
  const std::vector<double> values = list_of(fp4).values;
  const std::vector<double> twelfths{0, 0.0625, 8, 12, 4, 6, 2, 3};
  for (std::size_t code = 0; code < twelfths.size(); ++code) {
    EXPECT_EQ(values[code], static_cast<float>(twelfths[code] / 12)) << code;
    EXPECT_EQ(values[code + 8], -values[code]) << code;
  }
  EXPECT_TRUE(has_negative_zero(fp4));
  EXPECT_TRUE(zero_code(fp4, true) == 8);
  EXPECT_EQ(af4().values.front(), 1);
  EXPECT_EQ(af4().values[8], 0);
  EXPECT_EQ(af4().values.back(), -1);
  EXPECT_FALSE(has_zero(find_format("iq4_nl")));
}

TEST(Codebooks, DynamicMapsHaveTheirPublishedExtremes) {
  const Format both = find_format("dynamic8_signed");
  EXPECT_EQ(bits(both), 8);
  EXPECT_EQ(list_of(both).values.size(), 256U);
  EXPECT_EQ(list_of(both).values.front(), -0.99296873807907104);  // -1 is not among them
  EXPECT_EQ(list_of(both).values.back(), 1);
  EXPECT_EQ(to_double(smallest_positive(both)), 5.5000003840177669e-07F);
  EXPECT_EQ(to_double(smallest_positive(find_format("dynamic8_unsigned"))),
            3.2500003044333425e-07F);
  EXPECT_FALSE(is_signed(find_format("dynamic8_unsigned")));
}

// Every map of eight bits is sorted by code, but for the zero that the linear one puts in before a
// number just below it.
TEST(Codebooks, CodesOfEightBitMapsAreInOrder) {
  for (const std::string name : {"dynamic8_signed", "dynamic8_unsigned", "linear8_unsigned",
                                 "bnb_fp8_e4m3", "bnb_fp8_e5m2"}) {
    const Codebook list = list_of(find_format(name));
    EXPECT_EQ(list.values.size(), 256U) << name;
    EXPECT_TRUE(std::is_sorted(list.values.begin(), list.values.end())) << name;
  }
  const Codebook linear = list_of(find_format("linear8_signed"));
  EXPECT_EQ(linear.values[127], 0);
  EXPECT_LT(linear.values[128], 0);
}

// create_fp8_map(signed, e, p): the largest number is (2 - 2^-p) 2^(2^(e-1)), the least
// 2^-p 2^-(2^(e-1)); all are divided by the largest.
TEST(Codebooks, BitsandbytesFp8IsDividedByItsLargest) {
  for (const auto& [e, p] : {std::pair{4, 3}, std::pair{5, 2}}) {
    const Codebook list = bnb_fp8(e, p);
    const double bias = 1 << (e - 1);
    const double ratio = 1 / ((2.0 * (1 << p) - 1) * std::ldexp(1.0, static_cast<int>(2 * bias)));
    EXPECT_EQ(list.values[129], static_cast<float>(ratio));
    EXPECT_EQ(list.values[255], 1);
    EXPECT_EQ(list.values[127], 0);
    EXPECT_TRUE(std::signbit(list.values[128]));
  }
}

TEST(Codebooks, TiesGoWhereTheListSays) {
  using Ties = Codebook::Ties;
  const std::vector<double> values{-3, -1, 0, 1, 3};  // codes 0 to 4, ranks -2 to 2
  const auto outer = [&](Ties ties, Rank inner, Rank next) {
    return tie_goes_out({"list", make_codebook(values, {}, ties)}, inner, next);
  };
  for (const auto& [inner, next] : {std::pair{0, 1}, std::pair{1, 2}}) {
    EXPECT_FALSE(outer(Ties::lower, inner, next));
    EXPECT_TRUE(outer(Ties::upper, inner, next));
    EXPECT_TRUE(outer(Ties::lower, -inner, -next));
    EXPECT_FALSE(outer(Ties::upper, -inner, -next));
    EXPECT_FALSE(outer(Ties::toward_zero, -inner, -next));
    EXPECT_TRUE(outer(Ties::away_from_zero, inner, next));
    EXPECT_EQ(outer(Ties::even, inner, next), inner == 1);
    EXPECT_EQ(outer(Ties::even, -inner, -next), inner == 1);
  }
}

TEST(Codebooks, AnyListIsAFewLinesOfJson) {
  const Format format = format_from_text(
      R"({"kind": "codebook", "name": "thirds", "values": [0, 1, 2], "boundaries": [0.3, 1.5], "ties": "lower"})");
  EXPECT_EQ(format.name, "thirds");
  EXPECT_EQ(bits(format), 2);
  EXPECT_EQ(list_of(format).ties, Codebook::Ties::lower);
  EXPECT_EQ(format_from_json(to_json(format), ""), format);
  EXPECT_TRUE(decode(format, 3).is_nan());
  const auto message = [](const std::string& text) -> std::string {
    try {
      format_from_text(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message(R"({"kind": "codebook", "values": [0, 1], "ties": "down"})").find("/ties"),
            std::string::npos);
  EXPECT_NE(message(R"({"kind": "codebook", "values": [0, 1], "boundaries": [2]})").find("between"),
            std::string::npos);
}

}  // namespace
}  // namespace halfulp

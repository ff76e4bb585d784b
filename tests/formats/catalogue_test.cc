// SPDX-License-Identifier: MIT
//
// Names: every name and alias is found and means one format; the extremes of the catalogue are the
// published ones.
#include "formats/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

TEST(Catalogue, EveryNameAndAliasFindsItsEntryAndNoOther) {
  std::set<std::string> seen;
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_NO_THROW(validate(entry.format)) << entry.format.name;
    EXPECT_EQ(find_format(entry.format.name), entry.format);
    EXPECT_TRUE(seen.insert(entry.format.name).second) << entry.format.name;
    EXPECT_FALSE(entry.source.empty()) << entry.format.name;
    for (const std::string& alias : entry.aliases) {
      EXPECT_EQ(find_format(alias), entry.format) << alias;
      EXPECT_TRUE(seen.insert(alias).second) << alias;
    }
  }
}

TEST(Catalogue, LettersCountWithoutCase) {
  EXPECT_EQ(find_format("Float8_E4M3FN").name, "float8_e4m3fn");
  EXPECT_EQ(find_format("FP16").name, "binary16");
  EXPECT_EQ(find_format("E11M52").name, "binary64");
}

struct Extremes {
  std::string name;
  std::string largest, smallest_normal, smallest;  // hexadecimal
  std::uint64_t largest_code;
};

class CatalogueExtremes : public testing::TestWithParam<Extremes> {};

TEST_P(CatalogueExtremes, AreThePublishedOnes) {
  const Format format = find_format(GetParam().name);
  EXPECT_EQ(hexadecimal_text(largest_finite(format)), GetParam().largest);
  EXPECT_EQ(hexadecimal_text(smallest_normal(format)), GetParam().smallest_normal);
  EXPECT_EQ(hexadecimal_text(smallest_positive(format)), GetParam().smallest);
  EXPECT_EQ(static_cast<std::uint64_t>(encode(format, largest_finite(format))),
            GetParam().largest_code);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, CatalogueExtremes,
    testing::Values(Extremes{"binary64", "0x1.fffffffffffffp+1023", "0x1p-1022", "0x1p-1074",
                             0x7fefffffffffffff},
                    Extremes{"binary32", "0x1.fffffep+127", "0x1p-126", "0x1p-149", 0x7f7fffff},
                    Extremes{"tf32", "0x1.ffcp+127", "0x1p-126", "0x1p-136", 0x3fbff},
                    Extremes{"binary16", "0x1.ffcp+15", "0x1p-14", "0x1p-24", 0x7bff},
                    Extremes{"bfloat16", "0x1.fep+127", "0x1p-126", "0x1p-133", 0x7f7f},
                    Extremes{"dlfloat16", "0x1.ffp+32", "0x1.008p-31", "0x1.008p-31", 0x7ffe},
                    Extremes{"float8_e5m2", "0x1.cp+15", "0x1p-14", "0x1p-16", 0x7b},
                    Extremes{"float8_e4m3fn", "0x1.cp+8", "0x1p-6", "0x1p-9", 0x7e},
                    Extremes{"float8_e4m3", "0x1.ep+7", "0x1p-6", "0x1p-9", 0x77},
                    Extremes{"float8_e3m4", "0x1.fp+3", "0x1p-2", "0x1p-6", 0x6f},
                    Extremes{"float8_e4m3fnuz", "0x1.ep+7", "0x1p-7", "0x1p-10", 0x7f},
                    Extremes{"float8_e5m2fnuz", "0x1.cp+15", "0x1p-15", "0x1p-17", 0x7f},
                    Extremes{"float8_e4m3b11fnuz", "0x1.ep+4", "0x1p-10", "0x1p-13", 0x7f},
                    Extremes{"float6_e3m2fn", "0x1.cp+4", "0x1p-2", "0x1p-4", 0x1f},
                    Extremes{"float6_e2m3fn", "0x1.ep+2", "0x1p+0", "0x1p-3", 0x1f},
                    Extremes{"float4_e2m1fn", "0x1.8p+2", "0x1p+0", "0x1p-1", 0x7},
                    Extremes{"float8_e8m0fnu", "0x1p+127", "0x1p-127", "0x1p-127", 0xfe},
                    Extremes{"binary8p4se", "0x1.cp+7", "0x1p-7", "0x1p-10", 0x7e},
                    Extremes{"binary8p3se", "0x1.8p+15", "0x1p-15", "0x1p-17", 0x7e},
                    Extremes{"binary4p2sf", "0x1.8p+1", "0x1p-1", "0x1p-2", 0x7}),
    [](const auto& info) { return info.param.name; });

TEST(Catalogue, ParametricNamesSpellTheFields) {
  EXPECT_EQ(std::get<Float>(find_format("e4m3b11fnuz").kind),
            std::get<Float>(find_format("float8_e4m3b11fnuz").kind));
  EXPECT_EQ(std::get<Float>(find_format("e15m112").kind).bias, 16383);
  EXPECT_EQ(bits(find_format("e15m112")), 128);
  EXPECT_EQ(std::get<Fixed>(find_format("q3.4").kind), (Fixed{.bits = 8, .fraction_bits = 4}));
  EXPECT_EQ(std::get<Fixed>(find_format("uq3.4").kind),
            (Fixed{.bits = 7, .fraction_bits = 4, .sign = false}));
  EXPECT_EQ(std::get<Fixed>(find_format("int5").kind), (Fixed{.bits = 5}));
  EXPECT_EQ(std::get<Fixed>(find_format("q3.4_symmetric").kind),
            (Fixed{.bits = 8, .fraction_bits = 4, .symmetric = true}));
  EXPECT_EQ(std::get<Float>(find_format("e3m0f").kind).nan_codes, Code{0});
  EXPECT_FALSE(std::get<Float>(find_format("e3m0f").kind).infinity);
  EXPECT_EQ(std::get<Posit>(find_format("posit8es0").kind), (Posit{.bits = 8, .exponent_bits = 0}));
  EXPECT_EQ(find_format("posit<16,2>").name, "posit16");
  EXPECT_EQ(find_format("p3109_k8p4se"), find_format("binary8p4se"));
  EXPECT_EQ(std::get<Float>(find_format("cfloat16b63").kind).bias, 63);
}

// Interim report 4.0: K bits, precision P, one zero, one NaN, and 1 in the middle of the positive
// codes; K 3 to 16, P 1 to K - 1 with a sign and 1 to K without.
TEST(Catalogue, TheWholeP3109FamilyHasItsSpecialCodes) {
  int formats = 0;
  for (int k = 3; k <= 16; ++k) {
    for (int p = 1; p <= k; ++p) {
      for (const std::string suffix : {"se", "sf", "ue", "uf"}) {
        const bool sign = suffix[0] == 's';
        const bool extended = suffix[1] == 'e';
        if (sign && p == k) continue;
        const std::string name = "binary" + std::to_string(k) + "p" + std::to_string(p) + suffix;
        const Format format = find_format(name);
        SCOPED_TRACE(name);
        ++formats;
        const Code half = Code{1} << (k - 1);
        const Code top = sign ? half - 1 : 2 * half - 2;  // of the positive numbers
        EXPECT_EQ(bits(format), k);
        EXPECT_TRUE(nan_code(format, false) == (sign ? half : 2 * half - 1));
        EXPECT_TRUE(encode(format, make_value(1)) == (sign ? half / 2 : half));
        EXPECT_EQ(has_infinity(format), extended);
        EXPECT_TRUE(!extended || infinity_code(format, false) == top);
        EXPECT_TRUE(!extended || !sign || infinity_code(format, true) == 2 * half - 1);
        EXPECT_TRUE(encode(format, largest_finite(format)) == top - (extended ? 1 : 0));
        EXPECT_FALSE(has_negative_zero(format));
        EXPECT_EQ(find_format("p3109_k" + name.substr(6)), format);
      }
    }
  }
  EXPECT_EQ(formats, 504);
}

TEST(Catalogue, IntegersOfOneTo64BitsHaveTheirEnds) {
  for (int width = 1; width <= 64; ++width) {
    const std::string digits = std::to_string(width);
    const auto ends = [](const std::string& name) {
      const Format format = find_format(name);
      const Range range = finite_range(format);
      EXPECT_EQ(compare(value_at(format, range.highest), largest_finite(format)), 0);
      return std::pair(value_at(format, range.lowest), value_at(format, range.highest));
    };
    const Value power = make_value(1, width - 1);
    const auto [lowest, highest] = ends("int" + digits);
    EXPECT_EQ(compare(lowest, negated(power)), 0);
    EXPECT_EQ(compare(highest, sum(power, make_value(-1))), 0);
    const auto [zero, all] = ends("uint" + digits);
    EXPECT_TRUE(zero.is_zero());
    EXPECT_EQ(compare(all, sum(scaled(power, 1), make_value(-1))), 0);
    if (width == 1) continue;
    const auto [opposite, most] = ends("int" + digits + "_symmetric");
    EXPECT_EQ(compare(opposite, negated(most)), 0);
    EXPECT_EQ(compare(most, highest), 0);
  }
}

TEST(Catalogue, TernaryAndBinaryHaveTheirNumbers) {
  const auto numbers = [](const std::string& name) {
    const Format format = find_format(name);
    std::vector<double> list;
    const Range range = finite_range(format);
    for (Rank rank = range.lowest; rank <= range.highest; ++rank)
      list.push_back(to_double(value_at(format, rank)));
    return list;
  };
  EXPECT_EQ(numbers("ternary"), (std::vector<double>{-1, 0, 1}));
  EXPECT_EQ(numbers("binary"), (std::vector<double>{-1, 1}));
  EXPECT_EQ(numbers("int1"), (std::vector<double>{-1, 0}));
}

// Hardware has them under other encodings: value sets only.
TEST(Catalogue, WideFloatsAreThere) {
  EXPECT_EQ(hexadecimal_text(largest_finite(find_format("x87"))), "0x1.fffffffffffffffep+16383");
  EXPECT_EQ(hexadecimal_text(smallest_positive(find_format("x87"))), "0x1p-16445");
  EXPECT_EQ(hexadecimal_text(smallest_positive(find_format("quad"))), "0x1p-16494");
  EXPECT_EQ(hexadecimal_text(largest_finite(find_format("ahp"))), "0x1.ffcp+16");
  EXPECT_EQ(hexadecimal_text(largest_finite(find_format("uf11"))), "0x1.fcp+15");
  EXPECT_EQ(hexadecimal_text(largest_finite(find_format("uf10"))), "0x1.f8p+15");
}

// Tesla's biases are a field of six bits beside the numbers.
TEST(Catalogue, TeslaFormatsHaveEveryBias) {
  for (int bias = 0; bias <= 63; ++bias) {
    for (const auto& [name, exponents] :
         {std::pair{"cfloat8_143b", 16}, {"cfloat8_152b", 32}, {"cfloat16b", 32}}) {
      const Format format = find_format(name + std::to_string(bias));
      EXPECT_EQ(leading_exponent(largest_finite(format)), exponents - 1 - bias);
      EXPECT_EQ(compare(smallest_normal(format), make_value(1, 1 - bias)), 0);
      EXPECT_FALSE(has_nan(format) || has_infinity(format));
    }
  }
}

std::string message_for(const std::string& name) {
  try {
    find_format(name);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Catalogue, DisputedNamesAreRefusedWithBothMeanings) {
  for (const std::string name : {"e4m3", "E3M2", "e2m3", "e2m1"}) {
    EXPECT_NE(message_for(name).find("two formats"), std::string::npos) << name;
  }
  EXPECT_NE(message_for("e4m3").find("float8_e4m3fn"), std::string::npos);
  EXPECT_NE(message_for("e4m3").find("\"float8_e4m3\""), std::string::npos);
}

TEST(Catalogue, UnknownNamesGetTheNearestOne) {
  EXPECT_NE(message_for("bfloat61").find("did you mean \"bfloat16\"?"), std::string::npos);
  EXPECT_NE(message_for("zzzzzzzzzzzzzz").find("halfulp formats"), std::string::npos);
  EXPECT_NE(message_for("e30m2").find("1 to 20"), std::string::npos);
  EXPECT_NE(message_for("e3m200").find("128 bits"), std::string::npos);
  EXPECT_NE(message_for("int65").find("1 to 64"), std::string::npos);
  EXPECT_NE(message_for("int1_symmetric").find("at least 2 bits"), std::string::npos);
  EXPECT_NE(message_for("binary256").find("binary128"), std::string::npos);
  EXPECT_NE(message_for("e19m236").find("128 bits"), std::string::npos);
  EXPECT_NE(message_for("binary8p9se").find("P3109"), std::string::npos);
  EXPECT_NE(message_for("cfloat8_143b64").find("0 to 63"), std::string::npos);
  EXPECT_FALSE(message_for("").empty());
  EXPECT_FALSE(message_for(std::string(100000, 'e')).empty());
}

}  // namespace
}  // namespace halfulp

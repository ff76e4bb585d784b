// SPDX-License-Identifier: MIT
//
// The names that other software has for formats, and those that mean two of them.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

TEST(Names, OfOtherSoftwareMeanTheFormatsThatTheyMeanThere) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> names{
      {"float8_e4m3fn",
       {"fp8e4nv", "float8e4nv", "fp8_e4m3fn", "float8e4m3fn", "F8E4M3FN", "FLOAT8E4M3FN"}},
      {"float8_e5m2", {"fp8e5", "float8e5", "fp8_e5m2", "float8e5m2", "F8E5M2", "FLOAT8E5M2"}},
      {"float8_e4m3fnuz",
       {"fp8e4b8", "float8e4b8", "fp8_e4m3fnuz", "float8e4m3fnuz", "F8E4M3FNUZ", "f8_e4m3fnuz"}},
      {"float8_e5m2fnuz",
       {"fp8e5b16", "float8e5b16", "fp8_e5m2fnuz", "float8e5m2fnuz", "F8E5M2FNUZ", "f8_e5m2fnuz"}},
      {"float8_e4m3b11fnuz", {"f8E4M3B11FNUZ", "float8e4m3b11fnuz", "e4m3b11"}},
      {"float8_e4m3b15", {"fp8e4b15", "float8e4b15"}},
      {"float6_e3m2fn", {"f6E3M2FN", "float6_e3m2", "float6e3m2", "fp6_e3m2"}},
      {"float6_e2m3fn", {"f6E2M3FN", "float6_e2m3", "float6e2m3", "fp6_e2m3"}},
      {"float4_e2m1fn", {"f4E2M1FN", "FLOAT4E2M1", "fp4", "float4", "fp4_e2m1"}},
      {"float8_e8m0fnu", {"f8E8M0FNU", "FLOAT8E8M0", "float8_e8m0", "fp8_e8m0"}},
  };
  for (const auto& [name, aliases] : names) {
    for (const char* alias : aliases) EXPECT_EQ(find_format(alias).name, name) << alias;
  }
}

// Triton, language/extra/cuda/utils.py: as E4M3 with bias 15, without NaN.
TEST(Names, Fp8e4b15HasBias15AndNumbersAlone) {
  const Format format = find_format("fp8e4b15");
  EXPECT_EQ(to_double(decode(format, 0x78)), 1);
  EXPECT_EQ(to_double(decode(format, 0x7e)), 1.75);
  EXPECT_EQ(to_double(decode(format, 0x01)), 0x1p-17);
  EXPECT_FALSE(has_nan(format));
  EXPECT_FALSE(has_infinity(format));
}

TEST(Names, ThatMeanTwoFormatsNameBoth) {
  for (const auto& [name, first, second] :
       std::vector<std::array<const char*, 3>>{{"fp8", "float8_e4m3fn", "float8_e5m2"},
                                               {"FLOAT8", "float8_e4m3fn", "float8_e5m2"},
                                               {"fp6", "float6_e3m2fn", "float6_e2m3fn"},
                                               {"float6", "float6_e3m2fn", "float6_e2m3fn"},
                                               {"e4m3", "float8_e4m3fn", "float8_e4m3"}}) {
    try {
      find_format(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("alone means two formats"), std::string::npos) << text;
      EXPECT_NE(text.find("\"" + std::string(first) + "\""), std::string::npos) << text;
      EXPECT_NE(text.find("\"" + std::string(second) + "\""), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace halfulp

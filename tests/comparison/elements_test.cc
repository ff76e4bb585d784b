// SPDX-License-Identifier: MIT
//
// Places, numbers and other formats of codes, against the five questions of formats/codes.h asked
// one code at a time.
#include "golden/comparison/elements.h"

#include <gtest/gtest.h>

#include <cmath>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::comparison {
namespace {

// Every format of the catalogue of at most 64 bits, and kinds that it lacks.
std::vector<Format> formats() {
  std::vector<Format> list;
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) <= 64) list.push_back(entry.format);
  }
  for (const char* text :
       {"posit7es0", "takum9", "takum_log8", "log4.3", "ulog3.2", "q3.4", "posit64", "takum64",
        R"({"kind": "affine", "bits": 6, "scale": 0.1, "zero_point": 5})",
        R"({"kind": "codebook", "values": [-1, 0, -0.0, 0.5, 0.5], "bits": 4})",
        R"({"kind": "codebook", "values": [2, 3]})"})
    list.push_back(format_from_text(text));
  return list;
}

// Every code of a short format; of a wide one drawn codes and those about the ends.
std::vector<std::uint64_t> codes_of(const Format& format) {
  const int width = bits(format);
  std::vector<std::uint64_t> codes;
  if (width <= 16) {
    for (std::uint64_t code = 0; code >> width == 0; ++code) codes.push_back(code);
    return codes;
  }
  const Random random{.seed = 5};
  const std::uint64_t mask = width == 64 ? UINT64_MAX : (std::uint64_t{1} << width) - 1;
  const std::uint64_t top = (mask >> 1) + 1;
  for (std::uint64_t i = 0; i < 300; ++i) {
    codes.push_back((std::uint64_t{random.word(2 * i)} << 32 | random.word(2 * i + 1)) & mask);
    for (const std::uint64_t end : {std::uint64_t{0}, top, mask}) {
      codes.push_back((end + i) & mask);
      codes.push_back((end - i) & mask);
    }
  }
  for (const bool negative : {false, true}) {
    if (!has_infinity(format)) continue;
    const auto infinity = static_cast<std::uint64_t>(infinity_code(format, negative));
    for (std::uint64_t i = 0; i < 3; ++i) {
      codes.push_back(infinity + i);
      codes.push_back(infinity - i);
    }
  }
  return codes;
}

TEST(Numbering, IsWhatTheFormatSays) {
  for (const Format& format : formats()) {
    const Numbering numbering(format);
    const Range range = finite_range(format);
    for (const std::uint64_t code : codes_of(format)) {
      const Place place = numbering.place(code);
      const Value value = decode(format, code);
      ASSERT_EQ(place.standing == Standing::nan, value.is_nan()) << format.name << " " << code;
      ASSERT_EQ(place.standing == Standing::infinite, value.is_infinite()) << format.name << code;
      if (value.is_nan()) continue;
      const Rank expected = value.is_finite() ? rank_of(format, code)
                            : value.negative  ? range.lowest - 1
                                              : range.highest + 1;
      ASSERT_TRUE(place.rank == expected) << format.name << " " << code;
    }
  }
}

// What a distance counts: from a number to the next larger one there is one step.
TEST(Numbering, NeighboursAreOneStepApart) {
  for (const Format& format : formats()) {
    if (bits(format) > 8) continue;
    const Numbering numbering(format);
    std::vector<std::uint64_t> finite;
    for (const std::uint64_t code : codes_of(format)) {
      if (numbering.place(code).is_finite()) finite.push_back(code);
    }
    std::stable_sort(finite.begin(), finite.end(), [&](std::uint64_t a, std::uint64_t b) {
      return compare(decode(format, a), decode(format, b)) < 0;
    });
    for (std::size_t i = 1; i < finite.size(); ++i) {
      const Rank apart = numbering.place(finite[i]).rank - numbering.place(finite[i - 1]).rank;
      const bool equal = compare(decode(format, finite[i]), decode(format, finite[i - 1])) == 0;
      ASSERT_TRUE(apart == (equal ? 0 : 1)) << format.name << " " << finite[i];
    }
  }
}

TEST(Numbering, NegatedIsTheNumberOfTheOtherSign) {
  for (const Format& format : formats()) {
    const Numbering numbering(format);
    if (!numbering.has_both_signs()) continue;
    for (const std::uint64_t code : codes_of(format)) {
      const Value value = decode(format, code);
      const Value other = decode(format, numbering.negated(code));
      ASSERT_EQ(value.is_nan(), other.is_nan());
      if (value.is_nan()) continue;
      const bool lowest_integer = std::holds_alternative<Fixed>(format.kind) && value.negative &&
                                  compare(negated(value), largest_finite(format)) > 0;
      const Value& expected = lowest_integer ? largest_finite(format) : negated(value);
      ASSERT_EQ(compare(other, expected), 0) << format.name << " " << code;
      if (has_negative_zero(format) && value.is_zero()) {
        ASSERT_NE(other.negative, value.negative) << format.name;
      }
    }
  }
}

TEST(Decoder, GivesTheNumbersOrThoseNextToThem) {
  for (const Format& format : formats()) {
    const Decoder decoder(format);
    const std::vector<std::uint64_t> codes = codes_of(format);
    std::vector<double> numbers(codes.size());
    decoder.decode(codes, numbers);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const Value value = decode(format, codes[i]);
      if (value.is_nan()) {
        ASSERT_TRUE(std::isnan(numbers[i])) << format.name;
        continue;
      }
      ASSERT_EQ(numbers[i], nearest_double(value)) << format.name << " " << codes[i];
      if (decoder.is_exact()) {
        ASSERT_EQ(compare(from_double(numbers[i]), value), 0) << format.name << " " << codes[i];
      }
    }
  }
}

// A format within another: there and back nothing changes, and what is none of its numbers is said.
TEST(Recoder, IsExactOrNamesTheElement) {
  for (const auto& [narrow, wide] : {std::pair{"bfloat16", "binary32"},
                                     {"float8_e4m3fn", "binary16"},
                                     {"float4_e2m1fn", "float6_e3m2fn"},
                                     {"int8", "int64"},
                                     {"posit16", "posit64"}}) {
    const Format inner = format_from_text(narrow);
    const Format outer = format_from_text(wide);
    const Recoder out(inner, outer, Recoder::How::exactly);
    const Recoder back(outer, inner, Recoder::How::exactly);
    std::vector<std::uint64_t> codes;
    for (const std::uint64_t code : codes_of(inner)) {
      if (!decode(inner, code).is_nan() || has_nan(outer)) codes.push_back(code);
    }
    std::vector<std::uint64_t> recoded = codes;
    const tensors::Shape shape{static_cast<std::int64_t>(codes.size())};
    out.recode(recoded, shape, 0);
    for (std::size_t i = 0; i < codes.size(); ++i)
      ASSERT_TRUE(identical(decode(outer, recoded[i]), decode(inner, codes[i]))) << narrow;
    back.recode(recoded, shape, 0);
    for (std::size_t i = 0; i < codes.size(); ++i)
      ASSERT_TRUE(identical(decode(inner, recoded[i]), decode(inner, codes[i]))) << narrow;
  }
  const Format single = format_from_text("binary32");
  const std::vector<std::uint64_t> two{0x3f800000, 0x3f800001};
  for (const char* name : {"bfloat16", "int64"}) {
    const Recoder exactly(single, format_from_text(name), Recoder::How::exactly);
    std::vector<std::uint64_t> codes = two;
    try {
      exactly.recode(codes, {10, 2}, 6);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.location(), "element [3, 1]");
      EXPECT_NE(std::string(error.what()).find("no number of"), std::string::npos);
    }
  }
  std::vector<std::uint64_t> codes = two;
  Recoder(single, format_from_text("bfloat16"), Recoder::How::nearest).recode(codes, {2}, 0);
  EXPECT_EQ(codes, (std::vector<std::uint64_t>{0x3f80, 0x3f80}));
}

// An infinity, NaN or -0 that the other format lacks is no number of it.
TEST(Recoder, TellsWhatAFormatLacks) {
  const Format single = format_from_text("binary32");
  for (const auto& [code, name] :
       {std::pair<std::uint64_t, const char*>{0x7f800000, "float8_e4m3fn"},
        {0x7fc00000, "int8"},
        {0x43e80000, "float8_e4m3fn"}}) {
    std::vector<std::uint64_t> codes{code};
    const Recoder recoder(single, format_from_text(name), Recoder::How::exactly);
    EXPECT_THROW(recoder.recode(codes, {1}, 0), Error) << name;
  }
  std::vector<std::uint64_t> zero{0x80000000};
  Recoder(single, format_from_text("int8"), Recoder::How::exactly).recode(zero, {1}, 0);
  EXPECT_EQ(zero.front(), 0U);
}

}  // namespace
}  // namespace halfulp::comparison

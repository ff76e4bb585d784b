// SPDX-License-Identifier: MIT
//
// Element types by name; elements as codes, doubles and floats, and back, exactly or not at all.
#include <bit>
#include <cmath>
#include <limits>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "support.h"

namespace halfulp::tensors {
namespace {

using Codes = std::vector<std::uint64_t>;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Tensor tensor_of(const char* type, const Codes& codes) {
  return from_codes({"", element_type(type), {static_cast<std::int64_t>(codes.size())}}, codes);
}

Tensor numbers_as(const char* type, const std::vector<double>& numbers) {
  return from_numbers({"", element_type(type), {static_cast<std::int64_t>(numbers.size())}},
                      std::span<const double>(numbers));
}

template <typename Work>
std::string said_by(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ElementTypes, HaveOneNameEach) {
  EXPECT_EQ(element_type("binary32").name, "float32");
  EXPECT_EQ(element_type("fp16"), element_type("float16"));
  EXPECT_EQ(element_type("bf16").name, "bfloat16");
  EXPECT_EQ(element_type("ocp_e4m3").name, "float8_e4m3fn");
  EXPECT_EQ(element_type("posit16").name, "posit16");
  EXPECT_EQ(element_type("uint1").name, "uint1");
  EXPECT_NE(element_type("uint1"), element_type("bool"));
}

TEST(ElementTypes, NamesThatCountBytesOrBitsAreRefused) {
  for (const char* name : {"f4", "i4", "u8", "i8", "f8", "u1"}) {
    const std::string said = said_by([&] { element_type(name); });
    EXPECT_NE(said.find("bytes"), std::string::npos) << name << ": " << said;
  }
  EXPECT_NE(said_by([] { element_type("flaot32"); }).find("did you mean"), std::string::npos);
  EXPECT_NE(said_by([] { element_type("posit128"); }).find("at most 64"), std::string::npos);
}

TEST(ElementTypes, TakeTheLeastPowerOfTwoOfBytes) {
  for (const auto& [name, size] : std::vector<std::pair<const char*, std::size_t>>{{"bool", 1},
                                                                                   {"int4", 1},
                                                                                   {"int8", 1},
                                                                                   {"posit12", 2},
                                                                                   {"bfloat16", 2},
                                                                                   {"tf32", 4},
                                                                                   {"posit32", 4},
                                                                                   {"takum48", 8},
                                                                                   {"float64", 8}})
    EXPECT_EQ(element_bytes(element_type(name)), size) << name;
}

TEST(ElementTypes, GoToEveryContainerAndBack) {
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) > 64) continue;
    const ElementType type = element_type(entry.format);
    const std::string code = numpy_code(type);
    if (code[0] != 'V') {
      EXPECT_EQ(type_of_numpy_code(code), type);
    }
    if (const auto name = safetensors_name(type)) {
      EXPECT_EQ(type_of_safetensors_name(*name), type);
    }
    EXPECT_EQ(element_type(type.name), type);
  }
}

TEST(Shapes, CountTheirElements) {
  EXPECT_EQ(element_count(Shape{}), 1U);
  EXPECT_EQ(element_count(Shape{2, 3}), 6U);
  EXPECT_EQ(element_count(Shape{2, 0, 3}), 0U);
  EXPECT_EQ(element_count(Shape{std::int64_t{1} << 60}), std::size_t{1} << 60);
  EXPECT_THROW(element_count(Shape{-1}), Error);
  EXPECT_THROW(element_count(Shape{std::int64_t{1} << 60, 2}), Error);
  EXPECT_THROW(element_count(Shape{0, std::int64_t{1} << 60, 2}), Error);
  EXPECT_THROW(element_count(Shape{std::numeric_limits<std::int64_t>::max()}), Error);
  EXPECT_THROW(element_count(Shape(65, 1)), Error);
}

TEST(Shapes, NameTheirElements) {
  EXPECT_EQ(index_text({}, 0), "[]");
  EXPECT_EQ(index_text({7}, 3), "[3]");
  EXPECT_EQ(index_text({2, 3, 4}, 23), "[1, 2, 3]");
}

TEST(Codes, LieCloseTogetherFromTheLowestBitsOn) {
  EXPECT_EQ(packed_codes(tensor_of("float4_e2m1fn", {1, 2, 3})), (Bytes{0x21, 0x03}));
  // 000001, 000010, 000011, 111111 from the right: 11111100 00110000 10000001.
  EXPECT_EQ(packed_codes(tensor_of("float6_e2m3fn", {1, 2, 3, 63})), (Bytes{0x81, 0x30, 0xfc}));
  EXPECT_EQ(packed_codes(tensor_of("bfloat16", {0x3f80})), (Bytes{0x80, 0x3f}));
  for (const char* type : {"int2", "float4_e2m1fn", "e2m2", "float6_e3m2fn", "int8", "posit24"}) {
    Codes codes;
    for (std::uint64_t i = 0; i < 37; ++i) {
      const int width = bits(element_type(type).format);
      codes.push_back((i * 0x9e3779b97f4a7c15U) >> (64 - width));
    }
    const Tensor tensor = tensor_of(type, codes);
    EXPECT_EQ(codes_of(tensor), codes);
    EXPECT_EQ(from_packed_codes({"", tensor.type, tensor.shape}, packed_codes(tensor)), tensor);
  }
}

TEST(Codes, OfTooManyBitsAreRefused) {
  const std::string said = said_by([] { tensor_of("int4", {1, 16}); });
  EXPECT_EQ(said, "element [1]: the code 16 has more than the 4 bits of int4");
}

TEST(Numbers, AreThoseOfTheFormat) {
  EXPECT_EQ(doubles_of(tensor_of("float8_e4m3fn", {0x7e, 0x80, 0x01})),
            (std::vector<double>{448, -0.0, 0x1p-9}));
  EXPECT_TRUE(std::signbit(doubles_of(tensor_of("float8_e4m3fn", {0x80}))[0]));
  EXPECT_EQ(doubles_of(tensor_of("int8", {0xff, 0x80}))[0], -1.0);
  EXPECT_EQ(doubles_of(tensor_of("bool", {0, 1})), (std::vector<double>{0, 1}));
  EXPECT_EQ(doubles_of(tensor_of("int1", {0, 1})), (std::vector<double>{0, -1}));
  EXPECT_EQ(floats_of(tensor_of("float8_e8m0fnu", {0, 254})),
            (std::vector<float>{0x1p-127F, 0x1p127F}));
}

TEST(Numbers, KeepTheBitsOfTheirOwnType) {
  const Codes payload{0x7ff4000000000001U, 0xfff8000000000002U, 0x8000000000000000U};
  const Tensor tensor = tensor_of("float64", payload);
  const std::vector<double> doubles = doubles_of(tensor);
  for (std::size_t i = 0; i < payload.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(doubles[i]), payload[i]);
  EXPECT_EQ(from_numbers({"", tensor.type, {3}}, std::span<const double>(doubles)), tensor);
  const Tensor narrow = tensor_of("float32", {0x7fa00001U, 0x80000000U});
  const std::vector<float> floats = floats_of(narrow);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(floats[0]), 0x7fa00001U);
  EXPECT_EQ(from_numbers({"", narrow.type, {2}}, std::span<const float>(floats)), narrow);
}

TEST(Numbers, OfWideIntegersAreDoublesOrErrors) {
  constexpr std::uint64_t power = std::uint64_t{1} << 53;
  EXPECT_EQ(doubles_of(tensor_of("int64", {power, 2 * power, ~power + 1, std::uint64_t{1} << 63})),
            (std::vector<double>{0x1p53, 0x1p54, -0x1p53, -0x1p63}));
  EXPECT_EQ(doubles_of(tensor_of("uint64", {std::uint64_t{1} << 63})),
            (std::vector<double>{0x1p63}));
  EXPECT_EQ(said_by([&] {
              doubles_of(tensor_of("int64", {0, power + 1}));
            }),
            "element [1]: 9007199254740993 is no double (binary64); only numbers that a double "
            "(binary64) holds exactly can be used here");
  // The double next to these is beyond the type.
  EXPECT_NE(said_by([] { doubles_of(tensor_of("int64", {0x7fffffffffffffffU})); }), "");
  EXPECT_NE(said_by([] { doubles_of(tensor_of("uint64", {0xffffffffffffffffU})); }), "");
  EXPECT_NE(said_by([] { doubles_of(tensor_of("uint64", {0xfffffffffffffbffU})); }), "");
}

TEST(Numbers, ThatAFloatDoesNotHoldAreErrors) {
  EXPECT_EQ(floats_of(numbers_as("float64", {0.5, infinity}))[0], 0.5F);
  EXPECT_TRUE(std::isnan(floats_of(numbers_as("float64", {nan}))[0]));
  EXPECT_NE(said_by([] {
              floats_of(numbers_as("float64", {0.5, 0.1}));
            }).find("element [1]"),
            std::string::npos);
  EXPECT_NE(said_by([] { floats_of(numbers_as("float64", {1e300})); }), "");
  EXPECT_NE(said_by([] { floats_of(tensor_of("int32", {16777217})); }), "");
}

TEST(Numbers, OfFormatsBeyondTheDoublesGoOneByOne) {
  EXPECT_EQ(doubles_of(tensor_of("posit64", {std::uint64_t{1} << 62}))[0], 1.0);
  EXPECT_NE(said_by([] { doubles_of(tensor_of("posit64", {(std::uint64_t{1} << 62) + 1})); }), "");
  EXPECT_EQ(from_numbers({"", element_type("posit64"), {1}}, std::vector<double>{1.0}).data.back(),
            0x40);
}

// Not NaN, nor the lowest code of symmetric integers, which rounding never gives.
bool is_number(const Format& format, std::uint64_t code) {
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  const bool unused =
      fixed != nullptr && fixed->symmetric && rank_of(format, code) < finite_range(format).lowest;
  return !decode(format, code).is_nan() && !unused;
}

TEST(Numbers, GoBackToTheirCodes) {
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) > 16) continue;
    const ElementType type = element_type(entry.format);
    Codes codes;
    for (std::uint64_t code = 0; code < std::uint64_t{1} << bits(type.format); ++code) {
      if (is_number(type.format, code)) codes.push_back(code);
    }
    const Tensor tensor = from_codes({"", type, {static_cast<std::int64_t>(codes.size())}}, codes);
    EXPECT_EQ(from_numbers({"", type, tensor.shape}, std::span<const double>(doubles_of(tensor))),
              tensor)
        << type.name;
    if (!fits_binary32(type.format)) continue;
    EXPECT_EQ(from_numbers({"", type, tensor.shape}, std::span<const float>(floats_of(tensor))),
              tensor)
        << type.name;
  }
}

TEST(Numbers, OfIrrationalFormatsAreTheNearest) {
  for (const char* name : {"log4.3", "takum_log9"}) {
    const ElementType type = element_type(name);
    Codes codes;
    for (std::uint64_t code = 0; code < std::uint64_t{1} << bits(type.format); ++code) {
      if (!decode(type.format, code).is_nan()) codes.push_back(code);
    }
    const Tensor tensor = from_codes({"", type, {static_cast<std::int64_t>(codes.size())}}, codes);
    const std::vector<double> doubles = doubles_of(tensor);
    for (std::size_t i = 0; i < codes.size(); ++i)
      EXPECT_EQ(doubles[i], nearest_double(decode(type.format, codes[i])));
    EXPECT_EQ(from_numbers({"", type, tensor.shape}, std::span<const double>(doubles)), tensor);
    EXPECT_NE(said_by([&] {
                numbers_as(name, {1.0, 1.0001});
              }).find("element [1]"),
              std::string::npos);
  }
}

struct BadNumber {
  const char* type;
  double number;
};

TEST(Numbers, ThatATypeDoesNotHaveAreErrors) {
  const BadNumber bad_numbers[] = {
      {"float8_e4m3fn", 0.3}, {"float8_e4m3fn", 449}, {"float8_e4m3fn", infinity},
      {"float4_e2m1fn", nan}, {"float4_e2m1fn", 8},   {"float4_e2m1fn", 0.25},
      {"int8", 128},          {"int8", 0.5},          {"int8", nan},
      {"int8", infinity},     {"uint8", -1},          {"bool", 2},
      {"float16", 65520},     {"float32", 0.1},       {"float8_e8m0fnu", 0},
      {"float8_e8m0fnu", -1}, {"float8_e8m0fnu", 3},  {"int64", 0x1p63},
      {"uint64", -1},         {"posit16", infinity},  {"float8_e4m3fnuz", infinity}};
  for (const BadNumber& bad : bad_numbers) {
    const std::string said = said_by([&] { numbers_as(bad.type, {1, bad.number}); });
    EXPECT_NE(said.find("element [1]"), std::string::npos) << bad.type << " " << bad.number;
    EXPECT_NE(said.find(bad.type), std::string::npos) << said;
  }
  EXPECT_EQ(said_by([] {
              numbers_as("float8_e4m3fn", {1, 0.3});
            }),
            "element [1]: 0.3 is no number of float8_e4m3fn; round it to the type first");
}

TEST(Numbers, OfNegativeZeroAreZeroWhereTheTypeHasOne) {
  EXPECT_EQ(numbers_as("int8", {-0.0}).data, (Bytes{0}));
  EXPECT_EQ(numbers_as("float8_e4m3fnuz", {-0.0}).data, (Bytes{0}));
  EXPECT_EQ(numbers_as("float8_e4m3fn", {-0.0}).data, (Bytes{0x80}));
}

TEST(Numbers, OfNoElementsAreNone) {
  const Tensor empty = from_numbers({"", element_type("int4"), {3, 0}}, std::vector<double>{});
  EXPECT_TRUE(doubles_of(empty).empty());
  EXPECT_TRUE(floats_of(empty).empty());
  EXPECT_TRUE(packed_codes(empty).empty());
}

}  // namespace
}  // namespace halfulp::tensors

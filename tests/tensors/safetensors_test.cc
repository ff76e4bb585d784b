// SPDX-License-Identifier: MIT
//
// safetensors from hand-made bytes: what is read, what is refused, what is written.
#include "support.h"

namespace halfulp::tensors {
namespace {

TensorFile parse_file(const std::string& text) { return parse_text(text, Container::safetensors); }

std::string entry(const std::string& type, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

// A file of one tensor "a".
std::string one(const std::string& type, const std::string& shape, const std::string& offsets,
                const std::string& data) {
  return safetensors_text("{\"a\":" + entry(type, shape, offsets) + "}", data);
}

TEST(Safetensors, ReadsEveryType) {
  const std::vector<std::pair<std::string, std::string>> types{{"BOOL", "bool"},
                                                               {"U8", "uint8"},
                                                               {"I8", "int8"},
                                                               {"F8_E5M2", "float8_e5m2"},
                                                               {"F8_E4M3", "float8_e4m3fn"},
                                                               {"F8_E8M0", "float8_e8m0fnu"},
                                                               {"F8_E4M3FNUZ", "float8_e4m3fnuz"},
                                                               {"F8_E5M2FNUZ", "float8_e5m2fnuz"},
                                                               {"I16", "int16"},
                                                               {"U16", "uint16"},
                                                               {"F16", "float16"},
                                                               {"BF16", "bfloat16"},
                                                               {"I32", "int32"},
                                                               {"U32", "uint32"},
                                                               {"F32", "float32"},
                                                               {"F64", "float64"},
                                                               {"I64", "int64"},
                                                               {"U64", "uint64"}};
  for (const auto& [theirs, ours] : types) {
    const std::size_t size = element_bytes(element_type(ours));
    const std::string data = "\x01" + std::string(size - 1, '\0');
    const TensorFile file =
        parse_file(one(theirs, "[1]", "[0," + std::to_string(size) + "]", data));
    EXPECT_EQ(file.tensors.at(0).type, element_type(ours));
    EXPECT_EQ(file.tensors.at(0).name, "a");
    EXPECT_EQ(code_at(file.tensors.at(0), 0), 1U);
  }
}

TEST(Safetensors, ElementsOfFourAndSixBitsLieCloseTogether) {
  const Tensor four = parse_file(one("F4", "[2,2]", "[0,2]", "\x21\x43")).tensors.at(0);
  EXPECT_EQ(codes_of(four), (std::vector<std::uint64_t>{1, 2, 3, 4}));
  const Tensor six = parse_file(one("F6_E3M2", "[4]", "[0,3]", "\x81\x30\xfc")).tensors.at(0);
  EXPECT_EQ(codes_of(six), (std::vector<std::uint64_t>{1, 2, 3, 63}));
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirData) {
  const TensorFile file = parse_file(safetensors_text(
      "{\"b\":" + entry("U8", "[1]", "[2,3]") + ",\"a\":" + entry("U16", "[]", "[0,2]") +
          ",\"__metadata__\":{\"k\":\"v\",\"j\":\"\"},\"e\":" + entry("F64", "[0,7]", "[2,2]") +
          "}  ",
      "\x01\x02\x03"));
  ASSERT_EQ(file.tensors.size(), 3U);
  EXPECT_EQ(file.tensors[0].name, "a");
  EXPECT_EQ(code_at(file.tensors[0], 0), 0x0201U);
  EXPECT_TRUE(file.tensors[0].shape.empty());
  EXPECT_EQ(file.tensors[1].name, "e");
  EXPECT_EQ(file.tensors[1].shape, (Shape{0, 7}));
  EXPECT_EQ(file.tensors[2].name, "b");
  EXPECT_EQ(file.metadata, (Metadata{{"k", "v"}, {"j", ""}}));
}

TEST(Safetensors, OfNothingIsNothing) {
  EXPECT_TRUE(parse_file(safetensors_text("{}", "")).tensors.empty());
  EXPECT_EQ(safetensors_file({}), safetensors_text("{}      ", ""));
}

TEST(Safetensors, UnsignedIntegersTakeTheTypeThatIsGiven) {
  const TensorFile file = parse_text(one("U8", "[1]", "[0,1]", "\x38"), Container::safetensors,
                                     {.type = element_type("float8_e4m3fn")});
  EXPECT_EQ(doubles_of(file.tensors.at(0)).at(0), 1.0);
}

const std::string good = entry("U8", "[1]", "[0,1]");

const BadFile bad_files[] = {
    {"empty", "", "ends before its header"},
    {"seven_bytes", std::string(7, '\0'), "ends before its header"},
    {"header_of_2_to_64", std::string(8, '\xff') + "{}", "at most 100 MB"},
    {"header_beyond_100_MB", little(100'000'001, 8) + "{}", "at most 100 MB"},
    {"header_cut_off", little(100'000'000, 8) + "{}", "ends within its header"},
    {"header_empty", little(0, 8), "does not begin with {"},
    {"blank_before_header", safetensors_text(" {}", ""), "does not begin with {"},
    {"byte_order_mark", safetensors_text("\xef\xbb\xbf{}", ""), "does not begin with {"},
    {"header_is_list", safetensors_text("[]", ""), "does not begin with {"},
    {"no_json", safetensors_text("{\"a\":", ""), "not valid JSON"},
    {"comment", safetensors_text("{/* */}", ""), "not valid JSON"},
    {"something_behind", safetensors_text("{}x", ""), "not valid JSON"},
    {"zero_behind", safetensors_text(std::string("{}\0", 3), ""), "not valid JSON"},
    {"second_object", safetensors_text("{}{}", ""), "not valid JSON"},
    {"no_utf8", safetensors_text("{\"\xff\":" + good + "}", "a"), "not valid JSON"},
    {"name_twice", safetensors_text("{\"a\":" + good + ",\"a\":" + good + "}", "a"),
     "\"a\" stands twice"},
    {"type_twice", safetensors_text("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", "a"),
     "\"dtype\" stands twice"},
    {"metadata_key_twice", safetensors_text("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", ""),
     "stands twice"},
    {"metadata_number", safetensors_text("{\"__metadata__\":{\"a\":1}}", ""),
     "/__metadata__/a: a number"},
    {"metadata_object", safetensors_text("{\"__metadata__\":{\"a\":{}}}", ""),
     "/__metadata__/a: an object"},
    {"metadata_text", safetensors_text("{\"__metadata__\":\"a\"}", ""), "a text stands here"},
    {"entry_null", safetensors_text("{\"a\":null}", ""), "/a: null"},
    {"entry_true", safetensors_text("{\"a\":true}", ""), "/a: a truth value"},
    {"entry_list", safetensors_text("{\"a\":[]}", ""), "/a: a list"},
    {"entry_empty", safetensors_text("{\"a\":{}}", ""), "\"dtype\" is missing"},
    {"no_shape", safetensors_text("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", "a"),
     "\"shape\" is missing"},
    {"no_offsets", safetensors_text("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "a"),
     "\"data_offsets\" is missing"},
    {"unknown_key", safetensors_text("{\"a\":{\"x\":1}}", ""), "unknown key \"x\""},
    {"type_is_number", safetensors_text("{\"a\":{\"dtype\":8}}", ""), "/a/dtype: a number"},
    {"type_is_list", safetensors_text("{\"a\":{\"dtype\":[]}}", ""), "/a/dtype: a list"},
    {"unknown_type", one("F7", "[1]", "[0,1]", "a"), "/a/dtype: unknown element type \"F7\""},
    {"empty_type", one("", "[1]", "[0,1]", "a"), "unknown element type \"\""},
    {"numpy_type", one("float32", "[1]", "[0,4]", "abcd"), "unknown element type"},
    {"complex", one("C64", "[1]", "[0,8]", "12345678"), "complex elements"},
    {"shape_is_number", one("U8", "1", "[0,1]", "a"), "/a/shape: a number"},
    {"shape_of_text", one("U8", "[\"1\"]", "[0,1]", "a"), "/a/shape: a text"},
    {"shape_of_lists", one("U8", "[[1]]", "[0,1]", "a"), "/a/shape: a list"},
    {"negative_dimension", one("U8", "[-1]", "[0,1]", "a"), "/a/shape: a negative number"},
    {"dimension_is_fraction", one("U8", "[1.0]", "[0,1]", "a"), "/a/shape: a fraction"},
    {"dimension_of_2_to_64", one("U8", "[18446744073709551615]", "[0,1]", "a"), "beyond 2^60"},
    {"product_overflows", one("U8", "[4294967296,4294967296]", "[0,0]", ""), "/a/shape: the shape"},
    {"sixty_five_dimensions",
     one(
         "U8",
         "[1" +
             [] {
               std::string ones;
               for (int i = 0; i < 64; ++i) ones += ",1";
               return ones;
             }() +
             "]",
         "[0,1]", "a"),
     "65th dimension"},
    {"one_offset", one("U8", "[1]", "[0]", "a"), "fewer than two offsets"},
    {"three_offsets", one("U8", "[1]", "[0,1,2]", "a"), "a third offset"},
    {"offset_is_text", one("U8", "[1]", "[0,\"1\"]", "a"), "/a/data_offsets: a text"},
    {"begins_late", one("U8", "[1]", "[1,2]", "ab"), "begin at byte 1"},
    {"ends_before_it_begins",
     one("U8", "[0]", "[0,0]", "").substr(0, 0) +
         safetensors_text("{\"a\":" + good + ",\"b\":" + entry("U8", "[1]", "[1,0]") + "}", "a"),
     "begin at byte 1 and end at 0"},
    {"overlap",
     safetensors_text(
         "{\"a\":" + entry("U8", "[2]", "[0,2]") + ",\"b\":" + entry("U8", "[2]", "[1,3]") + "}",
         "abc"),
     "/b/data_offsets: the data begin at byte 1"},
    {"the_same_data_twice", safetensors_text("{\"a\":" + good + ",\"b\":" + good + "}", "a"),
     "/b/data_offsets"},
    {"hole",
     safetensors_text("{\"a\":" + good + ",\"b\":" + entry("U8", "[1]", "[2,3]") + "}", "abc"),
     "/b/data_offsets: the data begin at byte 2"},
    {"less_than_the_shape", one("U16", "[2]", "[0,3]", "abc"), "3 bytes, the shape needs 4"},
    {"more_than_the_shape", one("U8", "[]", "[0,2]", "ab"), "2 bytes, the shape needs 1"},
    {"data_cut_off", one("U8", "[3]", "[0,3]", "ab"), "2 bytes follow the header"},
    {"data_too_long", one("U8", "[1]", "[0,1]", "ab"), "2 bytes follow the header"},
    {"data_without_tensor", safetensors_text("{}", "a"), "1 bytes follow the header"},
    {"claims_2_to_60", one("U8", "[1152921504606846976]", "[0,1152921504606846976]", "abc"),
     "3 bytes follow the header"},
    {"half_a_byte", one("F4", "[3]", "[0,1]", "a"), "do not fill their last byte"},
    {"six_bits_of_two_bytes", one("F6_E2M3", "[2]", "[0,2]", "ab"), "do not fill"},
    {"no_truth_value", one("BOOL", "[2]", "[0,2]", "\x01\x02"), "/a: element [1]: 0x02"},
    {"long_name", safetensors_text("{\"" + std::string(300, 'n') + "\":null}", ""), "nnn..."},
    {"control_character", safetensors_text("{\"a\\n\\u001b\":null}", ""), "a\\x0a\\x1b"},
};

class BadSafetensors : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadSafetensors, IsRefusedInOneLine) { expect_refused(GetParam(), Container::safetensors); }

INSTANTIATE_TEST_SUITE_P(All, BadSafetensors, ::testing::ValuesIn(bad_files),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Safetensors, DeepBracketsAreRefusedWhereTheyBegin) {
  std::string deep = "{\"a\":{\"shape\":";
  deep.append(1'000'000, '[');
  EXPECT_NE(complaint(safetensors_text(deep, ""), Container::safetensors), "");
}

TEST(Safetensors, EveryShorterFileIsRefused) {
  const std::string file = one("F32", "[2,3]", "[0,24]", std::string(24, 'x'));
  ASSERT_EQ(complaint(file, Container::safetensors), "");
  for (std::size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(complaint(file.substr(0, length), Container::safetensors), "") << length;
}

TEST(Safetensors, WritesByAlignmentThenName) {
  const auto tensor = [](const char* name, const char* type) {
    return from_codes({name, element_type(type), {1}}, std::vector<std::uint64_t>{1});
  };
  const TensorFile file{{tensor("b", "uint8"), tensor("", "bfloat16"), tensor("a", "uint8"),
                         tensor("d\"\n", "float64")},
                        {{"k", "v"}, {"l", "w"}}};
  std::string header = R"({"__metadata__":{"k":"v","l":"w"},)"
                       R"("d\"\n":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)"
                       R"("arr_1":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},)"
                       R"("a":{"dtype":"U8","shape":[1],"data_offsets":[10,11]},)"
                       R"("b":{"dtype":"U8","shape":[1],"data_offsets":[11,12]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  const std::string data("\1\0\0\0\0\0\0\0\1\0\1\1", 12);
  EXPECT_EQ(safetensors_file(file), safetensors_text(header, data));
  EXPECT_EQ(parse_file(safetensors_file(file)).metadata, file.metadata);
}

TEST(Safetensors, WhatItCannotHoldIsRefused) {
  const auto file_of = [](const char* name, const char* type, std::int64_t count) {
    return TensorFile{
        {make_tensor(name, element_type(type), {count},
                     Bytes(static_cast<std::size_t>(count) * element_bytes(element_type(type))))},
        {}};
  };
  EXPECT_THROW(safetensors_file(file_of("a", "posit16", 1)), Error);
  EXPECT_THROW(safetensors_file(file_of("a", "int4", 2)), Error);
  EXPECT_THROW(safetensors_file(file_of("a", "float4_e2m1fn", 3)), Error);
  EXPECT_THROW(safetensors_file(file_of("a", "float6_e2m3fn", 2)), Error);
  EXPECT_THROW(safetensors_file(file_of("__metadata__", "uint8", 1)), Error);
  TensorFile twice = file_of("a", "uint8", 1);
  twice.tensors.push_back(twice.tensors[0]);
  EXPECT_THROW(safetensors_file(twice), Error);
}

}  // namespace
}  // namespace halfulp::tensors

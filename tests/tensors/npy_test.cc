// SPDX-License-Identifier: MIT
//
// NumPy's array files from hand-made bytes: what is read, what is refused, what is written.
#include <algorithm>

#include "support.h"

namespace halfulp::tensors {
namespace {

Tensor parse_one(const std::string& text, const ReadOptions& options = {}) {
  return parse_text(text, Container::npy, options).tensors.at(0);
}

ReadOptions of_type(const char* name) { return {.type = element_type(name)}; }

TEST(Npy, ReadsEveryNumericTypeOfNumPy) {
  const std::vector<std::pair<std::string, std::string>> types{
      {"|b1", "bool"},   {"|i1", "int8"},    {"<i2", "int16"},   {"<i4", "int32"},
      {"<i8", "int64"},  {"|u1", "uint8"},   {"<u2", "uint16"},  {"<u4", "uint32"},
      {"<u8", "uint64"}, {"<f2", "float16"}, {"<f4", "float32"}, {"<f8", "float64"}};
  for (const auto& [code, name] : types) {
    const std::size_t size = static_cast<std::size_t>(code[2] - '0');
    const std::string data = "\x01" + std::string(size - 1, '\0');
    const Tensor tensor = parse_one(npy_text(dictionary(code, "(1,)"), data));
    EXPECT_EQ(tensor.type, element_type(name));
    EXPECT_EQ(tensor.shape, Shape{1});
    EXPECT_EQ(code_at(tensor, 0), 1U) << code;
  }
}

TEST(Npy, UndoesByteOrderAndMemoryOrder) {
  const std::string big_fortran("\0\0\0\3\0\1\0\4\0\2\0\5", 12);
  const Tensor tensor = parse_one(npy_text(dictionary(">i2", "(2, 3)", "True"), big_fortran));
  EXPECT_EQ(codes_of(tensor), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
  const std::string little_c("\0\0\1\0\2\0\3\0\4\0\5\0", 12);
  for (const char* code : {"<i2", "=i2", "|i2", "i2"})
    EXPECT_EQ(parse_one(npy_text(dictionary(code, "(2, 3)"), little_c)), tensor) << code;
}

TEST(Npy, UndoesFortranOrderOfThreeDimensions) {
  // Element (i, j, k) is 100 i + 10 j + k; i varies fastest.
  std::string data;
  for (const int k : {0, 1, 2, 3})
    for (const int j : {0, 1, 2})
      for (const int i : {0, 1}) data += static_cast<char>(100 * i + 10 * j + k);
  const Tensor tensor = parse_one(npy_text(dictionary("|u1", "(2, 3, 4)", "True"), data));
  std::size_t place = 0;
  for (const std::uint64_t i : {0U, 1U})
    for (const std::uint64_t j : {0U, 1U, 2U})
      for (const std::uint64_t k : {0U, 1U, 2U, 3U})
        EXPECT_EQ(code_at(tensor, place++), 100 * i + 10 * j + k);
}

TEST(Npy, ReadsVersionsOneToThree) {
  for (const unsigned major : {1U, 2U, 3U})
    EXPECT_EQ(code_at(parse_one(npy_text(dictionary("|u1", "()"), "\x07", major)), 0), 7U);
}

TEST(Npy, ReadsWhatPythonAllowsInTheHeader) {
  for (const char* header :
       {"{'shape':(2,),'descr':'|u1','fortran_order':False}",
        "  {\"descr\" : \"|u1\" ,\n'fortran_order' : False , 'shape' : ( 2 , ) , } \n\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2L,), }",
        "{'descr': '|u1', 'fortran_order': True, 'shape': (2,1,1,1,1,1,1,1), }"})
    EXPECT_EQ(parse_one(npy_text(header, "ab")).data, bytes_of("ab")) << header;
}

TEST(Npy, ReadsArraysWithoutElementsOrDimensions) {
  EXPECT_EQ(element_count(parse_one(npy_text(dictionary("<f8", "(0, 3)"), ""))), 0U);
  EXPECT_EQ(element_count(parse_one(npy_text(dictionary("<f8", "(3, 0, 5)", "True"), ""))), 0U);
  const Tensor scalar = parse_one(npy_text(dictionary("<i2", "()"), std::string("\x01\x02")));
  EXPECT_EQ(code_at(scalar, 0), 0x0201U);
  EXPECT_TRUE(scalar.shape.empty());
}

TEST(Npy, RawBytesTakeTheTypeThatIsGiven) {
  const std::string file = npy_text(dictionary("<V2", "(2,)"), "\x80\x3f\x01\x02");
  const Tensor tensor = parse_one(file, of_type("bfloat16"));
  EXPECT_EQ(tensor.type.name, "bfloat16");
  EXPECT_EQ(doubles_of(tensor)[0], 1.0);
  const std::string swapped = npy_text(dictionary(">V2", "(2,)"), "\x3f\x80\x02\x01");
  EXPECT_EQ(parse_one(swapped, of_type("bfloat16")), tensor);
  EXPECT_EQ(complaint(file, Container::npy),
            "the elements are 2 raw bytes and the file does not say what they mean; name their "
            "type, for instance bfloat16");
  EXPECT_NE(complaint(file, Container::npy, of_type("float8_e4m3fn")), "");
  EXPECT_EQ(parse_one(npy_text(dictionary("|V8", "()"), "12345678"), of_type("posit64")).type.name,
            "posit64");
}

TEST(Npy, UnsignedIntegersTakeTheTypeThatIsGivenAndOthersDoNot) {
  const std::string codes = npy_text(dictionary("|u1", "(1,)"), "\x38");
  EXPECT_EQ(doubles_of(parse_one(codes, of_type("float8_e4m3fn")))[0], 1.0);
  for (const char* code : {"|i1", "|b1"}) {
    const std::string other = npy_text(dictionary(code, "(1,)"), std::string(1, '\0'));
    EXPECT_NE(complaint(other, Container::npy, of_type("float8_e4m3fn")), "") << code;
  }
  EXPECT_NE(complaint(codes, Container::npy, of_type("bfloat16")), "");
  // Saying what the file says is no contradiction.
  EXPECT_EQ(parse_one(npy_text(dictionary("|i1", "(1,)"), "a"), of_type("int8")).type.name, "int8");
}

TEST(Npy, OneByteFloatsAreWhatMlDtypesWritesSo) {
  EXPECT_EQ(parse_one(npy_text(dictionary("<f1", "(1,)"), "\x3c")).type.name, "float8_e5m2");
}

TEST(Npy, CodesWithMoreBitsThanTheirTypeAreRefused) {
  const std::string file = npy_text(dictionary("|V1", "(2, 2)"), "\x01\x02\x31\x0f");
  const std::string said = complaint(file, Container::npy, of_type("float4_e2m1fn"));
  EXPECT_NE(said.find("element [1, 0]: 0x31 has more than the 4 bits of float4_e2m1fn"),
            std::string::npos)
      << said;
  EXPECT_NE(complaint(npy_text(dictionary("|b1", "(1,)"), "\x02"), Container::npy), "");
}

std::string with_version(char major, char minor) {
  std::string file = npy_text(dictionary("|u1", "(1,)"), "a");
  file[6] = major;
  file[7] = minor;
  return file;
}

const std::string zero(1, '\0');

const BadFile bad_files[] = {
    {"empty", "", "does not begin"},
    {"other_magic", "\x93NUMPX" + std::string("\1\0\0\0", 4), "does not begin"},
    {"magic_only", "\x93NUMPY", "ends before its header"},
    {"no_length", "\x93NUMPY" + std::string("\1\0\4", 3), "ends before its header"},
    {"no_long_length", "\x93NUMPY" + std::string("\2\0\4\0\0", 5), "ends before its header"},
    {"version_0", with_version('\0', '\0'), "version 0.0"},
    {"version_4", with_version('\4', '\0'), "version 4.0"},
    {"version_1_1", with_version('\1', '\1'), "version 1.1"},
    {"header_cut_off", npy_text(dictionary("|u1", "(1,)"), "").substr(0, 40),
     "ends within its header"},
    {"header_of_4_GB", std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12), "4294967295 bytes"},
    {"header_too_long", npy_text(std::string(10001, ' '), ""), "10001 bytes"},
    {"header_empty", npy_text("", ""), "'{' is missing"},
    {"header_not_closed", npy_text("{'descr': '|u1'", ""), "',' is missing"},
    {"header_of_nothing", npy_text("{}", ""), "'descr' is missing"},
    {"no_shape", npy_text("{'descr': '|u1', 'fortran_order': False}", ""), "'shape' is missing"},
    {"no_order", npy_text("{'descr': '|u1', 'shape': (1,)}", "a"), "'fortran_order' is missing"},
    {"unknown_key", npy_text("{'descr': '|u1', 'x': 1}", "a"), "a key 'x'"},
    {"key_twice", npy_text("{'descr': '|u1', 'descr': '|u1'}", "a"), "stands twice"},
    {"something_behind", npy_text(dictionary("|u1", "(1,)") + "x", "a"), "follows the dictionary"},
    {"zero_behind", npy_text(dictionary("|u1", "(1,)") + zero, "a"), "follows the dictionary"},
    {"no_colon", npy_text("{'descr' '|u1'}", ""), "':' is missing"},
    {"text_not_closed", npy_text("{'descr", ""), "does not end"},
    {"no_text", npy_text("{descr: '|u1'}", ""), "a text is missing"},
    {"backslash", npy_text("{'descr': '\\x75'}", ""), "backslash"},
    {"order_is_number", npy_text("{'fortran_order': 0}", ""), "True or False"},
    {"order_is_none", npy_text("{'fortran_order': None}", ""), "True or False"},
    {"shape_is_number", npy_text(dictionary("|u1", "3"), "abc"), "'(' is missing"},
    {"shape_without_comma", npy_text(dictionary("|u1", "(3)"), "abc"), "not a tuple"},
    {"shape_of_lone_comma", npy_text(dictionary("|u1", "(,)"), ""), "a number is missing"},
    {"shape_of_fraction", npy_text(dictionary("|u1", "(1.5,)"), ""), "',' is missing"},
    {"shape_is_list", npy_text(dictionary("|u1", "[3]"), "abc"), "'(' is missing"},
    {"negative_dimension", npy_text(dictionary("|u1", "(-1,)"), ""), "negative dimension -1"},
    {"huge_number", npy_text(dictionary("|u1", "(99999999999999999999,)"), ""), "18 digits"},
    {"product_overflows", npy_text(dictionary("|u1", "(4294967296, 4294967296)"), ""), "2^60"},
    {"product_overflows_beside_zero",
     npy_text(dictionary("|u1", "(0, 4294967296, 4294967296)"), ""), "2^60"},
    {"claims_8_exabytes", npy_text(dictionary("<f8", "(999999999999999999,)"), "abc"),
     "needs 7999999999999999992"},
    {"sixty_five_dimensions",
     npy_text(dictionary(
                  "|u1", "(" +
                             [] {
                               std::string ones;
                               for (int i = 0; i < 65; ++i) ones += "1,";
                               return ones;
                             }() +
                             ")"),
              "a"),
     "64 dimensions"},
    {"data_cut_off", npy_text(dictionary("<f4", "(2,)"), "1234567"), "7 bytes follow"},
    {"data_too_long", npy_text(dictionary("<f4", "(1,)"), "12345"), "5 bytes follow"},
    {"data_behind_nothing", npy_text(dictionary("<f4", "(0,)"), "1"), "1 bytes follow"},
    {"scalar_without_data", npy_text(dictionary("<f4", "()"), ""), "0 bytes follow"},
    {"complex", npy_text(dictionary("<c8", "(1,)"), "12345678"), "complex elements (<c8)"},
    {"complex_of_ml_dtypes", npy_text(dictionary("<W4", "(1,)"), "1234"), "complex elements"},
    {"objects", npy_text(dictionary("|O", "(1,)"), "12345678"), "Python objects"},
    {"text", npy_text(dictionary("<U1", "(1,)"), "1234"), "text elements"},
    {"bytes", npy_text(dictionary("|S1", "(1,)"), "1"), "text elements"},
    {"dates", npy_text(dictionary("<M8[s]", "(1,)"), "12345678"), "dates or times"},
    {"time", npy_text(dictionary("<m8", "(1,)"), "12345678"), "dates or times"},
    {"long_double", npy_text(dictionary("<f16", "(1,)"), std::string(16, 'x')), "of 16 bytes"},
    {"three_raw_bytes", npy_text(dictionary("|V3", "(1,)"), "abc"), "unknown type (|V3)"},
    {"integer_of_three_bytes", npy_text(dictionary("<i3", "(1,)"), "abc"), "unknown type (<i3)"},
    {"no_type", npy_text(dictionary("", "(1,)"), "a"), "unknown type ()"},
    {"order_only", npy_text(dictionary("<", "(1,)"), "a"), "unknown type (<)"},
    {"control_characters", npy_text(dictionary("\n\x1b[31m", "(1,)"), "a"), "(\\x0a\\x1b[31m)"},
    {"structure", npy_text("{'descr': [('a', '<i4')], 'shape': (1,)}", "1234"), "structured"},
    {"subarray", npy_text("{'descr': ('<i4', (2,)), 'shape': (1,)}", "12345678"), "structured"},
};

class BadNpy : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadNpy, IsRefusedInOneLine) { expect_refused(GetParam(), Container::npy); }

INSTANTIATE_TEST_SUITE_P(All, BadNpy, ::testing::ValuesIn(bad_files),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Npy, EveryShorterFileIsRefused) {
  const std::string file = npy_text(dictionary("<f4", "(2, 3)"), std::string(24, 'x'));
  ASSERT_EQ(complaint(file, Container::npy), "");
  for (std::size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(complaint(file.substr(0, length), Container::npy), "") << length;
}

TEST(Npy, WritesWhatNumPyWrites) {
  const Tensor tensor =
      from_codes({"", element_type("float32"), {2, 1}}, std::vector<std::uint64_t>{1, 2});
  const std::string written = npy_file(tensor, {});
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
  header.append(20, ' ');  // room for 2 to become a number of 21 digits
  header.append(128 - 10 - header.size() - 1, ' ');
  EXPECT_EQ(written, std::string("\x93NUMPY\1\0\x76\0", 10) + header + "\n" +
                         std::string("\1\0\0\0\2\0\0\0", 8));
  EXPECT_EQ(written.size() % 64, 8U);
}

TEST(Npy, WritesEveryOrderSoThatItReadsBack) {
  std::vector<std::uint64_t> codes(24);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = 0x0102030405060708U * i;
  const Tensor tensor = from_codes({"", element_type("uint64"), {2, 3, 4}}, codes);
  for (const ByteOrder byte_order : {ByteOrder::little, ByteOrder::big}) {
    for (const bool fortran : {false, true}) {
      const std::string file = npy_file(tensor, {byte_order, fortran});
      EXPECT_EQ(parse_one(file), tensor);
      EXPECT_EQ(file.find("True") != std::string::npos, fortran);
      EXPECT_EQ(file.find(">u8") != std::string::npos, byte_order == ByteOrder::big);
    }
  }
}

TEST(Npy, RawBytesOfSeveralBytesHaveNoBigEndianFile) {
  const Tensor one_byte =
      from_codes({"", element_type("int4"), {1}}, std::vector<std::uint64_t>{15});
  EXPECT_NE(npy_file(one_byte, {ByteOrder::big, false}).find("'|V1'"), std::string::npos);
  const Tensor two = from_codes({"", element_type("bfloat16"), {1}}, std::vector<std::uint64_t>{1});
  EXPECT_NE(npy_file(two, {}).find("'<V2'"), std::string::npos);
  EXPECT_THROW(npy_file(two, {ByteOrder::big, false}), Error);
}

}  // namespace
}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
//
// Types under their names in .npy, packed bytes in safetensors, and tensors read alone.
#include "support.h"

namespace halfulp::tensors {
namespace {

// ml_dtypes 0.1 wrote its types' names.
TEST(NamedTypes, OfNumpyFilesAreRead) {
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "bfloat16", "int4",
                           "float32", "float4_e2m1fn"}) {
    const std::size_t size = element_bytes(element_type(name));
    const std::string data = "\x01" + std::string(size - 1, '\0');
    const TensorFile file = parse_text(npy_text(dictionary(name, "(1,)"), data), Container::npy);
    EXPECT_EQ(file.tensors.at(0).type, element_type(name)) << name;
    EXPECT_EQ(code_at(file.tensors.at(0), 0), 1U);
  }
  const TensorFile old =
      parse_text(npy_text(dictionary("float8_e4m3b11", "(1,)"), "\x01"), Container::npy);
  EXPECT_EQ(old.tensors.at(0).type.name, "float8_e4m3b11fnuz");
}

TEST(NamedTypes, ThatNobodyKnowsAreNamedWhole) {
  for (const char* name : {"float8_e4m3fx", "float9", "foo"}) {
    const std::string said = complaint(npy_text(dictionary(name, "(1,)"), "\x01"), Container::npy);
    EXPECT_NE(said.find("elements of an unknown type (" + std::string(name) + ")"),
              std::string::npos)
        << said;
  }
  EXPECT_NE(complaint(npy_text(dictionary("<f16", "(1,)"), std::string(16, 'x')), Container::npy)
                .find("floating-point elements of 16 bytes (<f16)"),
            std::string::npos);
}

std::string entry(const std::string& type, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

std::string one(const std::string& type, const std::string& shape, const std::string& data) {
  return safetensors_text(
      "{\"a\":" + entry(type, shape, "[0," + std::to_string(data.size()) + "]") + "}", data);
}

TEST(PackedBytes, OfSafetensorsHoldSeveralCodes) {
  const ReadOptions four{.type = element_type("float4_e2m1fn"), .packed = true};
  const Tensor a =
      parse_text(one("U8", "[2,1]", "\x21\x43"), Container::safetensors, four).tensors.at(0);
  EXPECT_EQ(a.type.name, "float4_e2m1fn");
  EXPECT_EQ(a.shape, (Shape{2, 2}));
  EXPECT_EQ(codes_of(a), (std::vector<std::uint64_t>{1, 2, 3, 4}));
  const ReadOptions six{.type = element_type("float6_e3m2fn"), .packed = true};
  const Tensor b =
      parse_text(one("U8", "[3]", "\x81\x30\xfc"), Container::safetensors, six).tensors.at(0);
  EXPECT_EQ(b.shape, (Shape{4}));
  EXPECT_EQ(codes_of(b), (std::vector<std::uint64_t>{1, 2, 3, 63}));
  EXPECT_NE(complaint(one("U8", "[2]", "\x21\x43"), Container::safetensors, six), "");
  EXPECT_NE(complaint(one("U8", "[]", "\x21"), Container::safetensors, four), "");
  // Others stay what they are; without `packed` a byte is a code.
  EXPECT_NE(complaint(one("I8", "[1]", "\x01"), Container::safetensors, four), "");
  const ReadOptions loose{.type = element_type("float4_e2m1fn")};
  EXPECT_EQ(parse_text(one("U8", "[1]", "\x0a"), Container::safetensors, loose).tensors.at(0).shape,
            (Shape{1}));
}

TEST(Selected, TensorsAreReadWhateverTheOthersAre) {
  const std::string file = safetensors_text("{\"a\":" + entry("C64", "[1]", "[0,8]") +
                                                ",\"b\":" + entry("U8", "[1]", "[8,9]") +
                                                ",\"c\":" + entry("U8", "[77]", "[9,10]") + "}",
                                            "12345678\x05\x06");
  EXPECT_NE(complaint(file, Container::safetensors), "");
  Selection b({"b"});
  const TensorFile read = parse_text(file, Container::safetensors, {.only = &b});
  ASSERT_EQ(read.tensors.size(), 1U);
  EXPECT_EQ(code_at(read.tensors[0], 0), 5U);
  for (const char* name : {"a", "c"}) {
    Selection only({name});
    EXPECT_NE(complaint(file, Container::safetensors, {.only = &only}), "") << name;
  }
}

TEST(Selected, ComeInTheOrderAsked) {
  const std::string file = safetensors_text(
      "{\"a\":" + entry("U8", "[1]", "[0,1]") + ",\"b\":" + entry("U8", "[1]", "[1,2]") + "}",
      "\x01\x02");
  Selection both({"b", "a"});
  const std::vector<Tensor> ordered =
      both.in_order(parse_text(file, Container::safetensors, {.only = &both}).tensors);
  ASSERT_EQ(ordered.size(), 2U);
  EXPECT_EQ(ordered[0].name, "b");
  EXPECT_EQ(ordered[1].name, "a");
  Selection missing({"aa"});
  const TensorFile nothing = parse_text(file, Container::safetensors, {.only = &missing});
  EXPECT_TRUE(nothing.tensors.empty());
  try {
    (void)missing.in_order(nothing.tensors);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "there is no tensor \"aa\"; did you mean \"a\"?");
  }
  EXPECT_THROW(Selection({"a", "b", "a"}), Error);
}

}  // namespace
}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
//
// The places that errors name: none of them empty, none twice, files by their names.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/presets.h"

namespace halfulp {
namespace {

template <typename Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Places, AreNeitherEmptyNorSaidTwice) {
  const Error error("is wrong", "a.json: line 2", "mend it");
  EXPECT_STREQ(error.at("").what(), "a.json: line 2: is wrong; mend it");
  EXPECT_STREQ(error.at("a.json").what(), "a.json: line 2: is wrong; mend it");
  EXPECT_STREQ(error.at("--to").what(), "--to: a.json: line 2: is wrong; mend it");
  EXPECT_STREQ(error.at("--to").at("").what(), "--to: a.json: line 2: is wrong; mend it");
  EXPECT_STREQ(error.at("a.js").what(), "a.js: a.json: line 2: is wrong; mend it");
  EXPECT_STREQ(Error("is wrong").at("").what(), "is wrong");
}

class Folder : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("places-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(Folder, FilesAreNamedOnceWhateverIsWrongInThem) {
  for (const auto& [name, text, rest] : std::vector<std::array<std::string, 3>>{
           {"cut.json", R"({"kind": "float")", ": line 1, column "},
           {"range.json", R"({"kind": "float", "exponent_bits": 99, "fraction_bits": 3})",
            ": /exponent_bits: 99 is out of range"},
           {"levels.json", R"({"kind": "block", "element": "fp4", "levels": []})", ": /levels: "},
           {"preset.json", R"({"format": "mxfp4", "preset": "torchao"})", ": /preset: "}}) {
    const std::string path = file(name, text);
    const std::string message = message_of([&] { any_quantizer_from_text(path); });
    EXPECT_TRUE(message.starts_with(path + rest)) << message;
  }
  const std::string path =
      file("range.json", R"({"kind": "float", "exponent_bits": 99, "fraction_bits": 3})");
  EXPECT_TRUE(message_of([&] { format_from_text(path); }).starts_with(path + ": /"))
      << message_of([&] { format_from_text(path); });
}

// A preset of one kind where the other belongs.
TEST(Places, PresetsOfTheOtherKindAreCalledSo) {
  const std::string scalar =
      message_of([] { parse_rounding_preset("microxcaling", find_format("bf16")); });
  EXPECT_NE(scalar.find("\"microxcaling\" is a preset of block formats"), std::string::npos)
      << scalar;
  const std::string block = message_of([] { find_block_preset("x86"); });
  EXPECT_NE(block.find("\"x86\" is a preset of rounding"), std::string::npos) << block;
  const std::string neither = message_of([] { find_rounding_preset("x87"); });
  EXPECT_NE(neither.find("unknown preset \"x87\"; did you mean \"x86\"?"), std::string::npos)
      << neither;
}

// OCP's and others' choices are for scales that are powers of two, NVIDIA's for E4M3 under one
// scale, P3109's for its own formats.
TEST(BlockPresetsByFormat, AreRefusedForFormatsUnlikeTheirPeers) {
  const auto takes = [](const char* preset, const char* format) {
    return message_of([&] { find_block_preset(preset).apply(find_block_format(format)); }).empty();
  };
  for (const char* preset : {"ocp", "microxcaling", "gfloat", "universal", "torchao-floor",
                             "torchao-ceil", "torchao-even", "torchao-rceil", "nvidia"}) {
    for (const char* format : {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp4", "mxint8"})
      EXPECT_TRUE(takes(preset, format)) << preset << " " << format;
    for (const char* format : {"int8_row", "int4_group128", "uint4_group128", "nf4_block64",
                               "bitnet_ternary", "binary_mean", "p3109_8p4se_block32", "flex16_5"})
      EXPECT_FALSE(takes(preset, format)) << preset << " " << format;
  }
  for (const char* preset : {"transformer-engine", "torchao", "modelopt", "universal"})
    EXPECT_TRUE(takes(preset, "nvfp4")) << preset;
  for (const char* preset : {"transformer-engine", "torchao", "modelopt"})
    EXPECT_FALSE(takes(preset, "mxfp4")) << preset;
  EXPECT_TRUE(takes("p3109", "p3109_4p2sf_block32"));
  for (const char* format : {"mxfp4", "nvfp4", "int8_row", "uint4_group128"})
    EXPECT_FALSE(takes("p3109", format)) << format;
  EXPECT_TRUE(takes("qpytorch", "bfp8_16"));
  EXPECT_FALSE(takes("qpytorch", "mxfp4"));
}

}  // namespace
}  // namespace halfulp

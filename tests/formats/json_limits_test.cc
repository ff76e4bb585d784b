// SPDX-License-Identifier: MIT
//
// JSON beyond the stated limits is refused early, in one short line that names the place: in time
// that grows with the text and without a deep stack.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

template <typename Work>
std::string message_of(const Work& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string refusal(const std::string& text) {
  return message_of([&] { parse_json(text, "x.json"); });
}

TEST(JsonLimits, DepthIsLimited) {
  const std::size_t most = json_limits::depth;
  EXPECT_EQ(parse_json(repeated("[", most) + repeated("]", most), "x").dump(),
            repeated("[", most) + repeated("]", most));
  const std::string deep = repeated("{\"a\":", most) + "1" + repeated("}", most);
  EXPECT_EQ(parse_json(deep, "x").dump(), deep);
  for (const std::size_t depth : {most + 1, std::size_t{300000}}) {
    for (const std::string& text :
         {repeated("[", depth), repeated("[", depth) + repeated("]", depth),
          repeated("{\"a\":", depth), repeated("[{\"a\":", depth / 2 + 1)}) {
      const std::string said = refusal(text);
      EXPECT_NE(said.find("lie more than 100 deep in each other"), std::string::npos) << said;
      EXPECT_TRUE(said.starts_with("x.json: /")) << said;
      EXPECT_LT(said.size(), 200U);
    }
  }
  EXPECT_EQ(refusal(R"({"policy": {"weight": [1, )" + repeated("[", 200)),
            "x.json: /policy/weight/1/0/0/0/0/0/...: lists and objects lie more than 100 deep in "
            "each other; no document needs that");
}

TEST(JsonLimits, ATextHasALimitThatNamesItsPlace) {
  const std::string most(json_limits::text, 'x');
  EXPECT_EQ(parse_json("[\"" + most + "\"]", "x")[0], most);
  EXPECT_EQ(parse_json("{\"" + most + "\": 1}", "x")[most], 1);
  EXPECT_EQ(refusal(R"({"b": [1, {"name": ")" + most + R"(x"}]})"),
            "x.json: /b/1/name: a text of 65537 bytes begins with \"xxxxxxxxxxxxxxxxxxxx\"; at "
            "most 65536 are read");
  EXPECT_EQ(refusal(R"({"a": {"k": 1, ")" + std::string(10'000'000, 'x') + R"(": 1}})"),
            "x.json: /a/k: a key of 10000000 bytes begins with \"xxxxxxxxxxxxxxxxxxxx\"; at most "
            "65536 are read");
}

// Three hundred thousand keys took a quarter of an hour, as every key is compared with all before.
TEST(JsonLimits, ManyMembersTakeNoQuadraticTime) {
  const auto object = [](std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i)
      text += (i > 0 ? ",\"key" : "\"key") + std::to_string(i) + "\":1";
    return text + "}";
  };
  EXPECT_EQ(parse_json(object(json_limits::members), "x").size(), json_limits::members);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal("{\"policy\": " + object(300000) + "}"),
            "x.json: /policy/key999: an object has more than 1000 members; no document needs that");
  std::string list = "[";
  for (int i = 0; i < 100; ++i) list += (i > 0 ? "," : "") + object(1000);
  EXPECT_EQ(parse_json(list + "]", "x").size(), 100U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(JsonLimits, LongWordsDoNotMakeLongMessages) {
  const std::string word(60000, 'w');
  const std::string number(1'000'000, '9');
  for (const std::string& text : {"{\"" + word + "\": 1, \"" + word + "\": 2}", "[" + number + "]",
                                  "[" + word, "\"" + word}) {
    const std::string said = refusal(text);
    EXPECT_NE(said, "");
    EXPECT_LT(said.size(), 300U) << said.substr(0, 300);
  }
  EXPECT_EQ(refusal(R"({"a": [0, )" + number + "]}"),
            "x.json: /a/1: a number beyond binary64 stands here; at most 1.797693134862315e308 is "
            "possible");
  const Json object = parse_json("{\"" + word + "\": 1}", "x");
  EXPECT_LT(message_of([&] { ObjectReader(object, "").finish(); }).size(), 300U);
  const Json choice = {{"a", word}};
  EXPECT_LT(message_of([&] { ObjectReader(choice, "").choice("a", 0, {"x", "y"}); }).size(), 300U);
}

TEST(JsonLimits, WhatIsNoJsonMayBeSomethingElse) {
  EXPECT_EQ(parse_if_json("4096", "--set"), Json(4096));
  EXPECT_EQ(parse_if_json(R"({"a": [1]})", "--set"), Json({{"a", {1}}}));
  for (const char* text : {"", "bfloat16", "float8_e4m3fn", "[draft", "1,2"})
    EXPECT_EQ(parse_if_json(text, "--set"), std::nullopt) << text;
  EXPECT_THROW(parse_if_json(repeated("[", 300000), "--set"), Error);
  EXPECT_THROW(parse_if_json(R"({"a": 1, "a": 2})", "--set"), Error);
}

// An endless stream of zeros ends at the first one.
TEST(JsonLimits, AnEndlessFileIsNotReadToItsEnd) {
  EXPECT_EQ(message_of([] { read_json_file("/dev/zero"); }),
            "/dev/zero: line 1, column 1: not valid JSON: a NUL byte; remove it");
  EXPECT_NE(message_of([] { read_json_file("/"); }), "");
  std::istringstream empty;
  EXPECT_NE(message_of([&] { read_json(empty, "x"); }).find("ends too early"), std::string::npos);
  std::istringstream some("{\"a\": " + repeated(" ", 200000) + "1}");
  EXPECT_EQ(read_json(some, "x"), Json({{"a", 1}}));
}

// Files of formats that name themselves ended in a segmentation fault.
TEST(JsonLimits, FilesThatNameEachOtherInACircleAreRefused) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("halfulp_circle_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto file = [&](const std::string& name, const std::string& content) {
    const std::string path = (folder / name).string();
    std::ofstream(path) << content;
    return path;
  };
  const std::string itself = (folder / "itself.json").string();
  const std::string text = Json(itself).dump();
  for (const std::string& content :
       {R"({"format": )" + text + "}", text, R"({"format": {"format": )" + text + "}}"}) {
    file("itself.json", content);
    EXPECT_NE(message_of([&] { any_quantizer_from_text(itself); }), "") << content;
    EXPECT_NE(message_of([&] { format_from_text(itself); }), "") << content;
    EXPECT_NE(message_of([&] { block_format_from_json(Json(itself), ""); }), "") << content;
  }
  // One file after the other is fine, as far as anybody would go.
  std::string last = "mxfp4";
  for (int i = 0; i < 3; ++i)
    last = file(std::to_string(i) + ".json", R"({"format": )" + Json(last).dump() + "}");
  EXPECT_EQ(std::get<BlockFormat>(any_quantizer_from_text(last)).element.format,
            find_block_format("mxfp4").element.format);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace halfulp

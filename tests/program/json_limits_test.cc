// SPDX-License-Identifier: MIT
//
// Wherever the program reads JSON, what is nested too deep, too long or too many is one short line
// and exit status 2.
#include <fstream>

#include "program.h"

namespace halfulp::program {
namespace {

class JsonLimits : public Program {
 protected:
  static std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  }
  // small_config with `text` in place of a part of it.
  [[nodiscard]] static std::string config(const std::string& part, const std::string& text) {
    std::string all = small_config;
    const std::size_t at = all.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return all.replace(at, part.size(), text);
  }
  void expect_refused(const std::string& command, const std::string& words) const {
    const Ran ran = shell(command);
    EXPECT_EQ(ran.status, 2) << command << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << command;
    EXPECT_LT(ran.err.size(), 1100U) << command;
    EXPECT_NE(ran.err.find(words), std::string::npos) << command << ran.err.substr(0, 1000);
  }
};

TEST_F(JsonLimits, DepthInEveryDocument) {
  const std::string deep = repeated("[", 300000) + repeated("]", 300000);
  const std::string words = "lie more than 100 deep in each other";
  file("policy.json", config("\"policy\": {}", "\"policy\": {\"feature\": " + deep + "}"));
  expect_refused("halfulp run policy.json -o r.json --quiet", words);
  expect_refused("halfulp run - -o r.json --quiet < policy.json", words);
  file("name.json", config("\"a small sweep\"", deep));
  expect_refused("halfulp run name.json -o r.json --quiet", words);
  file("sweep.json", config("[32, 64]", deep));
  expect_refused("halfulp run sweep.json -o r.json --quiet", words);
  file("format.json", "{\"kind\": " + deep + "}");
  expect_refused("halfulp cast 1 --to ./format.json", words);
  expect_refused("halfulp quantize w.npy --to ./format.json -o y.npy", words);
  file("result.json", "{\"points\": " + deep + "}");
  expect_refused("halfulp report result.json -o r.html", words);
  file("config.json", small_config);
  const std::string shorter = repeated("[", 60000) + repeated("]", 60000);
  expect_refused("halfulp run config.json -o r.json --quiet --set '/name=" + shorter + "'", words);
  expect_refused(
      "halfulp run config.json -o r.json --quiet --set '" + repeated("/a", 60000) + "=1'",
      "levels deep");
  expect_refused("halfulp cast 1 --to '{\"kind\": " + shorter + "}'", words);
  EXPECT_FALSE(std::filesystem::exists(work() / "r.json"));
}

TEST_F(JsonLimits, KeysAndLongTexts) {
  std::string keys = "{\"key0\": 1";
  for (int i = 1; i < 300000; ++i) keys += ",\"key" + std::to_string(i) + "\": 1";
  file("policy.json", config("\"policy\": {}", "\"policy\": " + keys + "}"));
  expect_refused("halfulp run policy.json -o r.json --quiet",
                 "/policy/key999: an object has more than 1000 members");
  file("sweep.json", config("\"sweep\": {", "\"sweep\": " + keys + ","));
  expect_refused("halfulp run sweep.json -o r.json --quiet", "/sweep/key999");
  file("name.json", config("\"a small sweep\"", "\"" + std::string(10'000'000, 'n') + "\""));
  expect_refused("halfulp run name.json -o r.json --quiet", "/name: a text of 10000000 bytes");
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// Files that descriptions name, from outside: looked up beside the file that names them, and in the
// result whole.
#include <nlohmann/json.hpp>

#include "program.h"

namespace halfulp::program {
namespace {

using NamedFiles = Program;

TEST_F(NamedFiles, AreLookedUpBesideTheFileThatNamesThem) {
  std::filesystem::create_directories(work() / "d" / "e");
  file("d/e/mine.json", R"({"kind": "float", "exponent_bits": 3, "fraction_bits": 2})");
  file("d/block.json", R"({"kind": "block", "element": "e/mine.json", "columns": 4})");
  const Ran ran = shell("halfulp formats d/block.json && halfulp cast --to d/e/mine.json 1.1");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("mine"), std::string::npos) << ran.out;
  file("d/circle.json", R"({"kind": "block", "element": "e/../circle.json", "columns": 4})");
  const Ran circle = shell("halfulp formats d/circle.json");
  EXPECT_EQ(circle.status, 2) << circle.err;
  EXPECT_NE(circle.err.find("in a circle"), std::string::npos) << circle.err;
  EXPECT_EQ(std::count(circle.err.begin(), circle.err.end(), '\n'), 1) << circle.err;
  file("d/e/mine.json", R"({"kind": "float", "exponent_bits": 3, "fraction_bits": 200})");
  const Ran bad = shell("halfulp formats d/block.json");
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.err.find("d/e/mine.json: /fraction_bits"), std::string::npos) << bad.err;
}

TEST_F(NamedFiles, AResultRunsWithoutThem) {
  std::filesystem::create_directories(work() / "d");
  std::filesystem::create_directories(work() / "elsewhere");
  file("d/mine.json", R"({"kind": "float", "exponent_bits": 3, "fraction_bits": 2})");
  file("d/c.json", R"({"experiment": "linear_regression", "repeats": 2, "problem":
    {"dimension": 8, "spectrum_exponent": 2, "sketch_size": 4, "test_samples": 8},
    "training": {"samples": 8}, "sweep": {"/policy/feature": ["binary64", "mine.json"]}})");
  const Ran first = shell("halfulp run d/c.json -o r.json --no-run-info");
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_NE(first.out.find("\nmine "), std::string::npos) << first.out;
  const std::string result = text_of("r.json");
  file("elsewhere/again.json", nlohmann::ordered_json::parse(result)["document"].dump());
  const Ran again =
      shell("rm -r d && cd elsewhere && halfulp run again.json -o s.json --no-run-info --quiet");
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(text_of("elsewhere/s.json"), result);
}

}  // namespace
}  // namespace halfulp::program

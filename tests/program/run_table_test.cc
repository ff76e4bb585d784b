// SPDX-License-Identifier: MIT
//
// The table at the end of `halfulp run`.
#include <nlohmann/json.hpp>

#include "program.h"

namespace halfulp::program {
namespace {

using RunTable = Program;

TEST_F(RunTable, SaysValuesInWordsNotInJson) {
  file("c.json", small_config);
  const Ran ran = shell("halfulp run c.json -o r.json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 25U);
  EXPECT_TRUE(lines[0].starts_with("model size M  samples N  feature"));
  EXPECT_NE(lines[0].find("excess_clean_last   stderr"), std::string::npos) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("4             32         binary64")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("4             32         additive noise, ε = 0.01"))
      << lines[2];
  EXPECT_TRUE(lines[3].starts_with("4             32         float8_e4m3fn, stochastic"))
      << lines[3];
  EXPECT_EQ(ran.out.find('{'), std::string::npos) << ran.out;
  EXPECT_EQ(ran.err.find("diverged"), std::string::npos) << ran.err;
}

// Two values of the same words are told apart, as are two fields.
TEST_F(RunTable, TellsLikeWordsApart) {
  file("c.json", R"({"experiment": "linear_regression", "problem": {"dimension": 8,
    "spectrum_exponent": 2, "sketch_size": 4, "test_samples": 8}, "training": {"samples": 8},
    "sweep": {"/policy/feature": [{"format": "bfloat16", "rounding": "stochastic"},
        {"format": "bfloat16", "rounding": "stochastic", "random_bits": 3}],
      "/policy/label/random_bits+/policy/label/format+/policy/weight/format":
        [[8, "binary16", "bfloat16"]]}})");
  const Ran ran = shell("halfulp run c.json -o r.json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find("/policy/label/format  /policy/weight/format"), std::string::npos)
      << lines[0];
  EXPECT_TRUE(lines[1].starts_with("bfloat16, stochastic   ")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("bfloat16, stochastic (random bits 3) ")) << lines[2];
}

TEST_F(RunTable, CountsDivergedPoints) {
  file("c.json", R"({"experiment": "linear_regression", "repeats": 2, "problem": {"dimension": 8,
    "spectrum_exponent": 2, "test_samples": 8}, "training": {"samples": 2000},
    "sweep": {"/training/step_size": [0.1, 50, 60]}})");
  const Ran ran = shell(
      "halfulp run c.json -o r.json --quiet --resume; "
      "halfulp run c.json -o r.json --resume");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1].find("diverged"), std::string::npos) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("50            ")) << lines[2];
  EXPECT_NE(lines[2].find("diverged"), std::string::npos) << lines[2];
  EXPECT_NE(lines[3].find("diverged"), std::string::npos) << lines[3];
  // Both calls say it, the first with nothing else.
  EXPECT_TRUE(ran.err.starts_with("halfulp: r.json: 2 of 3 points diverged: ")) << ran.err;
  EXPECT_NE(ran.err.rfind("2 of 3 points diverged"), ran.err.find("2 of 3 points diverged"));
}

}  // namespace
}  // namespace halfulp::program

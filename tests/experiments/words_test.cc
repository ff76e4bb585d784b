// SPDX-License-Identifier: MIT
//
// What reports call the values of a sweep: rules that differ have different words.
#include "experiments/results/words.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace halfulp::experiments {
namespace {

TEST(Words, NameScalesAndRules) {
  const std::vector<std::pair<const char*, std::string>> cases{
      {R"("mxfp4")", "mxfp4"},
      {R"({"format": "int8", "scaling": {"kind": "static", "scale": 0.125}})", "int8, scale 0.125"},
      {R"({"format": "int8", "scaling": "row", "rounding": "stochastic"})",
       "int8, scale per row, stochastic"},
      {R"({"format": "int8", "scaling": "group:64"})", "int8, scale per group of 64"},
      {R"({"format": "int8", "scaling": "block:16x8"})", "int8, scale per block of 16x8"},
      {R"({"format": "int8", "scaling": {"rows": 0, "columns": 0, "rule": "mean"}})",
       "int8, scale per tensor, rule mean"},
      {R"({"format": "int8", "scaling": {"rows": 0, "columns": 1}})", "int8, scale per column"},
      {R"({"format": "mxfp4", "rule": "ceil", "preset": "gfloat"})",
       "mxfp4, rule ceil, preset gfloat"},
      {R"({"format": {"kind": "block", "name": "mine"}, "zero_scale": "one"})",
       "mine, zero scale one"},
      {R"({"kind": "block", "name": "mine", "element": "int8"})", "mine"},
      {R"({"schema": "policy/1", "name": "ours", "base": {}})", "ours"},
      {R"({"kind": "static", "init": 1024})", "static, init 1024"},
      {R"({"kind": "block", "element": "int8", "columns": 4, "scale": "float8_e8m0fnu",
           "rule": "floor"})",
       "int8, scale per group of 4 in float8_e8m0fnu, rule floor"},
      {R"({"kind": "block", "element": {"format": "int4", "rounding": "stochastic"},
           "levels": [{"rows": 0}, {"rows": 2, "columns": 8, "scale": {"format": "binary16"}}]})",
       "int4, stochastic, scale per tensor, scale per block of 2 × 8 in binary16"}};
  std::set<std::string> seen;
  for (const auto& [text, words] : cases) {
    EXPECT_EQ(value_words(parse_json(text, "text")), words);
    EXPECT_TRUE(seen.insert(words).second) << words;
  }
}

// A result file may hold anything.
TEST(Words, SayOfOddValuesWhatTheyAre) {
  for (const char* text :
       {R"({"kind": "block"})", R"({"kind": "block", "levels": [3], "element": 1})",
        R"({"kind": "block", "levels": {"a": {"rows": "x"}}})",
        R"({"format": 3, "scaling": 7, "rule": {}})", R"({"format": "a", "scaling": null})"})
    EXPECT_FALSE(value_words(parse_json(text, "text")).empty()) << text;
}

}  // namespace
}  // namespace halfulp::experiments

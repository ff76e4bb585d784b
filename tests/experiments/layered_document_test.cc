// SPDX-License-Identifier: MIT
//
// Documents of layered policies as texts: their full form, the files that they name, and what is
// refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "experiments/hash.h"
#include "experiments/policy/policy_files.h"
#include "formats/error.h"
#include "tests/experiments/layered_network.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

std::string parse_error(const std::string& text) {
  return error_of([&] { parse(text); });
}

const char* const everything = R"({"name": "all of it", "rng": "splitmix64",
    "base": {"native": "binary32", "on_nan": "error", "use": {
      "weight": {"format": "float4_e2m1fn", "gradient": "dge", "reuse": "forward_copy"},
      "x.fwd": ["bfloat16", {"format": "mxfp8_e4m3", "rounding": "stochastic"}],
      "accumulator": {"format": "binary16", "order": "chunked", "chunk": 4, "outer": "binary32"},
      "optimizer_state": {"format": "int8", "scaling": "group:64"}, "loss/y": "bfloat16",
      "g.wgrad": {"noise": {"kind": "additive", "eps": 0.5}},
      "layernorm/gamma": {"format": "int8", "scaling": {"kind": "static", "scale": 0.125}}}},
    "phases": [{"when": {"step": [3, 9007199254740992]}, "use": {"weight": "bfloat16"}},
               {"when": {"fraction": [0.1, 0.3]}, "match": {"layer": "head"},
                "use": {"weight": "native", "dw": "bfloat16"}}],
    "loss_scale": {"kind": "dynamic", "init": 4, "factor": 1.5, "period": 7, "min": 2, "max": 8},
    "optimizer": {"order": "store_then_use", "weight_update": "in_place"}})";

TEST(CanonicalPolicy, ReadsBackAsThePolicy) {
  for (const char* text :
       {everything, "{}", R"({"loss_scale": {"kind": "static", "init": 0.5}})"}) {
    const LayeredPolicy policy = parse(text);
    const Json full = to_json(policy);
    EXPECT_EQ(parse_layered_policy(full, "/policy", network()), policy) << full.dump(1);
    EXPECT_EQ(to_json(parse_layered_policy(full, "/policy", network())).dump(), full.dump());
  }
  const Json full = to_json(parse(everything));
  EXPECT_EQ(full["phases"][0]["when"].dump(), R"({"step":[3,9007199254740992]})");
  EXPECT_EQ(full["phases"].size(), 2U);
}

TEST(CanonicalPolicy, SaysWhatStandsWhere) {
  const Json full = to_json(parse(R"({"base": {"native": "binary32"}, "rules": [
        {"match": {"layer": "head"}, "use": {"w.dgrad": {"reuse": "forward_copy"}, "b": "int8"}},
        {"use": {"loss/g": "int8"}}]})"));
  EXPECT_EQ(full["base"].dump(), R"({"native":"binary32","on_nan":"propagate"})");
  ASSERT_EQ(full["rules"].size(), 3U);
  EXPECT_EQ(
      full["rules"][0].dump(),
      R"({"match":{"layer":"head","op":["matmul"]},"use":{"w.dgrad":{"reuse":"forward_copy"}}})");
  EXPECT_EQ(full["rules"][1]["match"].dump(), R"({"layer":"head","op":["bias_add"]})");
  EXPECT_EQ(full["rules"][2]["match"].dump(), R"({"layer":"","op":["loss"]})");
  EXPECT_EQ(full["rules"][2]["use"]["g"]["format"]["name"], "int8");
  EXPECT_EQ(full["loss_scale"].dump(), R"({"kind":"none"})");
}

TEST(CanonicalPolicy, IsOneForDocumentsThatResolveAlike) {
  const auto hash = [](const std::string& text) {
    const std::string full = to_json(parse(text)).dump();
    return fnv1a(full.data(), full.size(), fnv_start);
  };
  const std::uint64_t wanted = hash(R"({"w.fwd": "bfloat16", "w.dgrad": "bfloat16"})");
  for (
      const char* text :
      {R"({"weight": "bfloat16"})", R"({"w.dgrad": "bfloat16", "w.fwd": {"format": "bfloat16"}})",
       R"({"base": {"use": {"weight": {"rounding": "rne", "format": "bf16"}}}, "schema": "policy/1"})",
       R"({"rules": [{"use": {"w.fwd": "int8"}}, {"use": {"weight": ["bfloat16"]}}]})",
       R"({"rules": [{"use": {"weight": {"format": "bfloat16", "reuse": "requantize",
                                          "gradient": "ste"}}}]})",
       R"({"extends": {"dx": "int8", "weight": "int4"},
            "rules": [{"use": {"weight": "bfloat16", "dx": "native"}}]})",
       R"({"weight": "bfloat16", "x.fwd": {"format": "binary64", "gradient": "zero"}})",
       R"({"weight": "bfloat16", "x.wgrad": {"format": "int8", "reuse": "high_precision"}})",
       R"({"base": {"use": {"weight": "bfloat16"}},
            "phases": [{"when": {"step": [0, 3]}, "use": {"w.fwd": "bfloat16"}}]})",
       R"({"base": {"use": {"weight": "bfloat16"}},
            "phases": [{"when": {"step": [0, 3]}, "use": {"dx": "bfloat16"}},
                       {"when": {"step": [0, 3]}, "use": {"dx": "native"}}]})"}) {
    EXPECT_EQ(hash(text), wanted) << text;
  }
  for (const char* text : {R"({"w.fwd": "bfloat16"})", R"({"weight": ["bfloat16", "bfloat16"]})",
                           R"({"weight": {"format": "bfloat16", "reuse": "forward_copy"}})",
                           R"({"weight": {"format": "bfloat16", "gradient": "zero"}})",
                           R"({"base": {"use": {"weight": "bfloat16"}},
            "phases": [{"when": {"step": [0, 3]}, "use": {"dx": "bfloat16"}},
                       {"when": {"step": [0, 2]}, "use": {"dx": "native"}}]})"}) {
    EXPECT_NE(hash(text), wanted) << text;
  }
}

TEST(PolicyExamples, OfTheManualResolve) {
  std::ifstream file(std::string(HALFULP_SOURCE_DIR) + "/docs/policies.md");
  std::stringstream manual;
  manual << file.rdbuf();
  const std::string text = manual.str();
  const std::string fence = "```json\n";
  int examples = 0;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::string example = text.substr(at, text.find("```", at) - at);
    EXPECT_EQ(parse_error(example), "no error") << example;
    ++examples;
  }
  EXPECT_GE(examples, 5);
}

class PolicyFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("policies-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_ / "deeper");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] Json whole(const std::string& pointer, const std::string& text) const {
    NamedFiles files;
    return with_policy_files(pointer, parse_json(text, "text"), "/policy", folder_.string(), files);
  }

  fs::path folder_;
};

TEST_F(PolicyFolder, FilesStandWhereverQuantizersDo) {
  file("q.json", R"({"format": "int8"})");
  const char* const q = R"({"format":"int8"})";
  const std::string given = R"({"schema": "policy/1", "base": {"use": {"w.fwd": "q.json"}},
    "rules": [{"match": {"layer": "a/b.json"}, "use": {"dw": ["bfloat16", "q.json"]},
               "why": "see a/b.json"}],
    "phases": [{"when": {"step": [0, 1]}, "use": {"dx": "q.json"}},
               {"when": {"step": [0, 1]}, "rules": [{"use": {"dx": "q.json"}}]}]})";
  const Json read = whole("/policy", given);
  EXPECT_EQ(read["base"]["use"]["w.fwd"].dump(), q);
  EXPECT_EQ(read["rules"][0]["use"]["dw"].dump(), R"(["bfloat16",{"format":"int8"}])");
  EXPECT_EQ(read["rules"][0]["match"]["layer"], "a/b.json");
  EXPECT_EQ(read["rules"][0]["why"], "see a/b.json");
  EXPECT_EQ(read["phases"][0]["use"]["dx"].dump(), q);
  EXPECT_EQ(read["phases"][1]["rules"][0]["use"]["dx"].dump(), q);
}

TEST_F(PolicyFolder, PointersLeadToFiles) {
  file("q.json", R"({"format": "int8"})");
  const std::string q = R"({"format":"int8"})";
  for (const char* pointer : {"/policy/w.fwd", "/policy/base/use/w.fwd",
                              "/policy/rules/0/use/w.fwd", "/policy/rules/0/use/w.fwd/1",
                              "/policy/rules/0/use/layernorm~1x", "/policy/phases/1/use/dx",
                              "/policy/phases/1/rules/2/use/dx", "/policy/extends/base/use/w.fwd"})
    EXPECT_EQ(whole(pointer, R"("q.json")").dump(), q) << pointer;
  EXPECT_EQ(whole("/policy/rules/0", R"({"use": {"dx": "q.json"}})").dump(),
            R"({"use":{"dx":{"format":"int8"}}})");
  EXPECT_EQ(whole("/policy/rules/0/use/w.fwd/format", R"("q.json")").dump(), q);
  for (const char* pointer :
       {"/policy/name", "/policy/schema", "/policy/rules/0/match/layer", "/policy/rules/0/why"})
    EXPECT_EQ(whole(pointer, R"("q.json")"), "q.json") << pointer;
}

TEST_F(PolicyFolder, APolicyExtendsAFileThatExtendsAFile) {
  file("deeper/q.json", R"({"format": "int8"})");
  file("deeper/first.json", R"({"w.fwd": "q.json", "x.fwd": "bfloat16"})");
  file("deeper/second.json", R"({"extends": "first.json", "rules": [{"use": {"dw": "int4"}}]})");
  const Json read = whole("/policy", R"({"extends": "deeper/second.json",
                                         "rules": [{"use": {"x.fwd": "native"}}]})");
  const LayeredPolicy policy = parse_layered_policy(read, "/policy", network());
  EXPECT_EQ(policy, parse(R"({"w.fwd": "int8", "dw": "int4"})"));
  file("deeper/first.json", R"({"extends": "second.json"})");
  const std::string circle =
      error_of([&] { (void)whole("/policy", R"({"extends": "deeper/second.json"})"); });
  EXPECT_NE(circle.find("in a circle"), std::string::npos) << circle;
}

struct Case {
  const char* text;
  const char* begins;    // of the error
  const char* contains;  // likewise
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.text; }

class Refused : public testing::TestWithParam<Case> {};

TEST_P(Refused, WithPlaceAndRemedy) {
  const std::string error = parse_error(GetParam().text);
  EXPECT_TRUE(error.starts_with(GetParam().begins)) << error;
  EXPECT_NE(error.find(GetParam().contains), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Matches, Refused,
    testing::Values(
        Case{R"({"w.fdw": "bfloat16"})", "/policy/w.fdw: ", "did you mean \"w.fwd\"?"},
        Case{R"({"wieght": "bfloat16"})", "/policy/wieght: ", "did you mean \"weight\"?"},
        Case{R"({"layernorm/gama": "bfloat16"})",
             "/policy/layernorm~1gama: ", "did you mean \"layernorm/gamma\"?"},
        Case{R"({"rules": [{"match": {"layer": "blocks.0.w3"}, "use": {}}]})",
             "/policy/rules/0/match/layer: the network has no layer \"blocks.0.w3\"",
             "did you mean \"blocks.0.w1\"? its layers are \"blocks.0.norm\""},
        Case{R"({"rules": [{"match": {"layer": ["head", "tail*"]}, "use": {}}]})",
             "/policy/rules/0/match/layer/1: ", "\"head\""},
        Case{R"({"rules": [{"match": {"op": ["matmull"]}, "use": {}}]})",
             "/policy/rules/0/match/op/0: ", "did you mean \"matmul\"?"},
        Case{R"({"rules": [{"match": {"pass": "bwd"}, "use": {}}]})",
             "/policy/rules/0/match/pass: ", "\"dgrad\""},
        Case{R"({"rules": [{"match": {"layer": "head", "op": "layernorm"}, "use": {}}]})",
             "/policy/rules/0/match: ", "drop one"},
        Case{R"({"rules": [{"match": {"pass": "fwd"}, "use": {"dw": "int8"}}]})",
             "/policy/rules/0/use/dw: ", "widen"},
        Case{R"({"rules": [{"match": {"op": "layernorm"}, "use": {"weight": "int8"}}]})",
             "/policy/rules/0/use/weight: ", "widen"},
        Case{R"({"rules": [{"match": {"last_layers": 0}, "use": {"w.fdw": "int8"}}]})",
             "/policy/rules/0/use/w.fdw: ", "w.fwd"},
        Case{R"({"rules": [{"match": {"last_layers": 0}, "use": {"weight": "int88"}}]})",
             "/policy/rules/0/use/weight: ", "int88"},
        Case{R"({"rules": [{"mach": {}, "use": {}}]})", "/policy/rules/0/mach: ", "match"},
        Case{R"({"rules": [{"match": {}}]})", "/policy/rules/0: ", "\"use\" is missing"},
        Case{R"({"rules": {}})", "/policy/rules: ", "list"},
        Case{R"({"schema": "policy/2"})", "/policy/schema: ", "policy/1"},
        Case{R"({"extends": "mine", "rules": []})", "/policy/extends: ", "path"},
        Case{R"({"extends": {"rules": [{"use": {"w.fdw": "int8"}}]}})",
             "/policy/extends/rules/0/use/w.fdw: ", "w.fwd"},
        Case{R"({"phases": [{"when": {"step": [3, 3]}, "use": {}}]})",
             "/policy/phases/0/when/step: ", "before it begins"},
        Case{R"({"phases": [{"when": {"fraction": [0, 1.5]}, "use": {}}]})",
             "/policy/phases/0/when/fraction/1: ", "1"},
        Case{R"({"phases": [{"when": {"step": [0, 1], "fraction": [0, 1]}, "use": {}}]})",
             "/policy/phases/0/when: ", "one of"},
        Case{R"({"phases": [{"when": {"step": [0.5, 1]}, "use": {}}]})",
             "/policy/phases/0/when/step/0: ", ""},
        Case{R"({"phases": [{"when": {"step": [0, 1]}, "use": {"w.fdw": "int8"}}]})",
             "/policy/phases/0/use/w.fdw: ", "w.fwd"},
        Case{R"({"loss_scale": {"kind": "static"}})", "/policy/loss_scale: ", "init"},
        Case{R"({"loss_scale": {"kind": "static", "init": 2, "factor": 2}})",
             "/policy/loss_scale/factor: ", "unknown"},
        Case{R"({"loss_scale": {"kind": "dynamic", "max": 4}})", "/policy/loss_scale: ", "\"max\""},
        Case{R"({"optimizer": {"weight_update": "khan"}})",
             "/policy/optimizer/weight_update: ", "kahan"}));

INSTANTIATE_TEST_SUITE_P(
    Quantizers, Refused,
    testing::Values(
        Case{R"({"w.fwd": {"format": "int8", "noise": {"kind": "additive", "eps": 1}}})",
             "/policy/w.fwd: ", "keep one"},
        Case{R"({"w.fwd": ["int8", {"noise": {"kind": "additive", "eps": 1}}]})",
             "/policy/w.fwd: ", "keep one"},
        Case{R"({"w.fwd": ["int8", "bfloat61"]})", "/policy/w.fwd/1: ", "bfloat16"},
        Case{R"({"w.fwd": []})", "/policy/w.fwd: ", "native"},
        Case{R"({"base": {"native": "binary32"}, "rules": [{"use": {"w.fwd": "binary64"}}]})",
             "/policy/rules/0/use/w.fwd: ", "binary32"},
        Case{R"({"base": {"native": "binary32", "use": {"acc.fwd": "float8_e4m3fn",
                 "dx": {"format": "int32"}}}})",
             "/policy/base/use/dx: ", "binary32"},
        Case{R"({"base": {"native": "binary32", "use": {"dx": "bfp32_16"}}})",
             "/policy/base/use/dx: ", "binary32"},
        Case{R"({"acc.fwd": "mxfp8_e4m3"})", "/policy/acc.fwd: ", "accumulator"},
        Case{R"({"acc.fwd": ["bfloat16", "bfloat16"]})", "/policy/acc.fwd: ", "accumulator"},
        Case{R"({"acc.fwd": {"noise": {"kind": "additive", "eps": 1}}})",
             "/policy/acc.fwd: ", "accumulator"},
        Case{R"({"x.fwd": "flexpoint"})", "/policy/x.fwd: ", "predicted"},
        Case{R"({"x.fwd": {"format": "mxfp4", "gradient": "clipped"}})",
             "/policy/x.fwd/gradient: ", "one scalar format"},
        Case{R"({"x.fwd": {"format": "binary32", "gradient": "dge"}})",
             "/policy/x.fwd/gradient: ", "at most 16"},
        Case{R"({"x.fwd": {"format": "int8", "dge": {"k": 5}}})",
             "/policy/x.fwd/dge: ", "\"gradient\": \"dge\""},
        Case{R"({"x.wgrad": {"format": "int8", "gradient": "zero"}})",
             "/policy/x.wgrad/gradient: ", "x.fwd"},
        Case{R"({"x.fwd": {"format": "int8", "reuse": "requantize"}})",
             "/policy/x.fwd/reuse: ", "backward"},
        Case{R"({"g.wgrad": {"format": "int8", "reuse": "forward_copy"}})",
             "/policy/g.wgrad/reuse: ", "w.dgrad"},
        Case{R"({"weight": {"reuse": "forward_copy"}})", "/policy/weight/reuse: ", "format"},
        Case{R"({"w.dgrad": {"reuse": "requantize"}})", "/policy/w.dgrad: ", "format"},
        Case{R"({"w.dgrad": {"format": "int8", "reuse": "forward"}})",
             "/policy/w.dgrad/reuse: ", "forward_copy"}));

}  // namespace
}  // namespace halfulp::experiments

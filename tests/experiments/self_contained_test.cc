// SPDX-License-Identifier: MIT
//
// A result's document says everything: it runs again to the same bytes, in another folder, without
// the files that the first one named.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/results/words.h"
#include "experiments/runs/run.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

class SelfContained : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("whole-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "policies" / "formats");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  // Looked up in the folder, wherever the test runs.
  [[nodiscard]] std::string where() const { return (folder_ / "d.json").string(); }
  [[nodiscard]] Json result_of(const Json& document) const {
    RunOptions options;
    options.run_info = false;
    options.threads = 1;
    return run(document, where(), emulator::engine(), options).result;
  }
  // Runs it, and the document of its result again with all files gone.
  [[nodiscard]] Json expect_whole(const Json& document) const {
    Json result = result_of(document);
    fs::remove_all(folder_ / "policies");
    RunOptions options;
    options.run_info = false;
    options.threads = 1;
    const Json again =
        run(result["document"], "/nowhere/else.json", emulator::engine(), options).result;
    EXPECT_EQ(again.dump(), result.dump());
    EXPECT_EQ(result.dump().find(".json"), std::string::npos) << result["document"].dump(1);
    return result;
  }

  fs::path folder_;
};

Json base() {
  return parse_json(R"({"experiment": "linear_regression", "seed": 3, "repeats": 2,
    "problem": {"dimension": 16, "spectrum_exponent": 2, "sketch_size": 8, "test_samples": 16},
    "training": {"samples": 32, "batch": 4}})",
                    "text");
}

const char* const three_bits = R"({"kind": "float", "exponent_bits": 3, "fraction_bits": 2})";

TEST_F(SelfContained, AFormatInASweep) {
  file("policies/mine.json", three_bits);
  file("policies/named.json",
       R"({"kind": "float", "exponent_bits": 3, "fraction_bits": 2, "name": "e3m2 of mine"})");
  Json document = base();
  document["sweep"] =
      Json{{"/policy/feature", {"binary64", "policies/mine.json", "policies/named.json"}},
           {"/training/samples", {32}}};
  document["fits"] = parse_json(R"([{"kind": "effective_size", "axis": "/training/samples",
      "reference": {"/policy/feature": "policies/mine.json"}}])",
                                "fits");
  const Json result = expect_whole(document);
  const Json& points = result["points"];
  EXPECT_EQ(points[0]["set"]["/policy/feature"], "binary64");
  // Called as the file is, or as it says itself.
  EXPECT_EQ(points[1]["set"]["/policy/feature"]["name"], "mine");
  EXPECT_EQ(points[2]["set"]["/policy/feature"]["name"], "e3m2 of mine");
  EXPECT_EQ(points[1]["set"]["/policy/feature"], result["document"]["sweep"]["/policy/feature"][1]);
  EXPECT_EQ(value_words(points[2]["set"]["/policy/feature"]), "e3m2 of mine");
  EXPECT_EQ(result["document"]["fits"][0]["reference"]["/policy/feature"],
            result["document"]["sweep"]["/policy/feature"][1]);
  // And it is the format that was meant.
  EXPECT_EQ(points[1]["metrics"], points[2]["metrics"]);
  EXPECT_NE(points[1]["metrics"], points[0]["metrics"]);
}

// A policy file that names formats beside it, which name others beside them.
TEST_F(SelfContained, FilesThatNameFiles) {
  file("policies/formats/mine.json", three_bits);
  file("policies/formats/scale.json", R"({"format": "e8m0", "rounding": "toward-positive"})");
  file("policies/formats/block.json",
       R"({"kind": "block", "element": "mine.json", "columns": 4, "scale": "scale.json"})");
  file("policies/formats/two.json", R"({"kind": "block", "element": {"format": "mine.json"},
       "levels": [{"rows": 0, "columns": 0}, {"columns": 4, "scale": {"format": "../eight.json"}}]})");
  file("policies/eight.json", R"("float8_e4m3fn")");
  file("policies/noise.json", R"({"noise": {"kind": "additive", "eps": 0.01}})");
  file("policies/p.json", R"({"feature": "formats/block.json", "param": "formats/two.json",
      "weight": {"format": "formats/mine.json", "rounding": "stochastic"}, "label": "noise.json",
      "act": {"format": "formats/mine.json", "scaling": "tensor"},
      "accumulator": {"format": "binary32", "product": "eight.json", "order": "chunked", "chunk": 2,
                      "outer": {"format": "eight.json"}}})");
  Json document = base();
  document["policy"] = "policies/p.json";
  document["sweep"] = parse_json(R"({"/policy/weight/format": ["binary16", "policies/eight.json"],
      "/policy/param": ["policies/formats/two.json"],
      "/policy/accumulator/product": ["policies/eight.json"]})",
                                 "sweep");
  const Json result = expect_whole(document);
  // The same as written out by hand.
  Json by_hand = base();
  by_hand["policy"] = parse_json(R"({
      "feature": {"kind": "block", "element": "e3m2", "columns": 4,
                  "scale": {"format": "e8m0", "rounding": "toward-positive"}},
      "param": {"kind": "block", "element": "e3m2",
                "levels": [{"rows": 0, "columns": 0}, {"columns": 4, "scale": "float8_e4m3fn"}]},
      "weight": {"format": "e3m2", "rounding": "stochastic"},
      "label": {"noise": {"kind": "additive", "eps": 0.01}},
      "act": {"format": "e3m2", "scaling": "tensor"},
      "accumulator": {"format": "binary32", "product": "float8_e4m3fn", "order": "chunked",
                      "chunk": 2, "outer": "float8_e4m3fn"}})",
                                 "policy");
  std::string text = by_hand["policy"].dump();
  for (std::size_t at = text.find("\"e3m2\""); at != std::string::npos; at = text.find("\"e3m2\""))
    text.replace(at, 6, three_bits);
  // An element is a quantizer, so its format stands one deeper.
  for (std::size_t at = text.find("\"element\":{\"kind"); at != std::string::npos;
       at = text.find("\"element\":{\"kind")) {
    text.insert(text.find('}', at), "}");
    text.insert(at + 10, "{\"format\":");
  }
  by_hand["policy"] = parse_json(text, "policy");
  by_hand["sweep"] = parse_json(R"({"/policy/weight/format": ["binary16", "float8_e4m3fn"]})", "s");
  const Json expected = result_of(by_hand);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(result["points"][i]["metrics"], expected["points"][i]["metrics"]) << i;
    EXPECT_EQ(result["points"][i]["digest"], expected["points"][i]["digest"]) << i;
  }
}

TEST_F(SelfContained, WholePoliciesInASweep) {
  file("policies/formats/mine.json", three_bits);
  file("policies/p.json", R"({"base": {"use": {"feature": "formats/mine.json"}},
                             "rng": "splitmix64", "schema": "policy/1"})");
  file("policies/q.json", R"({"label": "formats/mine.json"})");
  Json document = base();
  document["policy"] = "no such policy";  // every point has another
  document["sweep"] = Json{{"/policy", {"none", "policies/p.json", "policies/q.json"}}};
  const Json result = expect_whole(document);
  EXPECT_EQ(result["points"][0]["set"]["/policy"], "none");
  EXPECT_NE(result["points"][1]["metrics"], result["points"][0]["metrics"]);
  EXPECT_NE(result["points"][2]["metrics"], result["points"][1]["metrics"]);
}

// Defaults that were filled in at the first point would be wrong at the others, or refused.
TEST_F(SelfContained, SweepsThatDefaultsWouldDisturb) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"({})", R"({"/problem/teacher/kind": ["constant", "gaussian"]})"},
      {R"({})", R"({"/training/averaging": ["tail", "none", "uniform"]})"},
      {R"({"feature": {"format": "int8", "rounding": "stochastic"}})",
       R"({"/policy/feature/scaling": ["tensor", "row", {"kind": "static", "scale": 0.1}]})"},
      {R"({"feature": {"format": "e8m0"}})",
       R"({"/policy/feature/preset": ["ptx-rp", "ptx-rz", "universal"]})"},
      {R"({"feature": {"format": "mxfp4"}})",
       R"({"/policy/feature/preset": ["microxcaling", "torchao-ceil"]})"},
      {R"({"base": {"use": {"feature": "bfloat16"}}})",
       R"({"/policy/base/use/feature": ["bfloat16", "binary16"], "/policy/rng": ["splitmix64"]})"},
      {R"({"feature": {"noise": {"kind": "additive", "eps": 0.01}}})",
       R"({"/policy/feature/noise/eps": [0.01, 0.1]})"}};
  for (const auto& [policy, sweep] : cases) {
    Json document = base();
    document["problem"]["teacher"] = Json{{"kind", "constant"}};
    document["policy"] = parse_json(policy, "policy");
    document["sweep"] = parse_json(sweep, "sweep");
    const Json result = expect_whole(document);
    EXPECT_NE(result["points"][0]["metrics"], result["points"][1]["metrics"]) << sweep;
  }
}

// What documents without files said before, they say now: the place of every default is kept.
// A policy in full is about the layers of one network, and about one value of what is swept in it.
TEST_F(SelfContained, SweepsThatAPolicyInFullDoesNotFollow) {
  const Json base = Json::parse(R"({"experiment": "training",
      "problem": {"model": {"kind": "mlp", "widths": [4, 6, 1]}, "data": {"validation_samples": 8}},
      "training": {"optimizer": "sgd", "learning_rate": 0.1, "steps": 2, "batch": 2}})");
  for (
      const char* rest : {
          R"({"policy": {"base": {"use": {"weight": "mxfp4"}}},
               "sweep": {"/problem/model/widths": [[4, 8, 1], [4, 8, 8, 1]]}})",
          R"({"policy": "mxfp8", "sweep": {"/problem/model/widths": [[4, 8, 1], [4, 8, 8, 1]]}})",
          R"({"policy": {"extends": "mxfp8"}, "sweep": {"/policy/extends": ["mxfp8", "amp_bf16"]}})",
          R"({"sweep": {"/policy/rng": ["splitmix64", "philox4x32-10"]}, "policy": {"base":
               {"use": {"weight": {"format": "bfloat16", "rounding": "sr"}}}}})",
          R"({"policy": {"base": {"use": {"weight": "bfloat16"}}}, "sweep": {"/policy/rules":
               [[], [{"match": {"layer": "layers.1"}, "use": {"weight": "int8"}}]]}})",
          R"({"policy": {"weight": "bfloat16"}, "sweep": {"/policy/weight": ["bfloat16", "int8"]}})",
          R"({"policy": {"base": {"use": {"elementwise": "bfloat16"}}}, "sweep": {"/problem/model":
               [{"kind": "mlp", "widths": [4, 8, 1]},
                {"kind": "residual_mlp", "width": 4, "depth": 1}]}})"}) {
    Json document = base;
    document.update(Json::parse(rest));
    const Json result = expect_whole(document);
    EXPECT_NE(result["points"][0]["digest"], result["points"][1]["digest"]) << rest;
  }
}

TEST_F(SelfContained, DefaultsAreStillFilledIn) {
  Json document = base();
  document["sweep"] = parse_json(R"({"/policy/feature/noise/eps": [0.01, 0.1],
      "/policy/feature/noise/kind": ["additive"], "/problem/sketch_size": [4, 8]})",
                                 "sweep");
  const Study study = make_study(document, "d.json");
  EXPECT_EQ(study.document["policy"]["feature"]["noise"]["law"], "gaussian");
  EXPECT_EQ(study.document["policy"]["label"], "binary64");
  EXPECT_EQ(study.document["problem"]["teacher"]["value"], 1.0);
  EXPECT_EQ(study.document["training"]["step_size"], 0.1);
  EXPECT_EQ(study.document["sweep"], document["sweep"]);
}

TEST_F(SelfContained, ErrorsNameTheFileAndThePlaceInIt) {
  file("policies/bad.json", R"({"kind": "float", "exponent_bits": 99, "fraction_bits": 2})");
  file("policies/block.json", R"({"kind": "block", "element": "bad.json", "columns": 4})");
  file("policies/circle.json", R"({"format": "circle.json"})");
  file("policies/missing.json", R"({"format": "not there.json"})");
  file("policies/p.json", R"({"feature": {"format": "bad.json"}})");
  const auto swept = [&](const std::string& pointer, const std::string& value) {
    Json document = base();
    document["sweep"] = Json{{pointer, {"none", value}}};
    return error_of([&] { make_study(document, where()); });
  };
  const auto expect = [&](const std::string& message, const std::vector<std::string>& parts) {
    std::size_t at = 0;
    for (const std::string& part : parts) {
      at = message.find(part, at);
      ASSERT_NE(at, std::string::npos) << message << "\n  lacks " << part;
    }
  };
  expect(swept("/policy/feature", "policies/bad.json"),
         {"d.json: /policy/feature: ", "policies/bad.json: /exponent_bits (from the sweep): 99"});
  expect(swept("/policy/feature", "policies/block.json"),
         {"d.json: /policy/feature/element/format: ", "policies/bad.json: /exponent_bits"});
  expect(swept("/policy", "policies/p.json"),
         {"d.json: /policy/feature/format: ", "policies/bad.json: /exponent_bits"});
  expect(swept("/policy/feature", "policies/circle.json"), {"in a circle"});
  expect(swept("/policy/feature", "policies/missing.json"),
         {"/sweep/~1policy~1feature/1/format", "policies/not there.json", "cannot be read"});
  Json document = base();
  document["policy"] = "policies/p.json";
  expect(error_of([&] { make_study(document, where()); }),
         {"d.json: /policy/feature/format: ", "policies/bad.json: /exponent_bits: 99"});
}

}  // namespace
}  // namespace halfulp::experiments

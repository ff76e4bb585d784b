// SPDX-License-Identifier: MIT
//
// Trainings from document to result: samples of a table, workers that send gradients, gradients of
// reduced variance, and what is measured at every place.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "emulator/engine.h"
#include "experiments/runs/run.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

Json result_of(const Json& document, const Engine& engine = emulator::engine()) {
  return run(document, "document", engine, {}).result;
}
Json point_of(const Json& document) { return result_of(document)["points"][0]; }
double metric(const Json& point, const char* name) {
  return point["metrics"][name]["mean"].get<double>();
}

// f(w) = |w1 + w2| / 2 + |w1 - w2| in two samples, from (1, 1) (Karimireddy et al., arXiv
// 1901.09847, section 4): signs alone move along (1, -1) and leave w1 + w2 as it is. The second
// sample is a little off, as the signs of its zero decide nothing.
Json signs(const char* policy) {
  Json document = Json::parse(R"({"experiment": "training", "seed": 1, "repeats": 1,
    "problem": {"model": {"kind": "linear", "inputs": 2, "bias": false, "weights": "constant"},
      "loss": "mean_absolute",
      "data": {"table": {"x": [[1, 1], [2, -2.002]], "target": [[0], [0]]}}},
    "training": {"optimizer": "sgd", "batch": 2, "steps": 2000,
                 "learning_rate": {"kind": "inverse_sqrt", "value": 0.05}}})");
  document["policy"] = Json::parse(policy);
  return document;
}

TEST(Workers, SignsStayWhereFeedbackGoesOn) {
  // Two codes of one magnitude, as both gradients have about the same.
  const char* const sign = R"({"base": {"use": {"comm/send": {"format": {"name": "sign",
      "kind": "codebook", "values": [-0.5, 0.5]}}}}, "optimizer": {"error_feedback": false}})";
  const char* const feedback = R"({"base": {"use": {"comm/send": {"format": {"name": "sign",
      "kind": "codebook", "values": [-0.5, 0.5]}}}}, "optimizer": {"error_feedback": true}})";
  EXPECT_NEAR(metric(point_of(signs(sign)), "training_loss"), 1.0, 0.05);
  EXPECT_LT(metric(point_of(signs(feedback)), "training_loss"), 0.02);
  EXPECT_LT(metric(point_of(signs("{}")), "training_loss"), 0.02);
}

Json regression(const char* training, const char* policy = "{}") {
  Json document = Json::parse(R"({"experiment": "training", "seed": 3, "repeats": 1,
    "problem": {"model": {"kind": "linear", "inputs": 5, "bias": false},
                "data": {"samples": 100, "validation_samples": 64}}})");
  document["training"] = Json::parse(training);
  document["policy"] = Json::parse(policy);
  return document;
}

TEST(Workers, ShareABatchAndAddUp) {
  const char* const alone =
      R"({"optimizer": "sgd", "learning_rate": 0.05, "steps": 40, "batch": 8})";
  const char* const four =
      R"({"optimizer": "sgd", "learning_rate": 0.05, "steps": 40, "batch": 8, "workers": 4})";
  const Json one = point_of(regression(alone));
  EXPECT_NEAR(
      metric(point_of(regression(four)), "validation_loss") / metric(one, "validation_loss"), 1.0,
      1e-9);
  const Json stochastic = Json::parse(
      R"({"base": {"use": {"communication": {"format": "float8_e4m3fn", "rounding": "stochastic"}}}})");
  const std::string text = stochastic.dump();
  EXPECT_EQ(result_of(regression(four, text.c_str()))["points"],
            result_of(regression(four, text.c_str()), reference::engine())["points"]);
  EXPECT_NE(
      error_of([] {
        point_of(regression(
            R"({"optimizer": "sgd", "learning_rate": 1, "steps": 1, "batch": 8, "workers": 3})"));
      }).find("/training/workers"),
      std::string::npos);
}

// Distances from the solution of 100 samples in five dimensions without noise, inner loops of 200.
TEST(VarianceReduction, GoesOnWhereRoundedWeightsStall) {
  const auto loss = [](const char* optimizer, const char* policy) {
    const std::string training = std::string(R"({"learning_rate": 0.01, "steps": 8000,
      "optimizer": )") + optimizer +
                                 "}";
    return metric(point_of(regression(training.c_str(), policy)), "validation_loss");
  };
  const char* const fixed = R"({"base": {"use": {"param": {"format": "q4.3",
      "rounding": "stochastic"}}}, "optimizer": {"weight_update": "in_place"}})";
  const char* const centred = R"({"base": {"use": {"offset": {"format": "int8",
      "rounding": "stochastic"}}}})";
  EXPECT_LT(loss(R"({"kind": "svrg", "inner": 200})", "{}"), 1e-24);
  const double stalled = loss(R"({"kind": "svrg", "inner": 200})", fixed);
  EXPECT_GT(stalled, 1e-3);
  EXPECT_LT(stalled, 1.0);
  EXPECT_LT(loss(R"({"kind": "svrg", "inner": 200, "mu": 0.5})", centred), 1e-20);
}

TEST(VarianceReduction, GradientsWithoutRoundingHaveNoError) {
  Json document = regression(R"({"optimizer": {"kind": "svrg", "inner": 7}, "learning_rate": 0.01,
                                 "steps": 12, "batch": 4})");
  document["measure"] = Json::parse(R"({"gradient_error": 5})");
  EXPECT_EQ(metric(point_of(document), "gradient_zeta"), 0.0);
}

TEST(VarianceReduction, NeedsSamplesToGoThrough) {
  Json document = regression(
      R"({"optimizer": {"kind": "svrg", "inner": 5}, "learning_rate": 0.1, "steps": 5})");
  document["problem"]["data"]["samples"] = 0;
  EXPECT_NE(error_of([&] { result_of(document); }).find("/training/optimizer"), std::string::npos);
}

TEST(Tables, OfFilesAreTheirNumbers) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "halfulp_table";
  fs::create_directories(folder);
  const std::string path = (folder / "two.csv").string();
  std::ofstream(path) << "1, 0, 1\r\n0,2,0\n\n2,2,1\n";
  Json document = Json::parse(R"({"experiment": "training", "seed": 1, "repeats": 1,
    "problem": {"model": {"kind": "linear", "inputs": 2, "outputs": 2}, "loss": "cross_entropy",
      "data": {"table": {"scale": 0.5}, "validation_samples": 1}},
    "training": {"optimizer": "sgd", "learning_rate": 1, "steps": 50, "batch": 2}})");
  Json& table = document["problem"]["data"]["table"];
  table["file"] = path;
  const Json result = result_of(document);
  EXPECT_LT(metric(result["points"][0], "training_loss"), 0.1);
  const Json& full = result["document"]["problem"]["data"]["table"];
  table["hash"] = full["hash"];
  EXPECT_EQ(result_of(document)["points"], result["points"]);
  std::ofstream(path) << "1,0,1\n0,2,0\n2,2,0\n";
  EXPECT_NE(error_of([&] { result_of(document); }).find("/problem/data/table/hash"),
            std::string::npos);
  table.erase("hash");
  for (const char* text : {"1,0\n", "1,0,2\n", "1,0,x\n", "1,,1\n", ""}) {
    std::ofstream(path) << text;
    EXPECT_NE(error_of([&] { result_of(document); }), "") << text;
  }
  fs::remove_all(folder);
}

// The changes of mx-interventions in a smaller network, after two steps in place of 200.
Json interventions(int steps) {
  std::string text =
      read_json_file(HALFULP_SOURCE_DIR "/data/experiments/mx-interventions.json").dump();
  const std::string begin = "\"step\":[200,";
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;)
    text.replace(at, begin.size(), "\"step\":[2,");
  Json document = parse_json(text, "text");
  document.merge_patch(parse_json(R"({"repeats": 1, "problem": {"model": {"width": 32, "depth": 1},
      "data": {"validation_samples": 0, "teacher": {"width": 32, "depth": 1, "hidden": 32}}},
    "training": {"batch": 32}, "measure": {"gradient_error": 1}})",
                                  ""));
  document["training"]["steps"] = steps;
  return result_of(document)["points"];
}

TEST(Interventions, AreOneTrainingUntilTheyBegin) {
  const Json before = interventions(2);
  const Json after = interventions(3);
  ASSERT_EQ(before.size(), 9U);
  std::set<Json> digests;
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_EQ(before[k]["digest"], before[0]["digest"]) << k;
    EXPECT_EQ(before[k]["series"], before[0]["series"]) << k;
    digests.insert(after[k]["digest"]);
  }
  EXPECT_EQ(digests.size(), 6U);
  EXPECT_EQ(after[0]["set"]["/policy"]["name"], "no change");
  EXPECT_EQ(after[1]["set"]["/policy"]["name"], "binary32");
  EXPECT_GT(metric(after[0], "gradient_zeta"), 0.0);
  EXPECT_EQ(metric(after[1], "gradient_zeta"), 0.0);
}

TEST(Places, AreCountedWhereTheyRound) {
  const Json point = point_of(Json::parse(R"({"experiment": "training", "seed": 2, "repeats": 2,
    "problem": {"model": {"kind": "mlp", "widths": [8, 16, 4]}},
    "training": {"optimizer": "sgd", "learning_rate": 1e-9, "steps": 120, "batch": 16},
    "measure": {"places": 60},
    "policy": {"base": {"native": "binary32", "use": {"param": "bfloat16", "comm/send": "int4",
                        "x.fwd": {"noise": {"kind": "additive", "eps": 0.01}}}},
               "optimizer": {"weight_update": "in_place"}}})"));
  const Json& series = point["series"];
  const Json& flushed = series["flushed_share at layers.0.weight/comm/send"];
  EXPECT_EQ(flushed["steps"], Json({0, 60, 119}));
  EXPECT_GT(flushed["mean"][0].get<double>(), 0.9);
  EXPECT_EQ(series["saturated_share"]["mean"][2], 0.0);
  EXPECT_TRUE(series.contains("stalled_share at layers.1.bias/optimizer/param"));
  EXPECT_FALSE(series.contains("flushed_share at layers.0/matmul/x.fwd")) << "noise has no format";
}

// The first step of repeats overflows and is skipped: every series has a number for it all the
// same.
TEST(Places, SkippedStepsMoveNothing) {
  const Json point = point_of(Json::parse(R"({"experiment": "training", "seed": 2, "repeats": 2,
    "problem": {"model": {"kind": "linear", "inputs": 2}},
    "training": {"optimizer": "sgd", "learning_rate": 0.1, "steps": 8, "batch": 4},
    "measure": {"places": 2},
    "policy": {"base": {"native": "binary32", "use": {"loss/g": "binary16", "param": "bfloat16"}},
               "loss_scale": {"kind": "dynamic", "init": 16777216, "factor": 1024}}})"));
  EXPECT_GT(metric(point, "skipped_steps"), 0.0);
  const Json& stalled = point["series"]["stalled_share at layers.0.weight/optimizer/param"];
  EXPECT_EQ(stalled["steps"], Json({0, 2, 4, 6, 7}));
  EXPECT_EQ(stalled["mean"][0], 0.0);
  EXPECT_EQ(stalled["mean"].size(), 5U);
}

TEST(Places, AStallSaysWhereItBegan) {
  Json document = Json::parse(R"({"experiment": "training", "seed": 2, "repeats": 1,
    "problem": {"model": {"kind": "linear", "inputs": 1, "bias": false, "weights": "constant"},
      "data": {"table": {"x": [[1]], "target": [[3]]}}},
    "training": {"optimizer": "sgd", "learning_rate": 0.002, "steps": 300},
    "policy": {"base": {"use": {"param": "bfloat16"}}, "optimizer": {"weight_update": "in_place"}}})");
  // w moves by 0.004 (3 - w), which bfloat16 rounds away once it is less than 2^-8.
  const Json point = point_of(document);
  EXPECT_GT(metric(point, "first_stalled_step"), 0.0);
  EXPECT_LT(metric(point, "first_stalled_step"), 200.0);
  document["policy"] = Json::object();
  EXPECT_TRUE(point_of(document)["metrics"]["first_stalled_step"]["mean"].is_null());
}

// A loss scale that is a power of two goes through bfloat16, whose range is that of binary32, and
// is taken out before the states: no bit of the weights changes, whatever the rounding.
TEST(LossScales, ThatArePowersOfTwoChangeNoBit) {
  Json document = Json::parse(R"({"experiment": "training", "seed": 5, "repeats": 2,
    "problem": {"model": {"kind": "mlp", "widths": [6, 8, 3]}},
    "training": {"optimizer": "adam", "learning_rate": 0.01, "steps": 60, "batch": 8},
    "policy": {"base": {"native": "binary32"}},
    "sweep": {"/training/optimizer": ["sgd", "momentum", "adam", "adafactor"],
      "/policy/base/use": [
        {"weight": "bfloat16", "activation": "bfloat16", "gradient": "bfloat16"},
        {"weight": {"format": "bfloat16", "rounding": "stochastic"},
         "activation": {"format": "bfloat16", "rounding": "stochastic"},
         "gradient": {"format": "bfloat16", "rounding": "stochastic"}}],
      "/policy/loss_scale": [{"kind": "none"}, {"kind": "static", "init": 1024},
        {"kind": "dynamic", "init": 64, "period": 10}, {"kind": "static", "init": 1000}]}})");
  const Json points = result_of(document)["points"];
  ASSERT_EQ(points.size(), 32U);
  for (std::size_t i = 0; i < points.size(); i += 4) {
    EXPECT_EQ(points[i]["digest"], points[i + 1]["digest"]) << points[i]["set"];
    EXPECT_EQ(points[i]["digest"], points[i + 2]["digest"]) << points[i]["set"];
    EXPECT_NE(points[i]["digest"], points[i + 3]["digest"]) << points[i]["set"];
  }
}

}  // namespace
}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The policies of data/policies: each by its name, what it puts at its places, and that networks
// and regressions train under it.
#include "experiments/policy/shipped.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "emulator/engine.h"
#include "experiments/runs/run.h"
#include "experiments/study/sweep.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

Json network_under(const Json& policy) {
  Json document = parse_json(R"({"experiment": "training", "problem": {"model":
      {"kind": "residual_mlp", "width": 8, "hidden": 64, "depth": 2}, "data":
      {"validation_samples": 8}}, "training": {"optimizer": "adam", "learning_rate": 0.001,
      "steps": 3, "batch": 16}})",
                             "");
  // Every sum of its backward pass is whole blocks of 64.
  if (policy == "mxfp4_bwd_sr_rht") {
    document["problem"]["model"]["width"] = 64;
    document["training"]["batch"] = 64;
  }
  document["policy"] = policy;
  return document;
}

Json regression_under(const Json& policy) {
  Json document = parse_json(R"({"experiment": "linear_regression",
      "problem": {"dimension": 8, "spectrum_exponent": 2, "sketch_size": 4, "test_samples": 4},
      "training": {"samples": 3}})",
                             "");
  document["policy"] = policy;
  return document;
}

bool is_of_regression(const std::string& name) {
  return name.starts_with("lr_") || name == "lp_sgd";
}

Json resolved(const std::string& name) {
  const Json document = is_of_regression(name) ? regression_under(name) : network_under(name);
  return make_study(document, "d").points.front().experiment.resolved["policy"];
}

// What stands at a use of a layer's operation: a text, or the name and what is asked for.
Json at(const Json& policy, const std::string& layer, const std::string& op,
        const std::string& use) {
  for (const Json& rule : policy["rules"]) {
    if (rule["match"]["layer"] == layer && rule["match"]["op"][0] == op &&
        rule["use"].contains(use))
      return rule["use"][use];
  }
  return "native";
}

// The names of the formats of a record, one after the other.
std::string names(const Json& record) {
  if (record.is_string()) return record;
  if (record.is_array()) {
    std::string text;
    for (const Json& rule : record) text += (text.empty() ? "" : ", ") + names(rule);
    return text;
  }
  return record.contains("format") ? record["format"]["name"] : record["name"];
}

std::string names_at(const Json& policy, const std::string& layer, const std::string& use) {
  return names(at(policy, layer, "matmul", use));
}

TEST(ShippedPolicies, SayWhatTheyAreFor) {
  EXPECT_GE(shipped_policies().size(), 20U);
  for (const ShippedPolicy& shipped : shipped_policies()) {
    const Json policy = *find_shipped_policy(std::string(shipped.name));
    EXPECT_EQ(policy["schema"], "policy/1") << shipped.name;
    EXPECT_EQ(policy["name"], shipped.name);
    EXPECT_GT(policy.value("why", "").size(), 20U) << shipped.name;
    EXPECT_NE(policy.value("source", ""), "") << shipped.name;
  }
  EXPECT_FALSE(find_shipped_policy("mxfp9").has_value());
}

TEST(ShippedPolicies, StandInTheManual) {
  std::ifstream file(std::string(HALFULP_SOURCE_DIR) + "/docs/policies.md");
  std::stringstream manual;
  manual << file.rdbuf();
  const std::string text = manual.str();
  for (const ShippedPolicy& shipped : shipped_policies())
    EXPECT_NE(text.find("`" + std::string(shipped.name) + "`"), std::string::npos) << shipped.name;
}

TEST(ShippedPolicies, TrainThreeSteps) {
  for (const ShippedPolicy& shipped : shipped_policies()) {
    const std::string name(shipped.name);
    const Json document = is_of_regression(name) ? regression_under(name) : network_under(name);
    const Json result = run(document, "d", emulator::engine(), {}).result;
    const Json& point = result["points"][0];
    ASSERT_FALSE(point.contains("error")) << name << point["error"];
    const char* metric = is_of_regression(name) ? "excess_clean_last" : "validation_loss";
    EXPECT_TRUE(point["metrics"][metric]["mean"].is_number()) << name;
  }
}

TEST(ShippedPolicies, OfTheRegressionStandAtItsPlaces) {
  for (const char* name : {"lr_mult", "lr_add", "lr_int", "lr_fp"}) {
    const Json policy = resolved(name);
    for (const char* place : {"data", "label", "param", "act", "out_grad"})
      EXPECT_NE(policy[place], "binary64") << name << place;
    for (const char* place : {"feature", "sketch", "weight", "avg", "accumulator"})
      EXPECT_EQ(policy[place], "binary64") << name << place;
  }
  EXPECT_EQ(resolved("lr_mult")["act"]["noise"]["kind"], "multiplicative_coord");
  EXPECT_EQ(resolved("lr_add")["act"]["noise"]["eps"], 0.01);
  EXPECT_EQ(resolved("lr_rank1")["feature"]["noise"]["kind"], "multiplicative_rank1");
  EXPECT_EQ(resolved("lr_rank1")["data"], "binary64");
  // Stochastic rounding to steps D has a variance of D^2 / 6 in the mean.
  const double step = resolved("lr_int")["data"]["scaling"]["scale"];
  EXPECT_NEAR(step * step / 6, 0.01, 1e-16);
  EXPECT_EQ(resolved("lr_fp")["data"]["format"]["fraction_bits"], 3);
  EXPECT_EQ(resolved("lp_sgd")["weight"]["rounding"], "stochastic");
}

TEST(ShippedPolicies, OfMixedPrecisionStandAtProducts) {
  for (const auto& [name, format] : std::vector<std::pair<std::string, std::string>>{
           {"amp_bf16", "bfloat16"}, {"fp16_dynamic", "binary16"}}) {
    const Json policy = resolved(name);
    for (const char* use :
         {"x.fwd", "w.fwd", "y.fwd", "g.dgrad", "w.dgrad", "dx", "g.wgrad", "x.wgrad", "dw"})
      EXPECT_EQ(names_at(policy, "blocks.1.w2", use), format) << name << use;
    EXPECT_EQ(at(policy, "blocks.0.norm", "layernorm", "y"), "native") << name;
    EXPECT_EQ(at(policy, "blocks.0.w1.weight", "optimizer", "master"), "native") << name;
    EXPECT_EQ(policy["base"]["native"], "binary32") << name;
  }
  EXPECT_EQ(
      resolved("fp16_dynamic")["loss_scale"].dump(),
      R"({"kind":"dynamic","init":32768.0,"factor":2.0,"period":2000,"min":1.0,"max":16777216.0})");
  EXPECT_EQ(resolved("fp16_dynamic")["base"]["on_nan"], "skip_step");
  for (const auto& [name, update] : std::vector<std::pair<std::string, std::string>>{
           {"kahan_bf16", "kahan"}, {"sr_bf16", "in_place"}}) {
    const Json policy = resolved(name);
    EXPECT_EQ(names(at(policy, "blocks.0.w1.weight", "optimizer", "param")), "bfloat16") << name;
    EXPECT_EQ(policy["optimizer"]["weight_update"], update);
    EXPECT_EQ(names_at(policy, "blocks.0.w1", "x.fwd"), "bfloat16") << name;
  }
  EXPECT_EQ(names(at(resolved("kahan_bf16"), "blocks.0.w1.weight", "optimizer", "comp")),
            "bfloat16");
  EXPECT_EQ(at(resolved("sr_bf16"), "blocks.0.w1.weight", "optimizer", "param")["rounding"],
            "stochastic");
}

TEST(ShippedPolicies, OfBlocksStandAtTheSixOperands) {
  const std::vector<std::string> operands{"x.fwd",   "w.fwd",   "g.dgrad",
                                          "w.dgrad", "g.wgrad", "x.wgrad"};
  for (const char* name : {"mxfp8", "te_mxfp8", "mx_e4m3_full", "mx_ln_mx", "mx_bump"}) {
    const Json policy = resolved(name);
    for (const std::string& use : operands) {
      const std::string format = names_at(policy, "blocks.0.w1", use);
      EXPECT_TRUE(format.ends_with("mxfp8_e4m3")) << name << use << format;
    }
    EXPECT_EQ(names_at(policy, "blocks.0.w1", "y.fwd"), "bfloat16") << name;
    EXPECT_EQ(names_at(policy, "blocks.0.w1", "dx"), "bfloat16") << name;
  }
  const auto rule = [](const char* name) {
    const Json record = at(resolved(name), "blocks.0.w1", "matmul", "w.fwd");
    return (record.is_array() ? record[1] : record)["levels"][0]["rule"];
  };
  EXPECT_EQ(rule("mxfp8"), "floor");
  EXPECT_EQ(rule("te_mxfp8"), "rceil");
  EXPECT_EQ(rule("mx_bump"), "rceil");
  const auto gamma = [](const char* name) {
    return names(at(resolved(name), "blocks.1.norm", "layernorm", "gamma"));
  };
  EXPECT_EQ(gamma("mx_e4m3_full"), "native");
  EXPECT_EQ(gamma("mx_ln_mx"), "bfloat16, mxfp8_e4m3");
  const Json weights = resolved("mx_w_e4m3_a_bf16");
  for (const std::string& use : operands)
    EXPECT_EQ(names_at(weights, "blocks.0.w2", use),
              use.starts_with("w") ? "bfloat16, mxfp8_e4m3" : "bfloat16");
  const Json forward = resolved("mx_fwd_only");
  for (const std::string& use : operands)
    EXPECT_EQ(names_at(forward, "blocks.0.w2", use),
              use.ends_with("fwd") ? "bfloat16, mxfp8_e4m3" : "native");
  EXPECT_EQ(names(at(forward, "blocks.0.norm", "layernorm", "xhat")), "bfloat16");
  EXPECT_EQ(names(at(forward, "blocks.0.norm", "layernorm", "dx")), "native");
}

TEST(ShippedPolicies, OfHybridsTellPassesApart) {
  const Json rowwise = resolved("torchao_rowwise_gw_hp");
  const auto rows = [&](const char* use) {
    const Json record = at(rowwise, "blocks.0.w1", "matmul", use);
    return record.contains("levels") ? record["levels"][0]["rows"] : Json(record["format"]["name"]);
  };
  EXPECT_EQ(rows("x.fwd"), 1);
  EXPECT_EQ(rows("w.fwd"), 1);
  EXPECT_EQ(rows("g.dgrad"), 1);
  EXPECT_EQ(rows("w.dgrad"), 0);
  EXPECT_EQ(rows("x.wgrad"), "bfloat16");
  EXPECT_EQ(rows("g.wgrad"), "bfloat16");
  const Json hybrid = resolved("hfp8");
  EXPECT_EQ(names_at(hybrid, "blocks.0.w2", "w.fwd"), "hfp8_143");
  EXPECT_EQ(names_at(hybrid, "blocks.0.w2", "g.dgrad"), "float8_e5m2");
  for (const char* layer : {"blocks.0.w1", "blocks.1.w2"})
    EXPECT_EQ(names_at(hybrid, layer, "w.fwd"), "dlfloat16");
  const Json four = resolved("fp4_target");
  EXPECT_EQ(at(four, "blocks.0.w1", "matmul", "w.fwd")["levels"][0]["columns"], 128);
  EXPECT_EQ(at(four, "blocks.0.w1", "matmul", "g.wgrad")["element"]["format"]["name"],
            "float8_e5m2");
  EXPECT_EQ(at(four, "blocks.0.w1", "matmul", "dx"), "native");
  EXPECT_EQ(four["phases"][0]["when"].dump(), R"({"fraction":[0.9,1.0]})");
  EXPECT_EQ(names_at(four["phases"][0], "blocks.0.w1", "dx"), "bfloat16");
  const Json sums = at(hybrid, "blocks.0.w2", "matmul", "acc.wgrad");
  EXPECT_EQ(sums["order"], "chunked");
  EXPECT_EQ(sums["chunk"], 64);
}

TEST(ShippedPolicies, OfFourBitsTransformTheirOperands) {
  const auto transform = [](const char* name, const char* use) {
    const Json record = at(resolved(name), "blocks.0.w1", "matmul", use);
    return record.contains("transform") ? record["transform"].dump() : std::string("none");
  };
  for (const char* use : {"g.wgrad", "x.wgrad"})
    EXPECT_EQ(transform("te_nvfp4", use), R"({"hadamard":16,"random_signs":true})");
  EXPECT_EQ(transform("te_nvfp4", "g.dgrad"), "none");
  const Json nvfp4 = resolved("te_nvfp4");
  EXPECT_EQ(at(nvfp4, "blocks.0.w1", "matmul", "g.dgrad")["element"]["rounding"], "stochastic");
  EXPECT_EQ(at(nvfp4, "blocks.0.w1", "matmul", "w.fwd")["levels"][1]["rows"], 16);
  EXPECT_EQ(names_at(nvfp4, "blocks.1.w2", "x.wgrad"), "bfloat16");
  for (const char* use : {"g.dgrad", "w.dgrad", "g.wgrad", "x.wgrad"})
    EXPECT_EQ(transform("mxfp4_bwd_sr_rht", use),
              R"({"hadamard":64,"random_signs":true,"pre_factor":0.75})");
  EXPECT_EQ(names_at(resolved("mxfp4_bwd_sr_rht"), "blocks.0.w1", "x.fwd"), "bfloat16");
  EXPECT_EQ(transform("fp4_dge_occ", "x.fwd"),
            R"({"clamp_quantile":0.99,"residual":"high_precision"})");
  const Json weight = at(resolved("fp4_dge_occ"), "blocks.0.w1", "matmul", "w.fwd");
  EXPECT_EQ(weight["gradient"], "dge");
  EXPECT_EQ(weight["element"]["rounding"], "nearest-up");
  EXPECT_EQ(weight["levels"][0]["rows"], 1);
  EXPECT_EQ(transform("te_hybrid_delayed", "g.dgrad"),
            R"({"normalize":"delayed","history":1024,"margin":0,"amax":"max"})");
}

// Seven decades, each split in twice as many cells as the one below; the numbers are the cells'
// middles, with 0 and 1 (bitsandbytes, create_dynamic_map).
std::vector<double> dynamic_map(bool is_signed) {
  std::vector<double> values{0.0, 1.0};
  for (int i = 0; i < 7; ++i) {
    const int cells = (is_signed ? 1 : 2) << i;
    for (int k = 0; k < cells; ++k) {
      const double middle = 0.1 + 0.9 * (k + 0.5) / cells;
      values.push_back(middle * std::pow(10.0, i - 6));
      if (is_signed) values.push_back(-values.back());
    }
  }
  std::sort(values.begin(), values.end());
  return values;
}

TEST(ShippedPolicies, OfEightBitsHaveTheDynamicMaps) {
  const Json policy = resolved("adam8bit");
  EXPECT_EQ(policy["optimizer"]["order"], "use_then_store");
  for (const char* use : {"m", "v"}) {
    const Json record = at(policy, "blocks.0.w1.weight", "optimizer", use);
    EXPECT_EQ(record["levels"][0]["columns"], 256);
    EXPECT_EQ(record["levels"][0]["rule"], "largest");
    auto values = record["element"]["format"]["values"].get<std::vector<double>>();
    std::sort(values.begin(), values.end());
    const std::vector<double> wanted = dynamic_map(use == std::string("m"));
    ASSERT_EQ(values.size(), 256U);
    ASSERT_EQ(wanted.size(), 256U);
    // Binary32, in which bitsandbytes keeps them.
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], wanted[i], 4e-7 * std::abs(wanted[i])) << use << i;
  }
}

TEST(PolicyNames, StandInDocumentsSweepsAndExtends) {
  const Json by_name = resolved("mxfp8");
  const Json given = *find_shipped_policy("mxfp8");
  EXPECT_EQ(make_study(network_under(given), "d").points.front().experiment.resolved["policy"],
            by_name);
  Json swept = network_under("mxfp8");
  swept["sweep"] = {{"/policy", {"amp_bf16", "mxfp8"}}};
  const Study study = make_study(swept, "d");
  EXPECT_EQ(study.points[1].experiment.resolved["policy"], by_name);
  EXPECT_EQ(study.points[1].set["/policy"], given);
  const Json extended = network_under(Json{{"extends", "mxfp8"}, {"name", "mxfp8"}});
  EXPECT_EQ(make_study(extended, "d").points.front().experiment.resolved["policy"], by_name);
  // What the result repeats needs no names.
  EXPECT_EQ(make_study(study.document, "e").document, study.document);
}

TEST(PolicyNames, AreExplainedWhereTheyAreWrong) {
  const auto error = [](const Json& policy) {
    return error_of([&] { make_study(network_under(policy), "d.json"); });
  };
  EXPECT_EQ(error("mxfp"), "d.json: /policy: \"mxfp\" is no policy; did you mean \"mxfp8\"?");
  EXPECT_NE(error("quite_another").find("or a name: adam8bit, amp_bf16"), std::string::npos);
  EXPECT_EQ(error(Json{{"extends", "amp_fp16"}}),
            "d.json: /policy/extends: \"amp_fp16\" is no policy; did you mean \"amp_bf16\"?");
  // A policy that does not go with the network says which one it is.
  Json document = network_under("mx_ln_mx");
  document["problem"]["model"]["layer_norm"] = false;
  const std::string unfit = error_of([&] { make_study(document, "d.json"); });
  EXPECT_NE(unfit.find("/policy: mx_ln_mx: /base/use/layernorm~1gamma"), std::string::npos)
      << unfit;
}

}  // namespace
}  // namespace halfulp::experiments

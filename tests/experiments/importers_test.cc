// SPDX-License-Identifier: MIT
//
// Policies of other tools, read: what each says stands at its places, what it leaves out follows,
// and what cannot be said is refused by name. Every document that comes out resolves for a network.
#include "experiments/policy/importers/importers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/policy/shipped.h"
#include "tests/experiments/layered_network.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

// The `base/use` of what an importer makes, which resolves.
Json uses(const char* tool, const std::string& text) {
  const Json policy = find_importer(tool).import(text);
  EXPECT_EQ(policy["schema"], "policy/1");
  EXPECT_EQ(error_of([&] { parse_layered_policy(policy, "", network()); }), "no error")
      << policy.dump(1);
  return policy["base"]["use"];
}

std::string refusal(const char* tool, const std::string& text) {
  return error_of([&] { find_importer(tool).import(text); });
}

// The record of a use of the first product.
PlaceRecord record(const Json& policy, const std::string& use) {
  const LayeredPolicy layered = parse_layered_policy(policy, "", network());
  for (std::size_t i = 0; i < layered.places->size(); ++i) {
    const NamedPlace& place = (*layered.places)[i];
    if (place.op == "matmul" && place.use == use) return layered.base[i];
  }
  ADD_FAILURE() << use;
  return {};
}

TEST(Importers, AreFoundByName) {
  EXPECT_EQ(importers().size(), 3U);
  EXPECT_EQ(find_importer("jmp").tool, "jmp");
  EXPECT_EQ(error_of([] { find_importer("mxspecs"); }),
            "no policies of \"mxspecs\" can be read; did you mean \"mx_specs\"?");
}

TEST(Jmp, HasThreeTypes) {
  const Json mixed = uses("jmp", "params=f32,compute=bf16,output=f32");
  EXPECT_EQ(
      mixed.dump(),
      R"({"weight":"bfloat16","activation":"bfloat16","gradient":"bfloat16","weight_gradient":"bfloat16","elementwise":"bfloat16"})");
  EXPECT_EQ(uses("jmp", "p=f32,c=bf16,o=f32"), mixed);
  EXPECT_EQ(uses("jmp", "c=bfloat16,o=full"), mixed);
  EXPECT_EQ(uses("jmp", "f32").dump(), "{}");
  EXPECT_EQ(import_jmp("f64")["base"]["native"], "binary64");
  // The output is as what computes, and that as the parameters, where nothing else is said.
  EXPECT_EQ(uses("jmp", "c=f16")["loss/y"], "binary16");
  const Json pure = import_jmp("params=bf16");
  EXPECT_EQ(pure["base"]["use"]["param"], "bfloat16");
  EXPECT_EQ(pure["base"]["use"]["weight"], "bfloat16");
  EXPECT_EQ(pure["base"]["use"]["loss/y"], "bfloat16");
  EXPECT_EQ(pure["optimizer"]["weight_update"], "in_place");
  EXPECT_FALSE(import_jmp("c=bf16").contains("optimizer"));
  EXPECT_EQ(uses("jmp", "p=f32,c=f64,o=f64")["param"], "binary32");
}

TEST(Jmp, IsRefusedByName) {
  EXPECT_EQ(refusal("jmp", "params=f8"), "\"f8\" is no type of jmp; write f16, bf16, f32 or f64");
  EXPECT_NE(refusal("jmp", "half").find("some machines"), std::string::npos);
  EXPECT_NE(refusal("jmp", "x=f32").find("\"x\" is none of params, compute and output"),
            std::string::npos);
  EXPECT_NE(refusal("jmp", "p=f32,params=f32").find("stands twice"), std::string::npos);
  EXPECT_NE(refusal("jmp", "p=f32,bf16").find("\"bf16\" has no \"=\""), std::string::npos);
  EXPECT_NE(refusal("jmp", "").find("is no type"), std::string::npos);
  EXPECT_NE(refusal("jmp", "p=f32,").find("has no"), std::string::npos);
}

const char* const usual_specs = R"({"w_elem_format": "fp8_e4m3", "a_elem_format": "fp8_e5m2",
    "scale_bits": 8, "block_size": 32, "bfloat": 16, "custom_cuda": true})";

TEST(MxSpecs, OfOnePassGoForTheOther) {
  const Json use = uses("mx_specs", usual_specs);
  const auto blocks = [&](const char* name) { return use[name][1]["format"]; };
  for (const char* name : {"w.fwd", "w.dgrad"}) EXPECT_EQ(blocks(name), "mxfp8_e4m3") << name;
  for (const char* name : {"x.fwd", "x.wgrad", "g.wgrad", "g.dgrad"})
    EXPECT_EQ(blocks(name), "mxfp8_e5m2") << name;
  const Json vector{{"format", "bfloat16"}, {"rounding", "nearest-away"}};
  EXPECT_EQ(use["x.fwd"][0], vector);
  EXPECT_EQ(use["x.fwd"][1]["rounding"], "nearest-away");
  for (const char* name : {"y.fwd", "matmul/dx", "dw", "elementwise"}) EXPECT_EQ(use[name], vector);
  EXPECT_FALSE(import_mx_specs(usual_specs).contains("rules"));
}

TEST(MxSpecs, SayEachOperand) {
  const Json use = uses("mx_specs", R"({"w_elem_format": "fp6_e3m2", "w_elem_format_bp": "fp6_e2m3",
      "a_elem_format": "fp4_e2m1", "a_elem_format_bp": "fp4", "a_elem_format_bp_ex": "fp8_e4m3",
      "a_elem_format_bp_os": null, "scale_bits": 8, "block_size": 32, "round": "even",
      "round_grad_input": "floor", "round_mx_weight_grad_input": "dither"})");
  const auto format = [&](const char* name) {
    return use[name]["format"].get<std::string>() + " " + use[name]["rounding"].get<std::string>();
  };
  EXPECT_EQ(format("w.fwd"), "mxfp6_e3m2 nearest-even");
  EXPECT_EQ(format("x.fwd"), "mxfp4 nearest-even");
  EXPECT_EQ(format("w.dgrad"), "mxfp6_e2m3 stochastic");
  EXPECT_EQ(format("x.wgrad"), "mxfp4 toward-zero");
  EXPECT_EQ(format("g.wgrad"), "mxfp8_e4m3 toward-zero");
  EXPECT_EQ(format("g.dgrad"), "mxfp4 toward-zero");
  EXPECT_FALSE(use.contains("elementwise"));
}

TEST(MxSpecs, MayQuantizeOnePassOnly) {
  Json specs = parse_json(usual_specs, "");
  specs["quantize_backprop"] = false;
  const Json policy = import_mx_specs(specs.dump());
  for (const char* name : {"w.dgrad", "g.dgrad", "x.wgrad", "g.wgrad", "dw", "matmul/dx"})
    EXPECT_FALSE(policy["base"]["use"].contains(name)) << name;
  EXPECT_TRUE(policy["base"]["use"].contains("x.fwd"));
  EXPECT_EQ(policy["rules"][0]["match"]["pass"], "fwd");
  uses("mx_specs", specs.dump());
}

TEST(MxSpecs, HaveBlocksOfAnySize) {
  const std::string of_32 = R"({"w_elem_format": "fp8_e4m3", "scale_bits": 8, "block_size": 32})";
  const Json usual = import_mx_specs(of_32);
  Json by_hand = usual;
  by_hand["base"]["use"]["w.fwd"] = parse_json(R"({"kind": "block", "name": "mxfp8_e4m3",
      "element": {"format": "float8_e4m3fn", "rounding": "nearest-away"}, "columns": 32,
      "scale": "float8_e8m0fnu", "rule": "floor", "preset": "microxcaling"})",
                                               "");
  EXPECT_EQ(record(usual, "w.fwd"), record(by_hand, "w.fwd"));
  const auto block = [](const std::string& specs) {
    const PlaceRecord found = record(import_mx_specs(specs), "w.fwd");
    return *blocks_of(found.rules.at(0));
  };
  EXPECT_EQ(block(R"({"w_elem_format": "int8", "scale_bits": 8, "block_size": 16})")
                .format.levels[0]
                .columns,
            16);
  EXPECT_EQ(block(R"({"w_elem_format": "fp8_e4m3"})").format.levels[0].columns, 0);
  // E8M0 made by hand is E8M0.
  const auto scale = [&](int bits) {
    return block(R"({"w_elem_format": "int8", "block_size": 16, "scale_bits": )" +
                 std::to_string(bits) + "}")
        .format.levels[0]
        .scale.format.kind;
  };
  const auto named = std::get<Float>(scale(8));
  Float wider = std::get<Float>(scale(9));
  EXPECT_EQ(wider.bias, 255);
  wider.exponent_bits = named.exponent_bits;
  wider.bias = named.bias;
  EXPECT_EQ(Kind(wider), Kind(named));
  EXPECT_EQ(std::get<Float>(scale(0)).exponent_bits, 11);
  EXPECT_EQ(uses("mx_specs", R"({"bfloat": 12})")["y.fwd"]["format"], "e8m3");
  EXPECT_EQ(uses("mx_specs", R"({"fp": 16, "round": "even"})")["y.fwd"]["format"], "binary16");
  EXPECT_EQ(uses("mx_specs", "{}").dump(), "{}");
  EXPECT_EQ(uses("mx_specs", R"({"w_elem_format": "fp8_e4m3", "block_size": 32, "scale_bits": 8,
      "bump_up_overflow_exponent": true})")["w.fwd"]["rule"],
            "rceil");
}

TEST(MxSpecs, AreRefusedByName) {
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {R"({"w_elem_fromat": "int8"})", "/w_elem_fromat: unknown key"},
           {R"({"w_elem_format": "fp8_e4m4"})", "/w_elem_format: unknown element format"},
           {R"({"w_elem_format": 8})", "/w_elem_format: "},
           {R"({"round": "nearst"})", "unknown rounding \"nearst\""},
           {R"({"bfloat": 16, "fp": 16})", "/fp: \"bfloat\" and \"fp\" both stand here"},
           {R"({"bfloat": 9})", "/bfloat: 9 bits leave none for a fraction"},
           {R"({"shared_exp_method": "none"})",
            "/shared_exp_method: scales by the method \"none\""},
           {R"({"bfloat_subnorms": false})", "/bfloat_subnorms: "},
           {R"({"vec_use_exp2": true})", "/vec_use_exp2: a policy has nothing"},
           {R"({"scale_bits": 1})", "/scale_bits: "},
           {R"({"block_size": -1})", "/block_size: "},
           {"[]", "object"}})
    EXPECT_NE(refusal("mx_specs", text).find(said), std::string::npos)
        << text << " " << refusal("mx_specs", text);
}

TEST(Torchao, CastsEachOperand) {
  const Json use = uses("torchao", R"({"cast_config_input": {"scaling_granularity": "axiswise"},
      "cast_config_grad_output": {"target_dtype": "torch.float8_e5m2"},
      "cast_config_weight_for_grad_input": {"scaling_granularity": "axiswise"},
      "gemm_config_output": {"use_fast_accum": true}, "pad_inner_dim": true})");
  const auto words = [&](const char* name) {
    const Json& quantizer = use[name];
    return quantizer["format"].get<std::string>() + " " + quantizer["scaling"]["rows"].dump();
  };
  EXPECT_EQ(words("x.fwd"), "float8_e4m3fn 1");
  EXPECT_EQ(words("x.wgrad"), "float8_e4m3fn 1");
  EXPECT_EQ(words("w.fwd"), "float8_e4m3fn 0");
  EXPECT_EQ(words("w.dgrad"), "float8_e4m3fn 1");
  EXPECT_EQ(words("g.dgrad"), "float8_e5m2 0");
  EXPECT_EQ(words("g.wgrad"), "float8_e5m2 0");
  EXPECT_EQ(use["x.fwd"]["scaling"]["rule"], "ratio");
}

TEST(Torchao, HasRecipes) {
  const Json tensorwise = uses("torchao", "tensorwise");
  EXPECT_EQ(tensorwise, uses("torchao", "{}"));
  EXPECT_EQ(tensorwise["g.wgrad"]["format"], "float8_e5m2");
  const Json rowwise = uses("torchao", "rowwise");
  EXPECT_EQ(rowwise["g.wgrad"]["format"], "float8_e4m3fn");
  EXPECT_EQ(rowwise["g.wgrad"]["scaling"]["rule"], "rceil");
  const Json precise = uses("torchao", "rowwise_with_gw_hp");
  EXPECT_EQ(precise["x.fwd"], rowwise["x.fwd"]);
  EXPECT_EQ(precise["w.dgrad"]["scaling"]["rows"], 0);
  EXPECT_EQ(precise["x.wgrad"], "native");
  EXPECT_EQ(precise["g.wgrad"], "native");
}

// What ships under a recipe's name is what the importer makes of the recipe.
TEST(Importers, AgreeWithShippedPolicies) {
  const Json rowwise = *find_shipped_policy("torchao_rowwise_gw_hp");
  for (const char* use : {"x.fwd", "w.fwd", "g.dgrad", "w.dgrad"})
    EXPECT_EQ(record(import_torchao("rowwise_with_gw_hp"), use), record(rowwise, use)) << use;
  const Json mixed = *find_shipped_policy("amp_bf16");
  for (const char* use : {"x.fwd", "w.fwd", "y.fwd", "g.dgrad", "w.dgrad", "dx", "g.wgrad",
                          "x.wgrad", "dw", "acc.fwd"})
    EXPECT_EQ(record(import_jmp("params=f32,compute=bf16,output=f32"), use), record(mixed, use))
        << use;
}

TEST(Torchao, IsRefusedByName) {
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"rowise", "\"rowise\" is no recipe of torchao"},
           {R"({"cast_config_inputs": {}})", "/cast_config_inputs: unknown key"},
           {R"({"cast_config_input": {"scaling_type": "delayed"}})",
            "/cast_config_input/scaling_type"},
           {R"({"cast_config_input": {"scaling_granularity": "block"}})",
            "/cast_config_input/scaling_granularity"},
           {R"({"cast_config_weight": {"target_dtype": "int8"}})",
            "/cast_config_weight/target_dtype"},
           {R"({"cast_config_weight": {"static_scale": 2}})", "/cast_config_weight/static_scale"},
           {R"({"cast_config_weight": {"scaling_type": "disabled"}})", "product for \"output\""},
           {R"({"cast_config_input_for_grad_weight": {"scaling_type": "disabled"}})",
            "product for \"grad_weight\""},
           {R"({"cast_config_weight_for_grad_input": {"target_dtype": "float8_e5m2"}})",
            "\"weight\" is cast to float8_e4m3fn in one product and to float8_e5m2"},
           {R"({"gemm_config_output": {"fast": true}})", "/gemm_config_output/fast"}})
    EXPECT_NE(refusal("torchao", text).find(said), std::string::npos)
        << text << " " << refusal("torchao", text);
}

}  // namespace
}  // namespace halfulp::experiments

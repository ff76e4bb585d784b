// SPDX-License-Identifier: MIT
//
// What documents of layered policies resolve to. Expected records are written by hand, place by
// place, or read by parse_rule(), which has tests of its own.
#include "experiments/policy/layered_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "emulator/engine.h"
#include "experiments/networks/arithmetic.h"
#include "experiments/policy/match.h"
#include "tests/experiments/layered_network.h"

namespace halfulp::experiments {
namespace {

std::size_t number_of(const Place& place) {
  const auto found = std::find_if(network()->begin(), network()->end(),
                                  [&](const NamedPlace& known) { return known.place() == place; });
  EXPECT_NE(found, network()->end()) << place.layer << " " << place.op << " " << place.use;
  return static_cast<std::size_t>(found - network()->begin());
}

const PlaceRecord& at(const LayeredPolicy& policy, const Place& place) {
  return policy.base[number_of(place)];
}

Rule rule(const char* text, PlaceKind kind = PlaceKind::tensor) {
  return parse_rule(parse_json(text, "text"), "", kind);
}

PlaceRecord one(const char* text, PlaceKind kind = PlaceKind::tensor) {
  return {.rules = {rule(text, kind)}, .reuse = {}, .gradient = {}};
}

// "layer op/use" of every place that is not native, of the base or of records.
std::set<std::string> rounded(const Records& records) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < records.size(); ++i)
    if (!records[i].is_native())
      names.insert((*network())[i].layer + " " + (*network())[i].op + "/" + (*network())[i].use);
  return names;
}
std::set<std::string> rounded(const std::string& text) { return rounded(parse(text).base); }

using Names = std::set<std::string>;

TEST(Glob, StarIsAnyRun) {
  EXPECT_TRUE(fits_glob("blocks.*.w1", "blocks.10.w1"));
  EXPECT_TRUE(fits_glob("blocks.*.w1", "blocks.0.ffn.w1"));
  EXPECT_TRUE(fits_glob("*", ""));
  EXPECT_TRUE(fits_glob("", ""));
  EXPECT_TRUE(fits_glob("*.w*", "a.w.x.w1"));
  EXPECT_TRUE(fits_glob("a*b*c", "abbbcbc"));
  EXPECT_TRUE(fits_glob("head**", "head"));
  EXPECT_FALSE(fits_glob("", "head"));
  EXPECT_FALSE(fits_glob("blocks.*.w1", "blocks.0.w11"));
  EXPECT_FALSE(fits_glob("w1", "blocks.0.w1"));
  EXPECT_FALSE(fits_glob("a*b*c", "abbbcb"));
  EXPECT_FALSE(fits_glob("head?", "heads"));
}

TEST(LayeredPolicy, WithoutRulesIsNative) {
  const LayeredPolicy policy = parse("{}");
  EXPECT_EQ(policy.base, Records(network()->size()));
  EXPECT_EQ(policy.native, Carrier::binary64);
  EXPECT_EQ(policy.loss_scale, LossScale());
  EXPECT_EQ(policy.phases_at(0, 10), 0U);
}

TEST(LayeredPolicy, LaterRulesWin) {
  const LayeredPolicy policy = parse(R"({
    "rules": [{"match": {"layer": "blocks.*"}, "use": {"w.fwd": "float8_e4m3fn"}, "why": "most"},
              {"match": {"layer": "blocks.1.*"}, "use": {"w.fwd": "binary16"}},
              {"match": {"layer": ["blocks.1.w2", "head"]}, "use": {"w.fwd": "native"}}],
    "base": {"use": {"w.fwd": "bfloat16"}}})");
  EXPECT_EQ(at(policy, {"blocks.0.w1", "matmul", "w.fwd"}), one(R"("float8_e4m3fn")"));
  EXPECT_EQ(at(policy, {"blocks.1.w1", "matmul", "w.fwd"}), one(R"("binary16")"));
  EXPECT_EQ(at(policy, {"blocks.1.w2", "matmul", "w.fwd"}), PlaceRecord());
  EXPECT_EQ(at(policy, {"head", "matmul", "w.fwd"}), PlaceRecord());
  EXPECT_EQ(rounded(policy.base), (Names{"blocks.0.w1 matmul/w.fwd", "blocks.0.w2 matmul/w.fwd",
                                         "blocks.1.w1 matmul/w.fwd"}));
}

TEST(LayeredPolicy, ConditionsOfAMatchAreAllMet) {
  EXPECT_EQ(rounded(R"({"rules": [{"match": {"layer": "blocks.0*", "pass": "fwd",
      "op": ["matmul", "layernorm"]}, "use": {"weight": "bfloat16", "gamma": "bfloat16"}}]})"),
            (Names{"blocks.0.w1 matmul/w.fwd", "blocks.0.w2 matmul/w.fwd",
                   "blocks.0.norm layernorm/gamma"}));
  EXPECT_EQ(rounded(R"({"rules": [{"match": {"layer": "head", "pass": ["dgrad", "wgrad"]},
      "use": {"weight": "bfloat16", "activation": "bfloat16", "gradient": "bfloat16",
              "weight_gradient": "bfloat16", "db": "bfloat16"}}]})"),
            (Names{"head matmul/w.dgrad", "head matmul/x.wgrad", "head matmul/g.dgrad",
                   "head matmul/g.wgrad", "head matmul/dx", "head matmul/dw", "head bias_add/db"}));
}

TEST(LayeredPolicy, EndsCountLayersWithProducts) {
  const auto layers = [](const std::string& ends) {
    std::string text;
    for (const std::string& name :
         rounded(R"({"rules": [{"match": {)" + ends + R"(}, "use": {"w.fwd": "bfloat16"}}]})"))
      text += name.substr(0, name.find(' ')) + " ";
    return text;
  };
  EXPECT_EQ(layers(R"("first_layers": 2)"), "blocks.0.w1 blocks.0.w2 ");
  EXPECT_EQ(layers(R"("last_layers": 1)"), "head ");
  EXPECT_EQ(layers(R"("first_layers": 1, "last_layers": 1)"), "blocks.0.w1 head ");
  EXPECT_EQ(layers(R"("last_fraction": 0.4)"), "blocks.1.w2 head ");
  EXPECT_EQ(layers(R"("last_fraction": 0.41)"), "blocks.1.w1 blocks.1.w2 head ");
  EXPECT_EQ(layers(R"("last_fraction": 1)"),
            "blocks.0.w1 blocks.0.w2 blocks.1.w1 blocks.1.w2 head ");
  EXPECT_EQ(layers(R"("last_layers": 0)"), "");
  EXPECT_EQ(rounded(R"({"rules": [{"match": {"first_layers": 0}, "use": {"accumulator":
                        {"format": "binary32", "order": "pairwise"}}}]})"),
            Names());
  EXPECT_EQ(layers(R"("last_layers": 3, "layer": "blocks*")"), "blocks.1.w1 blocks.1.w2 ");
}

TEST(LayeredPolicy, ShorthandsStandForUses) {
  const auto uses = [](const std::string& key) {
    std::string text;
    for (const std::string& name : rounded(R"({")" + key + R"(": "bfloat16"})"))
      if (name.starts_with("head ") || name.starts_with("blocks.0.w1.weight "))
        text += name.substr(name.find(' ') + 1) + " ";
    return text;
  };
  EXPECT_EQ(uses("weight"), "matmul/w.dgrad matmul/w.fwd ");
  EXPECT_EQ(uses("activation"), "matmul/x.fwd matmul/x.wgrad matmul/y.fwd ");
  EXPECT_EQ(uses("gradient"), "matmul/dx matmul/g.dgrad matmul/g.wgrad ");
  EXPECT_EQ(uses("weight_gradient"), "matmul/dw ");
  EXPECT_EQ(uses("accumulator"), "matmul/acc.dgrad matmul/acc.fwd matmul/acc.wgrad ");
  EXPECT_EQ(uses("master_weight"), "optimizer/master ");
  EXPECT_EQ(uses("optimizer_state"), "optimizer/column optimizer/m optimizer/row optimizer/v ");
  EXPECT_EQ(uses("matmul/dx"), "matmul/dx ");
  Names expected;
  for (const std::string block : {"blocks.0", "blocks.1"}) {
    for (const char* use :
         {"x", "mean", "centred", "var", "rstd", "xhat", "scaled", "y", "g", "dx"})
      expected.insert(block + ".norm layernorm/" + use);
    for (const char* use : {"x", "y", "g", "dx"}) expected.insert(block + ".act activation/" + use);
    for (const char* use : {"a", "b", "y", "g", "dx"})
      expected.insert(block + " residual_add/" + use);
    expected.insert(block + ".w1 bias_add/y");
  }
  expected.insert("head bias_add/y");
  EXPECT_EQ(rounded(R"({"elementwise": "bfloat16"})"), expected);
  // A use of several operations, and what only other networks have.
  EXPECT_EQ(rounded(R"({"rules": [{"match": {"layer": ""}, "use": {"g": "bfloat16"}}]})"),
            Names{" loss/g"});
  const auto bare = std::make_shared<const Places>(Places{{"w", "a", "matmul", "w.fwd"}});
  EXPECT_TRUE(parse(R"({"weight": "bfloat16", "elementwise": "bfloat16"})", bare).base[0] ==
              one(R"("bfloat16")"));
}

TEST(LayeredPolicy, TheClosestKeyOfAnObjectWins) {
  const LayeredPolicy policy = parse(R"({"rules": [{"use":
      {"layernorm/y": "binary16", "y": "bfloat16", "elementwise": "float8_e5m2"}}]})");
  EXPECT_EQ(at(policy, {"blocks.0.norm", "layernorm", "y"}), one(R"("binary16")"));
  EXPECT_EQ(at(policy, {"blocks.0.act", "activation", "y"}), one(R"("bfloat16")"));
  EXPECT_EQ(at(policy, {"blocks.0.act", "activation", "x"}), one(R"("float8_e5m2")"));
  EXPECT_EQ(policy, parse(R"({"elementwise": "float8_e5m2", "y": "bfloat16",
                              "layernorm/y": "binary16"})"));
}

TEST(LayeredPolicy, RulesOneAfterAnother) {
  const LayeredPolicy policy =
      parse(R"({"x.fwd": ["bfloat16", "native", "mxfp8_e4m3"], "w.fwd": ["bfloat16"]})");
  EXPECT_EQ(at(policy, {"head", "matmul", "x.fwd"}).rules,
            (std::vector<Rule>{rule(R"("bfloat16")"), rule(R"("mxfp8_e4m3")")}));
  EXPECT_EQ(at(policy, {"head", "matmul", "w.fwd"}), one(R"("bfloat16")"));
}

TEST(LayeredPolicy, ReuseAndGradient) {
  const LayeredPolicy policy = parse(R"({
    "weight": {"format": "float4_e2m1fn", "reuse": "transpose_of_forward", "gradient": "dge",
               "dge": {"k": 4}},
    "activation": {"format": "float8_e4m3fn", "gradient": "clipped_ste", "reuse": "requantize"},
    "g.dgrad": {"format": "float8_e5m2", "reuse": "high_precision"}})");
  PlaceRecord weight = one(R"("float4_e2m1fn")");
  weight.gradient = {.kind = RoundingGradient::Kind::dge, .k = 4.0, .cap = 3.0};
  EXPECT_EQ(at(policy, {"head", "matmul", "w.fwd"}), weight);
  EXPECT_EQ(at(policy, {"head", "matmul", "w.dgrad"}),
            (PlaceRecord{.rules = {}, .reuse = Reuse::forward_copy, .gradient = {}}));
  PlaceRecord activation = one(R"("float8_e4m3fn")");
  EXPECT_EQ(at(policy, {"head", "matmul", "x.wgrad"}), activation);
  activation.gradient.kind = RoundingGradient::Kind::clipped;
  EXPECT_EQ(at(policy, {"head", "matmul", "x.fwd"}), activation);
  EXPECT_EQ(at(policy, {"head", "matmul", "g.dgrad"}), PlaceRecord());
  EXPECT_EQ(parse(R"({"w.dgrad": {"reuse": "forward_copy"}})"),
            parse(R"({"w.dgrad": {"format": "bfloat16", "reuse": "forward_copy"}})"));
  EXPECT_EQ(parse(R"({"x.fwd": {"noise": {"kind": "additive", "eps": 1}, "gradient": "zero"}})")
                .base[number_of({"head", "matmul", "x.fwd"})]
                .gradient.kind,
            RoundingGradient::Kind::zero);
}

TEST(Phases, LastFromTheirFirstStepToBeforeTheirLast) {
  const Period steps{.first = 3, .last = 5};
  EXPECT_FALSE(steps.holds({.step = 2, .steps = 10}));
  EXPECT_TRUE(steps.holds({.step = 3, .steps = 10}));
  EXPECT_TRUE(steps.holds({.step = 4, .steps = 10}));
  EXPECT_FALSE(steps.holds({.step = 5, .steps = 10}));
  // 0.07 * 100 is more than 7 in binary64.
  for (const std::uint64_t percent : {7, 14, 28, 29, 55, 56, 57, 58}) {
    const double share = static_cast<double>(percent) / 100;
    const Period later{.kind = Period::Kind::shares, .first = share, .last = 1.0};
    const Period earlier{.kind = Period::Kind::shares, .first = 0.0, .last = share};
    EXPECT_FALSE(later.holds({.step = percent - 1, .steps = 100}));
    EXPECT_TRUE(later.holds({.step = percent, .steps = 100}));
    EXPECT_TRUE(earlier.holds({.step = percent - 1, .steps = 100}));
    EXPECT_FALSE(earlier.holds({.step = percent, .steps = 100}));
    EXPECT_TRUE(later.holds({.step = 99, .steps = 100}));
    EXPECT_TRUE(later.holds({.step = 100, .steps = 100}));
  }
}

TEST(Phases, AreLaidOverTheRulesInOrder) {
  const LayeredPolicy policy = parse(R"({
    "base": {"use": {"weight": "float8_e4m3fn"}},
    "phases": [
      {"when": {"step": [0, 10]}, "match": {"layer": "head"}, "use": {"w.fwd": "native"}},
      {"when": {"fraction": [0.05, 0.5]}, "use": {"w.fwd": "bfloat16"}, "why": "warm"},
      {"when": {"fraction": [0.05, 0.5]}, "rules": [
        {"match": {"layer": "blocks.0.w1"}, "use": {"w.fwd": "binary16"}},
        {"match": {"layer": "blocks.0.w2"}, "use": {"w.fwd": "native"}}]}]})");
  const auto seen = [&](std::uint64_t step, const char* layer) {
    const Records records = policy.records_of(policy.phases_at(step, 100));
    return records[number_of({layer, "matmul", "w.fwd"})];
  };
  EXPECT_EQ(policy.phases.size(), 2U);
  EXPECT_EQ(policy.phases_at(4, 100), 1U);
  EXPECT_EQ(policy.phases_at(5, 100), 3U);
  EXPECT_EQ(policy.phases_at(49, 100), 2U);
  EXPECT_EQ(policy.phases_at(50, 100), 0U);
  EXPECT_EQ(seen(0, "head"), PlaceRecord());
  EXPECT_EQ(seen(0, "blocks.0.w1"), one(R"("float8_e4m3fn")"));
  EXPECT_EQ(seen(5, "head"), one(R"("bfloat16")"));
  EXPECT_EQ(seen(5, "blocks.0.w1"), one(R"("binary16")"));
  EXPECT_EQ(seen(5, "blocks.0.w2"), PlaceRecord());
  EXPECT_EQ(seen(50, "head"), one(R"("float8_e4m3fn")"));
  EXPECT_EQ(policy.records_of(3)[number_of({"head", "matmul", "w.dgrad"})],
            one(R"("float8_e4m3fn")"));
}

TEST(Phases, MayBringTheBaseBack) {
  const LayeredPolicy policy = parse(R"({"phases": [
    {"when": {"step": [0, 10]}, "use": {"dw": "bfloat16"}},
    {"when": {"step": [5, 10]}, "use": {"dw": "native", "dx": "native"}}]})");
  ASSERT_EQ(policy.phases.size(), 2U);
  EXPECT_EQ(rounded(policy.records_of(policy.phases_at(4, 10))).size(), 5U);
  EXPECT_EQ(rounded(policy.records_of(policy.phases_at(5, 10))), Names());
  EXPECT_EQ(policy.phases[1].records.size(), 5U);  // dx is the base's anyway
}

TEST(LayeredPolicy, TheOtherMembers) {
  const LayeredPolicy policy = parse(R"({"schema": "policy/1", "name": "x", "rng": "splitmix64",
    "base": {"native": "binary32", "on_nan": "skip_step", "use": {
      "dw": {"format": "bfloat16", "rounding": "stochastic"},
      "dx": {"format": "bfloat16", "random": "philox4x32-10"}}},
    "loss_scale": {"kind": "dynamic", "period": 10},
    "optimizer": {"order": "store_then_use", "weight_update": "kahan"}})");
  EXPECT_EQ(policy.name, "x");
  EXPECT_EQ(policy.native, Carrier::binary32);
  EXPECT_EQ(policy.on_nonfinite, OnNonfinite::skip_step);
  const LossScale scale{.kind = LossScale::Kind::dynamic,
                        .initial = 32768.0,
                        .factor = 2.0,
                        .least = 1.0,
                        .largest = 0x1p24,
                        .period = 10};
  EXPECT_EQ(policy.loss_scale, scale);
  EXPECT_EQ(policy.weight_update, WeightUpdate::kahan);
  EXPECT_EQ(policy.state_order, StateOrder::store_then_use);
  const auto generator = [&](const char* use) {
    return quantizer_rule_of(at(policy, {"head", "matmul", use}).rules.front())->generator;
  };
  EXPECT_EQ(generator("dw"), Generator::splitmix64);
  EXPECT_EQ(generator("dx"), Generator::philox4x32_10);
  EXPECT_EQ(parse(R"({"loss_scale": {"kind": "static", "init": 1024}})").loss_scale.initial, 1024);
}

TEST(LayeredPolicy, RoundingToTheNativeCarrierIsNative) {
  const std::string single = R"({"base": {"native": "binary32", "use": )";
  EXPECT_EQ(rounded(single + R"({"master": "float32", "w.fwd": "none"}}})"), Names());
  EXPECT_EQ(rounded(single + R"({"master": {"format": "binary32", "flush_outputs": true}}}})"),
            Names{"blocks.0.w1.weight optimizer/master"});
  EXPECT_EQ(rounded(R"({"master": "binary64"})"), Names());
  // Sums of exact products are not native arithmetic.
  EXPECT_EQ(rounded(single + R"({"matmul/acc.dgrad": "binary32"}}})").size(), 5U);
}

TEST(LayeredPolicy, ExtendedPoliciesComeFirst) {
  const LayeredPolicy policy = parse(R"({
    "extends": {"name": "below", "base": {"native": "binary32", "on_nan": "error",
        "use": {"w.fwd": "bfloat16", "x.fwd": "bfloat16"}},
      "rules": [{"match": {"layer": "head"}, "use": {"w.fwd": "binary16", "dx": "binary16"}}],
      "loss_scale": {"kind": "static", "init": 8}, "optimizer": {"order": "store_then_use"}},
    "base": {"on_nan": "propagate", "use": {"weight": "float8_e5m2"}},
    "rules": [{"match": {"layer": "head"}, "use": {"dx": "native"}}],
    "optimizer": {"weight_update": "in_place"}})");
  EXPECT_EQ(policy.name, "");
  EXPECT_EQ(policy.native, Carrier::binary32);
  EXPECT_EQ(policy.on_nonfinite, OnNonfinite::propagate);
  EXPECT_EQ(policy.loss_scale.initial, 8);
  EXPECT_EQ(policy.state_order, StateOrder::store_then_use);
  EXPECT_EQ(policy.weight_update, WeightUpdate::in_place);
  EXPECT_EQ(at(policy, {"blocks.0.w1", "matmul", "w.fwd"}), one(R"("float8_e5m2")"));
  EXPECT_EQ(at(policy, {"blocks.0.w1", "matmul", "x.fwd"}), one(R"("bfloat16")"));
  EXPECT_EQ(at(policy, {"head", "matmul", "w.fwd"}), one(R"("binary16")"));
  EXPECT_EQ(at(policy, {"head", "matmul", "dx"}), PlaceRecord());
  EXPECT_EQ(parse(R"({"extends": {"dw": "bfloat16"}})"), parse(R"({"dw": "bfloat16"})"));
}

// The bits that a place draws do not depend on which other places draw.
TEST(LayeredPolicy, ANativePlaceLeavesTheStreamsOfOthers) {
  PlaceList list;
  const PlaceNumber first = list.add("a", "matmul", "x.fwd");
  const PlaceNumber second = list.add("a", "matmul", "w.fwd");
  const auto places = std::make_shared<const Places>(list.places());
  const Machine machine{.engine = &emulator::engine(), .seed = 5, .repeat = 1};
  const auto results = [&](const char* rules) {
    const LayeredPolicy policy = parse(
        std::string(R"({"base": {"native": "binary32", "use": {"activation": {"format": "int8",
          "rounding": "sr"}, "weight": {"format": "int8", "rounding": "sr"}}}, "rules": )") +
            rules + "}",
        places);
    Arithmetic<float> arithmetic(machine, policy);
    std::vector<Matrix<float>> all;
    for (std::uint64_t step = 0; step < 3; ++step) {
      arithmetic.begin({.step = step, .steps = 3});
      for (const PlaceNumber place : {first, second}) {
        all.emplace_back(Matrix<float>::Constant(4, 32, 0.5F));
        arithmetic.round(place, all.back());
      }
    }
    return all;
  };
  const auto both = results("[]");
  const auto alone = results(R"([{"use": {"x.fwd": "native"}}])");
  for (std::size_t i = 0; i < both.size(); i += 2) {
    EXPECT_TRUE((alone[i] == 0.5F).all());
    EXPECT_FALSE((both[i] == 0.5F).any());
    EXPECT_TRUE((alone[i + 1] == both[i + 1]).all());
    EXPECT_FALSE((both[i] == both[i + 1]).all());
    EXPECT_EQ((both[i + 1] == both[1]).all(), i == 0);
  }
}

}  // namespace
}  // namespace halfulp::experiments

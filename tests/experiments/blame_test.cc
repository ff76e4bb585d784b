// SPDX-License-Identifier: MIT
//
// Blame against policies in which the culprits were planted; and what it is made of: the parts of a
// policy, pairs, delta debugging, and variants that share every random bit but their own.
#include "experiments/blame/blame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/engine.h"
#include "experiments/blame/delta_debugging.h"
#include "experiments/blame/page.h"
#include "experiments/blame/sentences.h"
#include "experiments/networks/arithmetic.h"
#include "experiments/runs/run.h"
#include "formats/error.h"
#include "tests/experiments/layered_network.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

using Names = std::vector<std::string>;

// --- delta debugging

// Every property that some sets of five have and the whole has: what is answered has it, and has it
// no more without any one of its members.
TEST(DeltaDebugging, AnswersAOneMinimalSet) {
  constexpr std::size_t size = 5;
  constexpr std::uint32_t whole = (1U << size) - 1;
  std::uint64_t state = 1;
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<bool> has(whole + 1);
    for (std::uint32_t set = 1; set <= whole; ++set) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      has[set] = (state >> 33) % 4 == 0;
    }
    has[whole] = true;
    const auto bits = [](const Members& members) {
      std::uint32_t set = 0;
      for (const std::size_t member : members) set |= 1U << member;
      return set;
    };
    const Members found =
        minimal_subset({0, 1, 2, 3, 4}, [&](const Members& set) { return has[bits(set)]; });
    ASSERT_TRUE(has[bits(found)]);
    for (const std::size_t member : found) ASSERT_FALSE(has[bits(found) & ~(1U << member)]);
  }
}

TEST(DeltaDebugging, FindsAPairAmongManyInFewTrials) {
  for (std::size_t a = 0; a < 64; a += 7) {
    for (std::size_t b = a + 1; b < 64; b += 5) {
      Members all(64);
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      int trials = 0;
      const auto has = [&](const Members& set) {
        ++trials;
        return std::count(set.begin(), set.end(), a) + std::count(set.begin(), set.end(), b) == 2;
      };
      EXPECT_EQ(minimal_subset(all, has), (Members{a, b}));
      EXPECT_LE(trials, 2 * 64);  // pairs tried one by one would be 2016
    }
  }
}

// --- pairs

TEST(Pairs, HaveStudentsIntervals) {
  // Three pairs: differences 1, 2, 3 of mean 2 and standard deviation 1; t is 4.3027 at 2 degrees.
  const Comparison compared = compare({2, 4, 6}, {1, 2, 3});
  ASSERT_TRUE(compared.difference && compared.ratio);
  EXPECT_DOUBLE_EQ(compared.difference->mean, 2);
  EXPECT_NEAR(compared.difference->low, 2 - 4.30265272991 / std::sqrt(3.0), 1e-9);
  EXPECT_NEAR(compared.difference->high, 2 + 4.30265272991 / std::sqrt(3.0), 1e-9);
  // Every ratio is 2.
  EXPECT_NEAR(compared.ratio->mean, 2, 1e-14);
  EXPECT_NEAR(compared.ratio->low, 2, 1e-14);
  EXPECT_NEAR(compare({1, 4}, {1, 1}).ratio->mean, 2, 1e-14);
  EXPECT_FALSE(compare({0, 1}, {1, 1}).ratio);
  EXPECT_TRUE(compare({0, 1}, {1, 1}).difference);
  EXPECT_FALSE(compare({NAN, 1}, {1, 1}).difference);
  EXPECT_TRUE(std::isnan(compare({2}, {1}).ratio->low));
  EXPECT_EQ(estimate_words({.mean = 1.00003, .low = 0.99993, .high = 1.00013}),
            "1.00003 [0.99993, 1.00013]");
}

// --- parts

const char* const mixed = R"({"base": {"native": "binary32", "use": {
      "weight": {"format": "bfloat16", "reuse": "forward_copy"}, "gamma": "int8"}},
    "phases": [{"when": {"step": [2, 5]}, "match": {"layer": "blocks.0.w2"},
                "use": {"w.fwd": "native", "dx": "float8_e5m2"}}]})";

Names names_of(const PolicyParts& parts) {
  Names names;
  for (std::size_t i = 0; i < parts.count(); ++i) names.push_back(parts.name(i));
  return names;
}

// One operand alone behind a Hadamard matrix is no policy.
TEST(PolicyParts, JoinOperandsBehindAHadamardMatrix) {
  const Json full = to_json(parse(R"({"rules": [{"match": {"layer": "blocks.0.w1"}, "use": {
      "x.wgrad": {"format": "int8", "transform": {"hadamard": 4}}, "g.wgrad": {"format": "int8",
      "transform": {"hadamard": 4}}, "x.fwd": "int8"}}, {"match": {"layer": "head"}, "use":
      {"x.wgrad": "int8"}}]})"));
  const PolicyParts parts(full, By::use);
  ASSERT_EQ(names_of(parts), (Names{"matmul/x.fwd", "matmul/g.wgrad", "matmul/x.wgrad"}));
  EXPECT_EQ(parts.places(1), (Names{"blocks.0.w1/matmul/g.wgrad", "blocks.0.w1/matmul/x.wgrad"}));
  for (const LowParts& low : {LowParts{true, false, true}, LowParts{false, true, false}})
    EXPECT_EQ(error_of([&] { parse_layered_policy(parts.with_low(low), "/policy", network()); }),
              "no error");
}

TEST(PolicyParts, AreNamedByPlaceLayerOperationOrUse) {
  const Json full = to_json(parse(mixed));
  EXPECT_EQ(names_of({full, By::use}), (Names{"layernorm/gamma", "matmul/w.fwd", "matmul/dx"}));
  EXPECT_EQ(names_of({full, By::op}), (Names{"layernorm", "matmul"}));
  EXPECT_EQ(names_of({full, By::layer}),
            (Names{"blocks.0.norm", "blocks.0.w1", "blocks.0.w2", "blocks.1.norm", "blocks.1.w1",
                   "blocks.1.w2", "head"}));
  const PolicyParts by_place(full, By::place);
  EXPECT_EQ(by_place.count(), 8U);
  EXPECT_EQ(by_place.name(1), "blocks.0.w1/matmul/w.fwd");
  // The copy has no precision of its own.
  EXPECT_EQ(by_place.places(1), (Names{"blocks.0.w1/matmul/w.fwd", "blocks.0.w1/matmul/w.dgrad"}));
  EXPECT_EQ(names_of({to_json(parse(R"({"loss/y": "int8"})")), By::layer}), Names{"loss"});
}

TEST(PolicyParts, StandOrFallWithTheirPhases) {
  const LayeredPolicy policy = parse(mixed);
  const PolicyParts parts(to_json(policy), By::use);
  const auto read = [&](const LowParts& low) {
    return parse_layered_policy(parts.with_low(low), "/policy", network());
  };
  EXPECT_EQ(read({true, true, true}), policy);
  const LayeredPolicy full = read({false, false, false});
  EXPECT_EQ(full.base, Records(network()->size()));
  EXPECT_TRUE(full.phases.empty());
  EXPECT_EQ(full.native, Carrier::binary32);
  // Without the weights: what is left is what the policy says of all other places.
  const LayeredPolicy some = read({true, false, true});
  for (std::size_t i = 0; i < network()->size(); ++i) {
    const std::string& use = (*network())[i].use;
    const bool weight = use == "w.fwd" || use == "w.dgrad";
    EXPECT_EQ(some.records_of(1)[i], weight ? PlaceRecord() : policy.records_of(1)[i]) << use;
    EXPECT_EQ(some.base[i], weight ? PlaceRecord() : policy.base[i]) << use;
  }
  const PolicyParts map(parse_json(R"({"data": "binary64", "act": "int8", "param": "int4"})", ""),
                        By::use);
  EXPECT_EQ(names_of(map), (Names{"act", "param"}));
  EXPECT_EQ(map.with_low({false, true}).dump(),
            R"({"data":"binary64","act":"native","param":"int4"})");
}

// --- common random numbers

// What a place makes of a fixed tensor at several steps, bit by bit.
std::vector<std::uint64_t> drawn(const LayeredPolicy& policy, PlaceNumber place) {
  const Machine machine{.engine = &emulator::engine(), .seed = 11, .repeat = 2};
  Arithmetic<double> arithmetic(machine, policy);
  std::vector<std::uint64_t> bits;
  for (std::uint64_t step = 0; step < 3; ++step) {
    arithmetic.begin({.step = step, .steps = 3});
    Matrix<double> x(4, 5);
    for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = 0.37 + 0.01 * double(i);
    if ((*policy.places)[place].kind == PlaceKind::accumulator) {
      Matrix<double> out;
      arithmetic.product(place, x, Matrix<double>::Constant(5, 3, 0.7), out);
      x = out;
    } else {
      arithmetic.round(place, x);
    }
    for (Eigen::Index i = 0; i < x.size(); ++i)
      bits.push_back(std::bit_cast<std::uint64_t>(x.data()[i]));
  }
  return bits;
}

TEST(CommonRandomNumbers, SwitchingOnePlaceMovesNoOtherDraw) {
  const char* const stochastic =
      R"({"weight": {"format": "float8_e4m3fn", "rounding": "stochastic"},
    "activation": {"format": "mxfp4", "rounding": "stochastic"},
    "gradient": {"noise": {"kind": "additive", "eps": 0.5}},
    "elementwise": {"format": "bfloat16", "rounding": "stochastic", "random_bits": 7},
    "accumulator": {"format": "binary16", "rounding": "stochastic"},
    "param": [{"format": "bfloat16", "rounding": "stochastic"},
              {"format": "float8_e5m2", "rounding": "stochastic"}]})";
  const LayeredPolicy policy = parse(stochastic);
  const PolicyParts parts(to_json(policy), By::place);
  ASSERT_GT(parts.count(), 60U);
  std::vector<std::vector<std::uint64_t>> before;
  for (PlaceNumber place = 0; place < network()->size(); ++place)
    before.push_back(drawn(policy, place));
  for (std::size_t part = 0; part < parts.count(); ++part) {
    LowParts low(parts.count(), true);
    low[part] = false;
    const LayeredPolicy variant = parse_layered_policy(parts.with_low(low), "/policy", network());
    for (PlaceNumber place = 0; place < network()->size(); ++place) {
      const bool switched = (*network())[place].name == parts.name(part);
      EXPECT_EQ(drawn(variant, place) == before[place], !switched)
          << parts.name(part) << " " << (*network())[place].name;
    }
  }
}

// Stochastic rounding to a format that has every number there is changes none of them, but draws
// its bits: with and without it the weights are the same, though everything else rounds
// stochastically.
TEST(CommonRandomNumbers, DrawsOfOnePlaceLeaveTheWeightsOfARunAlone) {
  Json document = parse_json(R"({"experiment": "training", "seed": 2, "repeats": 2,
    "problem": {"model": {"kind": "mlp", "widths": [4, 6, 1]}, "data": {"validation_samples": 16}},
    "training": {"optimizer": {"kind": "adam"}, "learning_rate": {"kind": "constant", "value": 0.01},
                 "steps": 12, "batch": 4},
    "policy": {"weight": {"format": "float8_e4m3fn", "rounding": "stochastic"},
      "activation": {"format": "float8_e4m3fn", "rounding": "stochastic"},
      "param": {"format": "bfloat16", "rounding": "stochastic"}},
    "sweep": {"/policy/activation~1y": ["native", {"format": "e10m52", "rounding": "stochastic"},
                                        {"format": "bfloat16", "rounding": "stochastic"}]}})",
                             "draws");
  const RunSummary summary = run(document, "draws", emulator::engine(), {});
  const Json& points = summary.result["points"];
  ASSERT_FALSE(points[0].contains("error")) << points[0].dump();
  EXPECT_EQ(points[0]["digest"], points[1]["digest"]);
  EXPECT_NE(points[0]["digest"], points[2]["digest"]);
}

// --- planted culprits

Json planted_document() {
  return parse_json(R"({"experiment": "training", "seed": 5, "repeats": 3,
    "problem": {"model": {"kind": "mlp", "widths": [6, 12, 1]}, "data": {"validation_samples": 64}},
    "training": {"optimizer": {"kind": "adam"}, "learning_rate": {"kind": "constant", "value": 0.03},
                 "steps": 40, "batch": 8},
    "policy": {"base": {"native": "binary32", "use": {
        "weight": "bfloat16", "activation": "bfloat16", "gradient": "bfloat16", "dw": "bfloat16",
        "loss/y": "bfloat16", "param": "bfloat16", "m": "bfloat16"}}}})",
                    "planted");
}

Blame blamed(const Json& document, By by = By::use) {
  BlameOptions options;
  options.by = by;
  options.threads = 1;
  return blame(document, "planted.json", emulator::engine(), options);
}

Names minimal_names(const Blame& found) {
  Names names;
  if (!found.minimal) return names;
  for (const std::size_t part : found.minimal->parts) names.push_back(found.parts[part].name);
  std::sort(names.begin(), names.end());
  return names;
}

// All in bfloat16 but the planted use, in integers of four bits (unsigned ones of two where its
// numbers are large).
TEST(Blame, NamesThePlantedPlaceOfTwenty) {
  const std::vector<std::pair<const char*, const char*>> culprits{
      {"matmul/w.fwd", "int4"},     {"matmul/y.fwd", "int4"},      {"matmul/g.dgrad", "int4"},
      {"matmul/w.dgrad", "int4"},   {"matmul/dx", "int4"},         {"matmul/g.wgrad", "int4"},
      {"matmul/dw", "int4"},        {"matmul/x.fwd", "uint2"},     {"bias_add/y", "int4"},
      {"activation/g", "int4"},     {"activation/dx", "int4"},     {"loss/y", "int4"},
      {"loss/g", "int4"},           {"problem/label", "int4"},     {"problem/data", "uint2"},
      {"optimizer/param", "int4"},  {"optimizer/grad_in", "int4"}, {"optimizer/m", "int4"},
      {"optimizer/update", "int4"}, {"optimizer/v", "int4"}};
  ASSERT_EQ(culprits.size(), 20U);
  for (const auto& [use, format] : culprits) {
    Json document = planted_document();
    document["policy"]["base"]["use"][use] = format;
    const Blame found = blamed(document);
    EXPECT_EQ(found.parts.front().name, use);
    EXPECT_EQ(minimal_names(found), Names{use});
    EXPECT_EQ(found.searched, 0U);  // one alone is known already
  }
}

TEST(Blame, NamesThePlantedPlaceOfOneLayer) {
  for (const char* use : {"g.wgrad", "y.fwd", "dw"}) {
    Json document = planted_document();
    document["policy"]["rules"] =
        Json::array({{{"match", {{"layer", "layers.1"}}}, {"use", {{use, "int4"}}}}});
    const Blame found = blamed(document, By::place);
    const Names expected{std::string("layers.1/matmul/") + use};
    EXPECT_EQ(found.parts.front().name, expected[0]);
    EXPECT_EQ(minimal_names(found), expected);
    EXPECT_EQ(minimal_names(blamed(document, By::layer)), Names{"layers.1"});
  }
}

TEST(Blame, NamesThePlantedPairOfTen) {
  const std::vector<Names> pairs{
      {"matmul/g.wgrad", "matmul/w.fwd"},  {"matmul/w.fwd", "problem/label"},
      {"matmul/w.fwd", "optimizer/m"},     {"matmul/dw", "matmul/y.fwd"},
      {"matmul/y.fwd", "optimizer/param"}, {"matmul/dx", "matmul/g.wgrad"},
      {"matmul/dx", "problem/label"},      {"matmul/g.wgrad", "problem/label"},
      {"loss/y", "optimizer/m"},           {"optimizer/grad_in", "optimizer/m"}};
  ASSERT_EQ(pairs.size(), 10U);
  for (const Names& pair : pairs) {
    Json document = planted_document();
    for (const std::string& use : pair) document["policy"]["base"]["use"][use] = "int4";
    const Blame found = blamed(document);
    EXPECT_EQ(minimal_names(found), pair) << to_json(found)["minimal"].dump();
    EXPECT_GT(found.searched, 0U);
    Names worst{found.parts[0].name, found.parts[1].name};
    std::sort(worst.begin(), worst.end());
    EXPECT_EQ(worst, pair);
  }
}

// Its dw overflows, and the policy makes an error of that.
TEST(Blame, RestoresARunThatDiverges) {
  Json document = planted_document();
  document["training"]["learning_rate"]["value"] = 1e-3;
  document["policy"]["base"]["on_nan"] = "error";
  document["policy"]["base"]["use"]["dw"] = parse_json(
      R"({"format": {"kind": "float", "exponent_bits": 3, "fraction_bits": 2, "bias": 9},
          "overflow": "ieee"})",
      "dw");
  const Blame found = blamed(document);
  EXPECT_EQ(found.policy.diverged, 3U);
  ASSERT_TRUE(found.restoration);
  EXPECT_TRUE(found.restoration->diverged);
  EXPECT_EQ(found.restoration->bound, 2);
  EXPECT_EQ(minimal_names(found), Names{"matmul/dw"});
  EXPECT_EQ(found.parts.front().alone_low.diverged, 3U);
  EXPECT_EQ(found.minimal->variant.diverged, 0U);
  const Json record = to_json(found);
  EXPECT_EQ(record["policy"]["repeats"][0], "nan");
  EXPECT_TRUE(record["policy"]["to_full"]["ratio"].is_null());
  EXPECT_NE(blame_page(found, "planted.json").find("diverged (3 of 3)"), std::string::npos);
}

// The losses of a document as it is run by itself.
std::vector<double> losses_of(Json document, const char* policy) {
  document["policy"] = parse_json(policy, "policy");
  const RunSummary summary = run(document, "alone", emulator::engine(), {});
  const Json& metrics = summary.result["points"][0]["metrics"];
  return metrics["validation_loss"]["repeats"].get<std::vector<double>>();
}

TEST(Blame, ComparesWhatTheRunsOfThesePoliciesMeasure) {
  Json document = planted_document();
  document["policy"] = parse_json(R"({"base": {"use": {"x.fwd": "bfloat16", "w.fwd": "int4"}},
      "phases": [{"when": {"step": [0, 9]}, "use": {"w.fwd": "bfloat16"}}]})",
                                  "");
  const Blame found = blamed(document);
  EXPECT_EQ(found.full.values, losses_of(document, "{}"));
  ASSERT_EQ(found.parts.front().name, "matmul/w.fwd");
  const PartBlame& worst = found.parts.front();
  EXPECT_EQ(worst.alone_full.values, losses_of(document, R"({"x.fwd": "bfloat16"})"));
  EXPECT_EQ(worst.alone_low.values, losses_of(document, R"({"base": {"use": {"w.fwd": "int4"}},
      "phases": [{"when": {"step": [0, 9]}, "use": {"w.fwd": "bfloat16"}}]})"));
  const auto& ratio = worst.alone_low.to_full.ratio;
  double product = 1;
  for (std::size_t r = 0; r < 3; ++r) product *= worst.alone_low.values[r] / found.full.values[r];
  EXPECT_NEAR(ratio->mean, std::cbrt(product), 1e-12 * ratio->mean);
}

// The only part of a policy, alone in low precision, is the policy; nothing is run twice.
TEST(Blame, OfASinglePartIsThePolicyItself) {
  Json document = planted_document();
  document["policy"] = parse_json(R"({"w.fwd": "int4"})", "");
  const Blame found = blamed(document);
  ASSERT_EQ(found.parts.size(), 1U);
  EXPECT_EQ(found.variants, 2U);
  EXPECT_EQ(found.parts[0].alone_low.values, found.policy.values);
  EXPECT_EQ(found.parts[0].alone_full.values, found.full.values);
  EXPECT_EQ(minimal_names(found), Names{"matmul/w.fwd"});
  EXPECT_EQ(found.minimal->variant.to_full.ratio->mean, 1);
}

TEST(Blame, ToleranceDecidesWhatIsRestored) {
  Json document = planted_document();
  document["policy"]["base"]["use"]["matmul/w.fwd"] = "int4";
  BlameOptions options;
  options.threads = 1;
  options.tolerance = 1000;
  const Blame generous = blame(document, "planted.json", emulator::engine(), options);
  EXPECT_FALSE(generous.restoration);
  EXPECT_FALSE(generous.minimal);
  options.tolerance = 0;
  const Blame strict = blame(document, "planted.json", emulator::engine(), options);
  ASSERT_TRUE(strict.minimal);
  EXPECT_LE(strict.minimal->variant.to_full.ratio->mean, 1);
  EXPECT_EQ(strict.restoration->bound, 1);
}

// More is better of an accuracy: the order and the search go the other way.
TEST(Blame, KnowsWhereLargerIsBetter) {
  Json document = planted_document();
  document["problem"]["loss"] = "cross_entropy";
  document["problem"]["model"]["widths"] = {6, 12, 4};
  document["policy"]["base"]["use"]["loss/g"] = "int4";
  BlameOptions options;
  options.threads = 1;
  options.metric = "validation_accuracy";
  const Blame found = blame(document, "planted.json", emulator::engine(), options);
  EXPECT_TRUE(found.larger_is_better);
  EXPECT_LT(found.policy.to_full.ratio->mean, 1);
  EXPECT_EQ(found.parts.front().name, "loss/g");
  EXPECT_EQ(minimal_names(found), Names{"loss/g"});
  // A ratio of a half, from three repeats that scatter.
  EXPECT_GT(found.policy.to_full.ratio->high, 1);
  EXPECT_TRUE(found.restoration->uncertain);
  EXPECT_NE(findings(found).back().find("may be chance"), std::string::npos);
}

// Nothing is searched for where nothing shows.
TEST(Blame, LeavesAHarmlessPolicyAlone) {
  Json document = planted_document();
  document["policy"] = parse_json(R"({"base": {"native": "binary32",
      "use": {"x.fwd": "tf32", "w.fwd": "tf32"}}})",
                                  "");
  const Blame found = blamed(document);
  EXPECT_NEAR(found.policy.to_full.ratio->mean, 1, 0.05);
  EXPECT_FALSE(found.restoration);
  EXPECT_EQ(found.variants, 4U);  // of two parts, either alone in full leaves the other
  EXPECT_NE(findings(found).back().find("nothing to restore"), std::string::npos);
}

TEST(Blame, OfARegression) {
  const Json document = parse_json(R"({"experiment": "linear_regression", "seed": 1, "repeats": 16,
    "problem": {"dimension": 16, "spectrum_exponent": 2, "noise_variance": 0.1},
    "training": {"samples": 256, "step_size": 0.2},
    "policy": {"data": "bfloat16", "param": "int2", "label": "bfloat16"}})",
                                   "regression");
  const Blame found = blamed(document);
  EXPECT_EQ(found.metric, "excess_clean_last");
  EXPECT_EQ(found.parts.front().name, "param");
  EXPECT_EQ(minimal_names(found), Names{"param"});
}

TEST(Blame, SaysWhatItCannotDo) {
  const auto error = [](const Json& document, const std::string& metric = "") {
    return error_of([&] {
      BlameOptions options;
      options.threads = 1;
      options.metric = metric;
      blame(document, "c.json", emulator::engine(), options);
    });
  };
  Json document = planted_document();
  EXPECT_NE(error(document, "validation_los").find("did you mean \"validation_loss\"?"),
            std::string::npos);
  EXPECT_NE(error(document, "gradient_zeta").find("they have validation_loss"), std::string::npos);
  document["training"]["optimizer"] = {{"kind", "sgd"}};
  document["training"]["learning_rate"]["value"] = 1e6;
  EXPECT_NE(error(document).find("c.json: /training: full precision itself diverges"),
            std::string::npos)
      << error(document);
  document["policy"] = Json::object();
  EXPECT_NE(error(document).find("c.json: /policy: no place of the policy is in low precision"),
            std::string::npos)
      << error(document);
}

}  // namespace
}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/policy/policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/linear_regression/places.h"
#include "experiments/policy/place_rounder.h"
#include "formats/error.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

using namespace linear_regression;

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_policy(parse_json(text, "text"), "/policy"); });
}

TEST(PolicyDocument, ResolvedRecordReadsBackAsTheSamePolicy) {
  const Json json = parse_json(R"({
    "data": "float8_e4m3fn",
    "feature": {"format": "int8", "rounding": "stochastic", "random_bits": 16,
                "scaling": {"kind": "static", "scale": 0.0625}},
    "label": {"noise": {"kind": "multiplicative_rank1", "eps": 0.25, "law": "two_point"}},
    "param": "none", "weight": "binary64",
    "accumulator": {"format": "binary32", "product": "bfloat16"}})",
                               "text");
  const Policy policy = parse_policy(json, "/policy");
  EXPECT_TRUE(is_native(policy.at(place::param)));
  EXPECT_TRUE(is_native(policy.at(place::weight)));
  EXPECT_TRUE(is_native(policy.at(place::act)));
  EXPECT_EQ(quantizer_rule_of(policy.at(place::feature))->scale, 0.0625);
  EXPECT_EQ(quantizer_rule_of(policy.at(place::accumulator))->product->format.name, "bfloat16");
  EXPECT_EQ(noise_of(policy.at(place::label))->law, Law::two_point);
  const Json resolved = to_json(policy);
  EXPECT_EQ(resolved.size(), 10U);
  EXPECT_EQ(resolved["data"]["format"]["kind"], "float");
  EXPECT_EQ(parse_policy(resolved, "/policy"), policy);
}

TEST(PolicyDocument, LongFormIsTheShortMap) {
  const Json map = parse_json(R"({"feature": "bfloat16"})", "text");
  const Json full = Json{{"schema", "policy/1"}, {"name", "x"}, {"base", {{"use", map}}}};
  EXPECT_EQ(parse_policy(full, ""), parse_policy(map, ""));
}

TEST(PolicyDocument, NamesTheGeneratorOfRandomBits) {
  const auto generator = [](const Policy& policy, Place place) {
    return quantizer_rule_of(policy.at(place))->generator;
  };
  const Json json = parse_json(R"({
    "schema": "policy/1", "rng": "splitmix64", "base": {"use": {
      "feature": {"format": "int8", "rounding": "stochastic", "random": "philox4x32-10"},
      "label": {"format": "int8", "rounding": "stochastic"},
      "act": "bfloat16"}}})",
                               "text");
  const Policy policy = parse_policy(json, "");
  EXPECT_EQ(generator(policy, place::feature), Generator::philox4x32_10);
  EXPECT_EQ(generator(policy, place::label), Generator::splitmix64);
  EXPECT_EQ(generator(policy, place::act), Generator::splitmix64);
  const Json resolved = to_json(policy);
  EXPECT_FALSE(resolved["feature"].contains("random"));
  EXPECT_EQ(resolved["label"]["random"], "splitmix64");
  EXPECT_EQ(parse_policy(resolved, ""), policy);
}

TEST(PolicyDocument, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(parse_error(R"({"label": {"format": "int8", "random": "splitmix"}})"),
            "/policy/label/random: unknown generator \"splitmix\"; did you mean \"splitmix64\"?");
  EXPECT_EQ(parse_error(R"({"label": {"format": "int8", "random": 64}})"),
            "/policy/label/random: 64 is no generator; write \"philox4x32-10\" or \"splitmix64\"");
  EXPECT_EQ(parse_error(R"({"featrue": "bfloat16"})"),
            "/policy/featrue: unknown key \"featrue\"; did you mean \"feature\"?");
  const std::string misspelt = parse_error(R"({"feature": "bfloat61"})");
  EXPECT_NE(misspelt.find("/policy/feature"), std::string::npos) << misspelt;
  EXPECT_NE(misspelt.find("bfloat16"), std::string::npos) << misspelt;
  EXPECT_NE(parse_error(R"({"data": {"noise": {"kind": "aditive", "eps": 1}}})")
                .find("did you mean \"additive\""),
            std::string::npos);
  EXPECT_NE(parse_error(R"({"data": {"noise": {"kind": "additive", "eps": -1}}})")
                .find("/policy/data/noise/eps"),
            std::string::npos);
  EXPECT_NE(parse_error(R"({"data": {"noise": {"kind": "additive"}}})").find("eps"),
            std::string::npos);
  EXPECT_NE(parse_error(R"({"data": {"noise": {"kind": "additive", "eps": 1}, "format": "int8"}})")
                .find("keep one"),
            std::string::npos);
  EXPECT_NE(parse_error(R"({"data": "e15m112"})").find("binary64 does not hold"),
            std::string::npos);
  EXPECT_NE(parse_error(R"({"data": 3})").find("/policy/data"), std::string::npos);
  EXPECT_NE(parse_error(R"({"accumulator": {"noise": {"kind": "additive", "eps": 1}}})")
                .find("/policy/accumulator"),
            std::string::npos);
  EXPECT_NE(
      parse_error(R"({"data": {"format": "int8", "scaling": {"kind": "static", "scale": 0}}})")
          .find("/policy/data/scaling/scale"),
      std::string::npos);
}

// Every form that a block format has in JSON, beside the scalar ones, and their full records.
TEST(PolicyDocument, TakesBlockFormats) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("blocks-" + std::to_string(::getpid()) + ".json");
  std::ofstream(file) << R"({"format": "mxint8", "rounding": "toward-zero"})";
  Json json = parse_json(R"({
    "data": "mxfp4", "sketch": "bfp8_16", "feature": {"format": "nvfp4", "random": "splitmix64"},
    "param": {"kind": "block", "element": "int8", "columns": 8, "rule": "floor",
              "scale": "float8_e8m0fnu"},
    "act": {"format": "int8", "rounding": "stochastic", "scaling": "row"},
    "out_grad": {"format": "int8", "scaling": {"columns": 8, "scale": "float8_e8m0fnu"}},
    "weight": {"format": "int8", "scaling": {"scale": 0.5}}, "avg": "flexpoint"})",
                         "text");
  json["label"] = file.string();
  const Policy policy = parse_policy(json, "/policy");
  std::filesystem::remove(file);
  EXPECT_EQ(blocks_of(policy.at(place::data))->format, find_block_format("mxfp4"));
  EXPECT_EQ(blocks_of(policy.at(place::sketch))->format.levels[0].columns, 16);
  EXPECT_EQ(blocks_of(policy.at(place::feature))->generator, Generator::splitmix64);
  EXPECT_EQ(blocks_of(policy.at(place::label))->format.element.rounding.mode, Mode::toward_zero);
  EXPECT_EQ(blocks_of(policy.at(place::param))->format.levels[0].rule, ScaleRule::floor);
  EXPECT_EQ(blocks_of(policy.at(place::act))->format,
            block_format_from_json(json["act"], "by itself"));
  EXPECT_EQ(blocks_of(policy.at(place::act))->format.element.rounding.mode, Mode::stochastic);
  EXPECT_EQ(blocks_of(policy.at(place::out_grad))->format.levels[0].columns, 8);
  EXPECT_EQ(quantizer_rule_of(policy.at(place::weight))->scale, 0.5);
  EXPECT_TRUE(blocks_of(policy.at(place::avg))->format.levels[0].predicted);
  const Json resolved = to_json(policy);
  EXPECT_EQ(resolved["data"]["kind"], "block");
  EXPECT_FALSE(resolved["data"].contains("random"));
  EXPECT_EQ(parse_policy(resolved, "/policy"), policy);
  EXPECT_EQ(to_json(parse_policy(resolved, "")).dump(), resolved.dump());
}

TEST(PolicyDocument, AccumulatorsHaveAnOrder) {
  const Json json = parse_json(R"({"accumulator": {
    "format": "float8_e5m2", "rounding": "stochastic", "order": "chunked", "chunk": 128,
    "outer": "binary32", "product": {"format": "binary16", "rounding": "rtz"},
    "random": "splitmix64"}})",
                               "text");
  const Policy policy = parse_policy(json, "/policy");
  const DotUnit unit = dot_unit_of(*quantizer_rule_of(policy.at(place::accumulator)));
  EXPECT_EQ(unit.order, Order::chunked);
  EXPECT_EQ(unit.chunk, 128);
  EXPECT_EQ(unit.accumulator->format.name, "float8_e5m2");
  EXPECT_EQ(unit.accumulator->rounding.mode, Mode::stochastic);
  EXPECT_EQ(unit.outer->format.name, "binary32");
  EXPECT_EQ(unit.product->rounding.mode, Mode::toward_zero);
  EXPECT_EQ(parse_policy(to_json(policy), "/policy"), policy);
}

// Documents of sums in sequence say nothing of the order, and so keep their hash.
TEST(PolicyDocument, AccumulatorsWithoutAnOrderAreWrittenWithoutOne) {
  const Policy plain =
      parse_policy(parse_json(R"({"accumulator": "bfloat16"})", "text"), "/policy");
  const Policy named = parse_policy(
      parse_json(R"({"accumulator": {"format": "bfloat16", "order": "sequential"}})", "text"),
      "/policy");
  EXPECT_EQ(plain, named);
  const Json written = to_json(plain)["accumulator"];
  EXPECT_EQ(written, halfulp::to_json(quantizer_rule_of(plain.at(place::accumulator))->quantizer));
}

TEST(PolicyDocument, ErrorsOfAccumulatorsSayWhereAndWhat) {
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "order": "pairwize"}})"),
            "/policy/accumulator/order: \"pairwize\" is no order of summation; did you mean "
            "\"pairwise\"?");
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "order": "eight-sums"}})"),
            "/policy/accumulator/order: the order \"eight-sums\" with an accumulator; only native "
            "arithmetic has it; \"pairwise\" is near");
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "order": "chunked"}})"),
            "/policy/accumulator/chunk: the order \"chunked\" without a number of terms; give "
            "\"chunk\", such as 128");
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "chunk": 8}})"),
            "/policy/accumulator/chunk: a number of terms of a chunk, and no chunks; leave it out, "
            "or write \"order\": \"chunked\"");
  EXPECT_EQ(
      parse_error(R"({"accumulator": {"format": "binary32", "order": "exact",
                                            "product": "log4.3"}})"),
      "/policy/accumulator/product: exact sums of numbers of \"log4.3\", which are irrational; "
      "leave it out, so that products enter exactly, or choose another order");
  EXPECT_EQ(
      parse_error(R"({"accumulator": {"format": "binary32", "order": "chunked", "chunk": 0}})"),
      "/policy/accumulator/chunk: 0 is out of range; 1 to 9007199254740992 is possible");
  EXPECT_EQ(
      parse_error(R"({"accumulator": {"format": "binary32", "order": "chunked", "chunk": 2,
                                            "outer": "binary128"}})")
          .find("/policy/accumulator/outer: the format \"binary128\" has values that binary64"),
      0U);
  EXPECT_EQ(parse_error(R"({"weight": {"format": "binary32", "order": "exact"}})")
                .find("/policy/weight/order: unknown key \"order\""),
            0U);
}

TEST(PolicyDocument, ErrorsOfBlockFormatsSayWhereAndWhat) {
  EXPECT_EQ(parse_error(R"({"label": "mxpf4"})"),
            "/policy/label: unknown format \"mxpf4\"; did you mean \"mxfp4\"?");
  EXPECT_NE(parse_error(R"({"label": "mxfp8"})").find("\"mxfp8_e4m3\" or \"mxfp8_e5m2\""),
            std::string::npos);
  EXPECT_EQ(
      parse_error(R"({"accumulator": "mxfp4"})"),
      "/policy/accumulator: the block format \"mxfp4\" stands in an accumulator; its sums and "
      "products come one by one and have no block to share a scale; give a scalar format such "
      "as \"binary32\"");
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "product": "nvfp4"}})")
                .find("/policy/accumulator/product: the block format \"nvfp4\""),
            0U);
  EXPECT_EQ(parse_error(R"({"accumulator": {"format": "binary32", "scaling": "row"}})"),
            "/policy/accumulator/scaling: an accumulator has no scale; leave it out");
  EXPECT_EQ(
      parse_error(R"({"data": {"format": "mxfp4", "scaling": {"kind": "static", "scale": 2}}})"),
      "/policy/data/scaling: a static scale over the scales of \"mxfp4\"; leave it out: a block "
      "format has scales of its own");
  EXPECT_EQ(parse_error(R"({"data": {"format": "int8", "scaling": "rows"}})"),
            "/policy/data/scaling: unknown scaling \"rows\"; did you mean \"row\"?");
  EXPECT_EQ(parse_error(R"({"data": {"kind": "block", "element": "int8", "colums": 8}})"),
            "/policy/data/colums: unknown key \"colums\"; did you mean \"columns\"?");
  EXPECT_EQ(parse_error(R"({"data": {"format": "mxfp4", "random": "philox"}})")
                .find("/policy/data/random: unknown generator"),
            0U);
  const std::string bare = error_of([] { load_policy("mxfp4", "/policy", ""); });
  EXPECT_NE(bare.find("{\"feature\": \"mxfp4\"}"), std::string::npos) << bare;
}

TEST(PolicyDocument, TextsAreFilesOrExplained) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("policy-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "p.json") << R"({"label": "bfloat16"} // a comment)";
  EXPECT_EQ(load_policy("p.json", "/policy", folder.string()), (Json{{"label", "bfloat16"}}));
  EXPECT_EQ(load_policy("none", "/policy", ""), Json::object());
  const std::string bare = error_of([] { load_policy("bfloat16", "/policy", ""); });
  EXPECT_NE(bare.find("{\"feature\": \"bfloat16\"}"), std::string::npos) << bare;
  const std::string missing = error_of([] { load_policy("no/such.json", "/policy", "/nowhere"); });
  EXPECT_NE(missing.find("/policy"), std::string::npos) << missing;
  EXPECT_NE(missing.find("no/such.json"), std::string::npos) << missing;
  std::filesystem::remove_all(folder);
}

// Cut into any pieces, a place gives the same bits; and places do not see each other's draws.
TEST(PlaceRounder, DrawsDependOnTheRowAlone) {
  const Machine machine{&emulator::engine(), 9, 3};
  constexpr std::size_t rows = 12;
  constexpr std::size_t columns = 5;
  std::vector<double> in(rows * columns);
  fill_variates(Law::gaussian, {.seed = 1, .stream = 1, .offset = 0}, 0, in);
  for (const char* text :
       {R"({"noise": {"kind": "additive", "eps": 0.1}})",
        R"({"noise": {"kind": "multiplicative_rank1", "eps": 0.1, "law": "uniform"}})",
        R"({"noise": {"kind": "multiplicative_coord", "eps": 0.1}})",
        R"({"format": "float8_e4m3fn", "rounding": "stochastic"})",
        R"({"format": "int8", "rounding": "stochastic", "random_bits": 40,
            "scaling": {"kind": "static", "scale": 0.3}})"}) {
    const Policy policy = parse_policy({{"feature", parse_json(text, "text")}}, "");
    PlaceRounder whole = rounder_at(machine, policy, place::feature, Site::training_place);
    std::vector<double> expected(in.size());
    whole.apply(view_of(std::as_const(in).data(), rows, columns), 100,
                view_of(expected.data(), rows, columns));
    EXPECT_NE(in, expected);
    std::vector<double> got(in.size());
    for (std::size_t row = 0; row < rows; row += 4) {
      PlaceRounder part = rounder_at(machine, policy, place::feature, Site::training_place);
      part.apply(view_of(static_cast<const double*>(&in[row * columns]), 4, columns), 100 + row,
                 view_of(&got[row * columns], 4, columns));
    }
    EXPECT_EQ(got, expected) << text;
    PlaceRounder test = rounder_at(machine, policy, place::feature, Site::test_place);
    test.apply(view_of(std::as_const(in).data(), rows, columns), 100,
               view_of(got.data(), rows, columns));
    EXPECT_NE(got, expected) << text;
  }
}

TEST(PlaceRounder, StaticScaleIsAGridOfThatStep) {
  const Machine machine{&emulator::engine(), 9, 3};
  const Policy policy = parse_policy(
      {{"data", {{"format", "int8"}, {"scaling", {{"kind", "static"}, {"scale", 0.25}}}}}}, "");
  PlaceRounder rounder = rounder_at(machine, policy, place::data, Site::training_place);
  std::vector<double> x{0.1, 0.125, 0.13, -0.37, 0.375, 1000.0};
  rounder.apply(view_of(std::span<const double>(x)), 0, view_of(std::span<double>(x)));
  EXPECT_EQ(x[0], 0.0);
  EXPECT_EQ(x[1], 0.0);
  EXPECT_EQ(x[2], 0.25);
  EXPECT_EQ(x[3], -0.25);
  EXPECT_EQ(x[4], 0.5);
}

}  // namespace
}  // namespace halfulp::experiments

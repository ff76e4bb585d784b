// SPDX-License-Identifier: MIT
//
// The schemas of data/schemas and the readers of documents agree: on every shipped policy and
// experiment, as written and in full, on the manual's examples, and on wrong ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "experiments/study/sweep.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "tests/experiments/layered_network.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

const fs::path data = fs::path(HALFULP_SOURCE_DIR) / "data";

nlohmann::json plain(const Json& value) { return nlohmann::json::parse(value.dump()); }

// A schema of data/schemas, with those that it names by file.
class Schema {
 public:
  explicit Schema(const std::string& name) {
    const nlohmann::json text = plain(read_json_file((data / "schemas" / name).string()));
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(
            Adapter(text), schema_,
            [](const std::string& uri) {
              return new nlohmann::json(plain(read_json_file((data / "schemas" / uri).string())));
            },
            [](const nlohmann::json* fetched) { delete fetched; });
  }

  // What is wrong with a document; empty where nothing is.
  [[nodiscard]] std::string errors(const Json& document) const {
    const nlohmann::json value = plain(document);
    valijson::ValidationResults results;
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    if (validator.validate(schema_, Adapter(value), &results)) return "";
    std::string text = "invalid";
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      text += "\n";
      for (const std::string& part : error.context) text += part;
      text += ": " + error.description;
    }
    return text;
  }

 private:
  valijson::Schema schema_;
};

const Schema& policies() {
  static const Schema schema("policy.json");
  return schema;
}
const Schema& experiments() {
  static const Schema schema("experiment.json");
  return schema;
}

std::vector<fs::path> files_of(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(data / folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  return files;
}

TEST(Schemas, AcceptEveryShippedPolicy) {
  const auto files = files_of("policies");
  EXPECT_GE(files.size(), 20U);
  for (const fs::path& file : files)
    EXPECT_EQ(policies().errors(read_json_file(file.string())), "") << file;
}

TEST(Schemas, AcceptTheManualsPolicies) {
  std::ifstream file(std::string(HALFULP_SOURCE_DIR) + "/docs/policies.md");
  std::stringstream manual;
  manual << file.rdbuf();
  const std::string text = manual.str();
  const std::string fence = "```json\n";
  int examples = 0;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::string example = text.substr(at, text.find("```", at) - at);
    EXPECT_EQ(policies().errors(parse_json(example, "example")), "") << example;
    ++examples;
  }
  EXPECT_GE(examples, 5);
}

// As written, and with every default filled in.
TEST(Schemas, AcceptEveryShippedExperiment) {
  const auto files = files_of("experiments");
  EXPECT_GE(files.size(), 10U);
  for (const fs::path& file : files) {
    const Json document = read_json_file(file.string());
    EXPECT_EQ(experiments().errors(document), "") << file;
    // Its samples are fetched from elsewhere.
    if (file.stem() == "digits" && !fs::exists(file.parent_path().parent_path() / "digits.csv"))
      continue;
    EXPECT_EQ(experiments().errors(make_study(document, file.string()).document), "") << file;
  }
}

// What a policy may say, and in full.
TEST(Schemas, AcceptWhatTheReaderAccepts) {
  for (
      const char* text :
      {R"({})", R"({"weight": "native", "dx": "none"})",
       R"({"accumulator": {"format": "binary16", "order": "chunked", "chunk": 4, "outer": "binary32",
                           "product": {"format": "bf16", "rounding": "rtz"}}})",
       R"({"x.fwd": ["bfloat16", {"format": "mxfp4", "rounding": "sr", "random": "splitmix64"}]})",
       R"({"w.dgrad": {"reuse": "forward_copy"}, "g.wgrad": {"noise": {"kind": "additive",
           "eps": 0.5, "law": "two_point"}}})",
       R"({"w.fwd": {"format": {"kind": "float", "exponent_bits": 2, "fraction_bits": 1,
            "infinity": false, "nan_codes": 0}, "gradient": "dge", "dge": {"k": 4, "cap": 2}}})",
       R"({"x.wgrad": {"format": "mxfp4", "transform": {"hadamard": 2, "random_signs": true,
            "clamp_quantile": 0.9, "residual": "high_precision", "pre_factor": 0.5}},
           "g.wgrad": {"kind": "block", "element": "int4", "columns": 4, "transform": {"hadamard":
            2, "random_signs": true, "normalize": "l2", "over": "row"}},
           "dx": {"format": "int8", "transform": {"normalize": "delayed", "history": 4,
            "margin": -1, "amax": "most_recent"}}})",
       R"({"m": {"format": {"kind": "codebook", "values": [-1, 0, 1]}, "scaling": "group:64"},
           "v": {"kind": "block", "element": "int8", "columns": 8, "rule": "ratio"},
           "row": {"kind": "block", "element": {"format": "float4_e2m1fn"}, "levels": [
             {"rows": 0, "columns": 0}, {"columns": 16, "scale": "float8_e4m3fn"}]}})",
       R"({"data": {"format": "int8", "scaling": {"kind": "static", "scale": 0.5}, "overflow":
           {"finite": "largest"}, "flush_outputs": true}, "update": {"kind": "fixed", "bits": 8}})",
       R"({"extends": {"weight": "int8"}, "why": "because", "source": "here", "phases": [
             {"when": {"step": [0, 3]}, "use": {"dx": "bfloat16"}},
             {"when": {"fraction": [0.5, 1]}, "rules": [{"match": {"pass": "fwd"}, "use": {"x.fwd":
              "int4"}}]}], "loss_scale": {"kind": "static", "init": 8}})"}) {
    const Json value = parse_json(text, "text");
    EXPECT_EQ(policies().errors(value), "") << text;
    const LayeredPolicy policy = parse_layered_policy(value, "", network());
    EXPECT_EQ(policies().errors(to_json(policy)), "") << text;
  }
}

// Every format in full, every block format and what every peer makes of it, every mode.
TEST(Schemas, KnowWhatQuantizersMayBe) {
  const auto accepted = [](const Json& quantizer) {
    EXPECT_EQ(policies().errors(Json{{"data", quantizer}}), "") << quantizer;
  };
  for (const CatalogueEntry& entry : catalogue()) {
    accepted(to_json(entry.format));
    accepted(to_json(Quantizer{.format = entry.format, .rounding = {}}));
  }
  for (const BlockEntry& entry : block_catalogue()) {
    accepted(to_json(entry.format));
    for (const BlockPreset& preset : block_presets()) {
      try {
        accepted(to_json(preset.apply(entry.format)));
      } catch (const Error&) {
        continue;  // the peer says nothing of the format
      }
    }
  }
  for (int mode = 0; mode < mode_count; ++mode)
    accepted(Json{{"format", "int8"}, {"rounding", std::string(name_of(static_cast<Mode>(mode)))}});
}

TEST(Schemas, RefuseWrongPoliciesAsTheReaderDoes) {
  for (const char* text :
       {R"([])",
        R"({"base": {"use": {"weight": 3}}})",
        R"({"schema": "policy/2"})",
        R"({"base": {"uses": {}}})",
        R"({"base": {"native": "binary16"}})",
        R"({"base": {"on_nan": "skip"}})",
        R"({"base": {}, "weight": "int8"})",
        R"({"rules": {"use": {}}})",
        R"({"rules": [{"match": {}}]})",
        R"({"rules": [{"use": {}, "match": {"op": "conv"}}]})",
        R"({"rules": [{"use": {}, "match": {"pass": "bwd"}}]})",
        R"({"rules": [{"use": {}, "match": {"last_fraction": 1.5}}]})",
        R"({"rules": [{"use": {}, "match": {"first_layers": -1}}]})",
        R"({"rules": [{"use": {}, "because": ""}]})",
        R"({"phases": [{"use": {}}]})",
        R"({"phases": [{"when": {"step": [1]}, "use": {}}]})",
        R"({"phases": [{"when": {"step": [0, 1], "fraction": [0, 1]}, "use": {}}]})",
        R"({"phases": [{"when": {"fraction": [0, 2]}, "use": {}}]})",
        R"({"loss_scale": {"kind": "static"}})",
        R"({"loss_scale": {"kind": "dynamic", "factor": 1}})",
        R"({"loss_scale": {"init": 8}})",
        R"({"optimizer": {"order": "store"}})",
        R"({"optimizer": {"weight_update": "sloppy"}})",
        R"({"rng": "mersenne"})",
        R"({"weight": {"rounding": "rne"}})",
        R"({"weight": {"format": "int8", "rounding": "best"}})",
        R"({"weight": {"format": "int8", "random_bits": 65}})",
        R"({"weight": {"format": "int8", "scaling": "rows"}})",
        R"({"weight": {"format": "int8", "scaling": "group:0"}})",
        R"({"weight": {"format": "int8", "scaling": {"rule": "best"}}})",
        R"({"weight": {"format": "int8", "overflow": {"finite": "nan"}}})",
        R"({"weight": {"format": {"kind": "float", "exponent_bits": 0, "fraction_bits": 3}}})",
        R"({"weight": {"format": {"kind": "float", "exponent_bits": 3}}})",
        R"({"weight": {"format": {"kind": "fixed", "bits": 8, "fraction": 2}}})",
        R"({"weight": {"kind": "block", "columns": 8}})",
        R"({"weight": []})",
        R"({"w.fwd": {"format": "int8", "gradient": "exact"}})",
        R"({"w.dgrad": {"format": "int8", "reuse": "again"}})",
        R"({"dx": {"format": "int8", "transform": {"hadamard": 0}}})",
        R"({"dx": {"format": "int8", "transform": {"normalize": "l1"}}})",
        R"({"dx": {"format": "int8", "transform": {"residual": "sparse"}}})",
        R"({"weight": {"noise": {"kind": "additive"}}})",
        R"({"weight": {"noise": {"kind": "additive", "eps": 1}, "format": "int8"}})"}) {
    const Json value = parse_json(text, "text");
    EXPECT_NE(policies().errors(value), "") << text;
    EXPECT_NE(error_of([&] { parse_layered_policy(value, "", network()); }), "no error") << text;
  }
}

Json changed(Json document, const char* pointer, const char* value) {
  document[Json::json_pointer(pointer)] = parse_json(value, "value");
  return document;
}

TEST(Schemas, RefuseWrongExperimentsAsTheReaderDoes) {
  const Json regression = parse_json(R"({"experiment": "linear_regression",
      "problem": {"dimension": 4, "spectrum_exponent": 2}, "training": {"samples": 8},
      "policy": {"data": "int8"}, "sweep": {}, "fits": []})",
                                     "");
  const Json training = parse_json(R"({"experiment": "training", "problem": {"model":
      {"kind": "mlp", "widths": [2, 3]}}, "training": {"optimizer": "adam", "learning_rate": 0.1,
      "steps": 3}, "measure": {}, "policy": "mxfp8"})",
                                   "");
  const Json tensor = parse_json(R"({"experiment": "tensor", "problem": {"rows": 2, "columns": 4,
      "law": {"kind": "uniform", "high": 2}, "outliers": {"share": 0.5, "factor": -3}, "product":
      {"columns": 3, "law": "ones"}}, "policy": {"acc": "binary16"}, "sweep": {}, "fits": []})",
                                 "");
  const auto accepted = [](const Json& document) {
    EXPECT_EQ(experiments().errors(document), "") << document;
    EXPECT_EQ(error_of([&] { make_study(document, "d"); }), "no error") << document;
  };
  const auto refused = [](const Json& document) {
    EXPECT_NE(experiments().errors(document), "") << document;
    EXPECT_NE(error_of([&] { make_study(document, "d"); }), "no error") << document;
  };
  accepted(regression);
  accepted(training);
  accepted(tensor);
  accepted(changed(training, "/policy", R"({"extends": "mxfp8", "rules": []})"));
  accepted(changed(training, "/sweep", R"({"/policy": ["mxfp8", "amp_bf16"]})"));
  for (const auto& [pointer, value] : std::vector<std::pair<const char*, const char*>>{
           {"/experiment", "\"regression\""},
           {"/repeats", "0"},
           {"/seed", "-1"},
           {"/nmae", "\"\""},
           {"/problem/dimension", "0"},
           {"/problem/spectrum", "[1, 1, 1, 1]"},
           {"/problem/teacher", R"({"kind": "source"})"},
           {"/problem/sketch", "\"sparse\""},
           {"/training/schedule", "\"cosine\""},
           {"/training/batch", "0.5"},
           {"/training", "{}"},
           {"/policy/weights", "\"int8\""},
           {"/sweep", R"({"/name": ["a"]})"},
           {"/sweep", R"({"/seed": []})"},
           {"/fits", R"([{"kind": "cubic"}])"},
           {"/fits", R"([{"kind": "power_law", "y": "floor"}])"},
           {"/maps", R"([{"rows": "/seed", "columns": "/repeats"}])"},
           {"/maps", R"([{"rows": "seed", "columns": "/repeats", "value": "floor"}])"},
           {"/maps", R"({"rows": "/seed", "columns": "/repeats", "value": "floor"})"},
           {"/measure", "{}"}})
    refused(changed(regression, pointer, value));
  for (const auto& [pointer, value] : std::vector<std::pair<const char*, const char*>>{
           {"/problem/model", R"({"kind": "mlp", "widths": [2]})"},
           {"/problem/model", R"({"kind": "residual_mlp", "width": 4})"},
           {"/problem/model/activation", "\"tanh\""},
           {"/problem/loss", "\"hinge\""},
           {"/problem/data", R"({"noise": -1})"},
           {"/training/optimizer", "\"lion\""},
           {"/training/optimizer", R"({"kind": "adam", "beta1": 1})"},
           {"/training/learning_rate", R"({"kind": "cosine", "from": 1})"},
           {"/training/learning_rate", "-1"},
           {"/training/steps", "0"},
           {"/training/averaged", "2"},
           {"/measure/gradient", "1"},
           {"/policy", R"({"rules": 1})"}})
    refused(changed(training, pointer, value));
  for (const auto& [pointer, value] : std::vector<std::pair<const char*, const char*>>{
           {"/problem", R"({"rows": 3})"},
           {"/problem/rows", "0"},
           {"/problem/law", "\"levy\""},
           {"/problem/law", R"({"kind": "normal", "low": 1})"},
           {"/problem/outliers/share", "1.5"},
           {"/problem/product", R"({"law": "ones"})"},
           {"/training", "{}"},
           {"/sweep", R"({"/training/steps": [1]})"}})
    refused(changed(tensor, pointer, value));
}

}  // namespace
}  // namespace halfulp::experiments

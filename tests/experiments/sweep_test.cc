// SPDX-License-Identifier: MIT
#include "experiments/study/sweep.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/models/linear_regression/places.h"
#include "experiments/models/linear_regression/unit.h"
#include "experiments/runs/run.h"
#include "experiments/runs/units.h"
#include "formats/error.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

using namespace linear_regression;

Json base() {
  return parse_json(R"({"experiment": "linear_regression", "seed": 3, "repeats": 2,
    "problem": {"dimension": 32, "spectrum_exponent": 2, "sketch_size": 8},
    "training": {"samples": 64}})",
                    "text");
}

// The error of the base document with one pointer set to the JSON text.
std::string error_with(const std::string& pointer, const std::string& value) {
  Json document = base();
  set_at(document, pointer, parse_json(value, "value"), "test");
  return error_of([&] { make_study(document, "dir/file.json"); });
}

void expect_parts(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks " << part;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(Sweep, IsTheProductLastKeyFastest) {
  Json document = base();
  document["sweep"] = parse_json(R"({"/problem/sketch_size": [4, 8],
      "/training/samples+/training/step_size": [[32, 0.1], [64, 0.05], [128, 0.01]],
      "/policy/feature": ["none", "bfloat16"]})",
                                 "text");
  const Study study = make_study(document, "file.json");
  ASSERT_EQ(study.points.size(), 12U);
  EXPECT_EQ(study.points[0].set.dump(),
            R"({"/problem/sketch_size":4,"/training/samples":32,"/training/step_size":0.1,)"
            R"("/policy/feature":"none"})");
  EXPECT_EQ(study.points[1].set["/policy/feature"], "bfloat16");
  EXPECT_EQ(study.points[2].set["/training/samples"], 64);
  EXPECT_EQ(study.points[2].set["/training/step_size"], 0.05);
  EXPECT_EQ(study.points[6].set["/problem/sketch_size"], 8);
  EXPECT_EQ(regression_of(study.points[6].experiment.setting).problem->sketch_size, 8U);
  EXPECT_EQ(regression_of(study.points[11].experiment.setting).training.samples, 128U);
  EXPECT_FALSE(is_native(study.points[11].experiment.setting.policy.at(place::feature)));
  // Points that differ in policy or training share samples; those of another sketch do not.
  const std::vector<Group> groups = make_groups(study);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].points, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Sweep, ResolvedDocumentIsTheSameStudy) {
  Json document = base();
  document["sweep"] = parse_json(R"({"/policy/feature": ["none", "float8_e4m3fn",
      {"noise": {"kind": "additive", "eps": 0.01}}]})",
                                 "text");
  document["fits"] = Json::array();
  const Study study = make_study(document, "file.json");
  const Study again = make_study(study.document, "other.json");
  EXPECT_EQ(again.document, study.document);
  ASSERT_EQ(again.points.size(), study.points.size());
  for (std::size_t i = 0; i < study.points.size(); ++i)
    EXPECT_EQ(again.points[i].experiment.resolved, study.points[i].experiment.resolved);
  EXPECT_EQ(again.hash, study.hash);
  document["seed"] = 4;
  EXPECT_NE(make_study(document, "file.json").hash, study.hash);
}

TEST(Sweep, ReadsPolicyFilesBesideTheDocument) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sweep-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "p.json") << R"({"label": "bfloat16"})";
  Json document = base();
  document["policy"] = "p.json";
  document["sweep"] = Json{{"/policy/feature", {"bfloat16", "none"}}};
  const Study study = make_study(document, (folder / "d.json").string());
  EXPECT_FALSE(is_native(study.points[0].experiment.setting.policy.at(place::label)));
  EXPECT_FALSE(is_native(study.points[0].experiment.setting.policy.at(place::feature)));
  // The hash covers what the file says.
  std::ofstream(folder / "p.json") << R"({"label": "binary16"})";
  EXPECT_NE(make_study(document, (folder / "d.json").string()).hash, study.hash);
  std::filesystem::remove_all(folder);
}

TEST(Documents, ErrorsNameFilePlaceAndRemedy) {
  expect_parts(error_with("/trainng", "{}"), {"dir/file.json: /trainng", "\"training\""});
  expect_parts(error_with("/problem/dimension", "0"), {"/problem/dimension", "1 to"});
  expect_parts(error_with("/problem/dimension", "\"x\""), {"/problem/dimension", "integer"});
  expect_parts(error_with("/problem/sketch_size", "64"), {"/problem/sketch_size", "1 to 32"});
  expect_parts(error_with("/problem/spectrum", "[1, 2]"), {"/problem/spectrum"});
  expect_parts(error_with("/problem/teacher", "[1, 2]"), {"/problem/teacher", "32 numbers"});
  expect_parts(error_with("/problem/teacher", R"({"kind": "gausian"})"),
               {"/problem/teacher/kind", "did you mean \"gaussian\""});
  expect_parts(error_with("/problem/noise_variance", "-1"), {"/problem/noise_variance"});
  expect_parts(error_with("/training/samples", "65.5"), {"/training/samples", "integer"});
  expect_parts(error_with("/training/batch", "3"), {"/training/samples", "multiple of the batch"});
  expect_parts(error_with("/training/schedule", "\"geometric\""), {"/training/schedule"});
  expect_parts(error_with("/training/tail_fraction", "0.5"), {"/training/tail_fraction", "tail"});
  expect_parts(error_with("/policy", "\"bfloat16\""), {"/policy", "{\"feature\": \"bfloat16\"}"});
  expect_parts(error_with("/policy", R"({"feature": "float8_e4m3fm"})"),
               {"dir/file.json: /policy/feature", "did you mean \"float8_e4m3fn\""});
  expect_parts(error_with("/experiment", "\"linear_regresion\""), {"/experiment"});
  expect_parts(error_with("/repeats", "0"), {"/repeats"});
  Json unsketched = base();
  unsketched["problem"]["sketch_size"] = nullptr;
  unsketched["policy"] = Json{{"feature", "bfloat16"}};
  expect_parts(error_of([&] { make_study(unsketched, "f"); }), {"/policy/feature", "\"data\""});
  expect_parts(error_of([] { make_study(Json::array(), "f"); }), {"f: ", "object"});
}

TEST(Documents, SweepErrors) {
  expect_parts(error_with("/sweep", "[]"), {"/sweep", "object"});
  expect_parts(error_with("/sweep", R"({"problem": [1]})"), {"JSON pointer"});
  expect_parts(error_with("/sweep", R"({"/problm/dimension": [1]})"), {"did you mean \"problem\""});
  expect_parts(error_with("/sweep", R"({"/problem/dimension": []})"), {"list of values"});
  expect_parts(error_with("/sweep", R"({"/problem/dimensions": [8]})"),
               {"/problem/dimensions", "from the sweep", "did you mean \"dimension\""});
  expect_parts(error_with("/sweep", R"({"/problem/sketch_size": [4, 400]})"),
               {"/problem/sketch_size", "from the sweep"});
  expect_parts(error_with("/sweep", R"({"/problem/sketch_size/x": [4]})"), {"leads nowhere"});
  expect_parts(error_with("/sweep", R"({"/seed+/repeats": [[1, 2], [3]]})"),
               {"/sweep/~1seed+~1repeats/1", "2 values"});
  expect_parts(error_with("/sweep", R"({"/seed": [1], "/repeats+/seed": [[1, 2]]})"),
               {"swept twice"});
}

TEST(Documents, FitErrors) {
  const auto error = [](const std::string& fits) {
    Json document = base();
    document["sweep"] = Json{{"/problem/sketch_size", {4, 8}}};
    document["fits"] = parse_json(fits, "fits");
    return error_of([&] { make_study(document, "f"); });
  };
  expect_parts(error(R"([{"kind": "power"}])"), {"/fits/0/kind"});
  expect_parts(error(R"([{"kind": "power_law", "x": "/problem/sketch_sise", "y": "floor"}])"),
               {"/fits/0/x", "did you mean \"/problem/sketch_size\""});
  expect_parts(error(R"([{"kind": "power_law", "x": "/problem/sketch_size", "y": "flor"}])"),
               {"/fits/0/y", "did you mean \"floor\""});
  expect_parts(error(R"([{"kind": "power_law", "x": "/problem/sketch_size", "y": "floor",
                          "range": [3, 1]}])"),
               {"/fits/0/range"});
  expect_parts(error(R"([{"kind": "precision_laws"}])"),
               {"/fits/0/kind", "did you mean \"precision_law\""});
  expect_parts(error(R"([{"kind": "precision_law", "model_size": "/problem/sketch_size"}])"),
               {"/fits/0", "precision"});
  expect_parts(error(R"([{"kind": "precision_law", "model_size": "/problem/sketch_size",
                          "precision": "/policy/feature"}])"),
               {"/fits/0/precision", "is not swept"});
  expect_parts(error(R"([{"kind": "joint_power_law", "model_size": "/problem/sketch_size"}])"),
               {"/fits/0", "data_size"});
}

TEST(Settings, ReplaceAndAddFields) {
  Json document = base();
  document["sweep"] = Json{{"/training/batch", {1, 2}}};
  const Json edited =
      apply_settings(document, {"/training/samples=128", "/policy/feature=bfloat16", "/name=a=b",
                                "/sweep/~1training~1batch=[4]", "/problem/sketch_size=null"});
  EXPECT_EQ(edited["training"]["samples"], 128);
  EXPECT_EQ(edited["policy"]["feature"], "bfloat16");
  EXPECT_EQ(edited["name"], "a=b");
  EXPECT_EQ(edited["sweep"]["/training/batch"], Json::array({4}));
  EXPECT_TRUE(edited["problem"]["sketch_size"].is_null());
  const auto error = [&](const std::string& setting) {
    return error_of([&] { apply_settings(document, {setting}); });
  };
  expect_parts(error("/training/samples"), {"/path=value"});
  expect_parts(error("training/samples=3"), {"/path=value"});
  expect_parts(error("/seed/x=3"), {"leads nowhere"});
  expect_parts(error("/name=\xff"), {"UTF-8"});
  expect_parts(error("/training/batch=3"), {"sweeps", "/sweep/~1training~1batch"});
}

TEST(Maps, NameWhatIsSwept) {
  const std::string sweep = R"({"/problem/sketch_size": [4, 8],
      "/training/samples+/training/step_size": [[32, 0.1], [64, 0.05]],
      "/policy/feature": ["binary64", {"format": "bfloat16", "rounding": "stochastic"}]})";
  Json document = base();
  document["sweep"] = parse_json(sweep, "text");
  EXPECT_FALSE(make_study(document, "d").document.contains("maps"));
  document["maps"] = parse_json(R"([{"rows": "/training/samples+/problem/sketch_size",
      "columns": "/policy/feature", "value": "floor",
      "relative_to": {"/policy/feature": "binary64"}, "at": {"/problem/sketch_size": 4}}])",
                                "text");
  const Json whole = make_study(document, "d").document;
  EXPECT_EQ(whole["maps"][0]["logarithmic"], false);
  EXPECT_EQ(make_study(whole, "d").document, whole);

  const auto error_of_map = [&](const char* member, const char* value) {
    Json changed = document;
    changed["maps"][0][member] = parse_json(value, "value");
    return error_of([&] { make_study(changed, "dir/file.json"); });
  };
  expect_parts(error_of_map("rows", "\"/policy/label\""),
               {"dir/file.json: /maps/0/rows: \"/policy/label\" is not swept"});
  expect_parts(error_of_map("rows", "\"/training/samples+/training/step_sizes\""),
               {"\"/training/step_sizes\" is not swept", "/training/step_size\""});
  expect_parts(error_of_map("columns", "\"/problem/sketch_size\""),
               {"/maps/0/columns", "stands along the rows already"});
  expect_parts(error_of_map("value", "\"flor\""), {"/maps/0/value", "\"floor\""});
  expect_parts(error_of_map("colours", "1"), {"/maps/0", "colours"});
  expect_parts(error_of_map("at", R"({"/policy/feature": {"format": "bfloat16"}})"), {"no error"});
  expect_parts(error_of_map("at", R"({"/policy/feature": {"format": "int8"}})"),
               {"/maps/0/at/~1policy~1feature", "no point has this value"});
  expect_parts(error_of_map("relative_to", R"({"/seed": 1})"),
               {"/maps/0/relative_to/~1seed", "is not swept"});
  expect_parts(error_of_map("relative_to", "{}"), {"/maps/0/relative_to", "no object"});
  expect_parts(error_of_map("range", "[3, 3]"), {"/maps/0/range", "not empty"});
  Json no_list = document;
  no_list["maps"] = 3;
  EXPECT_NE(error_of([&] { make_study(no_list, "d"); }).find("/maps"), std::string::npos);
}

}  // namespace
}  // namespace halfulp::experiments

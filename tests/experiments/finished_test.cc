// SPDX-License-Identifier: MIT
//
// Results that a run may believe, and files that only look like them.
#include "experiments/runs/finished.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/runs/result_file.h"
#include "experiments/runs/run.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

// The second point has no sketch that can be inverted: it fails. The third has none at all.
Json document() {
  return parse_json(R"({"experiment": "linear_regression", "seed": 5, "repeats": 3,
    "problem": {"dimension": 12, "test_samples": 8, "spectrum": [1, 0.5, 0.1, 1e-300, 1e-300,
      1e-300, 1e-300, 1e-300, 1e-300, 1e-300, 1e-300, 1e-300]},
    "training": {"samples": 10},
    "sweep": {"/problem/sketch_size": [2, 8, null]},
    "fits": [{"kind": "power_law", "x": "/problem/sketch_size", "y": "floor"}]})",
                    "text");
}

Json result_of(bool repeats = true) {
  RunOptions options;
  options.repeats = repeats;
  return run(document(), "d.json", emulator::engine(), options).result;
}

std::string why(const Json& result, bool repeats = true) {
  return why_unfinished(result, make_study(document(), "d.json"), repeats);
}

TEST(Finished, ResultsAreBelieved) {
  EXPECT_EQ(why(result_of()), "");
  EXPECT_EQ(why(result_of(false), false), "");
  EXPECT_EQ(why(parse_json(result_of().dump(2), "r.json")), "");
  Json without_run = result_of();
  without_run.erase("run");
  EXPECT_EQ(why(without_run), "");
  // What was asked for must be there, and nothing else.
  EXPECT_NE(why(result_of(false)), "");
  EXPECT_NE(why(result_of(), false), "");
}

struct Edit {
  const char* pointer;
  const char* value;  // JSON; "erase" takes the member out
  const char* why;    // a part of the answer
};

TEST(Finished, AnyOtherBodyIsNot) {
  const Json good = result_of();
  ASSERT_TRUE(good["points"][1].contains("error"));
  for (const Edit& edit :
       std::vector<Edit>{{"/points", "erase", "\"points\" is missing"},
                         {"/fits", "erase", "\"fits\" is missing"},
                         {"/document", "erase", "\"document\" is missing"},
                         {"/halfulp/result_digest", "erase", "\"result_digest\" is missing"},
                         {"/halfulp/result_digest", "\"0123\"", "16 hexadecimal digits"},
                         {"/halfulp/result_digest", "\"0123456789abcdef\"", "changed or damaged"},
                         {"/halfulp/document_hash", "\"0123456789abcdef\"", "another document"},
                         {"/halfulp/version", "\"9\"", "another version"},
                         {"/halfulp/schema", "1", "other random bits"},
                         {"/halfulp", "[]", "no object"},
                         {"/more", "1", "\"more\" is unknown"},
                         {"/document/seed", "6", "another document"},
                         {"/points", "[]", "a list of 3 points"},
                         {"/points", "{}", "a list of 3 points"},
                         {"/points/2", "erase", "a list of 3 points"},
                         {"/points/0", "null", "/points/0: no object"},
                         {"/points/0/set", "{}", "/points/0/set"},
                         {"/points/0/set/~1problem~1sketch_size", "3", "/points/0/set"},
                         {"/points/0/digest", "erase", "\"digest\" is missing"},
                         {"/points/0/digest", "\"0123456789ABCDEF\"", "16 hexadecimal digits"},
                         {"/points/0/digest", "\"0123456789abcdef\"", "changed or damaged"},
                         {"/points/0/metrics", "erase", "\"metrics\" is missing"},
                         {"/points/0/metrics", "[1, 2]", "/points/0/metrics: no object"},
                         {"/points/0/metrics/floor", "erase", "\"floor\" is missing"},
                         {"/points/0/metrics/flor", "1", "\"flor\" is unknown"},
                         {"/points/0/metrics/floor", "1", "no object"},
                         {"/points/0/metrics/floor", "null", "changed or damaged"},
                         {"/points/0/metrics/floor/mean", "0.5", "changed or damaged"},
                         {"/points/0/metrics/floor/mean", "\"large\"", "a number"},
                         {"/points/0/metrics/floor/mean", "null", "a number"},
                         {"/points/0/metrics/floor/stderr", "null", "a number"},
                         {"/points/0/metrics/floor/repeats", "[1, 2]", "a list of 3 numbers"},
                         {"/points/0/metrics/floor/repeats/1", "true", "a list of 3 numbers"},
                         {"/points/0/metrics/floor/repeats/1", "1", "changed or damaged"},
                         {"/points/0/theory", "erase", "\"theory\" is missing"},
                         {"/points/0/theory/floor", "\"x\"", "/points/0/theory/floor"},
                         {"/points/0/error", "\"no\"", "is unknown"},
                         {"/points/1/error", "7", "a text"},
                         {"/points/1/error", "\"\"", "changed or damaged"},
                         {"/fits", "{}", "a list"},
                         {"/fits/0", "erase", "changed or damaged"}}) {
    const Json::json_pointer pointer(edit.pointer);
    Json bad = good;
    if (std::string(edit.value) == "erase") {
      Json& parent = bad[pointer.parent_pointer()];
      parent.is_array() ? parent.erase(std::stoul(pointer.back()))
                        : void(parent.erase(pointer.back()));
    } else {
      bad[pointer] = parse_json(edit.value, "value");
    }
    const std::string answer = why(bad);
    EXPECT_NE(answer.find(edit.why), std::string::npos) << edit.pointer << ": " << answer;
  }
  for (const char* text : {"null", "[]", "{}", "7", "\"\""})
    EXPECT_NE(why(parse_json(text, "value")), "") << text;
}

// Each leaf of a result, changed by itself.
TEST(Finished, NoChangedLeafIsBelieved) {
  const Json good = result_of();
  const Study study = make_study(document(), "d.json");
  const Json flat = good.flatten();
  std::size_t changed = 0;
  for (const auto& leaf : flat.items()) {
    if (leaf.key().starts_with("/run")) continue;
    Json bad = good;
    Json& value = bad[Json::json_pointer(leaf.key())];
    value = value.is_number() ? Json(value.get<double>() * 1.25 + 1) : Json("else");
    EXPECT_NE(why_unfinished(bad, study, true), "") << leaf.key();
    ++changed;
  }
  EXPECT_GT(changed, 80U);
}

TEST(Finished, ResumeReplacesWhatIsNot) {
  const fs::path folder = fs::temp_directory_path() / ("finished-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  RunOptions options;
  options.output = (folder / "r.json").string();
  options.run_info = false;
  options.resume = true;
  std::string warning;
  options.warn = [&](const std::string& text) { warning = text; };
  const auto text = [&] {
    std::ifstream file(options.output, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  };
  const auto run_again = [&] {
    return run(document(), "d.json", emulator::engine(), options).state;
  };
  EXPECT_EQ(run_again(), RunState::complete);
  EXPECT_EQ(warning, "");
  const std::string good = text();
  EXPECT_EQ(run_again(), RunState::already_complete);
  std::string changed = good;
  const std::size_t mean = changed.find("\"mean\": ") + 12;
  changed[mean] = changed[mean] == '1' ? '2' : '1';
  for (const std::string& bad : {changed, good.substr(0, good.size() / 2), std::string("{}")}) {
    warning.clear();
    std::ofstream(options.output, std::ios::binary) << bad;
    EXPECT_EQ(run_again(), RunState::complete);
    EXPECT_EQ(text(), good);
    EXPECT_NE(warning.find("is not the finished result"), std::string::npos) << warning;
    EXPECT_EQ(warning.find('\n'), std::string::npos);
  }
  // A file without the repeats is not what a run with them gives, and the other way round.
  options.repeats = false;
  EXPECT_EQ(run_again(), RunState::complete);
  EXPECT_EQ(text().find("\"repeats\": ["), std::string::npos);
  EXPECT_EQ(run_again(), RunState::already_complete);
  fs::remove_all(folder);
}

TEST(Repeats, AreWhatTheMeansAreOf) {
  const Json result = result_of();
  for (const std::string_view metric_name : make_study(document(), "d.json").model->metrics) {
    const std::string name(metric_name);
    const Json& metric = result["points"][0]["metrics"][name];
    if (metric.is_null()) continue;
    ASSERT_EQ(metric["repeats"].size(), 3U) << name;
    double sum = 0;
    for (const Json& x : metric["repeats"]) sum += x.get<double>();
    EXPECT_EQ(metric["mean"].get<double>(), sum / 3) << name;
  }
  // A study of one repeat has the first of them.
  Json one = document();
  one["repeats"] = 1;
  const Json first = run(one, "d.json", emulator::engine(), RunOptions{}).result;
  EXPECT_EQ(first["points"][0]["metrics"]["floor"]["mean"],
            result["points"][0]["metrics"]["floor"]["repeats"][0]);
  EXPECT_TRUE(first["points"][0]["metrics"]["floor"]["stderr"].is_null());
}

TEST(Stop, EndsExpansionAndResults) {
  std::atomic<bool> stop{true};
  EXPECT_THROW(make_study(document(), "d.json", &stop), Stopped);
  const Study study = make_study(document(), "d.json");
  EXPECT_THROW(make_result(study, std::vector<std::vector<RepeatOutcome>>(3), true, &stop),
               Stopped);
  RunOptions options;
  options.stop = &stop;
  const RunSummary summary = run(document(), "d.json", emulator::engine(), options);
  EXPECT_EQ(summary.state, RunState::stopped);
  EXPECT_EQ(summary.units_total, 0U);
}

}  // namespace
}  // namespace halfulp::experiments

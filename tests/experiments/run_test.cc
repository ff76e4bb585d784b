// SPDX-License-Identifier: MIT
//
// Whole runs through files: the same bytes from any number of threads, from shards, from journals
// cut anywhere, from either engine.
#include "experiments/runs/run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "emulator/engine.h"
#include "formats/error.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

Json study() {
  return parse_json(R"({"experiment": "linear_regression", "seed": 5, "repeats": 3,
    "problem": {"dimension": 20, "spectrum_exponent": 2, "test_samples": 50},
    "training": {"samples": 40, "schedule": "geometric_decay"},
    "sweep": {"/problem/sketch_size": [null, 4, 6],
              "/policy": ["none", {"data": {"format": "float8_e4m3fn", "rounding": "stochastic"}},
                          {"data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.1}}},
                          {"weight": "bfloat16", "accumulator": "binary16"}]},
    "fits": [{"kind": "power_law", "x": "/problem/sketch_size", "y": "excess_clean_last"}]})",
                    "text");
}

class Runs : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("run-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] RunOptions options(const std::string& name = "r.json") const {
    RunOptions o;
    o.output = (folder_ / name).string();
    o.threads = 1;
    o.run_info = false;
    return o;
  }
  [[nodiscard]] std::string text(const std::string& name = "r.json") const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static RunSummary run_study(const RunOptions& o) {
    return run(study(), "d.json", emulator::engine(), o);
  }
  // The bytes of an undisturbed run.
  std::string expected() {
    run_study(options("expected.json"));
    std::string bytes = text("expected.json");
    fs::remove(folder_ / "expected.json");
    return bytes;
  }

  fs::path folder_;
};

TEST_F(Runs, WriteTheContractsMembers) {
  RunOptions o = options();
  o.run_info = true;
  const RunSummary summary = run_study(o);
  EXPECT_EQ(summary.state, RunState::complete);
  EXPECT_EQ(summary.points, 12U);
  EXPECT_EQ(summary.failed_points, 0U);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
  const Json result = parse_json(text(), "r.json");
  std::vector<std::string> keys;
  for (const auto& member : result.items()) keys.push_back(member.key());
  EXPECT_EQ(keys, (std::vector<std::string>{"halfulp", "document", "points", "fits", "run"}));
  for (const char* key : {"seconds", "threads", "instruction_set", "host", "steps_per_second"})
    EXPECT_TRUE(result["run"].contains(key)) << key;
  const Json& point = result["points"][4];
  EXPECT_EQ(point["set"]["/problem/sketch_size"], 4);
  EXPECT_TRUE(point["metrics"]["excess_clean_last"]["mean"].is_number());
  EXPECT_TRUE(point["metrics"]["excess_clean_last"]["stderr"].is_number());
  EXPECT_TRUE(point["theory"]["approximation"].is_number());
  EXPECT_EQ(point["digest"].get<std::string>().size(), 16U);
  EXPECT_TRUE(result["points"][5]["metrics"]["floor"].is_null());
  EXPECT_TRUE(result["points"][5]["theory"]["excess_clean_last"].is_null());
  EXPECT_EQ(result["document"]["training"]["batch"], 1);
}

TEST_F(Runs, DoNotDependOnThreads) {
  const std::string bytes = expected();
  for (const int threads : {0, 2, 5}) {
    RunOptions o = options();
    o.threads = threads;
    run_study(o);
    EXPECT_EQ(text(), bytes) << threads;
  }
}

TEST_F(Runs, EnginesAgree) {
  Json document = study();
  document["repeats"] = 1;
  document["training"]["samples"] = 20;
  document["problem"]["test_samples"] = 8;
  document["sweep"]["/problem/sketch_size"] = Json::array({4});
  document["fits"] = Json::array();
  RunOptions o;
  o.run_info = false;
  const Json fast = run(document, "d", emulator::engine(), o).result;
  const Json exact = run(document, "d", reference::engine(), o).result;
  EXPECT_EQ(fast.dump(), exact.dump());
}

TEST_F(Runs, PointsDoNotDependOnTheirNeighbours) {
  const Json whole = run_study(options()).result;
  Json alone = study();
  alone["sweep"]["/policy"] = Json::array({alone["sweep"]["/policy"][3]});
  alone["sweep"]["/problem/sketch_size"] = Json::array({6});
  alone["fits"] = Json::array();
  RunOptions o;
  o.run_info = false;
  const Json single = run(alone, "d", emulator::engine(), o).result;
  EXPECT_EQ(single["points"][0].dump(), whole["points"][11].dump());
}

// Policies that round nothing away train on the very same samples as the native one.
TEST_F(Runs, PoliciesOfAGroupSeeTheSameSamples) {
  Json document = study();
  document["problem"]["sketch_size"] = 4;
  document["sweep"] = parse_json(R"({"/policy": ["none",
      {"label": {"noise": {"kind": "additive", "eps": 0}}},
      {"feature": {"noise": {"kind": "multiplicative_coord", "eps": 0}}},
      {"weight": {"format": "binary64"}}]})",
                                 "sweep");
  document["fits"] = Json::array();
  const Json result = run(document, "d", emulator::engine(), RunOptions{}).result;
  for (const Json& point : result["points"])
    EXPECT_EQ(point["digest"], result["points"][0]["digest"]);
}

// A run that is stopped after `units` units.
void stop_after(RunOptions& o, std::size_t units, std::atomic<bool>& stop) {
  o.stop = &stop;
  o.progress = [&stop, units](const Progress& p) {
    if (p.units_done >= units) stop = true;
  };
}

TEST_F(Runs, StopAndResumeGiveTheSameBytes) {
  const std::string bytes = expected();
  for (const std::size_t units : {1, 4, 8}) {
    std::atomic<bool> stop{false};
    RunOptions o = options();
    stop_after(o, units, stop);
    const RunSummary stopped = run_study(o);
    EXPECT_EQ(stopped.state, RunState::stopped);
    EXPECT_EQ(stopped.units_done, units);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json.journal"});
    const std::string refused = error_of([&] { run_study(options()); });
    EXPECT_NE(refused.find("--resume"), std::string::npos) << refused;
    EXPECT_NE(refused.find("r.json.journal"), std::string::npos) << refused;
    RunOptions again = options();
    again.resume = true;
    std::size_t first_seen = 99;
    again.progress = [&](const Progress& p) { first_seen = std::min(first_seen, p.units_done); };
    EXPECT_EQ(run_study(again).state, RunState::complete);
    EXPECT_EQ(first_seen, units);
    EXPECT_EQ(text(), bytes);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
    EXPECT_EQ(run_study(again).state, RunState::already_complete);
    fs::remove(folder_ / "r.json");
  }
}

TEST_F(Runs, JournalsCutAtAnyByteAreContinued) {
  const std::string bytes = expected();
  std::atomic<bool> stop{false};
  RunOptions o = options();
  stop_after(o, 5, stop);
  run_study(o);
  const std::string journal = text("r.json.journal");
  RunOptions again = options();
  again.resume = true;
  for (std::size_t cut = 0; cut <= journal.size(); cut += 1 + journal.size() / 23) {
    std::ofstream(folder_ / "r.json.journal", std::ios::binary) << journal.substr(0, cut);
    run_study(again);
    ASSERT_EQ(text(), bytes) << cut;
    fs::remove(folder_ / "r.json");
  }
}

TEST_F(Runs, ShardsMergeToTheSameBytes) {
  const std::string bytes = expected();
  for (const int count : {2, 3}) {
    for (int index = 1; index <= count; ++index) {
      RunOptions o = options();
      o.shard_index = index;
      o.shard_count = count;
      const RunSummary summary = run_study(o);
      EXPECT_EQ(summary.state, index < count ? RunState::waiting : RunState::complete);
    }
    EXPECT_EQ(text(), bytes);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
    fs::remove(folder_ / "r.json");
  }
}

TEST_F(Runs, ResumeCollectsShards) {
  const std::string bytes = expected();
  RunOptions shard = options();
  shard.shard_count = 3;
  shard.shard_index = 2;
  EXPECT_EQ(run_study(shard).state, RunState::waiting);
  EXPECT_EQ(files(), (std::vector<std::string>{"r.json.shard-2-of-3.heartbeat",
                                               "r.json.shard-2-of-3.journal"}));
  RunOptions all = options();
  all.resume = true;
  EXPECT_EQ(run_study(all).state, RunState::complete);
  EXPECT_EQ(text(), bytes);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

TEST_F(Runs, RefuseForeignJournalsAndBadPlaces) {
  std::atomic<bool> stop{false};
  RunOptions o = options();
  stop_after(o, 2, stop);
  run_study(o);
  Json other = study();
  other["seed"] = 6;
  RunOptions again = options();
  again.resume = true;
  const std::string foreign = error_of([&] { run(other, "d.json", emulator::engine(), again); });
  EXPECT_NE(foreign.find("another document"), std::string::npos) << foreign;
  RunOptions nowhere = options("no/such/folder/r.json");
  EXPECT_NE(error_of([&] { run_study(nowhere); }).find("no/such/folder"), std::string::npos);
  RunOptions device = options();
  device.output = "/dev/full";
  EXPECT_NE(error_of([&] { run_study(device); }).find("/dev/full"), std::string::npos);
  EXPECT_FALSE(fs::exists("/dev/full.journal"));
  RunOptions directory = options();
  directory.output = folder_.string();
  EXPECT_NE(error_of([&] { run_study(directory); }), "no error");
}

// A sketch of 12 features over a spectrum that ends after 3 useful directions.
TEST_F(Runs, AFailedPointLeavesTheOthers) {
  Json document = parse_json(R"({"experiment": "linear_regression", "repeats": 2,
    "problem": {"dimension": 12, "spectrum": [1, 0.5, 0.1, 1e-300, 1e-300, 1e-300, 1e-300, 1e-300,
                1e-300, 1e-300, 1e-300, 1e-300]},
    "training": {"samples": 10}, "sweep": {"/problem/sketch_size": [2, 8]}})",
                             "text");
  const RunSummary summary = run(document, "d", emulator::engine(), options());
  EXPECT_EQ(summary.state, RunState::complete);
  EXPECT_EQ(summary.failed_points, 1U);
  EXPECT_TRUE(summary.result["points"][0].contains("metrics"));
  EXPECT_FALSE(summary.result["points"][1].contains("metrics"));
  EXPECT_NE(summary.result["points"][1]["error"].get<std::string>().find("positive definite"),
            std::string::npos);
}

TEST_F(Runs, DivergedTrainingIsAResult) {
  Json document = study();
  document["training"] = Json{{"samples", 4000}, {"step_size", 50.0}};
  document["sweep"] = Json::object();
  document["fits"] = Json::array();
  const RunSummary summary = run(document, "d", emulator::engine(), options());
  EXPECT_EQ(summary.failed_points, 0U);
  const Json& mean = summary.result["points"][0]["metrics"]["excess_clean_last"]["mean"];
  EXPECT_TRUE(mean == "nan" || mean == "inf") << mean.dump();
  RunOptions again = options();
  again.resume = true;
  EXPECT_EQ(run(document, "d", emulator::engine(), again).state, RunState::already_complete);
}

TEST_F(Runs, WithoutSamplesOnlyClosedFormsAreAnswered) {
  Json document = study();
  document["training"]["samples"] = 0;
  document["fits"] = Json::array();
  const Json result = run(document, "d", emulator::engine(), RunOptions{}).result;
  EXPECT_TRUE(result["points"][4]["metrics"]["excess_clean_last"].is_null());
  EXPECT_TRUE(result["points"][4]["metrics"]["approximation"]["mean"].is_number());
  EXPECT_TRUE(result["points"][4]["theory"]["approximation"].is_number());
}

}  // namespace
}  // namespace halfulp::experiments

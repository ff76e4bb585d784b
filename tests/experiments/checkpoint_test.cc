// SPDX-License-Identifier: MIT
//
// Trainings that are stopped between two steps and resumed: the bytes of an undisturbed run come
// out, whatever the training holds and whatever lies beside its output.
#include "experiments/runs/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/visit_state.h"
#include "experiments/runs/run.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

// Twelve steps, samples that come again in another order, curves whose points fall between any two
// of them.
const char* const base = R"({"experiment": "training", "seed": 3, "repeats": 1,
  "problem": {"model": {"kind": "mlp", "widths": [3, 5, 2]},
              "data": {"samples": 7, "noise": 0.1, "validation_samples": 8}},
  "training": {"optimizer": "adam", "learning_rate": 0.05, "steps": 12, "batch": 3},
  "measure": {"gradient_error": 4, "loss": 5},
  "policy": {"base": {"native": "binary32", "use": {"weight": "bfloat16"}}}})";

Json document(const std::string& changes = "{}") {
  Json all = parse_json(base, "base");
  all.merge_patch(parse_json(changes, "changes"));
  return all;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

tensors::ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class Checkpointed : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path memory = "/dev/shm";
    const fs::path root = ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
    std::string name = (root / "halfulp-checkpoint-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] fs::path checkpoint(std::size_t unit = 0) const {
    return checkpoint_path(path("r.json").string(), unit);
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  // What is left of an earlier run.
  void clear() const {
    for (const std::string& name : files()) fs::remove_all(path(name));
  }

  [[nodiscard]] RunOptions options() {
    RunOptions how;
    how.output = path("r.json").string();
    how.threads = 1;
    how.run_info = false;
    how.stop = &stop_;
    how.warn = [this](const std::string& text) { warnings_.push_back(text); };
    how.progress = [this](const Progress& progress) {
      resumed_ = progress.steps_resumed;
      stop_ = progress.steps_done >= stop_at_;
    };
    return how;
  }
  RunState execute(const Json& document, const RunOptions& how) {
    stop_ = false;
    resumed_ = 0;
    return run(document, "d.json", emulator::engine(), how).state;
  }
  // Stops at the step, of all units together.
  void stop_at(const Json& document, double step, bool resume = false) {
    stop_at_ = step;
    RunOptions how = options();
    how.resume = resume;
    EXPECT_EQ(execute(document, how), RunState::stopped);
    stop_at_ = never;
  }
  // Answers the result's text.
  std::string resume(const Json& document) {
    warnings_.clear();
    RunOptions how = options();
    how.resume = true;
    EXPECT_EQ(execute(document, how), RunState::complete);
    return read_text(path("r.json"));
  }
  static std::string undisturbed(const Json& document) {
    RunOptions alone;
    alone.run_info = false;
    alone.threads = 1;
    return run(document, "d.json", emulator::engine(), alone).result.dump(2) + "\n";
  }

  static constexpr double never = 1e9;
  fs::path folder_;
  std::atomic<bool> stop_ = false;
  double stop_at_ = never, resumed_ = 0;
  std::vector<std::string> warnings_;
};

struct Trained {
  const char* name;
  const char* changes;
};

class EveryTraining : public Checkpointed, public testing::WithParamInterface<Trained> {};

TEST_P(EveryTraining, GoesOnToTheSameBytes) {
  Json trained = document(GetParam().changes);
  trained["training"]["steps"] = 30;  // so that three are in the last tenth
  const std::string expected = undisturbed(trained);
  ASSERT_EQ(expected.find("\"error\""), std::string::npos) << expected;
  for (const int step : {1, 9, 14, 28}) {
    stop_at(trained, step);
    ASSERT_TRUE(fs::exists(checkpoint())) << step;
    EXPECT_EQ(resume(trained), expected) << step;
    EXPECT_EQ(resumed_, step);
    EXPECT_EQ(warnings_, std::vector<std::string>{});
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
    clear();
  }
  // The state of a training that was resumed is that of one that was not.
  stop_at(trained, 29);
  const std::string straight = read_text(checkpoint());
  clear();
  for (const int step : {2, 11, 28, 29}) stop_at(trained, step, step > 2);
  EXPECT_EQ(read_text(checkpoint()), straight);
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryTraining,
    testing::Values(
        Trained{"sgd", R"({"training": {"optimizer": "sgd"}})"},
        Trained{"momentum", R"({"training": {"optimizer": {"kind": "momentum", "nesterov": true}},
          "policy": {"optimizer": {"weight_update": "in_place"},
                     "base": {"use": {"param": {"format": "bfloat16", "rounding": "stochastic"}}}}})"},
        Trained{"adam", R"({"policy": {"base": {"native": "binary64"}}})"},
        Trained{"adamw_kahan", R"({"training": {"optimizer": "adamw", "averaged": 0.5},
          "policy": {"optimizer": {"weight_update": "kahan"},
                     "base": {"use": {"param": "bfloat16", "optimizer_state": "bfloat16"}}}})"},
        Trained{"adafactor", R"({"training": {"optimizer": {"kind": "adafactor",
                                                            "relative_step": true}}})"},
        // A scale that is too large at first and grows too far now and then.
        Trained{"loss_scale", R"({"training": {"optimizer": "sgd"}, "policy": {
          "base": {"on_nan": "skip_step", "use": {"gradient": "binary16", "param": "bfloat16"}},
          "optimizer": {"weight_update": "in_place"},
          "loss_scale": {"kind": "dynamic", "init": 1048576, "factor": 8, "period": 2}}})"},
        Trained{"plateaus", R"({"policy": {"phases": [
          {"when": {"plateau": {"every": 2, "threshold": 1, "history": 2, "stage": 1}},
           "use": {"weight": "int8"}},
          {"when": {"plateau": {"every": 2, "threshold": 1, "history": 2, "stage": 2}},
           "use": {"weight": "int4"}},
          {"when": {"fraction": [0.5, 1]}, "use": {"activation": "bfloat16"}}]}})"},
        Trained{"diverging", R"({"training": {"optimizer": "momentum", "learning_rate": 1e5,
                                              "averaged": 0.8},
                                 "measure": {"loss": 1}})"},
        Trained{"workers", R"({"training": {"optimizer": "sgd", "workers": 3, "learning_rate":
            {"kind": "inverse_sqrt", "value": 0.1}}, "measure": {"places": 5},
          "policy": {"base": {"use": {"communication": "int2", "comm/residual": "bfloat16"}},
                     "optimizer": {"error_feedback": true}}})"},
        Trained{"reduction", R"({"training": {"optimizer": {"kind": "svrg", "inner": 5, "mu": 0.5}},
          "policy": {"base": {"use": {"offset": {"format": "int8", "rounding": "stochastic"}}}}})"},
        Trained{"diversity", R"({"policy": {"phases": [
          {"when": {"gradient_diversity": {"every": 1, "resolution": 2, "patience": 1, "stage": 1,
                                           "factor": 0}}, "use": {"weight": "int4"}},
          {"when": {"step": [0, 5]}, "use": {"activation": "int8"}}]}})"},
        Trained{"delayed", R"({"policy": {"base": {"use": {"x.fwd": {"format": "int8",
          "overflow": "saturate", "transform": {"normalize": "delayed", "history": 3}}}}}})"},
        Trained{"range", R"({"policy": {"base": {"use": {"x.fwd": {"format": "int4", "scaling": {
          "rows": 0, "columns": 0, "rule": "range"}, "transform": {"running_range": 0.1}}}}}})"},
        Trained{"classes", R"({"problem": {"loss": "cross_entropy"}, "measure": {"loss": 0}})"}),
    [](const auto& info) { return std::string(info.param.name); });

// A sample a step, of which some have a hundredth of the loss of others: the count of an earlier
// part is needed, and whether it ended amid a spike, and its least loss.
TEST_F(Checkpointed, SpikesOfTheLossGoOnBeingCounted) {
  const Json spiky = document(R"({"training": {"optimizer": "sgd", "learning_rate": 1e-3,
    "batch": 1, "steps": 14}, "problem": {"data": {"samples": 5, "noise": 1}}})");
  const std::string expected = undisturbed(spiky);
  const Json metrics = parse_json(expected, "")["points"][0]["metrics"];
  EXPECT_GE(metrics["loss_spikes"]["mean"].get<double>(), 2.0) << metrics.dump();
  for (int step = 1; step < 14; ++step) {
    stop_at(spiky, step);
    EXPECT_EQ(resume(spiky), expected) << step;
    clear();
  }
}

class Beside : public Checkpointed {
 protected:
  const Json trained_ = document();
  const std::string expected_ = undisturbed(trained_);
};

// A file as the run wrote it after its sixth step, although the run ended otherwise.
TEST_F(Beside, ACrashLeavesWhatWasSavedLast) {
  RunOptions how = options();
  how.checkpoint_seconds = 1e-9;
  const auto tell = how.progress;
  how.progress = [&](const Progress& progress) {
    tell(progress);
    if (progress.steps_done == 7 && progress.units_done == 0)
      fs::copy_file(checkpoint(), path("kept"));
  };
  EXPECT_EQ(execute(trained_, how), RunState::complete);
  EXPECT_EQ(files(), (std::vector<std::string>{"kept", "r.json"}));
  fs::remove(path("r.json"));
  fs::rename(path("kept"), checkpoint());
  EXPECT_EQ(resume(trained_), expected_);
  EXPECT_EQ(resumed_, 6);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

TEST_F(Beside, NothingIsKeptWhereNobodyWantsIt) {
  RunOptions how = options();
  how.checkpoint_seconds = 0;
  stop_at_ = 5;
  EXPECT_EQ(execute(trained_, how), RunState::stopped);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json.journal"});
  stop_at_ = never;
  EXPECT_EQ(resume(trained_), expected_);
}

TEST_F(Beside, ABrokenFileIsNoState) {
  stop_at(trained_, 5);
  const std::string file = read_text(checkpoint());
  const JournalDocument document{
      .hash = parse_json(read_text(path("r.json.journal")).substr(17), "")["document_hash"],
      .units = 1,
      .outcomes = [](std::size_t) { return 1; },
      .metrics = {}};
  const auto back = [&](const std::string& text) {
    return checkpoint_bytes(checkpoint_from(bytes_of(text), 0, document), document);
  };
  ASSERT_EQ(back(file), file);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    try {
      ASSERT_EQ(back(flipped), file) << i;  // blanks behind the header
      ++taken;
    } catch (const Error&) {
    }
  }
  EXPECT_LT(taken, 8U);
  for (std::size_t length = 0; length < file.size(); ++length)
    ASSERT_THROW(back(file.substr(0, length)), Error) << length;
  EXPECT_THROW(checkpoint_from(bytes_of(file), 1, document), Error);
}

TEST_F(Beside, WhatIsNoUseIsSaidAndPassedOver) {
  stop_at(trained_, 5);
  const std::string file = read_text(checkpoint());
  clear();
  stop_at(document(R"({"seed": 4})"), 5);
  const std::string foreign = read_text(checkpoint());
  clear();
  const std::string other =
      tensors::safetensors_start({.entries = {}, .metadata = {{"format", "pt"}}});
  std::string damaged = file;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const std::vector<std::pair<std::string, std::string>> cases{
      {damaged, "damaged"},          {file.substr(0, 200), "ends within its header"},
      {foreign, "another document"}, {other, "no checkpoint of halfulp"},
      {"Dear diary", "100 MB"},      {"", "ends before its header"}};
  for (const auto& [text, why] : cases) {
    write_text(checkpoint(), text);
    EXPECT_EQ(resume(trained_), expected_) << why;
    ASSERT_EQ(warnings_.size(), 1U) << why;
    EXPECT_NE(warnings_[0].find("r.json.unit-0.safetensors: this checkpoint is passed over"),
              std::string::npos);
    EXPECT_NE(warnings_[0].find(why), std::string::npos) << warnings_[0];
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"}) << why;
    clear();
  }
}

TEST_F(Beside, WhatIsNoPlainFileIsLeftAlone) {
  write_text(path("diary"), "Dear diary");
  fs::create_symlink("diary", checkpoint());
  RunOptions how = options();
  how.checkpoint_seconds = 1e-9;
  how.resume = true;
  EXPECT_EQ(execute(trained_, how), RunState::complete);
  EXPECT_EQ(read_text(path("r.json")), expected_);
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[0].find("no plain file"), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[1].find("not kept"), std::string::npos) << warnings_[1];
  EXPECT_EQ(read_text(path("diary")), "Dear diary");
  EXPECT_TRUE(fs::is_symlink(checkpoint()));
}

// Points that are alike share a unit; the first is done, the second under way.
TEST_F(Beside, AUnitOfSeveralPointsGoesOnWithinThem) {
  Json twice = document(R"({"repeats": 2})");
  twice["sweep"]["/problem/loss"] = {"mean_square", "mean_square"};
  const std::string expected = undisturbed(twice);
  stop_at(twice, 12 + 5);
  EXPECT_EQ(resume(twice), expected);
  EXPECT_EQ(resumed_, 17);
}

TEST_F(Beside, ShardsGoOnWithTheirOwn) {
  const Json twice = document(R"({"repeats": 2})");
  const auto shard = [&](int index, double stop, RunState state) {
    RunOptions how = options();
    how.resume = true;
    how.shard_index = index;
    how.shard_count = 2;
    stop_at_ = stop;
    EXPECT_EQ(execute(twice, how), state) << index;
  };
  shard(1, 4, RunState::stopped);
  const std::size_t own =
      fs::exists(checkpoint(0)) ? 0 : 1;  // which of the two is dealt to it is drawn
  EXPECT_TRUE(fs::exists(checkpoint(own)));
  shard(2, 6, RunState::stopped);
  shard(1, never, RunState::waiting);
  EXPECT_EQ(resumed_, 4);
  EXPECT_FALSE(fs::exists(checkpoint(own)));
  EXPECT_TRUE(fs::exists(checkpoint(1 - own)));
  stop_at_ = never;
  EXPECT_EQ(resume(twice), undisturbed(twice));
  EXPECT_EQ(resumed_, 12 + 6);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

// A training of a shard that is gone is gone on with, whoever finds it.
TEST_F(Beside, WhoStealsGoesOnFromThere) {
  const Json twice = document(R"({"repeats": 2})");
  const std::string expected = undisturbed(twice);
  RunOptions how = options();
  how.steal = true;
  how.shard_count = 2;
  how.shard_index = 2;
  stop_at_ = 6;
  EXPECT_EQ(execute(twice, how), RunState::stopped);
  how.shard_index = 1;
  stop_at_ = never;
  EXPECT_EQ(execute(twice, how), RunState::complete);
  EXPECT_EQ(resumed_, 6);
  EXPECT_EQ(read_text(path("r.json")), expected);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

using Heard = std::vector<std::string>;

TEST_F(Beside, EveryPointOfACurveIsHeardOnce) {
  Heard heard;
  RunOptions how = options();
  how.follow = [&](const SeriesPoint& point) {
    heard.push_back(std::string(point.series) + " " + std::to_string(point.step) + " " +
                    std::to_string(point.value));
  };
  EXPECT_EQ(execute(trained_, how), RunState::complete);
  const Heard all = heard;
  EXPECT_EQ(all.size(), 3U + 4U * 3U);  // losses at 5, 10 and 12, gradients at 0, 4, 8 and 11
  const Json series = parse_json(expected_, "")["points"][0]["series"];
  EXPECT_EQ(series["loss"]["steps"].dump(), "[5,10,12]");
  EXPECT_NE(std::find(all.begin(), all.end(),
                      "loss 10 " + std::to_string(series["loss"]["mean"][1].get<double>())),
            all.end());
  clear();
  heard.clear();
  stop_at_ = 8;
  EXPECT_EQ(execute(trained_, how), RunState::stopped);
  stop_at_ = never;
  how.resume = true;
  EXPECT_EQ(execute(trained_, how), RunState::complete);
  EXPECT_EQ(heard, all);
}

// It is no failure of a point.
TEST_F(Beside, AListenerThatThrowsEndsTheRun) {
  RunOptions how = options();
  how.follow = [&](const SeriesPoint& point) {
    if (point.step == 5) throw Error("the disk is full");
  };
  EXPECT_THROW(execute(trained_, how), Error);
  EXPECT_EQ(resume(trained_), expected_);
  EXPECT_EQ(resumed_, 5);
}

TEST(ExactNumbers, ComeBackBitForBit) {
  for (const std::uint64_t bits :
       {std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{1},
        std::uint64_t{0x3fb999999999999a}, std::uint64_t{0x7fefffffffffffff},
        std::uint64_t{0x7ff0000000000000}, std::uint64_t{0xfff0000000000000},
        std::uint64_t{0x7ff8000000000000}, std::uint64_t{0xfff4000000000123}}) {
    const std::string text = exact_json(std::bit_cast<double>(bits)).dump();
    EXPECT_EQ(std::bit_cast<std::uint64_t>(exact_number(parse_json(text, ""))), bits) << text;
  }
  for (const char* text : {"null", "\"nan\"", "\"7ff800000000000g\"", "[]"})
    EXPECT_THROW(exact_number(parse_json(text, "")), Error) << text;
}

}  // namespace
}  // namespace halfulp::experiments

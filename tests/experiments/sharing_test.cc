// SPDX-License-Identifier: MIT
//
// Leases and signs of life: one holder at a time while holders live, none for ever when they die,
// the same bytes whoever takes what, and what status makes of it all.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "emulator/engine.h"
#include "experiments/runs/journal.h"
#include "experiments/runs/leases.h"
#include "experiments/runs/run.h"
#include "experiments/runs/status.h"
#include "formats/error.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

class Shards : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sharing-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name = "r.json") const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string text(const std::string& name = "r.json") const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  // Makes a file old.
  void age(const std::string& name, int seconds) const {
    const std::time_t then = std::time(nullptr) - seconds;
    const utimbuf times{.actime = then, .modtime = then};
    ASSERT_EQ(::utime(path(name).c_str(), &times), 0);
  }
  [[nodiscard]] RunOptions options(int index = 0, int count = 1, bool steal = false) const {
    RunOptions o;
    o.output = path();
    o.shard_index = index;
    o.shard_count = count;
    o.steal = steal;
    o.threads = 1;
    o.run_info = false;
    return o;
  }
  static Json study() {
    return parse_json(R"({"experiment": "linear_regression", "seed": 5, "repeats": 4,
      "problem": {"dimension": 20, "spectrum_exponent": 2},
      "training": {"samples": 40}, "policy": {"data": "bfloat16"},
      "sweep": {"/problem/sketch_size": [4, 6, 12]}})",
                      "text");
  }
  static RunSummary run_study(const RunOptions& o) {
    return run(study(), "d.json", emulator::engine(), o);
  }
  std::string expected() {
    run_study(options());
    std::string bytes = text();
    fs::remove(path());
    return bytes;
  }
  // The journal of a shard that was killed after `units` units.
  void kill_after(int index, int count, std::size_t units, bool steal) {
    std::atomic<bool> stop{false};
    RunOptions o = options(index, count, steal);
    o.stop = &stop;
    o.progress = [&](const Progress& progress) { stop = progress.units_done >= units; };
    EXPECT_EQ(run_study(o).state, RunState::stopped);
    // What a kill leaves says nothing of an end.
    const std::string name = "r.json." + text_of(ShardName{index, count}) + ".heartbeat";
    std::string beat = text(name);
    const std::size_t at = beat.find("\"stopped\"");
    ASSERT_NE(at, std::string::npos) << beat;
    write(name, beat.replace(at, 9, "\"computing\""));
  }

  fs::path folder_;
};

Beat beat_of(ShardName shard, const std::string& token, bool steals = true) {
  return {.hash = "h", .shard = shard, .token = token, .host = "elsewhere", .steals = steals};
}

class LeaseFiles : public Shards {
 protected:
  using Answer = Leases::Answer;
  struct Holder {
    Holder(const std::string& output, ShardName shard, const std::string& token)
        : heartbeat(
              heartbeat_path(output, shard), [=] { return beat_of(shard, token); }, 100),
          leases(output, {.shard = shard, .token = token}, heartbeat, 60) {}
    Heartbeat heartbeat;
    Leases leases;
  };
};

TEST_F(LeaseFiles, OneHolderAtATime) {
  Holder one(path(), {1, 2}, "1111111111111111");
  Holder two(path(), {2, 2}, "2222222222222222");
  EXPECT_EQ(one.leases.take({.unit = 3}), Answer::ours);
  EXPECT_EQ(two.leases.take({.unit = 3}), Answer::held);
  EXPECT_EQ(two.leases.take_over({.unit = 3}), Answer::held);
  EXPECT_TRUE(one.leases.is_ours({.unit = 3}));
  EXPECT_FALSE(two.leases.is_ours({.unit = 3}));
  two.leases.drop({.unit = 3});  // not its own
  EXPECT_TRUE(fs::exists(path("r.json.unit-3.lease")));
  one.leases.drop({.unit = 3});
  EXPECT_EQ(two.leases.take({.unit = 3}), Answer::ours);
  EXPECT_EQ(one.leases.take({}), Answer::ours);
  EXPECT_EQ(two.leases.take({}), Answer::held);
  EXPECT_EQ(files(),
            (std::vector<std::string>{"r.json.result.lease", "r.json.shard-1-of-2.heartbeat",
                                      "r.json.shard-2-of-2.heartbeat", "r.json.unit-3.lease"}));
}

TEST_F(LeaseFiles, LapseWithTheirHolders) {
  Holder me(path(), {2, 2}, "2222222222222222");
  const auto hold = [&](const Beat& beat, int silent_for) {
    for (const std::string& name : files()) {
      if (name != "r.json.shard-2-of-2.heartbeat" && !name.ends_with(".journal"))
        fs::remove(path(name));
    }
    {
      const Heartbeat other(
          heartbeat_path(path(), {1, 2}), [&] { return beat; }, 100);
      Leases theirs(path(), {.shard = {1, 2}, .token = beat.token}, other, 60);
      EXPECT_EQ(theirs.take({.unit = 0}), Answer::ours);
      theirs.keep({.unit = 0});
    }
    age("r.json.shard-1-of-2.heartbeat", silent_for);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));  // what is known is forgotten
    return me.leases.take({.unit = 0});
  };
  const Beat alive = beat_of({1, 2}, "1111111111111111");
  EXPECT_EQ(hold(alive, 0), Answer::held);
  EXPECT_EQ(hold(alive, 50), Answer::held);
  EXPECT_EQ(hold(alive, 70), Answer::lapsed);
  Beat changed = alive;
  changed.patience = 200;
  EXPECT_EQ(hold(changed, 70), Answer::held);
  changed.phase = ShardPhase::stopped;
  EXPECT_EQ(hold(changed, 0), Answer::lapsed);
  // On its own machine the lock of its journal tells.
  changed = alive;
  changed.host = host_name();
  EXPECT_EQ(hold(changed, 0), Answer::lapsed) << "there is no journal";
  const std::string journal = path("r.json.shard-1-of-2.journal");
  const JournalDocument document{
      .hash = "h", .units = 1, .outcomes = [](std::size_t) { return std::size_t{1}; }};
  {
    Units none;
    const Journal file(journal, document, Journal::Locking::required, none);
    EXPECT_EQ(hold(changed, 0), Answer::held);
    EXPECT_EQ(hold(changed, 70), Answer::lapsed);
  }
  EXPECT_EQ(hold(changed, 0), Answer::lapsed);
  changed.locks = false;
  EXPECT_EQ(hold(changed, 0), Answer::held);
}

TEST_F(LeaseFiles, AnotherRunOfTheSameShardMakesThemLapse) {
  Holder me(path(), {2, 2}, "2222222222222222");
  const Heartbeat now(
      heartbeat_path(path(), {1, 2}),
      [] {
        return beat_of({1, 2}, "3333333333333333");
      },
      100);
  write("r.json.unit-0.lease",
        R"({"lease": "halfulp", "shard": [1, 2], "token": "1111111111111111"})");
  EXPECT_EQ(me.leases.take({.unit = 0}), Answer::lapsed);
  EXPECT_EQ(me.leases.take_over({.unit = 0}), Answer::ours);
  EXPECT_EQ(me.leases.take_over({.unit = 0}), Answer::held) << "by this run itself";
  EXPECT_TRUE(fs::exists(path("r.json.unit-0.lease.after-1111111111111111")));
}

// Of a holder without a heartbeat, and of what is no lease, the file's own age counts.
TEST_F(LeaseFiles, OldLitterLapses) {
  Holder me(path(), {2, 2}, "2222222222222222");
  const std::vector<std::string> texts{
      "",
      "{",
      "[1]",
      "null",
      std::string(70, '\0'),
      R"({"lease": "halfulp"})",
      R"({"lease": "halfulp", "shard": "x", "token": 3})",
      R"({"lease": "halfulp", "shard": [1, 2], "token": "../../../../etc/x"})",
      R"({"lease": "halfulp", "shard": [1, 2], "token": "1111111111111111"})"};
  for (const std::string& litter : texts) {
    write("r.json.unit-0.lease", litter);
    EXPECT_EQ(me.leases.take({.unit = 0}), Answer::held) << litter;
    age("r.json.unit-0.lease", 70);
    EXPECT_EQ(me.leases.take_over({.unit = 0}), Answer::ours) << litter;
    me.leases.drop({.unit = 0});
    EXPECT_EQ(files().size(), 2U);
  }
  remove_signs(path());
  EXPECT_TRUE(files().empty());
}

TEST_F(LeaseFiles, LinksAndFoldersAreNeverTaken) {
  Holder me(path(), {2, 2}, "2222222222222222");
  write("precious", "text");
  fs::create_symlink(path("precious"), path("r.json.unit-0.lease"));
  fs::create_directory(path("r.json.unit-1.lease"));
  ::mkfifo(path("r.json.unit-2.lease").c_str(), 0600);
  for (const std::size_t unit : {0, 1, 2}) {
    EXPECT_EQ(me.leases.take({.unit = unit}), Answer::held);
    EXPECT_EQ(me.leases.take_over({.unit = unit}), Answer::held);
  }
  EXPECT_EQ(text("precious"), "text");
}

// Many find the same lapsed leases at the same time: at every moment each has one holder.
TEST_F(LeaseFiles, ARaceHasOneWinner) {
  constexpr int takers = 8;
  constexpr int rounds = 40;
  std::vector<std::unique_ptr<Holder>> holders;
  for (int i = 1; i <= takers; ++i)
    holders.push_back(std::make_unique<Holder>(path(), ShardName{i, takers + 1},
                                               std::string(16, static_cast<char>('0' + i))));
  for (int round = 0; round < rounds; ++round) {
    write("r.json.unit-0.lease", round % 2 == 0 ? "" : R"({"lease": "halfulp", "shard": [9, 9],
      "token": "0123456789abcdef"})");
    age("r.json.unit-0.lease", 100);
    std::atomic<int> winners{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (auto& holder : holders) {
      threads.emplace_back([&] {
        while (!go) std::this_thread::yield();
        winners += holder->leases.take_over({.unit = 0}) == Answer::ours;
      });
    }
    go = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    for (auto& holder : holders) holder->leases.drop({.unit = 0});
    EXPECT_EQ(files().size(), takers + 1U) << "heartbeats and what had lapsed";
  }
}

TEST_F(Shards, WhoeverIsFreeDoesTheRest) {
  const std::string bytes = expected();
  for (const std::size_t units : {0, 1, 3}) {
    if (units > 0) kill_after(2, 3, units, true);
    const RunSummary summary = run_study(options(1, 3, true));
    EXPECT_EQ(summary.state, RunState::complete);
    EXPECT_EQ(summary.units_done, 12 - units);
    EXPECT_EQ(text(), bytes);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
    EXPECT_EQ(run_study(options(3, 3, true)).state, RunState::already_complete);
    fs::remove(path());
  }
}

// A run without --steal keeps what was dealt to it while it lives, and not when it is dead.
TEST_F(Shards, WhatNobodySharesIsTakenWhenItsOwnerIsDead) {
  const std::string bytes = expected();
  kill_after(2, 2, 1, false);
  EXPECT_EQ(run_study(options(1, 2, true)).state, RunState::complete);
  EXPECT_EQ(text(), bytes);
}

TEST_F(Shards, AtTheSameTime) {
  const std::string bytes = expected();
  for (int round = 0; round < 4; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> wrote{0};
    for (int index = 1; index <= 4; ++index) {
      threads.emplace_back([&, index] {
        const RunState state = run_study(options(index, 4, true)).state;
        wrote += state == RunState::complete;
        EXPECT_TRUE(state == RunState::complete || state == RunState::joined ||
                    state == RunState::already_complete);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrote, 1) << "the result is written by one";
    EXPECT_EQ(text(), bytes);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
    fs::remove(path());
  }
}

// A shard that comes back finds in all journals what was done while it was gone, also under
// another number of shards.
TEST_F(Shards, ResumeReadsAllJournals) {
  const std::string bytes = expected();
  for (const int index : {1, 2, 3}) kill_after(index, 3, 2, true);
  RunOptions o = options(1, 2);
  o.resume = true;
  const RunSummary one = run_study(o);
  EXPECT_EQ(one.state, RunState::waiting);
  std::size_t records = 0;
  for (const std::string& name : find_journals(path())) records += scan_journal(name)->done.size();
  EXPECT_LT(records, 12U) << "nothing is done twice";
  o = options(2, 2);
  o.resume = true;
  EXPECT_EQ(run_study(o).state, RunState::complete);
  EXPECT_EQ(text(), bytes);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

// The last shard of N was once number 0 in the name.
TEST_F(Shards, ReadJournalsOfOldNames) {
  const std::string bytes = expected();
  EXPECT_EQ(run_study(options(2, 2)).state, RunState::waiting);
  fs::remove(path("r.json.shard-2-of-2.heartbeat"));
  fs::rename(path("r.json.shard-2-of-2.journal"), path("r.json.shard-0-of-2.journal"));
  EXPECT_EQ(status_of(path(), 0).shards.at(1).units, status_of(path(), 0).units_done);
  EXPECT_EQ(run_study(options(1, 2)).state, RunState::complete);
  EXPECT_EQ(text(), bytes);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

// Two journals may hold a unit, and then they agree, or a machine is broken.
TEST_F(Shards, OutcomesThatDisagreeAreAnError) {
  const std::string bytes = expected();
  EXPECT_EQ(run_study(options(1, 2)).state, RunState::waiting);
  fs::copy_file(path("r.json.shard-1-of-2.journal"), path("r.json.shard-1-of-9.journal"));
  EXPECT_EQ(run_study(options(2, 2)).state, RunState::complete);
  EXPECT_EQ(text(), bytes);

  const JournalDocument document{
      .hash = "h", .units = 2, .outcomes = [](std::size_t) { return std::size_t{1}; }};
  const auto journal = [&](const char* name, std::uint64_t digest) {
    Units none;
    Journal file(path(name), document, Journal::Locking::required, none);
    RepeatOutcome outcome;
    outcome.digest = digest;
    file.append(1, {outcome});
  };
  journal("a.journal", 1);
  journal("b.journal", 1);
  journal("c.journal", 2);
  Units units;
  read_journal(path("a.journal"), document, units);
  read_journal(path("b.journal"), document, units);
  EXPECT_EQ(units.size(), 1U);
  const std::string error = error_of([&] { read_journal(path("c.journal"), document, units); });
  EXPECT_NE(error.find("unit 1 has another outcome"), std::string::npos);
}

TEST_F(Shards, JournalsAreReadOnFromWhereTheyWere) {
  const JournalDocument document{
      .hash = "h", .units = 9, .outcomes = [](std::size_t) { return std::size_t{1}; }};
  Units none;
  Journal journal(path("j"), document, Journal::Locking::required, none);
  JournalPlace place;
  Units units;
  for (std::size_t unit = 0; unit < 5; ++unit) {
    journal.append(unit, {RepeatOutcome{}});
    const std::size_t before = place.offset;
    EXPECT_EQ(read_journal(path("j"), document, units, &place), 0U);
    EXPECT_GT(place.offset, before);
    EXPECT_EQ(units.size(), unit + 1);
  }
  // A line that is still being written waits; a file that is another one is read from its start.
  const std::string whole = text("j");
  write("j", whole.substr(0, whole.size() - 5));
  JournalPlace again;
  Units fewer;
  read_journal(path("j"), document, fewer, &again);
  EXPECT_EQ(fewer.size(), 4U);
  write("j", whole);
  read_journal(path("j"), document, fewer, &again);
  EXPECT_EQ(fewer.size(), 5U);
}

TEST_F(Shards, StatusTellsThem) {
  EXPECT_NE(error_of([&] { status_of(path(), 0); }).find("neither a result"), std::string::npos);
  EXPECT_EQ(run_study(options(1, 3)).state, RunState::waiting);
  kill_after(2, 3, 1, true);
  const auto now = static_cast<double>(std::time(nullptr));
  SweepStatus status = status_of(path(), now + 5);
  ASSERT_EQ(status.shards.size(), 3U);
  EXPECT_EQ(text_of(status.shards[0].vitality, status.shards[0].beat), "done");
  EXPECT_EQ(text_of(status.shards[1].vitality, status.shards[1].beat), "lost");
  EXPECT_EQ(text_of(status.shards[2].vitality, status.shards[2].beat), "not begun");
  EXPECT_EQ(status.units, 12U);
  EXPECT_EQ(status.units_done, status.shards[0].units + 1);
  EXPECT_EQ(status.shards[0].beat->dealt.units, status.shards[0].beat->own.units);
  EXPECT_GE(*status.shards[0].silent_for, 4.0);
  EXPECT_EQ(*status.steps, 3 * 4 * 40);
  EXPECT_EQ(*status.steps_done, 40.0 * static_cast<double>(status.units_done));
  EXPECT_TRUE(status.stuck());
  EXPECT_FALSE(status.complete());
  EXPECT_TRUE(to_json(status)["stuck"].get<bool>());

  RunOptions all = options();
  all.resume = true;
  run_study(all);
  status = status_of(path(), now);
  EXPECT_TRUE(status.complete());
  EXPECT_FALSE(status.stuck());
  EXPECT_EQ(status.points, 3U);
  EXPECT_TRUE(status.shards.empty());
  std::string bytes = text();
  write("r.json", bytes.replace(bytes.find("mean"), 4, "main"));
  EXPECT_EQ(status_of(path(), now).result, ResultState::damaged);
  EXPECT_TRUE(status_of(path(), now).stuck());
}

// Whatever lies there, it is told or passed over.
TEST_F(Shards, StatusSurvivesHostileFiles) {
  EXPECT_EQ(run_study(options(1, 2)).state, RunState::waiting);
  const std::string beat = text("r.json.shard-1-of-2.heartbeat");
  const std::string journal = text("r.json.shard-1-of-2.journal");
  for (std::size_t i = 0; i < beat.size(); i += 3) {
    std::string damaged = beat;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x11);
    write("r.json.shard-1-of-2.heartbeat", damaged);
    try {
      to_json(status_of(path(), 0)).dump(-1, ' ', false, Json::error_handler_t::replace);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("of another document"), std::string::npos);
    }
  }
  write("r.json.shard-1-of-2.heartbeat", beat);
  for (std::size_t cut = 0; cut < journal.size(); cut += 7) {
    write("r.json.shard-1-of-2.journal", journal.substr(0, cut));
    EXPECT_LE(status_of(path(), 0).units_done, 12U);
  }
  for (const char* name : {"r.json.shard-0-of-0.journal", "r.json.shard-7-of-2.heartbeat",
                           "r.json.shard-01-of-2.journal", "r.json.shard--1-of-2.journal",
                           "r.json.unit-x.lease", "r.json.unit-99999999999999999999999.lease"})
    write(name, "x");
  EXPECT_EQ(status_of(path(), 0).shards.size(), 2U);
}

}  // namespace
}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// What stands on the disk between two runs: journals that are damaged, foreign, locked or no
// journals at all, results that are not what they seem, links and files left behind. The bytes of
// an undisturbed run come out, or an error that says what is wrong; nothing foreign is touched.
#include "experiments/runs/journal.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/runs/run.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {
namespace {

namespace fs = std::filesystem;

Json study(int seed = 5) {
  Json document = parse_json(R"({"experiment": "linear_regression", "repeats": 3,
    "problem": {"dimension": 3, "spectrum_exponent": 2},
    "training": {"samples": 4},
    "sweep": {"/policy": ["none", {"weight": "bfloat16"}]}})",
                             "text");
  document["seed"] = seed;
  return document;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class Journals : public testing::Test {
 protected:
  void SetUp() override {
    // In memory where the machine has such a folder: thousands of runs flush every line.
    const fs::path memory = "/dev/shm";
    const fs::path root = ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
    std::string name = (root / "halfulp-journal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    RunOptions alone;
    alone.run_info = false;
    expected_ = run(study(), "d.json", emulator::engine(), alone).result.dump(2) + "\n";
    journal_ = journal_after(2, study());
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  // The text of a journal that was left after some units.
  std::string journal_after(std::size_t units, const Json& document) {
    std::atomic<bool> stop{false};
    RunOptions o;
    o.output = path("left.json").string();
    o.threads = 1;
    o.stop = &stop;
    o.progress = [&](const Progress& p) { stop = p.units_done >= units; };
    EXPECT_EQ(run(document, "d.json", emulator::engine(), o).state, RunState::stopped);
    const std::string text = read_text(path("left.json.journal"));
    fs::remove(path("left.json.journal"));
    return text;
  }

  // Resumes r.json; answers what went wrong, if anything.
  std::string resume(bool with_resume = true) {
    warnings_.clear();
    done_at_first_ = 99;
    RunOptions o;
    o.output = path("r.json").string();
    o.resume = with_resume;
    o.threads = 1;
    o.run_info = false;
    o.warn = [&](const std::string& text) { warnings_.push_back(text); };
    o.progress = [&](const Progress& p) {
      done_at_first_ = std::min(done_at_first_, p.units_done);
    };
    try {
      state_ = run(study(), "d.json", emulator::engine(), o).state;
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder_;
  std::string expected_, journal_;
  std::vector<std::string> warnings_;
  std::size_t done_at_first_ = 0;
  RunState state_ = RunState::stopped;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Journals, OfWhichAnyBitIsFlippedGiveTheSameBytesOrAMessage) {
  std::size_t messages = 0;
  for (std::size_t bit = 0; bit < 8 * journal_.size(); ++bit) {
    std::string flipped = journal_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_text(path("r.json.journal"), flipped);
    const std::string problem = resume();
    if (problem.empty()) {
      ASSERT_EQ(read_text(path("r.json")), expected_) << bit;
      ASSERT_EQ(files(), std::vector<std::string>{"r.json"}) << bit;
    } else {
      ++messages;
      ASSERT_EQ(problem.find("internal"), std::string::npos) << problem;
      ASSERT_EQ(read_text(path("r.json.journal")), flipped) << "touched what it refused";
    }
    fs::remove(path("r.json"));
    fs::remove(path("r.json.journal"));
  }
  EXPECT_LT(messages, 8 * journal_.size() / 10);
}

TEST_F(Journals, ADamagedLineCostsItsOwnUnitAndIsSaid) {
  const std::size_t first = journal_.find('\n') + 1;
  std::string damaged = journal_;
  damaged[first + 40] ^= 1;
  write_text(path("r.json.journal"), damaged);
  EXPECT_EQ(resume(), "");
  EXPECT_EQ(done_at_first_, 1U);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(contains(warnings_[0], "r.json.journal: 1 line is damaged")) << warnings_[0];
  EXPECT_EQ(read_text(path("r.json")), expected_);
}

TEST_F(Journals, LinesOfAnotherDocumentOrOfUnlikeLengthAreLeftOut) {
  const std::string other = journal_after(2, study(6));
  write_text(path("r.json.journal"), journal_ + other.substr(other.find('\n') + 1));
  EXPECT_EQ(resume(), "");
  EXPECT_EQ(done_at_first_, 2U);
  EXPECT_EQ(read_text(path("r.json")), expected_);
  fs::remove(path("r.json"));

  // Units with one outcome too few, whose checksums are right.
  const Json header = parse_json(journal_.substr(17, journal_.find('\n') - 17), "header");
  const JournalDocument document{.hash = header["document_hash"].get<std::string>(),
                                 .units = 3,
                                 .outcomes = [](std::size_t) { return 2; }};
  {
    Units none;
    Journal short_lines(path("r.json.journal").string(), document, Journal::Locking::required,
                        none);
    short_lines.append(0, std::vector<RepeatOutcome>(1));
    short_lines.append(2, std::vector<RepeatOutcome>(3));
  }
  EXPECT_EQ(resume(), "");
  EXPECT_EQ(done_at_first_, 0U);
  EXPECT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(read_text(path("r.json")), expected_);
}

TEST_F(Journals, ThatAnotherRunHoldsAreLeftAlone) {
  write_text(path("r.json.journal"), journal_);
  const int file = ::open(path("r.json.journal").c_str(), O_RDONLY);
  ASSERT_EQ(::flock(file, LOCK_EX), 0);
  const std::string problem = resume();
  EXPECT_TRUE(contains(problem, "another run")) << problem;
  EXPECT_EQ(read_text(path("r.json.journal")), journal_);
  // A shard's journal whose run is at work is read and stays; ours goes.
  fs::rename(path("r.json.journal"), path("r.json.shard-1-of-2.journal"));
  EXPECT_EQ(resume(), "");
  EXPECT_EQ(done_at_first_, 2U);
  EXPECT_EQ(read_text(path("r.json")), expected_);
  EXPECT_EQ(files(), (std::vector<std::string>{"r.json", "r.json.shard-1-of-2.journal"}));
  ::close(file);
  EXPECT_EQ(resume(), "");
  EXPECT_EQ(state_, RunState::already_complete);
  EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
}

// A run may remove its journal between our opening and our locking of it.
TEST_F(Journals, AreOpenedAnewWhereTheirNameHasGone) {
  const Json header = parse_json(journal_.substr(17, journal_.find('\n') - 17), "header");
  const JournalDocument document{.hash = header["document_hash"].get<std::string>(),
                                 .units = 3,
                                 .outcomes = [](std::size_t) { return 2; }};
  Units units;
  const std::string name = path("r.json.journal").string();
  std::optional<Journal> first(std::in_place, name, document, Journal::Locking::required, units);
  first->append(0, std::vector<RepeatOutcome>(2));
  first->remove();
  const Journal second(name, document, Journal::Locking::required, units);
  EXPECT_TRUE(units.empty());
  first.reset();
  EXPECT_TRUE(fs::exists(name)) << "the first run's end took the second run's journal";
  EXPECT_EQ(read_text(name), journal_.substr(0, journal_.find('\n') + 1));
}

TEST_F(Journals, ThatAreNoneAreRefusedAndNotTouched) {
  const std::string diary = "Dear diary,\nnothing happened\n";
  write_text(path("diary"), diary);
  fs::create_symlink("diary", path("r.json.journal"));
  EXPECT_TRUE(contains(resume(), "r.json.journal"));
  EXPECT_EQ(read_text(path("diary")), diary);
  fs::remove(path("r.json.journal"));
  for (const std::string& text : {diary, std::string("no line end"), std::string(300, '\0')}) {
    write_text(path("r.json.journal"), text);
    EXPECT_TRUE(contains(resume(), "r.json.journal")) << text;
    EXPECT_EQ(read_text(path("r.json.journal")), text);
    EXPECT_NE(resume(false), "");
    EXPECT_EQ(read_text(path("r.json.journal")), text);
  }
  fs::remove(path("r.json.journal"));
  fs::create_directory(path("r.json.journal"));
  EXPECT_TRUE(contains(resume(), "r.json.journal"));
  fs::remove(path("r.json.journal"));
  ASSERT_EQ(::mkfifo(path("r.json.journal").c_str(), 0600), 0);
  EXPECT_TRUE(contains(resume(), "r.json.journal"));  // and does not wait for a writer
}

// A run that was killed after it had written the result, before it removed the journal.
TEST_F(Journals, BesideTheFinishedResultNeedNoHand) {
  for (const bool with_resume : {false, true}) {
    write_text(path("r.json"), expected_);
    write_text(path("r.json.journal"), journal_);
    EXPECT_EQ(resume(with_resume), "");
    EXPECT_EQ(state_, with_resume ? RunState::already_complete : RunState::complete);
    EXPECT_EQ(read_text(path("r.json")), expected_);
    EXPECT_EQ(files(), std::vector<std::string>{"r.json"});
  }
  // Beside another file it is work that is not finished.
  write_text(path("r.json"), "{}");
  write_text(path("r.json.journal"), journal_);
  EXPECT_TRUE(contains(resume(false), "--resume"));
  EXPECT_EQ(read_text(path("r.json.journal")), journal_);
}

class Outputs : public Journals {};

TEST_F(Outputs, ThatAreLinksWriteWhatTheyPointTo) {
  fs::create_directory(path("real"));
  fs::create_symlink("real/result.json", path("r.json"));  // nothing stands there yet
  EXPECT_EQ(resume(false), "");
  EXPECT_TRUE(fs::is_symlink(path("r.json")));
  EXPECT_EQ(read_text(path("real/result.json")), expected_);
  write_file(path("r.json").string(), "again");
  EXPECT_TRUE(fs::is_symlink(path("r.json")));
  EXPECT_EQ(read_text(path("real/result.json")), "again");
  EXPECT_EQ(files(), (std::vector<std::string>{"r.json", "real"}));
  fs::create_symlink("circle", path("circle"));
  EXPECT_THROW(write_file(path("circle").string(), "x"), Error);
}

TEST_F(Outputs, KeepTheirPermissions) {
  write_text(path("private"), "old");
  fs::permissions(path("private"), fs::perms::owner_read | fs::perms::owner_write);
  write_file(path("private").string(), "new");
  EXPECT_EQ(fs::status(path("private")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(read_text(path("private")), "new");
}

TEST_F(Outputs, RemoveWhatAKilledRunLeftAndNothingElse) {
  const std::string left = "r.json.0123456789abcdef.tmp";
  const std::vector<std::string> others{"r.json.0123456789abcdeg.tmp", "r.json.tmp",
                                        "r.json.x0123456789abcde.tmp",
                                        "s.json.0123456789abcdef.tmp"};
  for (const std::string& name : others) write_text(path(name), "mine");
  write_text(path(left), "half a result");
  write_text(path("r.json.fedcba9876543210.tmp"), "a run is writing this");
  const int file = ::open(path("r.json.fedcba9876543210.tmp").c_str(), O_RDONLY);
  ASSERT_EQ(::flock(file, LOCK_EX), 0);
  write_file(path("r.json").string(), "whole");
  EXPECT_FALSE(fs::exists(path(left)));
  EXPECT_TRUE(fs::exists(path("r.json.fedcba9876543210.tmp")));
  for (const std::string& name : others) EXPECT_EQ(read_text(path(name)), "mine") << name;
  ::close(file);
}

TEST_F(Outputs, ThatAreNoFilesAreWrittenAsTheyStand) {
  EXPECT_TRUE(is_stream("/dev/null"));
  EXPECT_TRUE(is_stream("/dev/stdout"));
  EXPECT_FALSE(is_stream(path("r.json").string()));
  EXPECT_FALSE(is_stream(folder_.string()));
  EXPECT_EQ(descriptor_named("/dev/fd/17"), 17);
  EXPECT_EQ(descriptor_named("/dev/fd/17x"), -1);
  EXPECT_EQ(descriptor_named("/dev/fd/-1"), -1);
  write_file("/dev/null", "gone");
  EXPECT_THROW(write_file("/dev/full", "x"), Error);
  EXPECT_THROW(write_file(folder_.string(), "x"), Error);
  EXPECT_THROW(write_file((folder_ / "none" / "x").string(), "x"), Error);
  EXPECT_TRUE(files().empty());
}

}  // namespace
}  // namespace halfulp::experiments

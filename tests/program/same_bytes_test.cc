// SPDX-License-Identifier: MIT
//
// The same document gives the same result bytes: on any number of threads, in shards, killed and
// resumed, on every instruction set of the machine.
#include "emulator/instruction_set.h"
#include "program.h"

namespace halfulp::program {
namespace {

class SameBytes : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    file("config.json", small_config);
    const Ran ran = shell("halfulp run config.json -o want.json --quiet --no-run-info --threads 1");
    ASSERT_EQ(ran.status, 0) << ran.err;
    want_ = text_of("want.json");
    ASSERT_GT(want_.size(), 1000U);
  }

  std::string want_;
};

TEST_F(SameBytes, OnAnyNumberOfThreads) {
  for (const char* threads : {"2", "3", "0"}) {
    const Ran ran =
        shell(std::string("halfulp run config.json -o got.json --quiet --no-run-info --threads ") +
              threads);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(text_of("got.json"), want_) << threads;
  }
}

TEST_F(SameBytes, OnStandardOutput) {
  const Ran ran = shell("halfulp run - -o - --quiet --no-run-info < config.json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, want_);
}

TEST_F(SameBytes, InShards) {
  const Ran two = shell(
      "for i in 2 1; do halfulp run config.json -o two.json --shard $i/2 --quiet --no-run-info; "
      "done");
  EXPECT_EQ(text_of("two.json"), want_) << two.err;
  const Ran three = shell(
      "for i in 1 3 2; do halfulp run config.json -o three.json --shard $i/3 --quiet --no-run-info "
      "& done; wait\n"
      "test -e three.json || halfulp run config.json -o three.json --resume --quiet --no-run-info");
  EXPECT_EQ(text_of("three.json"), want_) << three.err;
}

TEST_F(SameBytes, OnEveryInstructionSet) {
  const std::vector<std::string> sets = emulator::instruction_sets();
  ASSERT_FALSE(sets.empty());
  for (const std::string& name : sets) {
    const Ran ran =
        shell("HALFULP_ISA=" + name + " halfulp run config.json -o got.json --quiet --no-run-info");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(text_of("got.json"), want_) << name;
  }
}

// A longer run, stopped by each signal at a moment when its journal holds something.
TEST_F(SameBytes, StoppedAndResumed) {
  file("config.json", std::string(small_config)
                          .replace(std::string(small_config).find("[32, 64]"), 8, "[1024, 8192]"));
  const std::string plain =
      "halfulp run config.json --set /repeats=40 --quiet --no-run-info --threads 1 -o ";
  ASSERT_EQ(shell(plain + "whole.json").status, 0);
  const std::string whole = text_of("whole.json");
  for (const char* signal : {"KILL", "INT", "TERM"}) {
    const Ran ran =
        shell(plain +
              "stopped.json & pid=$!\n"
              "for i in $(seq 500); do\n"
              "  test \"$(cat stopped.json.journal 2>/dev/null | wc -l)\" -gt 5 && break\n"
              "  sleep 0.01\n"
              "done\n"
              "kill -" +
              signal + " $pid; wait $pid; echo $?");
    EXPECT_FALSE(std::filesystem::exists(work() / "stopped.json")) << signal << ": too late";
    EXPECT_TRUE(std::filesystem::exists(work() / "stopped.json.journal")) << signal << ran.err;
    if (std::string(signal) != "KILL") {
      EXPECT_NE(ran.err.find("--resume"), std::string::npos) << ran.err;
    }
    const Ran again = shell(plain + "stopped.json");
    EXPECT_EQ(again.status, 2) << "a journal is in the way";
    EXPECT_NE(again.err.find("--resume"), std::string::npos) << again.err;
    const Ran resumed = shell(plain + "stopped.json --resume");
    EXPECT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_EQ(text_of("stopped.json"), whole) << signal;
    EXPECT_FALSE(std::filesystem::exists(work() / "stopped.json.journal"));
    std::filesystem::remove(work() / "stopped.json");
  }
}

TEST_F(SameBytes, TheRunsOwnFactsStandApart) {
  const Ran ran = shell("halfulp run config.json -o got.json --quiet");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::string got = text_of("got.json");
  const std::size_t at = got.find("\"run\":");
  ASSERT_NE(at, std::string::npos);
  // All before `run` but the comma is the beginning of the file without it.
  EXPECT_EQ(want_.rfind(got.substr(0, got.rfind(',', at)), 0), 0U);
}

// Drawn cases depend on the order of draws, which no compiler may choose.
TEST_F(Program, DrawsTheSameCasesWithEveryCompiler) {
  const Ran sums = shell("halfulp vectors f16_add --count 20 --quiet | sed -n '4p;17p'");
  EXPECT_EQ(sums.out, "8400 83FF 87FF 00\nBC00 0CAF BBFF 01\n") << sums.err;
  const Ran root = shell("halfulp vectors f128_sqrt --count 3 --quiet | sed -n 3p");
  EXPECT_EQ(root.out, "3FE62C20000000000000000000000000 3FF28800000000000000000000000000 00\n")
      << root.err;
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// What surrounds a process: standard streams that are closed, signals, limits, file systems without
// locks, outputs that are no plain files; trainings stopped in their middle, and who follows them.
// Nothing is lost and nothing is written where it does not belong.
#include <set>

#include "program.h"

namespace halfulp::program {
namespace {

class Interrupted : public Program {};

// Long enough to be stopped in its middle: 36 units of some milliseconds.
std::string long_config() {
  std::string text = small_config;
  text.replace(text.find("[32, 64]"), 8, "[1024, 8192]");
  return text;
}

// Starts the call, waits until its journal holds some units, sends the signal, answers the status.
std::string stopped_by(const std::string& call, const std::string& signal) {
  return call +
         " & pid=$!\n"
         "for i in $(seq 500); do\n"
         "  test \"$(cat r.json.journal 2>/dev/null | wc -l)\" -gt 5 && break\n"
         "  sleep 0.01\n"
         "done\n"
         "kill -" +
         signal + " $pid; wait $pid; echo $?";
}

const char* const long_run = "halfulp run config.json --set /repeats=12 --no-run-info --threads 1 ";

// The journal would get the number of the closed stream, and the notes with it.
TEST_F(Interrupted, ClosedStandardStreamsAreNoFiles) {
  file("config.json", long_config());
  ASSERT_EQ(shell(std::string(long_run) + "--quiet -o want.json").status, 0);
  const std::string want = text_of("want.json");
  for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"}) {
    const Ran stopped = shell(stopped_by(std::string(long_run) + "-o r.json " + closed, "INT"));
    EXPECT_EQ(stopped.out.substr(stopped.out.rfind('\n', stopped.out.size() - 2) + 1), "130\n")
        << closed;
    ASSERT_TRUE(std::filesystem::exists(work() / "r.json.journal")) << closed << stopped.err;
    const std::string journal = text_of("r.json.journal");
    EXPECT_EQ(journal.find("halfulp:"), std::string::npos) << closed;
    const Ran resumed = shell(std::string(long_run) + "--resume -o r.json " + closed);
    EXPECT_EQ(resumed.status, 0) << closed << resumed.err;
    EXPECT_EQ(resumed.err.find("damaged"), std::string::npos) << resumed.err;
    EXPECT_EQ(text_of("r.json"), want) << closed;
    std::filesystem::remove(work() / "r.json");
  }
}

TEST_F(Interrupted, EveryVerbWritesItsFileWithoutStandardStreams) {
  file("config.json", small_config);
  ASSERT_EQ(shell("halfulp run config.json -o in.json --quiet --no-run-info").status, 0);
  file("raw.bin", std::string(256, '\x3c'));
  const std::vector<std::string> calls{
      "halfulp run config.json -o out.json --no-run-info",
      "halfulp report in.json -o out.html",
      "halfulp vectors f16_add --count 100 -o out.txt",
      "halfulp vectors f16_add --count 100 --style npz -o out.npz",
      "halfulp quantize raw.bin --dtype float16 --shape 128 --to fp8_e4m3 -o out.npy",
  };
  for (const std::string& call : calls) {
    const std::string name =
        call.substr(call.rfind("out."), call.find(' ', call.rfind("out.")) - call.rfind("out."));
    const Ran plain = shell(call);
    ASSERT_TRUE(plain.status == 0) << call << plain.err;
    const std::string want = text_of(name);
    ASSERT_FALSE(want.empty()) << call;
    for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"}) {
      std::filesystem::remove(work() / name);
      EXPECT_EQ(shell(call + " " + closed).status, 0) << call << closed;
      EXPECT_EQ(text_of(name), want) << call << closed;
    }
  }
}

TEST_F(Interrupted, VerbsWithoutFilesLiveWithoutStandardStreams) {
  file("lines", "3c00 3c00 4000 00\n");
  for (const char* call :
       {"halfulp formats", "halfulp cast --to bf16 1", "halfulp op add --format bf16 1 2",
        "halfulp explain 1 --to bf16", "halfulp check f16_add lines",
        "halfulp verify fp4 --operation add --quiet", "halfulp --version", "halfulp --help"}) {
    for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"})
      EXPECT_EQ(shell(std::string(call) + " " + closed).status, 0) << call << closed;
  }
}

// The sweep's expansion takes seconds; nothing of it asks whether to stop.
TEST_F(Interrupted, TheFirstSignalIsHeardWithinASecondInLongExpansions) {
  std::string seeds;
  for (int i = 0; i < 900; ++i) seeds += (i > 0 ? "," : "") + std::to_string(i);
  std::string text = small_config;
  text.replace(text.find("\"sweep\": {"), 10, "\"sweep\": {\"/seed\": [" + seeds + "],");
  file("config.json", text);
  const Ran ran = shell(
      "halfulp run config.json -o r.json --quiet & pid=$!\n"
      "sleep 0.3; kill -INT $pid; start=$(date +%s%N); wait $pid; echo $?\n"
      "echo $((($(date +%s%N) - start) / 1000000))");
  int status = 0;
  int milliseconds = 0;
  ASSERT_EQ(std::sscanf(ran.out.c_str(), "%d %d", &status, &milliseconds), 2) << ran.out;
  EXPECT_EQ(status, 130) << ran.err;
  EXPECT_LT(milliseconds, 2000);  // one on a machine that does nothing else
  EXPECT_NE(ran.err.find("halfulp: stopped"), std::string::npos) << ran.err;
}

TEST_F(Interrupted, WhatIsSaidGoesOnWithTheSameCall) {
  file("my config.json", long_config());
  const Ran ran = shell(stopped_by(
      "halfulp run 'my config.json' --set '/repeats=12' --set /name=\"it's\" --no-run-info "
      "--threads 1 --quiet -o r.json",
      "TERM"));
  EXPECT_NE(ran.out.find("143"), std::string::npos) << ran.out;
  const std::size_t at = ran.err.find("go on with: ");
  ASSERT_NE(at, std::string::npos) << ran.err;
  const std::string call = ran.err.substr(at + 12);
  const Ran again = shell(call);
  EXPECT_EQ(again.status, 0) << call << again.err;
  EXPECT_NE(text_of("r.json").find("it's"), std::string::npos);
}

TEST_F(Interrupted, ALimitOfFileSizesIsAnErrorLine) {
  file("config.json", small_config);
  for (const char* call :
       {"halfulp vectors f16_add --count 100000 -o big", "halfulp run config.json --quiet -o big",
        "halfulp run config.json --quiet -o - > big"}) {
    const Ran ran = shell(std::string("ulimit -f 1; ") + call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_EQ(ran.err.substr(0, 9), "halfulp: ") << call << ran.err;
    EXPECT_NE(ran.err.find("ulimit -f"), std::string::npos) << ran.err;
  }
}

TEST_F(Interrupted, StandardOutputByItsOtherNames) {
  file("config.json", small_config);
  ASSERT_EQ(shell("halfulp run config.json --quiet --no-run-info -o want.json").status, 0);
  const std::string want = text_of("want.json");
  for (const char* name : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    const std::string call =
        std::string("halfulp run config.json --quiet --no-run-info -o ") + name;
    EXPECT_EQ(shell(call).out, want) << name;
    EXPECT_EQ(shell(call + " > got.json").status, 0);
    EXPECT_EQ(text_of("got.json"), want) << name;
    EXPECT_EQ(shell(call + " | cat").out, want) << name;
  }
  const Ran piped = shell(
      "mkfifo pipe; cat pipe > got.json & halfulp run config.json --quiet --no-run-info -o pipe; "
      "wait");
  EXPECT_EQ(text_of("got.json"), want) << piped.err;
  EXPECT_EQ(shell("halfulp vectors f16_add --count 10 -o /dev/stdout").out,
            shell("halfulp vectors f16_add --count 10").out);
  EXPECT_EQ(names(), (std::vector<std::string>{"config.json", "got.json", "pipe", "want.json"}));
}

TEST_F(Interrupted, ARunNeverWritesOverWhatItReads) {
  std::string text = small_config;
  text.replace(text.find("\"bfloat16\""), 10, "\"format.json\"");
  file("config.json", text);
  file("format.json", R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3, "bias": 7})");
  file("x.journal", small_config);
  ASSERT_EQ(shell("ln -s config.json link.json; ln config.json hard.json").status, 0);
  for (const char* words :
       {"config.json -o config.json", "config.json -o ./link.json", "config.json -o hard.json",
        "link.json -o config.json", "config.json -o format.json", "x.journal -o x"}) {
    const Ran ran = shell(std::string("halfulp run --quiet ") + words);
    EXPECT_EQ(ran.status, 2) << words;
    EXPECT_NE(ran.err.find("-o"), std::string::npos) << ran.err;
    const Ran resumed = shell(std::string("halfulp run --resume --quiet ") + words);
    EXPECT_EQ(resumed.status, 2) << words;
  }
  EXPECT_EQ(text_of("config.json"), text);
  EXPECT_EQ(text_of("x.journal"), small_config);
  EXPECT_EQ(names().size(), 5U);
}

// Two trainings of half a second.
const char* const training_config = R"({
  "experiment": "training", "seed": 1, "repeats": 2,
  "problem": {"model": {"kind": "mlp", "widths": [16, 64, 8]}, "data": {"validation_samples": 64}},
  "training": {"optimizer": "adam", "learning_rate": 0.002, "steps": 700, "batch": 32},
  "measure": {"gradient_error": 50, "loss": 10},
  "policy": {"base": {"native": "binary32", "use": {"weight": "mxfp8_e4m3"}}}})";

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST_F(Interrupted, ATrainingGoesOnFromWhereTheSignalCame) {
  file("config.json", training_config);
  const std::string call = "halfulp run config.json --no-run-info --quiet --threads 2 ";
  ASSERT_EQ(shell(call + "-o want.json --stream all.jsonl").status, 0);
  EXPECT_EQ(lines_of(text_of("all.jsonl")).size(), 2U * (70 + 3 * 15));
  const Ran stopped = shell(call +
                            "-o r.json --stream s.jsonl & pid=$!\n"
                            "for i in $(seq 500); do\n"
                            "  test \"$(cat s.jsonl 2>/dev/null | wc -l)\" -gt 40 && break\n"
                            "  sleep 0.01\n"
                            "done\n"
                            "kill -TERM $pid; wait $pid; echo $?");
  EXPECT_EQ(stopped.out, "143\n") << stopped.err;
  EXPECT_EQ(names(), (std::vector<std::string>{
                         "all.jsonl", "config.json", "r.json.journal", "r.json.unit-0.safetensors",
                         "r.json.unit-1.safetensors", "s.jsonl", "want.json"}));
  // Other readers of safetensors find the weights by their names.
  const Ran read = shell("halfulp quantize r.json.unit-0.safetensors --to bfloat16 -o q.npz");
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_NE(read.out.find("layers.0.weight "), std::string::npos) << read.out;
  // A run that was killed has written more than its last checkpoint knows, and half a line.
  const std::vector<std::string> all = lines_of(text_of("all.jsonl"));
  const std::vector<std::string> written = lines_of(text_of("s.jsonl"));
  std::set<std::string> more(all.begin(), all.end() - 30);
  more.insert(written.begin(), written.end());
  std::string stream;
  for (const std::string& line : more) stream += line + "\n";
  file("s.jsonl", stream + "{\"point\":0,\"rep");
  const Ran resumed = shell(call + "-o r.json --stream s.jsonl --resume");
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.err, "");
  EXPECT_EQ(text_of("r.json"), text_of("want.json"));
  EXPECT_EQ(sorted_lines(text_of("s.jsonl")), sorted_lines(text_of("all.jsonl")));
  EXPECT_EQ(names(), (std::vector<std::string>{"all.jsonl", "config.json", "q.npz", "r.json",
                                               "s.jsonl", "want.json"}));
}

TEST_F(Interrupted, AStreamIsLinesOfJsonAndNothingElse) {
  file("config.json", training_config);
  const std::string call =
      "halfulp run config.json --set /training/steps=40 --no-run-info -o r.json --stream ";
  const Ran printed = shell(call + "-");
  EXPECT_EQ(printed.status, 0) << printed.err;
  for (const std::string& line : lines_of(printed.out))
    EXPECT_EQ(line.substr(0, 10), "{\"point\":0") << line;
  // Whoever has read enough ends the run, and it can be gone on with.
  const Ran ended = shell(call + "/dev/stdout --quiet --threads 1 | head -n 1");
  EXPECT_EQ(ended.out.find("{\"point\":0,\"repeat\":0,\"step\":0,\"series\":\"gradient_"), 0U)
      << ended.out;
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(shell(call + "- --resume").status, 0);
  // A new run begins a new file; a document that is wrong leaves the old one.
  file("s.jsonl", "old\n");
  EXPECT_EQ(shell(call + "s.jsonl --set /training/batch=0").status, 2);
  EXPECT_EQ(text_of("s.jsonl"), "old\n");
  EXPECT_EQ(shell(call + "s.jsonl --quiet").status, 0);
  EXPECT_EQ(sorted_lines(text_of("s.jsonl")), sorted_lines(printed.out));
}

TEST_F(Interrupted, AFileSystemWithoutLocksSaysSoAndHasAWay) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer must be the first library that is loaded";
#endif
  file("config.json", small_config);
  const std::string preload = "LD_PRELOAD='" HALFULP_NO_LOCKS "' ";
  const std::string call = preload + "halfulp run config.json --quiet --no-run-info -o ";
  const Ran refused = shell(call + "r.json");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("--no-lock"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("another run is"), std::string::npos) << refused.err;
  const Ran done = shell(call + "r.json --no-lock");
  EXPECT_EQ(done.status, 0) << done.err;
  ASSERT_EQ(shell("halfulp run config.json --quiet --no-run-info -o want.json").status, 0);
  EXPECT_EQ(text_of("r.json"), text_of("want.json"));
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// halfulp compare --explain: the two stories of README.md as a reader plays them, from the commands
// of docs/compare.md; what a quantizer did, in its files; errors.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "tests/program/program.h"

namespace halfulp::program {
namespace {

// The commands of a page that begin with the words, each in one line.
std::vector<std::string> commands_of(const std::string& page, const std::string& start) {
  std::vector<std::string> found;
  std::string command;
  for (const std::string& line :
       lines_of(read_text(std::filesystem::path(HALFULP_SOURCE_DIR) / page))) {
    const bool begins = line.starts_with("$ ");
    if (!begins && (command.empty() || !command.ends_with("|"))) continue;
    command = begins ? line.substr(2) : command + line;
    if (!command.ends_with("|") && command.starts_with(start)) found.push_back(command);
  }
  return found;
}

class CompareExplain : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    const std::string page = "docs/compare.md";
    for (const char* start :
         {"seq 3000", "halfulp quantize x.npy --to nvfp4 --rounding nearest-away",
          "halfulp vectors gemm", "cp operands",
          "halfulp gemm --a a.npy --b "
          "b.npy --unit nv.hopper.wgmma.e4m3.f32 -o d.npy"}) {
      const std::vector<std::string> commands = commands_of(page, start);
      ASSERT_EQ(commands.size(), 1) << start;
      const Ran ran = shell(commands[0]);
      ASSERT_EQ(ran.status, 0) << commands[0] << "\n" << ran.err;
    }
  }
  [[nodiscard]] Json facts(const std::string& call) const {
    const Ran ran = shell("halfulp compare --json --quiet --explain " + call);
    const std::vector<std::string> lines = lines_of(ran.out);
    if (lines.empty()) {
      ADD_FAILURE() << ran.err;
      return {};
    }
    return parse_json(lines.back(), "line")["explain"];
  }
  void expect_error(const std::string& call, const std::string& words) const {
    const Ran ran = shell("halfulp compare --quiet " + call);
    EXPECT_EQ(ran.status, 2) << call << "\n" << ran.out;
    EXPECT_EQ(ran.err, "halfulp: " + words + "\n");
  }
};

TEST_F(CompareExplain, TheStoriesOfTheFirstPageAreWhatIsSaid) {
  const std::string page = read_text(std::filesystem::path(HALFULP_SOURCE_DIR) / "README.md");
  std::vector<std::string> stories = commands_of("README.md", "halfulp ");
  std::erase_if(stories, [](const std::string& command) {
    return command.find("x.npy") == std::string::npos &&
           command.find("want.npy") == std::string::npos;
  });
  ASSERT_EQ(stories.size(), 4);
  for (const std::string& command : stories) {
    const Ran ran = shell(command);
    const bool explains = command.find("--explain") != std::string::npos;
    EXPECT_EQ(ran.status, explains ? 1 : 0) << command << "\n" << ran.err;
    if (!explains) continue;
    const std::size_t begin = ran.out.find("explanation: ");
    ASSERT_NE(begin, std::string::npos) << ran.out;
    const std::string said = ran.out.substr(begin);
    EXPECT_NE(page.find(said), std::string::npos) << said;
  }
}

TEST_F(CompareExplain, CodesScalesAndValuesAreExplained) {
  ASSERT_EQ(shell("halfulp quantize x.npy --to nvfp4 --codes -o want.npz --quiet").status, 0);
  ASSERT_EQ(shell("halfulp quantize x.npy --to nvfp4 --rounding toward-zero --codes -o got.npz "
                  "--quiet")
                .status,
            0);
  // Archives of NumPy do not say what the bytes are: --to does.
  Json found = facts("got.npz want.npz --input x.npy --to nvfp4");
  ASSERT_EQ(found["explanations"].size(), 1);
  EXPECT_EQ(found["explanations"][0]["property"], "rounding of elements");
  EXPECT_EQ(found["explanations"][0]["mismatches"], 0);
  EXPECT_EQ(found["parts"].size(), 3);
  EXPECT_GT(found["tried"], 150);
  EXPECT_LT(found["tried"], 260);
  ASSERT_EQ(shell("halfulp quantize x.npy --to nvfp4 -o want.npy --quiet").status, 0);
  ASSERT_EQ(shell("halfulp quantize x.npy --to nvfp4 --block 1x32 -o got.npy --quiet").status, 0);
  found = facts("got.npy want.npy --input x.npy --to nvfp4");
  ASSERT_EQ(found["explanations"].size(), 1);
  EXPECT_EQ(found["explanations"][0]["what"], "1x32, instead of 1x16");
  // What was asked for may be what the options make of a format.
  found = facts("got.npy want.npy --input x.npy --to nvfp4 --block 1x32");
  EXPECT_EQ(found["mismatches"], 0);
  EXPECT_TRUE(found["explanations"].empty());
  // Nothing of all that.
  ASSERT_EQ(shell("halfulp quantize x.npy --to nvfp4 --block 1x32 --rounding nearest-away -o "
                  "two.npy --quiet")
                .status,
            0);
  found = facts("two.npy want.npy --input x.npy --to nvfp4");
  EXPECT_TRUE(found["explanations"].empty());
  EXPECT_EQ(found["nearest"]["what"], "1x32, instead of 1x16");
}

TEST_F(CompareExplain, PlainCastsAndTensorsByName) {
  ASSERT_EQ(
      shell("halfulp quantize x.npy --to float4_e2m1fn --codes -o want.safetensors --quiet").status,
      0);
  ASSERT_EQ(shell("halfulp quantize x.npy --to float4_e2m1fn --overflow saturate --codes -o "
                  "got.safetensors --quiet")
                .status,
            0);
  const Json found = facts("got.safetensors want.safetensors --input x.npy --to float4_e2m1fn");
  EXPECT_EQ(found["parts"].size(), 1);
  EXPECT_EQ(found["parts"][0]["part"], "codes");
}

TEST_F(CompareExplain, LargeTensorsAreTriedOnAFewRowsFirst) {
  ASSERT_EQ(shell("for i in $(seq 40); do seq $i 3500; done | tr '0-9\\n' "
                  "'\\000\\371\\016\\353\\043\\317\\106\\124\\326\\003\\001' | head -c 524288 | "
                  "halfulp quantize - --dtype int8 --shape 4,256,512 --to binary32 -o big.npy "
                  "--quiet")
                .status,
            0);
  ASSERT_EQ(shell("halfulp quantize big.npy --to nvfp4 --codes -o want.safetensors --quiet").status,
            0);
  for (const char* fault : {"--rounding nearest-zero", "--zero-scale one", "--scale-rule mean",
                            "--preset torchao", "--scale-layout 128x4"}) {
    ASSERT_EQ(shell("halfulp quantize big.npy --to nvfp4 --codes -o got.safetensors --quiet " +
                    std::string(fault))
                  .status,
              0);
    const Json found = facts("got.safetensors want.safetensors --input big.npy --to nvfp4");
    EXPECT_TRUE(found["mismatches"] == 0 || found["explanations"].size() >= 1) << fault << found;
  }
}

TEST_F(CompareExplain, TracesShowTheStepsAndWhereTheyPart) {
  const std::string product = " --a a.npy --b b.npy --unit nv.blackwell.tcgen05.e4m3.f32 ";
  ASSERT_EQ(shell("halfulp gemm" + product + "-o want.npy --quiet").status, 0);
  const Ran ran = shell("halfulp compare d.npy want.npy --quiet --trace 2" + product);
  EXPECT_EQ(ran.status, 1) << ran.err;
  for (const char* words :
       {"\ntrace of [0, 0]: got 0x47e09800 114992, want 0x47e08ebd 114973.48\nstep 1: C + terms 0 "
        "to 31; largest exponent ",
        "\ntrace of [0, 1]: got ", "step 16: s + terms 480 to 511; ",
        "\nthe steps make 0x47e08ebd 114973.48, as WANT has it\nwhere GOT left these steps is not "
        "known; "})
    EXPECT_NE(ran.out.find(words), std::string::npos) << words << "\n" << ran.out;
  EXPECT_EQ(ran.out.find("trace of [0, 2]"), std::string::npos);
  const Ran explained =
      shell("halfulp compare d.npy want.npy --quiet --explain --trace 1" + product);
  EXPECT_NE(explained.out.find("\nGOT is made with unit: nv.hopper.wgmma.e4m3.f32, instead of "
                               "nv.blackwell.tcgen05.e4m3.f32; it leaves these steps at step 1: "),
            std::string::npos)
      << explained.out;
  // So says the page.
  const std::string page = read_text(std::filesystem::path(HALFULP_SOURCE_DIR) / "docs/compare.md");
  for (const std::string& line : lines_of(explained.out)) {
    for (const char* start : {"trace of ", "step 1: ", "the steps make ", "GOT is made with "}) {
      if (!line.starts_with(start)) continue;
      EXPECT_NE(page.find("\n" + line + "\n"), std::string::npos) << line;
    }
  }
  const Ran as_json =
      shell("halfulp compare d.npy want.npy --quiet --json --explain --trace 1" + product);
  const Json trace = parse_json(lines_of(as_json.out).back(), "line")["trace"];
  EXPECT_EQ(trace["index"], Json({0, 0}));
  EXPECT_EQ(trace["result"], trace["want"]);
  EXPECT_EQ(trace["steps"].size(), 16);
  EXPECT_EQ(trace["left"]["step"], 1);
  EXPECT_EQ(trace["left"]["asked"]["what"], "C + terms 0 to 31");
  expect_error("d.npy want.npy --trace 1",
               "--trace: needs the operands of the product; give --a, --b, and --unit or --order");
}

TEST_F(CompareExplain, BoundsOfTheArithmeticDecide) {
  const std::string blackwell = " --a a.npy --b b.npy --unit nv.blackwell.tcgen05.e4m3.f32 ";
  const std::string hopper = " --a a.npy --b b.npy --unit nv.hopper.wgmma.e4m3.f32 ";
  ASSERT_EQ(shell("halfulp gemm" + blackwell + "-o want.npy --quiet").status, 0);
  const std::string files = "halfulp compare d.npy want.npy --quiet ";
  const Ran beyond = shell(files + "--bound deterministic" + blackwell);
  EXPECT_EQ(beyond.status, 1) << beyond.err;
  const std::string page = read_text(std::filesystem::path(HALFULP_SOURCE_DIR) / "docs/compare.md");
  for (const std::string& line : lines_of(beyond.out)) {
    if (!line.starts_with("bound (") && !line.starts_with("  largest ")) continue;
    EXPECT_NE(page.find("\n" + line + "\n"), std::string::npos) << line;
  }
  // What Hopper made is within its own bound, whatever WANT holds; a tolerance has its say too.
  EXPECT_EQ(shell(files + "--bound deterministic" + hopper).status, 0);
  EXPECT_EQ(shell(files + "--ulp 0 --bound deterministic" + hopper).status, 1);
  const Ran likely = shell(files + "--bound probabilistic" + hopper);
  EXPECT_EQ(likely.status, 0);
  EXPECT_NE(likely.out.find("  WARNING: all errors are of cuts and directed roundings, whose mean "
                            "is not zero: this is the deterministic bound\n"),
            std::string::npos)
      << likely.out;
  const std::string chain = " --a a.npy --b b.npy --order fma:tf32 ";
  ASSERT_EQ(shell("halfulp gemm" + chain + "-o chain.npy --quiet").status, 0);
  const Ran as_json = shell(
      "halfulp compare chain.npy chain.npy --quiet --json --failure 1e-3 "
      "--bound probabilistic" +
      chain);
  EXPECT_EQ(as_json.status, 0) << as_json.err;
  const Json found = parse_json(lines_of(as_json.out).back(), "line")["bound"];
  EXPECT_EQ(found["within"], true);
  EXPECT_EQ(found["results"], 4096);
  EXPECT_EQ(found["failure"], 1e-3);
  EXPECT_EQ(found["has_other_errors"], false);
  EXPECT_GT(found["lambda"], 5);
  EXPECT_GT(found["largest_error_over_bound"], 0);
  EXPECT_LT(found["largest_error_over_bound"], 1);
  expect_error("d.npy want.npy --bound deterministic",
               "--bound: needs the operands of the product; give --a, --b, and --unit or --order");
  expect_error("d.npy want.npy --bound determinstic" + hopper,
               "--bound: \"determinstic\" is no kind of bound; did you mean \"deterministic\"?");
  expect_error("d.npy want.npy --bound probabilistic --failure 2" + hopper,
               "--failure: \"2\" is no probability; write a number between 0 and 1, as 1e-6");
  expect_error("d.npy want.npy --bound deterministic --failure 0.1" + hopper,
               "--failure: is of --bound probabilistic; a deterministic bound never fails");
  expect_error("d.npy want.npy" + hopper,
               "--a: is an operand of the product that --explain, --trace and --bound are about; "
               "give one of them");
}

TEST_F(CompareExplain, ErrorsNameTheOptionAndTheRemedy) {
  const std::string files = "got.safetensors got.safetensors ";
  expect_error(files + "--explain",
               "--explain: needs the operands of the product, or what was quantized; give --a, "
               "--b, and --unit or --order; or --input and --to");
  expect_error(files + "--explain --input x.npy",
               "--to: is missing; name the format that --input was to be quantized to");
  expect_error(files + "--to nvfp4",
               "--to: is the format of what --input holds; give --input FILE beside it");
  expect_error(files + "--input x.npy --to nvfp4",
               "--input: is what --explain quantizes again; give --explain beside it");
  expect_error(files + "--explain --input x.npy --to nvfp4 --a a.npy --b b.npy",
               "--input: is for a quantizer, --a and --b are for a product; give one of them");
  expect_error(files + "--explain --input x.npy --to nvfp4 --block 1x32",
               "got.safetensors: scales: of shape [64, 8], what was asked for is [64, 4]; is this "
               "the tensor that it was made of?");
  expect_error(files + "--explain --input x.npy --to nvfp4 --axis 5",
               "--axis: no axis 5 in a tensor of 2 dimensions; axes are 0 to 1, the last also -1");
  expect_error(
      files + "--explain --input x.npy --to nvfp4 --hadamard 3",
      "--hadamard: there is no Hadamard matrix of 3 rows by doubling; give a power of two, "
      "such as 16");
  expect_error(files + "--explain --input x.npy --to nvfp5",
               "--to: unknown format \"nvfp5\"; did you mean \"nvfp4\"?");
  expect_error("- got.safetensors --explain --input x.npy --to nvfp4",
               "standard input: is read once, and GOT and WANT are twice here; name the files");
  expect_error(files + "--block 0", "--block: 0 elements under one scale; give 1 or more");
}

}  // namespace
}  // namespace halfulp::program

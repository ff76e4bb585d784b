// SPDX-License-Identifier: MIT
//
// The verbs op, vectors and check from outside: they agree with each other and with the reference,
// find what was planted and say why, stream, and give the same bytes from any number of threads.
#include <map>
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "formats/operation.h"
#include "program.h"

namespace halfulp::program {
namespace {

TEST_F(Program, OpListsEveryOperation) {
  const Ran ran = shell("halfulp op --json");
  EXPECT_EQ(ran.status, 0);
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), operations().size() + 2);
  for (std::size_t i = 0; i < operations().size(); ++i)
    EXPECT_EQ(parse_json(lines[i], "row")["name"], operations()[i].name);
  EXPECT_EQ(parse_json(lines[lines.size() - 2], "row")["name"], "dot");
  EXPECT_EQ(parse_json(lines.back(), "row")["name"], "sum");
  EXPECT_EQ(shell("halfulp op --list").out, shell("halfulp op").out);
}

// IEEE 754-2019 by hand.
TEST_F(Program, OpAnswersByHand) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"add --format binary16 1 0x1000", "0x3c00 1 01\n"},
      {"add --format binary16 --codes 3c00 1001", "0x3c01 1.001 01\n"},
      {"div --format binary16 1 0 -1 0 0 0", "0x7c00 inf 08\n0xfc00 -inf 08\n0x7e00 nan 10\n"},
      {"sqrt --format binary32 2 -1", "0x3fb504f3 1.4142135 01\n0x7fc00000 nan 10\n"},
      {"rem --format binary16 5 3", "0xbc00 -1 00\n"},
      {"eq --format e4m3fn -0 0 nan nan", "0x1 1 00\n0x0 0 00\n"},
      {"lt --format e4m3fn 1 nan", "0x0 0 10\n"},
      {"to_int --format binary16 2.5 --to int8 3.5 1000", "0x02 2 01\n0x04 4 01\n0x7f 127 10\n"},
      {"from_int --format int32 --to binary16 65520", "0x7c00 inf 05\n"},
      {"from_int --format binary32 16777217", "0x4b800000 16777216 01\n"},
      {"rint --format binary16 --rounding minMag -2.5", "0xc000 -2 01\n"},
      {"f16_roundToInt --rounding minMag -2.5", "0xc000 -2 00\n"},
      {"f16_roundToInt --rounding min --exact -2.5", "0xc200 -3 01\n"},
      {"f32_to_ui32 1e10", "0xffffffff 4294967295 10\n"},
      {"bf16_mulAdd 1.0078125 1.0078125 -1.015625", "0x3880 6.1e-05 00\n"},
      {"ui32_to_f16 4095", "0x6c00 4096 01\n"},
      {"scalb --format binary16,int8 1.5 -24", "0x0002 1e-07 03\n"},
      {"add --format binary16 --rounding sr --random-bits 2 1 0x1000/1 1 0x1000/2",
       "0x3c00 1 01\n0x3c01 1.001 01\n"}};
  for (const auto& [call, answer] : cases) {
    const Ran ran = shell("halfulp op " + call);
    EXPECT_EQ(ran.out, answer) << call << ran.err;
    EXPECT_EQ(shell("halfulp op " + call + " --reference").out, answer) << call;
  }
}

TEST_F(Program, OpReadsTheSameFromStandardInput) {
  EXPECT_EQ(shell("printf '1 2\\n3\\n4' | halfulp op add --format fp16 --json").out,
            shell("halfulp op add --format fp16 --json 1 2 3 4").out);
}

// The result of every line, as op has it.
TEST_F(Program, VectorsAreWhatOpAnswers) {
  for (const char* call :
       {"fma --format float8_e5m2", "div --format bfloat16 --rounding rup --tininess before",
        "le --format binary16", "to_int --format binary32 --to int16", "add --format posit16",
        "cast --from binary32 --to float6_e3m2fn --overflow saturate"}) {
    const Ran ran = shell(std::string("halfulp vectors ") + call + " --count 200 --seed 3");
    ASSERT_EQ(ran.status, 0) << ran.err;
    std::string tokens;
    std::string want;
    for (const std::string& line : lines_of(ran.out)) {
      const std::size_t flags = line.rfind(' ');
      const std::size_t result = line.rfind(' ', flags - 1);
      tokens += line.substr(0, result) + "\n";
      want += line.substr(result + 1) + "\n";
    }
    file("tokens", tokens);
    const Ran op =
        shell(std::string("halfulp op ") + call +
              " --codes --reference < tokens | awk '{print toupper(substr($1, 3)), $3}'");
    EXPECT_EQ(op.out, want) << call;
  }
}

TEST_F(Program, VectorsOfEveryStyleCheck) {
  for (const char* call :
       {"add --format binary16", "fma --format e4m3fn,e4m3fn,binary32 --to binary32",
        "sqrt --format binary64 --rounding rdn", "mul --format float6_e2m3fn --rounding rna",
        "f32_to_i32", "f16_roundToInt --exact", "f64_to_f32 --rounding rmin"}) {
    for (const char* style : {"testfloat", "readmemh", "fptest", "csv", "json", "npz"}) {
      const std::string text = std::string(call) + " ";
      // FPgen's conversions to integers and to integral numbers raise inexact.
      if (std::string(style) == "fptest" && text.rfind("f32_to_i32", 0) == 0) continue;
      const Ran made = shell("halfulp vectors " + text + "--count 300 --style " + style + " -o v");
      ASSERT_EQ(made.status, 0) << call << style << made.err;
      const Ran checked = shell("halfulp check " + text + "v");
      EXPECT_EQ(checked.out, "300 cases, 0 mismatches\n") << call << style << checked.err;
      EXPECT_EQ(shell("halfulp check " + text + "--reference --style " + style + " < v").out,
                checked.out);
    }
  }
}

TEST_F(Program, StochasticVectorsCarryTheirWord) {
  const std::string call = "add --format float8_e5m2 --rounding sr --random-bits 6";
  ASSERT_EQ(shell("halfulp vectors " + call + " --count 3000 -o v").status, 0);
  EXPECT_EQ(shell("halfulp check " + call + " v").out, "3000 cases, 0 mismatches\n");
  EXPECT_EQ(shell("halfulp check " + call + " --threads 1 < v").out, "3000 cases, 0 mismatches\n");
  // Another variant turns elsewhere.
  EXPECT_EQ(shell("halfulp check add --format float8_e5m2 --rounding stochastic-c "
                  "--random-bits 6 --show 0 v")
                .status,
            1);
}

TEST_F(Program, AllVectorsAreAll) {
  const Ran ran = shell("halfulp vectors mul --format float4_e2m1fn --all");
  std::vector<std::string> lines = lines_of(ran.out);
  EXPECT_EQ(lines.size(), 256U);
  for (std::string& line : lines) line = line.substr(0, 3);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::unique(lines.begin(), lines.end()), lines.end());
}

TEST_F(Program, VectorsAreTheSameFromAnyThreads) {
  const std::string call = "halfulp vectors fma --format binary16 --count 20000 --seed 9 ";
  const std::string one = shell(call + "--threads 1").out;
  EXPECT_EQ(shell(call + "--threads 2").out, one);
  EXPECT_NE(shell("halfulp vectors fma --format binary16 --count 20000 --seed 8").out, one);
}

// Vectors made wrongly in a known way: all that differ are found, and the way is named.
TEST_F(Program, CheckNamesTheWrongWay) {
  struct Way {
    const char *made, *checked, *words;
  };
  for (const Way& way : std::vector<Way>{
           {"add --format binary16 --rounding rtz", "add --format binary16", "toward-zero"},
           {"mul --format binary16 --flush-outputs", "mul --format binary16",
            "tiny results became zeros"},
           {"mul --format binary16 --flush-inputs", "mul --format binary16",
            "subnormal operands were zeros"},
           {"mul --format binary16 --tininess before", "mul --format binary16",
            "tininess was detected before rounding"},
           {"add --format e4m3fn --overflow saturate", "add --format e4m3fn",
            "overflow was of the rule saturate"}}) {
    ASSERT_EQ(shell(std::string("halfulp vectors ") + way.made + " --count 4000 -o v").status, 0);
    const Ran ran = shell(std::string("halfulp check ") + way.checked + " v --json --show 100000");
    EXPECT_EQ(ran.status, 1) << way.made;
    const std::vector<std::string> lines = lines_of(ran.out);
    const Json total = parse_json(lines.back(), "total");
    ASSERT_GT(total["mismatches"], 5) << way.made;
    ASSERT_EQ(total["mismatches"], lines.size() - 1) << way.made;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i)
      EXPECT_NE(lines[i].find(way.words), std::string::npos) << way.made << lines[i];
  }
}

TEST_F(Program, CheckNamesDoubleRoundingAndMissingFusion) {
  // 1 + 2^-11 + 2^-25 rounds up; through binary32 it is a tie first.
  EXPECT_NE(shell("echo 3F800000 3A000001 3C00 01 | halfulp check add --format binary32 "
                  "--to binary16")
                .out.find("computed in binary32 and rounded again"),
            std::string::npos);
  // (1 + 2^-10)^2 - (1 + 2^-9) = 2^-20; with the product rounded, nothing.
  EXPECT_NE(shell("echo 3C01 3C01 BC02 0000 00 | halfulp check f16_mulAdd")
                .out.find("the product was rounded before the sum"),
            std::string::npos);
}

TEST_F(Program, CheckComparesWhatItIsTold) {
  const auto status = [&](const std::string& line, const std::string& call) {
    return shell("echo '" + line + "' | halfulp check " + call).status;
  };
  EXPECT_EQ(status("7E00 3C00 FE01 00", "f16_add"), 0);  // any NaN
  EXPECT_EQ(status("7E00 3C00 FE01 00", "f16_add --nan exact"), 1);
  EXPECT_EQ(status("7E00 3C00 7E00 00", "f16_add --nan exact"), 0);
  EXPECT_EQ(status("7E05 3C00 7E05 00", "f16_add --nan exact"), 1);
  EXPECT_EQ(status("7E05 3C00 7E05 00", "f16_add --nan x86"), 0);
  EXPECT_EQ(status("7E00 3C00 3C00 00", "f16_add"), 1);
  EXPECT_EQ(status("3C00 1000 3C00 00", "f16_add"), 1);  // inexact is missing
  EXPECT_EQ(status("3C00 1000 3C00 00", "f16_add --no-flags"), 0);
  EXPECT_EQ(status("3C00 1000 3C00", "f16_add --no-flags"), 0);
  EXPECT_EQ(status("7C00 80000000 10", "f16_to_i32"), 0);  // an invalid conversion: any integer
  EXPECT_EQ(status("7C00 80000000 10", "f16_to_i32 --nan exact"), 1);
  EXPECT_EQ(status("7C00 80000000 00", "f16_to_i32"), 1);
}

TEST_F(Program, CheckShowsTheFirstInOrder) {
  std::string text;
  for (int i = 0; i < 30000; ++i)
    text += i % 1000 == 7 ? "3C00 3C00 4001 00\n" : "3C00 3C00 4000 00\n";
  file("v", text);
  const std::string two = shell("halfulp check f16_add v --show 3 --threads 2").out;
  EXPECT_EQ(two, shell("halfulp check f16_add v --show 3 --threads 1").out);
  EXPECT_EQ(two.rfind("v, line 8: add\n", 0), 0U) << two;
  EXPECT_NE(two.find("\nv, line 2008: add\n"), std::string::npos);
  EXPECT_EQ(two.find("line 3008"), std::string::npos);
  EXPECT_NE(two.find("\n30000 cases, 30 mismatches\n"), std::string::npos);
}

TEST_F(Program, CheckGoesOnWhereItIsTold) {
  file("v", "3C00 3C00 4000 00\nrubbish\n3C00 3C00 4001 00\n3C00 3C00\n");
  const Ran stopped = shell("halfulp check f16_add v");
  EXPECT_EQ(stopped.status, 2);
  EXPECT_EQ(stopped.out, "1 case, 0 mismatches\n");
  EXPECT_NE(stopped.err.find("v, line 2: "), std::string::npos) << stopped.err;
  const Ran whole = shell("halfulp check f16_add v --keep-going --show 0");
  EXPECT_EQ(whole.status, 2);
  EXPECT_EQ(whole.out, "2 cases, 1 mismatch, 2 bad lines\n");
}

TEST_F(Program, CheckAnswersBeforeTheEndOfInput) {
  const Ran ran = shell(
      "mkfifo in out\n"
      "halfulp check f16_add < in > out &\n"
      "exec 3> in 4< out\n"
      "echo 3C00 3C00 4001 00 >&3; read first <&4; echo \"$first\"\n"
      "exec 3>&-; wait");
  EXPECT_EQ(ran.out, "standard input, line 1: add\n");
}

// What a file of one case reaches, by hand: 1 + 2^-11 is in the middle.
TEST_F(Program, CoverageCountsByHand) {
  const auto counts = [&](const std::string& lines, const std::string& call) {
    file("v", lines);
    std::map<std::string, int> found;
    const Ran ran = shell("halfulp vectors " + call + " --coverage v --json");
    EXPECT_EQ(ran.status, 1) << ran.err;
    for (const std::string& line : lines_of(ran.out)) {
      const Json row = parse_json(line, "row");
      if (row["cases"] != 0) found[row["class"]] = row["cases"];
    }
    return found;
  };
  using Counts = std::map<std::string, int>;
  EXPECT_EQ(counts("3C00 1000 3C00 01\n", "f16_add"),
            (Counts{{"one", 1}, {"power_of_two", 1}, {"middle", 1}, {"above_binade", 1}}));
  EXPECT_EQ(counts("3C01 BC00 1400 00\n", "f16_add"), (Counts{{"one", 1},
                                                              {"one_plus_ulp", 1},
                                                              {"one_bit_fraction", 1},
                                                              {"power_of_two", 1},
                                                              {"power_of_two_plus_ulp", 1},
                                                              {"exact", 1},
                                                              {"cancellation_10", 1}}));
  // (1 + 2^-10) 2^-14 (1 - 2^-10) = 2^-14 (1 - 2^-20): tiny, but not once it is rounded.
  EXPECT_EQ(counts("3C01 03FF 0400 01\n", "f16_mul"), (Counts{{"one_plus_ulp", 1},
                                                              {"one_bit_fraction", 1},
                                                              {"power_of_two_plus_ulp", 1},
                                                              {"greatest_subnormal", 1},
                                                              {"all_ones_fraction", 1},
                                                              {"below_number", 1},
                                                              {"below_binade", 1},
                                                              {"below_least_normal", 1},
                                                              {"tiny_before_rounding", 1}}));
}

TEST_F(Program, DrawnVectorsReachEveryClass) {
  for (const char* call :
       {"add --format binary16", "mul --format binary16", "fma --format binary16",
        "div --format binary16", "sqrt --format binary16", "fma --format binary32",
        "mul --format bfloat16", "cast --from binary32 --to e4m3fn", "f64_to_i32",
        "add --format binary16 --rounding sr --random-bits 8"}) {
    const std::string text = call;
    const Ran ran =
        shell("halfulp vectors " + text + " -o v && halfulp vectors " + text + " --coverage v");
    EXPECT_EQ(ran.status, 0) << call << "\n" << ran.out << ran.err;
  }
}

TEST_F(Program, VectorsTakeTheirStyleFromTheEnding) {
  for (const auto& [name, style] :
       std::vector<std::pair<std::string, std::string>>{{"v.hex", "readmemh"},
                                                        {"v.mem", "readmemh"},
                                                        {"v.memh", "readmemh"},
                                                        {"v.vmem", "readmemh"},
                                                        {"v.tv", "readmemh"},
                                                        {"v.csv", "csv"},
                                                        {"v.json", "json"},
                                                        {"v.jsonl", "json"},
                                                        {"v.npz", "npz"},
                                                        {"v.fptest", "fptest"},
                                                        {"v.txt", "testfloat"},
                                                        {"csv", "testfloat"}}) {
    const std::string made = "halfulp vectors f16_add --count 20 ";
    ASSERT_EQ(shell(made + "-o " + name + " && " + made + "--style " + style + " -o w").status, 0);
    EXPECT_EQ(text_of(name), text_of("w")) << name;
  }
  ASSERT_EQ(shell("halfulp vectors f16_add --style csv -o v.json").status, 0);
  EXPECT_EQ(text_of("v.json").substr(0, 2), "# ");  // what is said stands above it
  ASSERT_EQ(shell("halfulp vectors f16_add -o v --package v.sv").status, 0);
  EXPECT_EQ(text_of("v").substr(0, 3), "// ");  // a package is readmemh's
}

TEST_F(Program, CountsMayHaveAnExponent) {
  EXPECT_EQ(shell("halfulp vectors f16_add --count 1.5e3").out,
            shell("halfulp vectors f16_add --count 1500").out);
  EXPECT_EQ(shell("halfulp vectors f16_add --count 2E+1 | wc -l").out, "20\n");
  EXPECT_EQ(shell("halfulp vectors f16_add --count 2000e-2 | wc -l").out, "20\n");
  EXPECT_EQ(shell("halfulp verify fp4 --budget 1e3 --json").out,
            shell("halfulp verify fp4 --budget 1000 --json").out);
  for (const auto& [count, words] : std::vector<std::pair<std::string, std::string>>{
           {"1.5", "\"1.5\" is no whole number"},
           {"15e-1", "\"15e-1\" is no whole number"},
           {"1e", "\"1e\" is no count"},
           {"e3", "\"e3\" is no count"},
           {".", "\".\" is no count"},
           {"0x10", "\"0x10\" is no count"},
           {"many", "\"many\" is no count"},
           {"''", "\"\" is no count"},
           {"1e+-1", "\"1e+-1\" is no count"},
           {"-5", "\"-5\" is no count"},
           {"0", "out of range"},
           {"1e11", "out of range"},
           {"1e20", "more than counts go to"},
           {"18446744073709551616", "more than counts go to"},
           {"1e999999999999", "is no count"},
           {"1e999999999", "more than counts go to"}}) {
    const Ran ran = shell("halfulp vectors f16_add --count " + count);
    EXPECT_EQ(ran.status, 2) << count;
    EXPECT_EQ(ran.err.rfind("halfulp: --count: ", 0), 0U) << ran.err;
    EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
  }
}

TEST_F(Program, VectorsAskBeforeTheyFillTheDisk) {
  const Ran all = shell("halfulp vectors f16_add --all -o v");
  EXPECT_EQ(all.status, 2);
  EXPECT_NE(all.err.find("--all: 4294967296 cases, about 77.3 GB of lines"), std::string::npos)
      << all.err;
  EXPECT_NE(all.err.find("--yes"), std::string::npos);
  const Ran drawn = shell("halfulp vectors f16_add --count 100000001");
  EXPECT_EQ(drawn.status, 2);
  EXPECT_NE(drawn.err.find("--count: 100000001 cases, about 1.80 GB of lines; add --yes"),
            std::string::npos)
      << drawn.err;
  EXPECT_EQ(shell("halfulp vectors f16_add --all --yes | head -n 1").out, "0000 0000 0000 00\n");
  EXPECT_EQ(shell("halfulp vectors f16_add --count 1e8 | head -n 2 | wc -l").out, "2\n");
  EXPECT_EQ(names(), std::vector<std::string>{});
}

TEST_F(Program, VectorsNeverWriteOverWhatTheyReadOrWrite) {
  file("format.json", R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3})");
  file("old", "old");
  ASSERT_EQ(shell("ln -s old soft; ln old hard; ln -s format.json link.csv").status, 0);
  for (const char* call : {"f16_add -o a.sv --package a.sv", "f16_add -o a.hex --package ./a.hex",
                           "f16_add -o old --package soft", "f16_add -o hard --package old",
                           "add --format format.json -o format.json",
                           "cast --from binary32 --to format.json -o link.csv",
                           "fma --format ./format.json,bf16,bf16 -o v --package format.json"}) {
    const std::vector<std::string> before = names();
    const Ran ran = shell(std::string("halfulp vectors ") + call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_EQ(ran.err.rfind("halfulp: -", 0), 0U) << ran.err;
    EXPECT_EQ(names(), before) << call;
    EXPECT_EQ(text_of("old"), "old") << call;
    EXPECT_EQ(text_of("format.json").front(), '{') << call;
  }
}

TEST_F(Program, AFileInTheOperationsPlaceIsSaid) {
  file("vectors", "3C00 3C00 4000 00\n");
  for (const char* call : {"check fma.hex", "check fma.hex fma --format fp16", "vectors fma.hex",
                           "op fma.hex", "check ./vectors f16_add", "check vectors f16_add"}) {
    const Ran ran = shell(std::string("halfulp ") + call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_NE(ran.err.find("is the name of a file, not of an operation; OP comes first"),
              std::string::npos)
        << ran.err;
  }
}

// A file is written in pieces and has no name until it is whole: stopped on the way it is not
// there, nor is its package, which would promise it.
TEST_F(Program, VectorsStoppedLeaveNothing) {
  const Ran ran = shell(
      "mkdir room && cd room && (ulimit -f 100; trap '' XFSZ; halfulp vectors f16_add --quiet "
      "--count 100000 --style readmemh -o v.hex --package v.sv)");
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_EQ(shell("ls -A room").out, "");
}

TEST_F(Program, PackagesBelongToTheirFile) {
  ASSERT_EQ(shell("halfulp vectors f16_add --count 50 --seed 4 --style readmemh -o add.hex "
                  "--package add_pkg.sv")
                .status,
            0);
  const std::string package = text_of("add_pkg.sv");
  const std::string sum = shell("sha256sum add.hex | cut -c 1-64").out.substr(0, 64);
  EXPECT_NE(package.find("VEC_SHA256 = \"" + sum + "\""), std::string::npos) << package;
  EXPECT_NE(package.find("package add_pkg;"), std::string::npos);
  EXPECT_NE(package.find("VEC_COUNT = 50;"), std::string::npos);
  EXPECT_EQ(shell("grep -vc '^//' add.hex").out, "50\n");
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// halfulp compare from outside: verdicts and exit statuses, text and JSON, pairs by name, codes
// with scales, memory that does not grow with the files.
#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/block.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "golden/tensors/files.h"
#include "program.h"

namespace halfulp::program {
namespace {

using tensors::Tensor;

class Compare : public Program {
 protected:
  void write(const std::string& name, std::vector<Tensor> list) const {
    tensors::TensorFile file;
    file.tensors = std::move(list);
    tensors::write((work() / name).string(), file, {});
  }
  static Tensor tensor(const std::string& name, const std::string& type,
                       const tensors::Shape& shape, const std::vector<double>& numbers) {
    return tensors::from_numbers({name, tensors::element_type(type), shape}, numbers);
  }
  static std::vector<double> uniform(std::size_t count, std::uint64_t seed) {
    const Random random{.seed = seed};
    std::vector<double> numbers(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto steps = static_cast<double>(random.word(i) % 255) - 127;
      numbers[i] = (steps == 0 ? 1 : steps) / 64;
    }
    return numbers;
  }
  // The lines of --json, one an object.
  [[nodiscard]] std::vector<Json> facts(const std::string& call, int status) const {
    const Ran ran = shell("halfulp compare --json --quiet " + call);
    EXPECT_EQ(ran.status, status) << call << "\n" << ran.err << ran.out;
    std::vector<Json> list;
    for (const std::string& line : lines_of(ran.out)) list.push_back(parse_json(line, "line"));
    return list;
  }
  void expect_error(const std::string& call, const std::string& words) const {
    const Ran ran = shell("halfulp compare --quiet " + call);
    EXPECT_EQ(ran.status, 2) << call << "\n" << ran.out;
    EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
};

TEST_F(Compare, SaysWhatDiffersAndWhere) {
  std::vector<double> want = uniform(64 * 48, 1);
  want[5 * 48 + 7] = 1;
  want[6 * 48 + 9] = -1;
  want[7 * 48] = 0;
  std::vector<double> got = want;
  got[5 * 48 + 7] = 1 + 0x1p-7;
  got[6 * 48 + 9] = -1 - 0x1p-5;
  got[7 * 48] = std::nan("");
  write("got.safetensors", {tensor("logits", "bfloat16", {64, 48}, got)});
  write("want.safetensors", {tensor("logits", "bfloat16", {64, 48}, want)});
  const Ran ran = shell("halfulp compare got.safetensors want.safetensors");
  EXPECT_EQ(ran.status, 1) << ran.err;
  for (const char* line :
       {"logits  bfloat16 [64, 48]\n", "  equal: NO\n",
        "  3 of 3072 codes differ (0.0977 %), by up to 4 ulp, mean -0.000977\n",
        "  1            0          1\n", "  3-4          1          0\n", "  NaN: 1 in got alone\n",
        "  where: rows 5 to 7 of 64, columns 0 to 9 of 48\n",
        "  [5, 7]  0x3f81  1.01   0x3f80  1    +1\n", "  [6, 9]  0xbf84  -1.03  0xbf80  -1   -4\n"})
    EXPECT_NE(ran.out.find(line), std::string::npos) << line << "\n" << ran.out;
  const Json found = facts("got.safetensors want.safetensors", 1).at(0);
  EXPECT_EQ(found["mismatches"], 3);
  EXPECT_EQ(found["largest_ulp"], 4);
  EXPECT_EQ(found["classes"]["nan"]["got"], 1);
  EXPECT_EQ(found["where"]["rows"], (Json{5, 7}));
  EXPECT_EQ(found["first"][1]["ulp"], "-4");
  EXPECT_EQ(found["first"][2]["index"], (Json{7, 0}));
  EXPECT_EQ(found["guard"]["sound"], true);
  const Ran equal = shell("halfulp compare want.safetensors want.safetensors");
  EXPECT_EQ(equal.status, 0);
  EXPECT_EQ(equal.out, "logits  bfloat16 [64, 48]: equal, 3072 codes\n");
}

TEST_F(Compare, HoldsToEveryToleranceAsked) {
  const std::vector<double> want = uniform(1000, 2);
  std::vector<double> got = want;
  got[10] += got[10] > 0 ? 0.0625 : -0.0625;
  write("got.npy", {tensor("", "float32", {1000}, got)});
  write("want.npy", {tensor("", "float32", {1000}, want)});
  EXPECT_EQ(shell("halfulp compare got.npy want.npy").status, 1);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --atol 0.0625").status, 0);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --atol 0.0624").status, 1);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --atol 0.0625 --ulp 3").status, 1);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --ulp 1e9").status, 0);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --calc-diff 1e-5").status, 0);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --calc-diff 1e-7").status, 1);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --cosine 0.99999").status, 0);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --match-rate 0.999").status, 1)
      << "more than a step";
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --atol 1").status, 0);
  EXPECT_EQ(shell("halfulp compare got.npy want.npy --atol 2 --guard strict").status, 1);
  const Ran vacuous = shell("halfulp compare got.npy want.npy --atol 4");
  EXPECT_EQ(vacuous.status, 0);
  EXPECT_NE(vacuous.out.find("WARNING: this would also pass: all zeros, want with its signs "
                             "flipped, want one row further\n"),
            std::string::npos)
      << vacuous.out;
  EXPECT_EQ(vacuous.out.find("WARNING"), vacuous.out.rfind("WARNING"));
}

// Values in float32 that are numbers of a narrower format are compared in its steps.
TEST_F(Compare, TakesTheFormatOfTheNumbers) {
  write("got.npy", {tensor("", "float32", {2}, {1 + 0x1p-7, 2})});
  write("want.safetensors", {tensor("out", "bfloat16", {2}, {1, 2})});
  expect_error("got.npy want.safetensors", "--format F");
  const Json found = facts("got.npy want.safetensors --format bfloat16", 1).at(0);
  EXPECT_EQ(found["largest_ulp"], 1);
  EXPECT_EQ(found["format"], "bfloat16");
  expect_error("got.npy want.safetensors --format float8_e4m3fn", "got.npy: element [0]");
  expect_error("got.npy want.safetensors --format bfloat61", "did you mean \"bfloat16\"?");
  write("codes.npy", {tensor("", "uint16", {2}, {0x3f80, 0x4000})});
  expect_error("codes.npy want.safetensors --format bfloat16", "--dtype bfloat16");
  EXPECT_EQ(shell("halfulp compare codes.npy want.safetensors --dtype bfloat16").status, 0);
  expect_error("got.npy got.npy --dtype bfloat16", "leaves open");
}

TEST_F(Compare, PairsTensorsByName) {
  write("got.npz", {tensor("q_proj", "float32", {2}, {1, 2}), tensor("k", "float32", {2}, {1, 2})});
  write("want.npz", {tensor("k", "float32", {2}, {1, 2}), tensor("q_prj", "float32", {2}, {1, 2})});
  expect_error("got.npz want.npz",
               "got.npz: there is no tensor \"q_prj\"; did you mean \"q_proj\"?");
  EXPECT_EQ(shell("halfulp compare got.npz want.npz --only k").status, 0);
  expect_error("got.npz want.npz --only kk", "there is no tensor \"kk\"");
  write("two.safetensors",
        {tensor("k", "float32", {2}, {1, 3}), tensor("q_prj", "float32", {2}, {1, 2})});
  const std::vector<Json> found = facts("two.safetensors want.npz", 1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["within"], false);
  EXPECT_EQ(found[1]["within"], true);
  EXPECT_NE(shell("halfulp compare two.safetensors want.npz").out.find("\n2 tensors, 1 bad\n"),
            std::string::npos);
  write("other.npz",
        {tensor("k", "float32", {3}, {1, 2, 3}), tensor("q_prj", "float32", {2}, {1, 2})});
  expect_error("other.npz want.npz", "other.npz: k: the shape [3]");
  expect_error("missing.npy want.npz", "missing.npy");
  write("empty.npz", {});
  expect_error("empty.npz empty.npz", "no tensor to compare");
  write("more.npz", {tensor("k", "float32", {2}, {1, 2}), tensor("q_prj", "float32", {2}, {1, 2}),
                     tensor("v", "float32", {2}, {1, 2})});
  expect_error("more.npz want.npz", "want.npz: there is no tensor \"v\"");
}

TEST_F(Compare, SaysWhichSideIsNearer) {
  write("got.npy", {tensor("", "bfloat16", {2}, {1 + 0x1p-7, 2})});
  write("want.npy", {tensor("", "bfloat16", {2}, {1, 2})});
  write("exact.npy", {tensor("", "float64", {2}, {1 + 0x1.8p-8, 2})});
  const Json found =
      facts("got.npy want.npy --dtype bfloat16 --exact exact.npy --ulp 1", 0).at(0)["exact"];
  EXPECT_EQ(found["got_nearer"], 1);
  EXPECT_EQ(found["same"], 1);
  EXPECT_EQ(found["got_error_ulp"]["mean"], 0.125);
  EXPECT_EQ(found["want_error_ulp"]["mean"], -0.375);
}

// A scale that differs takes the codes of its block with it; they are not counted twice.
TEST_F(Compare, JudgesCodesUnderScalesThatAgree) {
  write("x.npy", {tensor("", "float32", {4, 80}, uniform(320, 3))});
  for (const std::string file : {"want.safetensors", "want.npz"}) {
    ASSERT_EQ(shell("halfulp quantize x.npy --to mxfp8_e4m3 --codes --quiet -o " + file).status, 0);
    std::vector<Tensor> parts = tensors::read((work() / file).string(), {}).tensors;
    for (Tensor& part : parts) {
      if (part.name == "scales") part.data[4] += 1;  // of row 1, columns 32 to 63
      if (part.name != "codes") continue;
      for (std::size_t column = 32; column < 64; ++column) part.data[80 + column] ^= 1;
      part.data[3] ^= 1;  // under a scale that agrees
    }
    const std::string got = "got" + file.substr(4);
    write(got, parts);
    const std::string call =
        got + " " + file + (file == "want.npz" ? " --dtype float8_e4m3fn" : "");
    const std::vector<Json> found = facts(call, 1);
    ASSERT_EQ(found.size(), 2U);
    const Json& codes = found[0]["tensor"] == "codes" ? found[0] : found[1];
    const Json& scales = found[0]["tensor"] == "codes" ? found[1] : found[0];
    EXPECT_EQ(codes["format"], "float8_e4m3fn");
    EXPECT_EQ(codes["elements"], 320 - 32);
    EXPECT_EQ(codes["mismatches"], 1);
    EXPECT_EQ(codes["under_differing_scales"]["elements"], 32);
    EXPECT_EQ(codes["under_differing_scales"]["mismatches"], 32);
    EXPECT_EQ(scales["mismatches"], 1);
    EXPECT_EQ(scales["largest_ulp"], 1);
    EXPECT_EQ(scales["within"], false);
    EXPECT_EQ(facts(call + " --scale-ulp 1", 1).size(), 2U);
    EXPECT_EQ(facts(call + " --scale-ulp 1 --ulp 1", 0).size(), 2U);
    expect_error(call + " --atol 1", "without --codes");
  }
}

// Scales that all differ leave no code to judge, which is no success.
TEST_F(Compare, NothingJudgedIsNotWithin) {
  write("want.npz",
        {tensor("w.codes", "int8", {4}, {1, 2, 3, 4}), tensor("w.scales", "float32", {1}, {1})});
  write("got.npz", {tensor("w.codes", "int8", {4}, {1, 2, 3, 4}),
                    tensor("w.scales", "float32", {1}, {1 + 0x1p-23})});
  const std::vector<Json> found = facts("got.npz want.npz --scale-ulp 1", 1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["within"], false);
  EXPECT_EQ(found[0]["elements"], 0);
  EXPECT_EQ(found[1]["within"], true);
}

// Texts in metadata name no files.
TEST_F(Compare, FollowsNoNamesOfFilesInMetadata) {
  tensors::TensorFile file;
  file.tensors = {tensor("codes", "uint8", {2}, {1, 2})};
  file.metadata = {{"halfulp", R"({"format": "/dev/stdin"})"}};
  tensors::write((work() / "x.safetensors").string(), file, {});
  EXPECT_EQ(shell("halfulp compare x.safetensors x.safetensors").status, 0);
  file.metadata = {{"halfulp", R"({"format": "nonsense"})"}};
  tensors::write((work() / "y.safetensors").string(), file, {});
  expect_error("y.safetensors y.safetensors", "y.safetensors: /__metadata__/halfulp");
}

TEST_F(Compare, DrawsWhatDiffers) {
  const std::string name = "<script>&\"w\"";
  write("got.safetensors",
        {tensor(name, "float32", {2, 2}, {1, 2, 3, 5}), tensor("empty", "float32", {0, 2}, {})});
  write("want.safetensors",
        {tensor(name, "float32", {2, 2}, {1, 2, 3, 4}), tensor("empty", "float32", {0, 2}, {})});
  EXPECT_EQ(shell("halfulp compare got.safetensors want.safetensors -o p.svg").status, 1);
  const std::string picture = text_of("p.svg");
  EXPECT_EQ(picture.rfind("<svg xmlns", 0), 0U);
  EXPECT_NE(picture.find("1 of 4 codes differs"), std::string::npos);
  EXPECT_NE(picture.find("&lt;script&gt;&amp;"), std::string::npos);
  EXPECT_EQ(picture.find("<script"), std::string::npos);
  EXPECT_NE(picture.find("<title>1 of 1</title>"), std::string::npos);
  expect_error("got.safetensors want.safetensors -o p.png", "-o: the picture is SVG");
  ASSERT_EQ(shell("ln -s got.safetensors p2.svg").status, 0);
  expect_error("got.safetensors want.safetensors -o p2.svg", "-o");
}

TEST_F(Compare, RefusesBadCalls) {
  write("x.npy", {tensor("", "float32", {2}, {1, 2})});
  expect_error("x.npy x.npy --atol -1", "--atol");
  expect_error("x.npy x.npy --rtol inf", "--rtol");
  expect_error("x.npy x.npy --ulp 0.5", "--ulp");
  expect_error("x.npy x.npy --match-rate 99", "--match-rate");
  expect_error("x.npy x.npy --guard strcit", "--guard");
  expect_error("x.npy x.npy --nan none", "--nan");
  expect_error("- -", "standard input");
}

// The result is a function of the files: not of the threads, nor of how they come.
TEST_F(Compare, ThreadsAndPipesChangeNoByte) {
  const std::vector<double> want = uniform(90000, 5);
  std::vector<double> got = want;
  for (std::size_t i = 0; i < got.size(); i += 101) got[i] += 0x1p-6;
  write("got.npy", {tensor("", "float32", {300, 300}, got)});
  write("want.npy", {tensor("", "float32", {300, 300}, want)});
  const std::string call = "halfulp compare got.npy want.npy --atol 1e-3 --calc-diff 1e-3 --json";
  const Ran one = shell(call + " --threads 1");
  EXPECT_EQ(one.status, 1);
  EXPECT_EQ(shell(call + " --threads 2").out, one.out);
  EXPECT_EQ(
      shell("cat got.npy | halfulp compare - want.npy --atol 1e-3 --calc-diff 1e-3 --json").out,
      one.out);
}

long peak_of_children() {
  rusage usage{};
  return ::getrusage(RUSAGE_CHILDREN, &usage) == 0 ? usage.ru_maxrss : -1;
}

// 128 MB against 2 MB: the largest memory that any child of this test had grows by less than 16 MB.
TEST_F(Compare, MemoryDoesNotGrowWithTheFiles) {
  const auto compare = [&](const std::string& rows) {
    const std::string bytes = std::to_string(std::stoll(rows) * 2048);
    ASSERT_EQ(shell("truncate -s " + bytes + " a.raw && truncate -s " + bytes + " b.raw && " +
                    "halfulp compare a.raw b.raw --dtype bfloat16 --shape " + rows +
                    ",1024 --quiet --atol 1e-3")
                  .status,
              0);
  };
  compare("1024");
  const long small = peak_of_children();
  compare("65536");
  EXPECT_LT(peak_of_children() - small, 16L << 10) << "KiB";
}

}  // namespace
}  // namespace halfulp::program

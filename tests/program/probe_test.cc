// SPDX-License-Identifier: MIT
//
// halfulp probe from outside: rounds of questions that gemm answers until nothing is left to ask, a
// unit file that gemm takes, recorded results that name their unit, and calls that are refused.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

class Probe : public Program {
 protected:
  // The device answers a round.
  void answer(const std::string& unit, int round) const {
    const std::string file = "dev/questions" + std::to_string(round) + ".safetensors:";
    expect_success("halfulp gemm --unit " + unit + " --a " + file + "a --b " + file + "b --c " +
                   file + "c --quiet -o dev/answers" + std::to_string(round) + ".npy");
  }
  // Asks and answers until nothing is left to ask.
  void ask_all(const std::string& ask, const std::string& unit) const {
    for (int round = 1; round < 9; ++round) {
      const Ran asked = shell(ask);
      ASSERT_EQ(asked.status, 0) << asked.err;
      if (asked.out.starts_with("nothing is left to ask")) return;
      answer(unit, round);
    }
    FAIL() << "too many rounds";
  }
};

TEST_F(Probe, AsksUntilTheUnitIsKnown) {
  ask_all("halfulp probe --ask dev --a-format float8_e4m3fn --terms 32",
          "nv.hopper.wgmma.e4m3.f32");
  const Ran told = shell("halfulp probe --answers dev --json -o mine.json");
  ASSERT_EQ(told.status, 0) << told.err;
  const Json said = parse_json(told.out, "report");
  EXPECT_EQ(said["schema"], "halfulp.probe/1");
  EXPECT_EQ(said["misses"], 0);
  EXPECT_EQ(said["settled"], true);
  EXPECT_EQ(said["named"], Json::parse(R"(["nv.hopper.wgmma.e4m3.f32"])"));
  expect_success(
      "halfulp vectors gemm --unit nv.hopper.wgmma.e4m3.f32 --terms 96 --seed 9 --quiet "
      "-o v.safetensors --class wide");
  expect_success(
      "halfulp gemm --unit ./mine.json --a v.safetensors:a --b v.safetensors:b "
      "--c v.safetensors:c -o d.safetensors && halfulp compare d.safetensors v.safetensors "
      "--only d");
}

TEST_F(Probe, FindsAUnitThatNobodyHasNamed) {
  expect_success("halfulp units nv.hopper.wgmma.e4m3.f32 --json > wgmma.json");
  expect_success(
      "sed 's/\"bits\": 13/\"bits\": 11/' wgmma.json > other.json && "
      "! cmp -s other.json wgmma.json");
  ask_all("halfulp probe --ask dev --a-format float8_e4m3fn --terms 32", "./other.json");
  const Ran told = shell("halfulp probe --answers dev -o mine.json");
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_NE(told.out.find("no unit that is shipped"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("nv.hopper.wgmma.e4m3.f32, missing"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("cut toward zero 11 bits"), std::string::npos) << told.out;
}

TEST_F(Probe, SaysWhereNoUnitAnswersSo) {
  expect_success("halfulp probe --ask dev --a-format binary16 --terms 8");
  // Results of another order, and then as if every C were left out: no sum of the family.
  answer("nv.volta.mma.f16.f32", 1);
  expect_success(
      "halfulp gemm --unit amd.cdna1.f16 --a dev/questions1.safetensors:a "
      "--b dev/questions1.safetensors:b --quiet -o dev/answers1.npy");
  const Ran told = shell("halfulp probe --answers dev -o mine.json --json");
  EXPECT_EQ(told.status, 1) << told.out;
  const Json said = parse_json(told.out, "report");
  EXPECT_GT(said["misses"], 0);
  EXPECT_EQ(said["named"], Json::array());
  EXPECT_FALSE(said["nearest"]["units"].empty());
}

TEST_F(Probe, RecordedResultsNameTheirUnit) {
  expect_success(
      "halfulp vectors gemm --unit nv.ada.mma.e4m3.f32 --terms 32 --quiet "
      "-o v.safetensors --class near-one");
  const std::string call =
      "halfulp probe --a v.safetensors:a --b v.safetensors:b --c v.safetensors:c "
      "--d v.safetensors:d";
  const Ran told = shell(call);
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_TRUE(told.out.starts_with("device          nv.ada.mma.e4m3.f32: all 128 answers"))
      << told.out;
  expect_success(
      "halfulp vectors gemm --unit nv.blackwell.nvf4.f32 --terms 128 --quiet "
      "-o s.safetensors --class near-one");
  const Ran scaled = shell(
      "halfulp probe --unit nv.blackwell.nvf4.f32 --a s.safetensors:a --b s.safetensors:b "
      "--c s.safetensors:c --d s.safetensors:d --a-scales s.safetensors:a_scales "
      "--b-scales s.safetensors:b_scales");
  EXPECT_EQ(scaled.status, 0) << scaled.err;
  EXPECT_TRUE(scaled.out.starts_with("device          nv.blackwell.nvf4.f32: all 128"))
      << scaled.out;
  file("rows.txt", "# a b c d\n0 3c003c00 3c003c00 00000000 40000000\n");
  const Ran rows = shell("halfulp probe --recorded rows.txt --a-format binary16");
  EXPECT_EQ(rows.status, 0) << rows.err;
  EXPECT_NE(rows.out.find("nv.volta.mma.f16.f32"), std::string::npos);
}

TEST_F(Probe, BadCallsAreRefused) {
  expect_refusal("halfulp probe", "says what to do");
  expect_refusal("halfulp probe --ask dev", "--a-format");
  expect_refusal("halfulp probe --ask dev --a-format posit16", "--a-format");
  expect_refusal("halfulp probe --answers nowhere", "there are no questions");
  expect_refusal("halfulp probe --ask dev --answers dev", "says what to do");
  expect_success("halfulp probe --ask dev --a-format float8_e5m2");
  expect_refusal("halfulp probe --ask dev --a-format float8_e5m2", "no answer");
  expect_refusal("halfulp probe --answers dev", "there are no answers");
  file("dev/answers1.npy", "nothing");
  expect_refusal("halfulp probe --answers dev", "answers1.npy");
  file("rows.txt", "0 3c003c00 3c00 00000000 40000000\n");
  expect_refusal("halfulp probe --recorded rows.txt --a-format binary16", "line 1");
  file("rows.txt", "3c00\n");
  expect_refusal("halfulp probe --recorded rows.txt --a-format binary16", "line 1");
  EXPECT_FALSE(std::filesystem::exists(work() / "mine.json"));
}

}  // namespace
}  // namespace halfulp::program

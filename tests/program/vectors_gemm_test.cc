// SPDX-License-Identifier: MIT
//
// halfulp vectors gemm from outside: what it writes is what gemm makes of it, the same bytes
// whatever the threads and the engine, and bad calls write nothing.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

class VectorsGemm : public Program {
 protected:
};

const std::string draw = "halfulp vectors gemm --unit nv.hopper.wgmma.e4m3.f32 ";

TEST_F(VectorsGemm, GemmMakesTheSameResultOfTheFile) {
  expect_success(draw + "--order promote:32 --terms 96 --class wide --seed 3 -o w.safetensors");
  expect_success(
      "halfulp gemm --unit nv.hopper.wgmma.e4m3.f32 --order promote:32 "
      "--a w.safetensors:a --b w.safetensors:b --c w.safetensors:c -o d.safetensors");
  expect_success("halfulp compare d.safetensors w.safetensors --only d");
  expect_success(draw + "--order promote:32 --terms 96 --class w --seed 3 -o folder --quiet");
  expect_success(
      "halfulp gemm --unit nv.hopper.wgmma.e4m3.f32 --order promote:32 "
      "--a folder/a.npy --b folder/b.npy --c folder/c.npy -o e.npy && cmp e.npy folder/d.npy");
}

TEST_F(VectorsGemm, ScalesGoWithTheUnit) {
  expect_success(
      "halfulp vectors gemm --unit nv.blackwell.nvf4.f32 --class near-one "
      "-o n.safetensors --json");
  expect_success(
      "halfulp gemm --unit nv.blackwell.nvf4.f32 --a n.safetensors:a "
      "--b n.safetensors:b --c n.safetensors:c --a-scales n.safetensors:a_scales "
      "--b-scales n.safetensors:b_scales -o d.safetensors && "
      "halfulp compare d.safetensors n.safetensors --only d");
}

TEST_F(VectorsGemm, AllClassesAreASetEachAndTheSameBytesAnyhow) {
  const Ran ran = shell(draw + "--rows 4 --columns 3 --json -o all.safetensors");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const Json said = parse_json(ran.out, "report");
  EXPECT_EQ(said["tensors"].size(), 40U);
  EXPECT_EQ(said["tensors"][0], "near-one.a");
  expect_success(draw +
                 "--rows 4 --columns 3 --reference -o reference.safetensors && "
                 "cmp all.safetensors reference.safetensors");
  expect_success(draw +
                 "--rows 4 --columns 3 --threads 3 -o threads.safetensors && "
                 "cmp all.safetensors threads.safetensors");
  expect_success(draw +
                 "--rows 4 --columns 3 --seed 1 -o other.safetensors && "
                 "! cmp -s all.safetensors other.safetensors");
}

TEST_F(VectorsGemm, OfAnOrderAlone) {
  expect_success(
      "halfulp vectors gemm --order sequential:binary16 --format binary16 --class exact "
      "-o e.safetensors && halfulp gemm --a e.safetensors:a --b e.safetensors:b "
      "--c e.safetensors:c --order exact:binary16 -o d.safetensors && "
      "halfulp compare d.safetensors e.safetensors --only d");
}

TEST_F(VectorsGemm, BadCallsWriteNothing) {
  expect_refusal(draw, "-o");
  expect_refusal(draw + "-o x.npy", "neither a folder");
  expect_refusal(draw + "--class exakt -o x.safetensors", "did you mean \"exact\"?");
  expect_refusal(draw + "--rows 0 -o x.safetensors", "--rows");
  expect_refusal(draw + "--count 5 -o x.safetensors", "--count");
  expect_refusal(draw + "--format binary16 -o x.safetensors", "--format");
  expect_refusal("halfulp vectors gemm -o x.safetensors", "--unit: is missing");
  expect_refusal("halfulp vectors add --format binary16 --rows 3", "--rows");
  expect_refusal("halfulp vectors gemm --order exact:int8 --format int8 -o x.safetensors",
                 "floating-point");
  EXPECT_EQ(names(), std::vector<std::string>{});
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// The verbs of matrix units: units, gemm, and compare --explain.
#include <string>

#include "tests/program/program.h"

namespace halfulp::program {
namespace {

class Gemm : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    // Sixteen rows of 64 codes of E4M3 each, finite and of many exponents.
    std::string a;
    std::string b;
    for (unsigned i = 0; i < 16 * 64; ++i) {
      a += static_cast<char>(0x20 + (i * 37 + i / 7) % 0x30 + (i % 3 == 0 ? 0x80 : 0));
      b += static_cast<char>(0x18 + (i * 53 + i / 5) % 0x38 + (i % 5 == 0 ? 0x80 : 0));
    }
    file("a.raw", a);
    file("b.raw", b);
  }
  static constexpr const char* shapes = " --a a.raw --a-shape 16,64 --b b.raw --b-shape 64,16 ";
};

TEST_F(Gemm, GivesTheSameBytesFromBothEnginesAndAnyThreads) {
  const std::string call =
      "halfulp gemm" + std::string(shapes) + "--unit nv.hopper.wgmma.e4m3.f32 --order promote:32 ";
  const Ran ran = shell(call + "-o d.npy");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "d.npy: 16 x 16 of float32, 64 terms, nv.hopper.wgmma.e4m3.f32, promote:32\n");
  ASSERT_EQ(shell(call + "--threads 1 -o one.npy --quiet").status, 0);
  ASSERT_EQ(shell(call + "--reference -o exact.npy --quiet").status, 0);
  EXPECT_EQ(text_of("d.npy"), text_of("one.npy"));
  EXPECT_EQ(text_of("d.npy"), text_of("exact.npy"));
}

TEST_F(Gemm, ExplainsAnAccumulatorThatIsTooNarrow) {
  const std::string call = "halfulp gemm" + std::string(shapes) + "--quiet --unit ";
  ASSERT_EQ(shell(call + "nv.hopper.wgmma.e4m3.f32 -o got.npy").status, 0);
  ASSERT_EQ(shell(call + "nv.blackwell.tcgen05.e4m3.f32 -o want.npy").status, 0);
  const Ran ran = shell("halfulp compare got.npy want.npy --explain" + std::string(shapes) +
                        "--unit nv.blackwell.tcgen05.e4m3.f32 --quiet");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.out.find("unit: nv.hopper.wgmma.e4m3.f32, instead of"), std::string::npos)
      << ran.out << ran.err;
}

TEST_F(Gemm, ErrorsNameTheOptionAndTheRemedy) {
  const std::string call = "halfulp gemm" + std::string(shapes) + "-o d.npy ";
  const auto error = [&](const std::string& options) { return shell(call + options).err; };
  EXPECT_EQ(error(""),
            "halfulp: --unit: is missing; `halfulp units` lists units; or give an order such as "
            "exact:binary32\n");
  EXPECT_EQ(error("--unit nv.hopper.wgmma.e4m3.f31"),
            "halfulp: --unit: \"nv.hopper.wgmma.e4m3.f31\" is no unit; did you mean "
            "\"nv.hopper.wgmma.e4m3.f32\"?\n");
  EXPECT_EQ(error("--unit nv.hopper.wgmma.e4m3.f32 --order promot:3"),
            "halfulp: --order: \"promot:3\" is no part of an order; did you mean \"promote\"?\n");
  EXPECT_EQ(
      error("--unit nv.hopper.mma.f16.f32"),
      "halfulp: a.raw: 1024 bytes, the shape needs 2048 of float16; give the shape and the element "
      "type that the file has\n");
  EXPECT_FALSE(std::filesystem::exists(work() / "d.npy"));
}

TEST_F(Gemm, UnitsAreListedAndDescribed) {
  const Ran all = shell("halfulp units");
  EXPECT_EQ(all.status, 0);
  EXPECT_GT(lines_of(all.out).size(), 100);
  const Ran one = shell("halfulp units fp8_mma_sync_f16");
  EXPECT_NE(one.out.find("name          nv.hopper.mma.e4m3.f16\n"), std::string::npos) << one.out;
  // A description can be changed and used.
  ASSERT_EQ(shell("halfulp units nv.hopper.wgmma.e4m3.f32 --json > mine.json").status, 0);
  ASSERT_EQ(shell("sed -i 's/\"bits\": 13/\"bits\": 20/' mine.json").status, 0);
  const Ran mine = shell("halfulp gemm" + std::string(shapes) + "--unit ./mine.json -o d.npy");
  EXPECT_EQ(mine.status, 0) << mine.err;
  EXPECT_EQ(shell("halfulp units --of abacus").err,
            "halfulp: --of: no unit has \"abacus\" in its name, vendor or architecture; `halfulp "
            "units` lists all\n");
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// The verb kernel: what it lists and describes, documents that are changed and used, all steps in a
// file, and errors that name the option.
#include <nlohmann/json.hpp>
#include <string>

#include "formats/json.h"
#include "golden/sequences/kernel_json.h"
#include "tests/program/program.h"

namespace halfulp::program {
namespace {

class Kernels : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    // Six rows of sixteen bfloat16 numbers, from 1/8 to 4, of both signs.
    std::string x;
    for (unsigned i = 0; i < 96; ++i) {
      x += static_cast<char>((i * 37 + i / 7) % 256);
      x += static_cast<char>(0x3e + (i * 5) % 3 + (i % 3 == 0 ? 0x80 : 0));
    }
    file("x.raw", x);
    file("q.raw", x.substr(0, 64));
  }
  static constexpr const char* x = " --in x=x.raw --as x=bfloat16 --shape x=6,16 ";
};

TEST_F(Kernels, GiveTheSameBytesFromBothEnginesAndAnyThreads) {
  const std::string call = "halfulp kernel softmax" + std::string(x) + "--set store=binary32 ";
  const Ran ran = shell(call + "-o y.npy");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "y.npy: y, [6, 16] of float32\n");
  ASSERT_EQ(shell(call + "--threads 1 -o one.npy --quiet").status, 0);
  ASSERT_EQ(shell(call + "--reference -o exact.npy --quiet").status, 0);
  EXPECT_EQ(text_of("y.npy"), text_of("one.npy"));
  EXPECT_EQ(text_of("y.npy"), text_of("exact.npy"));
  // Another order of the sum is another kernel.
  ASSERT_EQ(shell(call + "--set order=exact:bfloat16 -o other.npy --quiet").status, 0);
  EXPECT_NE(text_of("y.npy"), text_of("other.npy"));
}

TEST_F(Kernels, AreListedDescribedAndEdited) {
  const Ran all = shell("halfulp kernel");
  EXPECT_EQ(all.status, 0);
  EXPECT_EQ(lines_of(all.out).size(), sequences::shipped_kernel_texts().size() + 1);
  EXPECT_EQ(lines_of(shell("halfulp kernel --json").out).size(),
            sequences::shipped_kernel_texts().size());
  const Ran one = shell("halfulp kernel attention.online --set block=32");
  EXPECT_NE(one.out.find("attend: for every 32 of k along -2 as k_block, v along -2 as v_block:"),
            std::string::npos)
      << one.out;
  // A document can be printed, changed and used.
  ASSERT_EQ(shell("halfulp kernel softmax --json > mine.json").status, 0);
  EXPECT_EQ(parse_json(text_of("mine.json"), ""), sequences::kernel_document("softmax"));
  ASSERT_EQ(shell("sed -i 's/sequential:binary32/pairwise:binary32/' mine.json").status, 0);
  ASSERT_EQ(shell("halfulp kernel ./mine.json" + std::string(x) + "-o mine.npy --quiet").status, 0);
  ASSERT_EQ(shell("halfulp kernel softmax" + std::string(x) +
                  "--set order=pairwise:binary32 -o set.npy --quiet")
                .status,
            0);
  EXPECT_EQ(text_of("mine.npy"), text_of("set.npy"));
}

TEST_F(Kernels, WriteEveryStepOnRequest) {
  const std::string qkv =
      "--in q=q.raw --as q=bfloat16 --shape q=4,8 --in k=x.raw --as k=bfloat16 --shape k=12,8 "
      "--in v=x.raw --as v=bfloat16 --shape v=12,8 --set block=5 ";
  const Ran ran =
      shell("halfulp kernel attention.online " + qkv + "--all -o all.safetensors --json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const Json said = parse_json(ran.out, "");
  EXPECT_EQ(said["schema"], "kernel/1");
  EXPECT_EQ(said["outputs"][1], (Json{{"name", "lse"}, {"shape", {4, 1}}, {"type", "float32"}}));
  // The first step that differs says what is done otherwise.
  ASSERT_EQ(shell("halfulp kernel attention.online " + qkv +
                  R"(--set order='{"tree": {"sums": [{"quantizer": {"format": "binary32",
                     "rounding": "toward-zero"}}]}}' --all -o other.safetensors --quiet)")
                .status,
            0);
  const std::string compare = "halfulp compare other.safetensors all.safetensors --quiet --only ";
  EXPECT_EQ(shell(compare + "'attend[2].s,attend[0].e'").status, 0);
  EXPECT_EQ(shell(compare + "'attend[0].l_block'").status, 1);
}

TEST_F(Kernels, ErrorsNameTheOptionAndTheRemedy) {
  const auto error = [&](const std::string& call) { return shell("halfulp kernel " + call).err; };
  EXPECT_EQ(error("softmx"), "halfulp: \"softmx\" is no kernel; did you mean \"softmax\"?\n");
  EXPECT_EQ(error("softmax --set ordr=exact:binary32"),
            "halfulp: --set: the kernel has no parameter \"ordr\"; did you mean \"order\"?\n");
  EXPECT_EQ(error("softmax --set order=exakt:binary32"),
            "halfulp: softmax: /steps/3/order: \"exakt:binary32\" is no part of an order; did you "
            "mean \"exact\"?\n");
  EXPECT_EQ(error("softmax --in x -o y.npy"),
            "halfulp: --in: \"x\" names nothing; write NAME=VALUE, as in --in x=x.npy\n");
  EXPECT_EQ(error("softmax --in z=x.raw --as z=bfloat16 --shape z=6,16 -o y.npy"),
            "halfulp: --in z: is no input of the kernel; its first is \"x\"\n");
  EXPECT_EQ(error("softmax --as x=bfloat16 --in y=x.raw --shape y=6,16 --as y=bfloat16 -o y.npy"),
            "halfulp: --as: there is no --in x; give the file, or leave it out\n");
  EXPECT_EQ(error("softmax -o y.npy"), "halfulp: --in: no input is given; write --in NAME=FILE\n");
  EXPECT_EQ(error("softmax" + std::string(x) + "-o x.raw"),
            "halfulp: -o: x.raw is the input --in too; give it a name of its own\n");
  EXPECT_EQ(error("softmax" + std::string(x) + "--all -o y.npy"),
            "halfulp: -o: a file for one tensor, and several are written; name a .safetensors or "
            ".npz file\n");
  EXPECT_EQ(error("softmax --in x=x.raw --as x=bfloat16 --shape x=96,0,1 -o y.npy"),
            "halfulp: x.raw: 192 bytes, the shape needs 0 of bfloat16; give the shape and the "
            "element type that the file has\n");
  EXPECT_EQ(names(), (std::vector<std::string>{"q.raw", "x.raw"}));
}

}  // namespace
}  // namespace halfulp::program

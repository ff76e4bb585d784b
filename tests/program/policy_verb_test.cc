// SPDX-License-Identifier: MIT
//
// halfulp policy from outside: a line of every place and phase, whatever opens the phase.
#include "program.h"

namespace halfulp::program {
namespace {

class PolicyVerb : public Program {};

TEST_F(PolicyVerb, PrintsEveryKindOfPhase) {
  file("c.json", R"({"experiment": "training",
    "problem": {"model": {"kind": "mlp", "widths": [4, 2]}},
    "training": {"optimizer": "sgd", "learning_rate": 0.1, "steps": 10},
    "policy": {"base": {"native": "binary32", "use": {"dw": "binary16"}}, "phases": [
      {"when": {"step": [2, 4]}, "use": {"y.fwd": "bfloat16"}},
      {"when": {"fraction": [0.5, 1]}, "use": {"y.fwd": "binary16"}},
      {"when": {"cyclic": {"cycles": 2, "bits": [3, 4]}}, "use": {"x.fwd": "int{bits}"}},
      {"when": {"plateau": {"every": 2, "stage": 1}}, "use": {"w.fwd": "bfloat16"}}]}})");
  const Ran ran = shell("halfulp policy c.json");
  ASSERT_EQ(ran.status, 0) << ran.err;
  for (const char* line :
       {"  dw     binary16", "  y.fwd  bfloat16                    steps 2 to before 4",
        "share 0.5 to 1", "  int3      straight_through  3 bits of 2 cycles",
        "  int4      straight_through  4 bits of 2 cycles", "plateau stage 1, epochs of 2 steps"})
    EXPECT_NE(ran.out.find(line), std::string::npos) << line << "\n" << ran.out;
  // In full it is a policy again, and says the same.
  const Ran again = shell(
      "halfulp policy c.json --json > full.json && "
      "halfulp policy c.json --set /policy=full.json --json | cmp - full.json");
  EXPECT_EQ(again.status, 0) << again.out << again.err;
}

}  // namespace
}  // namespace halfulp::program

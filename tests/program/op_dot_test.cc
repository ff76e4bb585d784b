// SPDX-License-Identifier: MIT
//
// halfulp op dot and op sum from outside: the syntaxes say the same, traces show what a unit does,
// lines are answered as they come, and bad calls are one line.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

class OpDot : public Program {
 protected:
  [[nodiscard]] std::string said(const std::string& call) const {
    const Ran ran = shell(call);
    EXPECT_EQ(ran.status, 0) << call << "\n" << ran.err;
    return ran.out;
  }
  void expect_error(const std::string& call, const std::string& part) const {
    const Ran ran = shell(call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_EQ(ran.out, "") << call;
    EXPECT_EQ(lines_of(ran.err).size(), 1U) << ran.err;
    EXPECT_NE(ran.err.find(part), std::string::npos) << ran.err;
  }
};

const std::string hopper = "halfulp op dot --unit nv.hopper.wgmma.e4m3.f32 ";

TEST_F(OpDot, ValuesCodesAndJoinedCodesAreTheSameDotProduct) {
  // 1.5 * 1 + 256 * 0.5 - 2 = 127.5
  for (const char* call :
       {"1.5 256 x 1 0.5 + -2", "--c -2 1.5 256 x 1 0.5", "0x3c 0x78 x 0x38 0x30 + 0xc0000000",
        "--codes 3c 78 x 38 30 + c0000000", "--codes 3c78 3830 c0000000",
        "--codes 3c78 3830 c0000000 - -", "--reference 1.5 256 x 1 0.5 + -2"})
    EXPECT_EQ(said(hopper + call), "0x42ff0000 127.5\n") << call;
  EXPECT_EQ(said("printf '1.5 256 x 1 0.5 + -2\\n\\n# a comment\\n1 x 2\\n' | " + hopper),
            "0x42ff0000 127.5\n0x40000000 2\n");
  EXPECT_EQ(said("echo 3c78 3830 c0000000 | " + hopper + "--codes --json"),
            "{\"terms\":2,\"code\":\"0x42ff0000\",\"value\":\"127.5\"}\n");
}

TEST_F(OpDot, OrdersPartAsTheyShould) {
  const std::string half = "halfulp op sum --format binary16 --order ";
  EXPECT_EQ(said(half + "sequential:binary16 2048 1 1"), "0x6800 2048\n");
  EXPECT_EQ(said(half + "exact:binary16 2048 1 1"), "0x6801 2050\n");
  EXPECT_EQ(said(half + "pairwise:binary16 2048 1 1 1"), "0x6801 2050\n");
  EXPECT_EQ(said(half + "sequential:binary16 1 1 + 2048"), "0x6800 2048\n");
  // The unit adds the small term 13 bits below the large one and cuts it; promotion keeps it.
  const std::string small =
      "256 $(printf '0 %.0s' $(seq 31)) 0.5 x 256 "
      "$(printf '0 %.0s' $(seq 31)) 0.5";
  EXPECT_EQ(said(hopper + small), "0x47800000 65536\n");
  EXPECT_EQ(said(hopper + "--order promote:32 " + small), "0x47800020 65536.25\n");
}

TEST_F(OpDot, ScalesOfUnitsAreTaken) {
  const std::string ones = "$(printf '1 %.0s' $(seq 32))";
  const std::string unit = "halfulp op dot --unit nv.blackwell.mx.e4m3.f32 ";
  EXPECT_EQ(said(unit + ones + " x " + ones + " scales 4 x 0.5"), "0x42800000 64\n");
  expect_error(unit + ones + " x " + ones, "scales");
  expect_error(hopper + "1 x 1 scales 1 x 1", "does not take");
}

TEST_F(OpDot, ATraceShowsWhatIsCut) {
  EXPECT_EQ(said(hopper + "--trace 256 1.125 x 256 0.001953125 + 1"),
            "step 1: C + terms 0 to 31; largest exponent 16, cut toward zero below 2^3\n"
            "  item                      factors              exponent  value     as added\n"
            "  a[0] b[0]                 256 x 256                  16  0x1p+16   0x1p+16\n"
            "  a[1] b[1]                 1.125 x 0.001953125        -6  0x1.2p-9  0x0p+0    cut\n"
            "  a[2] b[2] to a[31] b[31]                              -  0x0p+0    0x0p+0\n"
            "  C                                                     0  0x1p+0    0x0p+0    cut\n"
            "  exact sum                                                          0x1p+16\n"
            "  rounded: 0x1p+16 = 0x11e000 (e8m13, toward-zero, overflow always to infinity)\n"
            "0x47800000 65536\n");
  EXPECT_EQ(said("halfulp op sum --format binary16 --order fma:binary16 --trace 2048 1"),
            "step  what           operands                 exact        rounded  code    format\n"
            "   1  C + a[0] b[0]  0x1p+11, 0x1p+0, 0x0p+0  0x1p+11      0x1p+11  0x6800  binary16\n"
            "   2  s + a[1] b[1]  0x1p+0, 0x1p+0, 0x1p+11  0x1.002p+11  0x1p+11  0x6800  binary16\n"
            "0x6800 2048\n");
}

TEST_F(OpDot, ATraceIsAnObjectAStepInJson) {
  const std::vector<std::string> lines =
      lines_of(said(hopper + "--trace --json 256 1.125 x 256 0.001953125 + 1"));
  ASSERT_EQ(lines.size(), 2U);
  const Json step = parse_json(lines[0], "step");
  EXPECT_EQ(step["step"], 1);
  EXPECT_EQ(step["exponent"], 16);
  EXPECT_EQ(step["items"].size(), 33U);
  EXPECT_EQ(step["items"][1]["value"], "0x1.2p-9");
  EXPECT_EQ(step["items"][1]["added"], "0x0p+0");
  EXPECT_EQ(step["items"][32]["name"], "C");
  EXPECT_EQ(step["exact"], "0x1p+16");
  EXPECT_EQ(parse_json(lines[1], "result")["code"], "0x47800000");
}

TEST_F(OpDot, NumbersThatTheFormatDoesNotHaveAreNoted) {
  const Ran ran = shell(hopper + "0.1 1 0.3 x 1 1 1");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err,
            "halfulp: 0.1 (to 0.1015625 in float8_e4m3fn) and 1 other number were rounded to the "
            "operand's format first\n");
  EXPECT_EQ(shell(hopper + "0.5 x nan").err, "");
}

TEST_F(OpDot, BadCallsAreOneLine) {
  expect_error("halfulp op dot 1 x 1", "--unit: is missing");
  expect_error("halfulp op dot --unit nv.hoper.wgmma.e4m3.f32 1 x 1", "did you mean");
  expect_error("halfulp op dot --order exact:binary32 1 x 1", "--format");
  expect_error(hopper + "--format binary16 1 x 1", "--format");
  expect_error(hopper + "--to binary16 1 x 1", "--to");
  expect_error(hopper + "1 2 x 1", "2 numbers before \"x\" and 1 behind");
  expect_error(hopper + "1 2", "behind");
  expect_error(hopper + "1 x 1 x 1", "too many");
  expect_error(hopper + "1 x 1 + 1 + 1", "\"+\"");
  expect_error(hopper + "1 x 1 +", "behind \"+\"");
  expect_error(hopper + "1 x one", "one");
  expect_error(hopper + "--codes 3c7 38 0", "has 2");
  expect_error("printf '1 x 1\\n1 x\\n' > in; " + hopper + "< in > /dev/null", "line 2");
  expect_error("halfulp op add --format binary16 --unit nv.hopper.wgmma.e4m3.f32 1 1", "--unit");
  expect_error("halfulp op add --format binary16 --trace 1 1", "--trace");
  expect_error(R"(halfulp op dot --format binary16 --order '{"tree": {"sums": [{"joining": )"
               R"("at_once", "quantizer": {"format": "binary32"}}]}, "epilogue": [{"what": )"
               R"("convert", "quantizer": {"format": "binary16"}}]}' 1 x 1)",
               "halfulp gemm");
}

TEST_F(OpDot, AreListedAndCompleted) {
  const std::string list = said("halfulp op --list");
  EXPECT_NE(list.find("\ndot "), std::string::npos);
  EXPECT_NE(list.find("\nsum "), std::string::npos);
  EXPECT_NE(said("halfulp completion fish").find("set -g __halfulp_computed add"),
            std::string::npos);
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// halfulp explain from outside: both outputs are there for every kind of format and number, fit the
// page, and say what halfulp cast says.
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/json.h"
#include "formats/rounding.h"
#include "program.h"

namespace halfulp::program {
namespace {

const std::vector<std::string>& formats() {
  static const std::vector<std::string> names{
      "float8_e4m3fn",
      "bf16",
      "binary64",
      "e8m0",
      "int8",
      "uint4",
      "posit8",
      "takum16",
      "'{\"kind\": \"affine\", \"bits\": 8, \"scale\": 0.1, \"zero_point\": 7}'",
      "'{\"kind\": \"codebook\", \"values\": [-1, -0.5, 0.25, 3]}'"};
  return names;
}

const std::vector<std::string>& numbers() {
  static const std::vector<std::string> texts{"0.1",   "-0.3", "448", "470", "1e30", "-7e-6",
                                              "1e-50", "0",    "-0",  "inf", "-inf", "nan"};
  return texts;
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::size_t widest = 0;
  while (std::getline(lines, line)) widest = std::max(widest, line.size());
  return widest;
}

TEST_F(Program, ExplainFitsThePage) {
  for (const std::string& format : formats()) {
    for (const std::string& number : numbers()) {
      const Ran ran = shell("halfulp explain " + number + " --to " + format + " --random-bits 64");
      EXPECT_EQ(ran.status, 0) << ran.err;
      EXPECT_EQ(ran.err, "");
      EXPECT_NE(ran.out.find("\nresult "), std::string::npos) << ran.out;
      if (format != "binary64") {
        EXPECT_LE(widest_line(ran.out), 100U) << ran.out;
      }
    }
  }
}

TEST_F(Program, ExplainSaysWhatCastSays) {
  std::string all;
  for (const std::string& number : numbers()) all += " " + number;
  bool plain = false;
  for (const std::string& format : formats()) {
    plain = !plain;
    const std::string to =
        " --to " + format + (plain ? "" : " --overflow saturate --tininess before --flush-outputs");
    std::vector<Json> explained;
    for (const std::string& number : numbers())
      explained.push_back(parse_json(shell("halfulp explain " + number + to + " --json").out, to));
    for (const Mode mode : all_modes()) {
      if (is_stochastic(mode)) continue;
      const std::string name(name_of(mode));
      std::istringstream cast(shell("halfulp cast" + to + " --rounding " + name + all).out);
      for (const Json& report : explained) {
        std::string code;
        std::string value;
        std::string flags;
        cast >> code >> value >> flags;
        const Json& answer = report["roundings"][static_cast<std::size_t>(mode)];
        const Json expected{{"code", code}, {"value", value}, {"flags", flags}};
        EXPECT_EQ(answer["rounding"], name);
        EXPECT_EQ(answer["outcomes"], Json::array({expected})) << report["input"] << to;
        if (mode == Mode::nearest_even) {
          EXPECT_EQ(report["result"], answer);
        }
      }
    }
  }
}

// A value of --from: a code with 0x, a code under --codes, or a number.
TEST_F(Program, ExplainReadsCodesAndNumbers) {
  const auto input = [&](const std::string& value) {
    const std::string call = "halfulp explain " + value + " --from fp16 --to bf16 --json";
    return parse_json(shell(call).out, call)["input"];
  };
  EXPECT_EQ(input("0x3c01")["number"]["value"], "1.0009765625");
  EXPECT_EQ(input("--codes 3c01"),
            parse_json(R"({"text": "3c01", "number": {"value": "1.0009765625",
      "exact": true, "form": "1025 * 2^-10", "hexadecimal": "0x1.004p+0"}, "from": "binary16",
      "code": "0x3c01", "fields": "0|01111|0000000001", "rounded_first": false})",
                       ""));
  EXPECT_EQ(input("0x1")["code"], "0x0001");
  EXPECT_EQ(input("1")["code"], "0x3c00");
  EXPECT_EQ(input("0x1p0")["code"], "0x3c00");
  EXPECT_EQ(input("0.1")["number"]["value"], "0.0999755859375");
  EXPECT_EQ(input("0.1")["rounded_first"], true);
  EXPECT_EQ(input("-inf")["code"], "0xfc00");
}

// The text holds what the JSON holds, for one case to the letter.
TEST_F(Program, ExplainPrintsTheWholeStory) {
  const Ran ran = shell("halfulp explain 0.3 --to fp4 --random-bits 3 --overflow saturate");
  EXPECT_EQ(ran.out,
            R"(number     0.3 = 3/10
to         float4_e2m1fn, 4 bits, sign|exponent|fraction
rounding   nearest-even, overflow saturate
note       The number is nearer to zero than every other number of the format: what goes toward
           zero is lost.
note       It is subnormal: below 1 the spacing stays 0.5.
result     0.5  0x1  03 underflow inexact

neighbour    value  code  bits    parity
toward zero      0  0x0   0|00|0  even
away           0.5  0x1   0|00|1  odd
nearest    turns at 0.25, the middle; the number is past it
position   0.6 of the gap, counted away from zero
ulp        0.5, the width of the gap

rounding          result  code  flags                 chance
nearest-even         0.5  0x1   03 underflow inexact
nearest-away         0.5  0x1   03 underflow inexact
nearest-zero         0.5  0x1   03 underflow inexact
nearest-up           0.5  0x1   03 underflow inexact
nearest-down         0.5  0x1   03 underflow inexact
nearest-odd          0.5  0x1   03 underflow inexact
nearest-log          0.5  0x1   03 underflow inexact
toward-zero            0  0x0   03 underflow inexact
toward-positive      0.5  0x1   03 underflow inexact
toward-negative        0  0x0   03 underflow inexact
away-from-zero       0.5  0x1   03 underflow inexact
to-odd               0.5  0x1   03 underflow inexact
stochastic             0  0x0   03 underflow inexact  4/2^3
                     0.5  0x1   03 underflow inexact  4/2^3
stochastic-b           0  0x0   03 underflow inexact  3/2^3
                     0.5  0x1   03 underflow inexact  5/2^3
stochastic-c           0  0x0   03 underflow inexact  3/2^3
                     0.5  0x1   03 underflow inexact  5/2^3
stochastic-equal       0  0x0   03 underflow inexact  1/2
                     0.5  0x1   03 underflow inexact  1/2

expectation       E[Q(x)]  bias E[Q(x)] - x  bias in ulp
stochastic           0.25             -0.05         -0.1
stochastic-b       0.3125            0.0125        0.025
stochastic-c       0.3125            0.0125        0.025
stochastic-equal     0.25             -0.05         -0.1

wrong way                  first  result  code  what it does
truncation                             0  0x0   the bits that do not fit are dropped
subnormal results flushed              0  0x0   a tiny result becomes a zero of its sign
full precision first        0.25       0  0x0   rounded twice, first as a normal number
)");
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// One rule of tokens: the same token means the same to every verb that reads tokens, and nothing is
// guessed from its digits. Values are printed as they are said to be, and what is printed in full
// reads back.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

struct Token {
  const char* text;
  const char* code;  // of bfloat16; empty where the token is refused
};

// Digits that could be a code of 16 bits are a number all the same.
const Token tokens[] = {
    {"1000", "0x447a"},     {"0x1000", "0x1000"}, {"0x10", "0x0010"}, {"10", "0x4120"},
    {"1e10", "0x5015"},     {"0000", "0x0000"},   {"0001", "0x3f80"}, {"0x1p0", "0x3f80"},
    {"-0x1.8p1", "0xc040"}, {"0XFF80", "0xff80"}, {"inf", "0x7f80"},  {"-inf", "0xff80"},
    {"nan", "0x7fc0"},      {"3c00", ""},         {"ABCD", ""},       {"-0x10", ""},
    {"0x1.8", ""},          {"0x", ""},           {"0x12345", ""},    {"1f80", ""}};

class Tokens : public Program {};

TEST_F(Tokens, MeanTheSameToEveryVerb) {
  for (const Token& token : tokens) {
    const std::string text = token.text;
    const Ran cast = shell("halfulp cast --from bf16 --to bf16 " + text);
    const Ran op = shell("halfulp op minimum --format bf16 inf " + text + " --nan x86 --json");
    const Ran explain = shell("halfulp explain --from bf16 --to bf16 --json " + text);
    if (*token.code == '\0') {
      for (const Ran& ran : {cast, op, explain}) {
        EXPECT_EQ(ran.status, 2) << text << ran.out;
        EXPECT_NE(ran.err.find("\"" + text + "\""), std::string::npos) << ran.err;
      }
      continue;
    }
    EXPECT_EQ(cast.out.substr(0, 6), token.code) << text << cast.err;
    EXPECT_EQ(parse_json(op.out, text)["operand_codes"][1], token.code) << text;
    EXPECT_EQ(parse_json(explain.out, text)["input"]["code"], token.code) << text;
  }
}

TEST_F(Tokens, AreCodesUnderCodes) {
  EXPECT_EQ(shell("halfulp cast --from bf16 --to bf16 --codes 1000").out.substr(0, 6), "0x1000");
  EXPECT_EQ(shell("halfulp cast --from bf16 --to bf16 --codes 0x1000").out.substr(0, 6), "0x1000");
  EXPECT_EQ(shell("halfulp op abs --format bf16 --codes 9000").out.substr(0, 6), "0x1000");
  const std::string explain = "halfulp explain --from bf16 --to bf16 --json --codes 1000";
  EXPECT_EQ(parse_json(shell(explain).out, "")["input"]["code"], "0x1000");
  for (const char* verb :
       {"cast --from bf16 --to bf16", "op abs --format bf16", "explain --from bf16 --to bf16"}) {
    const Ran ran = shell("halfulp " + std::string(verb) + " --codes 0.5");
    EXPECT_EQ(ran.status, 2) << verb;
    EXPECT_NE(ran.err.find("is not a code of bfloat16"), std::string::npos) << ran.err;
  }
}

// Without --from no format says what a code is; the remedy is spelt out, and works.
TEST_F(Tokens, CodesOfNoFormatAreRefused) {
  for (const std::string verb : {"cast", "explain"}) {
    const Ran ran = shell("halfulp " + verb + " --to bf16 0x3c");
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.err.find("give its format with --from, or for the number write 0x3cp0"),
              std::string::npos)
        << ran.err;
    EXPECT_EQ(shell("halfulp " + verb + " --to bf16 --codes 3c").status, 2);
  }
  EXPECT_EQ(shell("halfulp cast --to bf16 0x3cp0").out, "0x4270 60 00\n");
  const Ran sign = shell("halfulp cast --to bf16 -0x3c");
  EXPECT_NE(sign.err.find("for the number write -0x3cp0"), std::string::npos) << sign.err;
  const Ran point = shell("halfulp op abs --format bf16 0x1.8");
  EXPECT_NE(point.err.find("with an exponent: 0x1.8p0"), std::string::npos) << point.err;
}

// A number of --from is rounded to that format first, as the operands of `op` are.
TEST_F(Tokens, NumbersAreOperandsOfTheirFormat) {
  EXPECT_EQ(shell("halfulp cast --from fp16 --to binary32 0.1").out, "0x3dccc000 0.099975586 00\n");
  EXPECT_EQ(shell("halfulp cast --from fp16 --to binary32 0.1 --reference").out,
            "0x3dccc000 0.099975586 00\n");
}

TEST_F(Tokens, FollowTheEndOfOptions) {
  EXPECT_EQ(shell("halfulp cast --to bf16 -- -1 -inf 0.5").out,
            "0xbf80 -1 00\n0xff80 -inf 00\n0x3f00 0.5 00\n");
  EXPECT_EQ(shell("halfulp op add --format bf16 -- -1 -.5").out, "0xbfc0 -1.5 00\n");
  const Ran word = shell("halfulp cast --to bf16 -- --hex");
  EXPECT_EQ(word.status, 2);
  EXPECT_NE(word.err.find("argument 1: \"--hex\" is not a number"), std::string::npos) << word.err;
  const Ran file = shell("echo '1 1 2 00' > -x; halfulp check f16_add --codes -- -x");
  EXPECT_NE(file.err.find("--codes"), std::string::npos) << file.err;
  EXPECT_EQ(shell("echo '3C00 3C00 4000 00' > -x; halfulp check f16_add -- -x").status, 0);
  EXPECT_EQ(shell("halfulp run -- -x.json").err.find("unknown option"), std::string::npos);
  const Ran more = shell("halfulp run a.json -- -b.json");
  EXPECT_NE(more.err.find("one argument too many: \"-b.json\""), std::string::npos) << more.err;
}

TEST_F(Tokens, FlushOutputsTakesAWordWithAndWithoutAnEqualsSign) {
  // A subnormal number just below the least normal one: tiny before rounding, not after.
  const std::string call = "halfulp cast --to fp16 0x1.fffp-15 --flush-outputs";
  EXPECT_EQ(shell(call + "=before").out, "0x0000 0 03\n");
  EXPECT_EQ(shell(call + " before").out, "0x0000 0 03\n");
  EXPECT_EQ(shell(call + "=after").out, "0x0400 6.104e-05 01\n");
  EXPECT_EQ(shell(call + " after").out, "0x0400 6.104e-05 01\n");
  EXPECT_EQ(shell(call).out, "0x0400 6.104e-05 01\n");
  EXPECT_EQ(shell(call + " 1e-8").out, "0x0400 6.104e-05 01\n0x0000 0 03\n");
}

class Values : public Program {};

TEST_F(Values, AreExactWhereThatIsShort) {
  const auto value = [&](const std::string& arguments) {
    const std::string out = shell("halfulp cast " + arguments).out;
    return out.substr(0, out.rfind(' '));
  };
  EXPECT_EQ(value("--to e4m3fn 1.875"), "0x3f 1.875");
  EXPECT_EQ(value("--to e4m3fn -1.875"), "0xbf -1.875");
  EXPECT_EQ(value("--to e4m3fn 0.015625"), "0x08 0.015625");
  EXPECT_EQ(value("--to e5m2 57344"), "0x7b 57344");
  EXPECT_EQ(value("--to bf16 131072"), "0x4800 131072");
  EXPECT_EQ(value("--to e4m3fn 0.1"), "0x1d 0.1");  // 0.1015625 has nine characters
  EXPECT_EQ(value("--to e4m3fn 0.1 --exact"), "0x1d 0.1015625");
  EXPECT_EQ(value("--to e4m3fn 0.1 --hex"), "0x1d 0x1.ap-4");
  EXPECT_EQ(value("--to binary64 0.1 --exact"),
            "0x3fb999999999999a 0.1000000000000000055511151231257827021181583404541015625");
  EXPECT_EQ(value("--to bf16 -1e38 --exact"), "0xfe96 -99692099683868690467785529521025843200")
      << "all digits of the integer 150 * 2^119";
  EXPECT_EQ(shell("halfulp cast --to bf16 1 --hex --exact").status, 2);
  EXPECT_EQ(shell("halfulp formats e4m3fn --codes | tail -2 | head -1").out, "0xfe -448 normal\n");
  EXPECT_EQ(shell("halfulp formats fp8_e4m3fn --codes --exact | sed -n 2p").out,
            "0x01 0.001953125 subnormal\n");
  EXPECT_EQ(shell("halfulp formats fp8_e4m3fn --codes --hex | sed -n 2p").out,
            "0x01 0x1p-9 subnormal\n");
  EXPECT_EQ(shell("halfulp explain 0.1 --to e4m3fn --exact | grep result | head -1").out,
            "result     0.1015625  0x1d  01 inexact\n");
}

// What TestFloat calls -exact is --exact after the names of its functions that have it, and has a
// name of its own too; elsewhere --exact is about digits.
TEST_F(Values, DigitsAndTestFloatsOptionAreToldApart) {
  EXPECT_EQ(shell("halfulp op f16_roundToInt 1.5 --testfloat-exact").out, "0x4000 2 01\n");
  EXPECT_EQ(shell("halfulp op f16_roundToInt 1.5").out, "0x4000 2 00\n");
  EXPECT_EQ(shell("halfulp op f16_roundToInt 1.5 --exact").out, "0x4000 2 01\n");
  EXPECT_EQ(shell("halfulp op f16_mul 0.1 1 --exact").out, "0x2e66 0.0999755859375 00\n");
  EXPECT_EQ(shell("echo '3E00 4000 01' | halfulp check f16_roundToInt --exact").status, 0);
  EXPECT_EQ(shell("echo '3E00 4000 01' | halfulp check f16_roundToInt --testfloat-exact").status,
            0);
}

// All digits of the least numbers of wide formats are printed and read; one more digit decides.
TEST_F(Values, LongDecimalsAreReadExactly) {
  for (const std::string format : {"binary128", "e20m107"}) {
    const Ran all = shell("halfulp cast --from " + format + " --to " + format +
                          " --exact 0x1 | cut -d' ' -f2 > least");
    EXPECT_EQ(all.err, "");
    const Ran back = shell("halfulp cast --to " + format + " --hex < least");
    EXPECT_EQ(back.out,
              shell("halfulp cast --from " + format + " --to " + format + " --hex 0x1").out)
        << format;
  }
  // Half of binary32's least number, in full: a tie that goes to zero, and one digit more does not.
  const std::string half = shell("halfulp cast --to binary64 0x1p-150 --exact | cut -d' ' -f2").out;
  const std::string digits = half.substr(0, half.find('e'));
  const std::string fill(5000, '0');
  file("half", digits + fill + "e-46 " + digits + fill + "1e-46");
  EXPECT_EQ(shell("halfulp cast --to binary32 < half").out,
            "0x00000000 0 03\n0x00000001 1e-45 03\n");
  file("long", "0." + std::string(1000000, '0') + "1");
  const Ran limit = shell("halfulp cast --to bf16 < long");
  EXPECT_EQ(limit.status, 2);
  EXPECT_NE(limit.err.find("1000003 characters; at most 1000000"), std::string::npos) << limit.err;
}

// Nothing is said of a number that stands for another.
TEST_F(Values, BeyondEveryFormatAreRoundedAndNotExplained) {
  EXPECT_EQ(shell("halfulp cast --to fp16 1e999999999 -1e-999999999").out,
            "0x7c00 inf 05\n0x8000 -0 03\n");
  const Ran ran = shell("halfulp explain 1e999999999 --to fp16");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("VALUE: a number beyond 10^+-1000000"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace halfulp::program

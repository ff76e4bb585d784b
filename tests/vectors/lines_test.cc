// SPDX-License-Identifier: MIT
//
// Every style by hand: what lines mean, what is refused and how it is said, what is written.
#include <gtest/gtest.h>

#include "formats/codes.h"
#include "golden/vectors/package.h"
#include "golden/vectors/sha256.h"
#include "promise.h"

namespace halfulp::vectors {
namespace {

const Layout half_add = layout_of(Op::add, {"binary16", "binary16"}, "binary16");

Case a_case(Code a, Code b, Code result, std::uint8_t flags) {
  return {.operands = {a, b}, .result = result, .flags = flags};
}

// The error of a line, "" where it is a case.
std::string complaint(Style style, const Layout& layout, std::string_view line) {
  const LineReader reader(style, layout, false);
  try {
    Case c;
    return reader.read(line, c) == LineReader::Line::a_case ? "" : "nothing";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Lines, OfTestFloatAreFieldsBetweenBlanks) {
  const ReadAll read =
      read_all("3C00 3c00 4000 00\r\n\n  7BFF\t7BFF 7C00 05\n", Style::testfloat, half_add, false);
  EXPECT_EQ(read.errors, 0U);
  EXPECT_EQ(read.cases, (std::vector<Case>{a_case(0x3c00, 0x3c00, 0x4000, 0),
                                           a_case(0x7bff, 0x7bff, 0x7c00, 5)}));
}

// From the documentation of testfloat_gen.
TEST(Lines, OfTestFloatHoldDoubles) {
  const Layout layout = layout_of(Op::add, {"binary64", "binary64"}, "binary64");
  const std::string line = "3F90EB5825D6851E C3E0080080000000 C3E0080080000000 01\n";
  const ReadAll read = read_all(line, Style::testfloat, layout, false);
  ASSERT_EQ(read.cases.size(), 1U);
  EXPECT_EQ(read.cases[0].operands[0], Code{0x3f90eb5825d6851e});
  EXPECT_EQ(written(Style::testfloat, layout, read.cases), line);
}

TEST(Lines, OfReadmemhAreWordsAndComments) {
  const ReadAll read =
      read_all("// a comment\n@0 \n3C00_3C00_4000_00 // one and one\n3C003C00400000\n\n",
               Style::readmemh, half_add, false);
  EXPECT_EQ(read.errors, 0U);
  EXPECT_EQ(read.cases, std::vector<Case>(2, a_case(0x3c00, 0x3c00, 0x4000, 0)));
}

TEST(Lines, OfCommasGoByTheirNames) {
  const ReadAll read = read_all("# a comment\nresult, a,b,flags\n4000,3C00,0x3c00,00\n", Style::csv,
                                half_add, false);
  EXPECT_EQ(read.errors, 0U);
  EXPECT_EQ(read.cases, std::vector<Case>(1, a_case(0x3c00, 0x3c00, 0x4000, 0)));
  EXPECT_EQ(read_all("3C00,3C00,4000,00\n", Style::csv, half_add, false).cases, read.cases);
}

// As VeriFloat writes them.
TEST(Lines, OfJsonMayBeginWithMetadata) {
  const std::string line = R"({"a": "FFFF", "b": "4248", "result": "7E00", "flags": "00"})";
  const ReadAll read =
      read_all("{\"verifloat_vectors\": 1, \"op\": \"add\", \"fmt\": \"e5m10\"}\n" + line + "\n",
               Style::json, half_add, false);
  EXPECT_EQ(read.errors, 0U);
  EXPECT_EQ(read.cases, std::vector<Case>(1, a_case(0xffff, 0x4248, 0x7e00, 0)));
  EXPECT_EQ(read_all(line, Style::json, half_add, false).cases, read.cases);
  EXPECT_EQ(read_all("{\"op\": \"mul\"}\n" + line, Style::json, half_add, false).errors, 1U);
}

TEST(Lines, HoldTheRandomWordBeforeTheResult) {
  const Layout layout = layout_of(Op::convert, {"binary32"}, "bfloat16", Mode::stochastic);
  const Case c{.operands = {0x3f800001}, .result = 0x3f80, .random = 0xabc, .flags = 1};
  EXPECT_EQ(written(Style::testfloat, layout, {c}), "3F800001 ABC 3F80 01\n");
  const ReadAll read = read_all(R"({"a":"3F800001","sr":"ABC","result":"3F80","flags":"01"})",
                                Style::json, layout, false);
  EXPECT_EQ(read.cases, std::vector<Case>{c});
}

// The examples of the suite's description of its syntax, and what it means by digits.
TEST(Lines, OfFpgenAreNumbers) {
  const auto read_one = [](Op op, std::size_t operands, const std::string& line) {
    const Layout layout = layout_of(op, std::vector<std::string>(operands, "binary32"), "binary32");
    const ReadAll read = read_all(line, Style::fptest, layout, false);
    EXPECT_EQ(read.errors, 0U) << line;
    return read.cases.empty() ? Case{} : read.cases[0];
  };
  const Case sum = read_one(Op::add, 2, "b32+ =0 i  -1.6E9177P49 -1.7FFFFFP127 -> -1.7FFFFFP127 x");
  EXPECT_EQ(sum.operands[0], Code{0xd86e9177});
  EXPECT_EQ(sum.operands[1], Code{0xff7fffff});
  EXPECT_EQ(sum.flags, flags::inexact);
  EXPECT_EQ(sum.mode, Mode::nearest_even);
  const Case fused =
      read_one(Op::fused_multiply_add, 3, "b32*+ < +0.7FFFFFP-126 -1.7FFFFFP127 -Inf -> -Inf");
  EXPECT_EQ(fused.operands[0], Code{0x007fffff});
  EXPECT_EQ(fused.operands[2], Code{0xff800000});
  EXPECT_EQ(fused.mode, Mode::toward_negative);
  const Case root = read_one(Op::square_root, 1, "b32V =^  -1.000000P0 -> Q i");
  EXPECT_EQ(root.result, Code{0x7fc00000});
  EXPECT_EQ(root.flags, flags::invalid);
}

TEST(Lines, OfFpgenOfOtherOperationsAreLeftOut) {
  const Layout layout = layout_of(Op::add, {"binary32", "binary32"}, "binary32");
  const LineReader reader(Style::fptest, layout, false);
  Case c;
  for (const char* line : {"b32- =0 +1.000000P0 +1.000000P0 -> +Zero ", "b32V =0 i -Inf -> # i",
                           "b64+ =0 +Zero +Zero -> +Zero", "b32+ =0 i +Inf -Inf -> # i",
                           "b32+ =0 o +1.7FFFFFP127 +1.7FFFFFP127 -> +1.7FFFFFP-64 xo"})
    EXPECT_EQ(reader.read(line, c), LineReader::Line::another) << line;
}

TEST(Lines, OfFpgenNameOtherFormatsInBraces) {
  const Layout layout = layout_of(Op::add, {"float8_e4m3fn", "float8_e4m3fn"}, "float8_e4m3fn");
  Case c = a_case(0x01, 0x7e, 0x7e, 1);
  c.mode = Mode::nearest_even;
  const std::string text = written(Style::fptest, layout, {c});
  EXPECT_NE(text.find("\n{float8_e4m3fn}+ =0 +0.1P-6 +1.6P8 -> +1.6P8 x\n"), std::string::npos)
      << text;
  EXPECT_EQ(read_all(text, Style::fptest, layout, false).cases, std::vector<Case>{c});
}

struct BadLine {
  Style style;
  const char* line;
  const char* part;  // of what is said
};

TEST(Lines, ThatAreWrongAreRefusedInWords) {
  for (const BadLine& bad : std::vector<BadLine>{
           {Style::testfloat, "3C00 3C00 4000", "3 fields, where there should be 4"},
           {Style::testfloat, "3C00 3C00 4000 00 00", "5 fields"},
           {Style::testfloat, "3C0 3C00 4000 00", "a is \"3C0\", not 4 hexadecimal digits"},
           {Style::testfloat, "3C00 3C0G 4000 00", "b is \"3C0G\""},
           {Style::testfloat, "3C00 xxx 4000 00", "b is \"xxx\""},
           {Style::testfloat, "3C00 xxyx 4000 00", "b is \"xxyx\""},
           {Style::readmemh, "3C00_3C00_4000", "fields"},
           {Style::readmemh, "3C003C004000", "14 hexadecimal digits"},
           {Style::readmemh, "3C00_3C00_4000_00_", "fields"},
           {Style::readmemh, "3C00_3C00_xxx_00", "result is \"xxx\""},
           {Style::csv, "3C00,3C00,4000", "3 fields"},
           {Style::csv, "3C00,3C00,,00", "result is \"\""},
           {Style::json, "[1]", "no JSON object"},
           {Style::json, R"({"a":"3C00","b":"3C00","result":"4000"})", "3 fields"},
           {Style::json, R"({"a":"3C00","x":"3C00","result":"4000","flags":"00"})", "\"x\""},
           {Style::json, R"({"a":1,"b":"3C00","result":"4000","flags":"00"})", "no text"},
           {Style::fptest, "{binary16}+ =0 +1.000P0 +1.000P0 +1.000P1", "no line"},
           {Style::fptest, "{binary16}+ == +1.000P0 +1.000P0 -> +1.000P1", "no rounding"},
           {Style::fptest, "{binary16}+ =0 +1.00P0 +1.000P0 -> +1.000P1", "+1.00P0"},
           {Style::fptest, "{binary16}+ =0 +1.000P16 +1.000P0 -> +1.000P1", "+1.000P16"},
           {Style::fptest, "{binary16}+ =0 +1.400P0 +1.000P0 -> +1.000P1", "+1.400P0"},
           {Style::fptest, "{binary16}+ =0 +1.000P0 -> +1.000P1", "->"},
           {Style::fptest, "{binary16}+ =0 +1.000P0 +1.000P0 -> +1.000P1 y", "no flags"},
       }) {
    const std::string said = complaint(bad.style, half_add, bad.line);
    EXPECT_NE(said.find(bad.part), std::string::npos) << bad.line << ": " << said;
  }
  const Layout narrow =
      layout_of(Op::multiply, {"float6_e2m3fn", "float6_e2m3fn"}, "float6_e2m3fn");
  EXPECT_NE(complaint(Style::testfloat, narrow, "01 40 00 00").find("more than 6 bits"),
            std::string::npos);
  EXPECT_EQ(complaint(Style::testfloat, narrow, "01 3F 00 00"), "");
}

// What a simulator does not know it prints as x, what is driven by nobody as z.
TEST(Lines, MayHaveUnknownDigits) {
  for (const auto& [style, line] : std::vector<std::pair<Style, std::string>>{
           {Style::testfloat, "3C00 xXzZ 4z00 00"},
           {Style::readmemh, "3C00_xXzZ_4z00_00"},
           {Style::readmemh, "3C00xXzZ4z0000"},
           {Style::csv, "3C00,xXzZ,4z00,00"},
           {Style::json, R"({"a":"3C00","b":"xXzZ","result":"4z00","flags":"00"})"}}) {
    const ReadAll read = read_all(line, style, half_add, false);
    ASSERT_EQ(read.cases.size(), 1U) << line;
    const Case& c = read.cases[0];
    EXPECT_EQ(c.unknown, (std::vector<std::string>{"", "xXzZ", "4z00", ""})) << line;
    EXPECT_FALSE(is_unknown(c, 0));
    EXPECT_TRUE(is_unknown(c, 1));
    EXPECT_FALSE(is_unknown(c, 3));
    EXPECT_EQ(c.operands[0], Code{0x3c00});
    EXPECT_EQ(c.result, Code{0x4000});
  }
}

// The head of every style but testfloat, which has none, says how many cases follow.
TEST(Heads, StateTheCount) {
  for (const Style style :
       {Style::testfloat, Style::readmemh, Style::fptest, Style::csv, Style::json, Style::npz}) {
    for (const std::size_t count : {0U, 1U, 5U}) {
      Case c;
      c.mode = Mode::nearest_even;
      const std::string text = written(style, half_add, std::vector<Case>(count, c));
      const ReadAll read = read_all(text, style, half_add, false);
      EXPECT_EQ(read.errors, 0U) << text;
      EXPECT_EQ(read.stated_count,
                style == Style::testfloat ? std::nullopt : std::optional<std::uint64_t>(count))
          << text;
    }
  }
  // Of every operand, too, and in a file whose comments are another's.
  const std::string all =
      LineWriter(Style::csv, half_add).heading({.version = "1", .count = 256, .every_case = true});
  EXPECT_EQ(read_all(all, Style::csv, half_add, false).stated_count, 256U);
  EXPECT_EQ(read_all("// 7 cases\n", Style::readmemh, half_add, false).stated_count, std::nullopt);
  EXPECT_EQ(read_all("{\"count\": \"7\"}\n", Style::json, half_add, false).errors, 1U);
}

TEST(Noise, IsWhatIsNoDamagedCase) {
  const LineReader testfloat(Style::testfloat, half_add, false);
  for (const char* line : {"$finish called at 100 (1s)", "- tb.sv:14: Verilog $finish", "PASS",
                           "test 1 of 4", "add", "VCD info: dumpfile a.vcd opened", "done 100"})
    EXPECT_TRUE(testfloat.is_noise(line)) << line;
  for (const char* line : {"", "3C00 3C00 4000", "3C00 3C00 40G0 00", "3C00", "3C00 3", "1 2",
                           "3C00 3C00 4000 00 01", "xxxx xxxx xxxx xx xx"})
    EXPECT_FALSE(testfloat.is_noise(line)) << line;
  const LineReader words(Style::readmemh, half_add, false);
  EXPECT_TRUE(words.is_noise("vector_file_of_today"));
  EXPECT_TRUE(words.is_noise("3C00 3C00"));
  EXPECT_FALSE(words.is_noise("3C00_3C00_4G00_00"));
  EXPECT_FALSE(words.is_noise("3C003C0040"));
  EXPECT_EQ(testfloat.without_prompt("# 3C00 3C00 4000 00"), "3C00 3C00 4000 00");
  EXPECT_EQ(testfloat.without_prompt("# run -all"), "# run -all");
  EXPECT_EQ(words.without_prompt("# 3C00"), "# 3C00");
}

TEST(Styles, AreFoundBehindNoise) {
  const std::string noise = "VCD info: opened, \"x\"\n$finish\n";
  for (const Style style :
       {Style::testfloat, Style::readmemh, Style::fptest, Style::csv, Style::json}) {
    Case c;
    c.mode = Mode::nearest_even;
    const std::string text = noise + written(style, half_add, {c});
    EXPECT_EQ(detect_style_in_noise(text, half_add, false), style) << text;
  }
  EXPECT_EQ(detect_style_in_noise(noise, half_add, false), std::nullopt);
}

TEST(Lines, MayLackFlagsWhereTheyAreNotWanted) {
  for (const auto& [style, line] :
       std::vector<std::pair<Style, std::string>>{{Style::testfloat, "3C00 3C00 4000"},
                                                  {Style::readmemh, "3C00_3C00_4000"},
                                                  {Style::csv, "a,b,result\n3C00,3C00,4000"}}) {
    const ReadAll read = read_all(line, style, half_add, true);
    ASSERT_EQ(read.cases.size(), 1U) << line;
    EXPECT_FALSE(read.cases[0].has_flags);
  }
}

TEST(Lines, OfEveryStyleReadAsTheyWereWritten) {
  for (const Style style :
       {Style::testfloat, Style::readmemh, Style::fptest, Style::csv, Style::json, Style::npz}) {
    for (std::size_t choice = 0; choice < 7; ++choice) {
      const Layout layout = some_layout(style, choice);
      std::vector<Case> cases(3);
      const std::vector<Field> fields = fields_of(layout);
      for (std::size_t i = 0; i < fields.size(); ++i) {
        set_field_value(layout, cases[1], i, 1);
        set_field_value(layout, cases[2], i, (Code{1} << (fields[i].bits / 2)) + 1);
      }
      for (Case& c : cases) {
        c.flags &= 31U;
        if (style == Style::fptest) c.mode = Mode::nearest_even;
      }
      const std::string text = written(style, layout, cases);
      EXPECT_EQ(detect_style(text), style) << text;
      const ReadAll read = read_all(text, style, layout, false);
      EXPECT_EQ(read.errors, 0U) << text;
      EXPECT_EQ(read.cases, cases) << text;
    }
  }
}

std::string sha256(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes.substr(0, bytes.size() / 3));
  sum.add(bytes.substr(bytes.size() / 3));
  return sum.digits();
}

// FIPS 180-4's examples, each in two pieces.
TEST(Sha256, IsTheStandards) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Packages, SayWhereTheFieldsAre) {
  const Layout layout = layout_of(Op::multiply, {"float6_e2m3fn", "float6_e2m3fn"}, "binary16");
  const std::string text = package_of(layout, {.version = "0", .seed = 7, .count = 12},
                                      {.name = "mul-6", .vector_file = "m.hex", .sha256 = "ab"});
  for (const char* part :
       {"package mul_6;", "VEC_COUNT = 12;", "VEC_SEED = 7;", "VEC_FILE = \"m.hex\";",
        "VEC_SHA256 = \"ab\";", "VEC_WIDTH = 40;", "A_LSB = 32;", "A_BITS = 6;", "B_LSB = 24;",
        "RESULT_LSB = 8;", "FLAGS_LSB = 0;", "A_FORMAT = \"float6_e2m3fn\";",
        "RESULT_FORMAT = \"binary16\";", "logic [7:0] a;", "logic [15:0] result;", "endpackage"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

}  // namespace
}  // namespace halfulp::vectors

// SPDX-License-Identifier: MIT
//
// halfulp check against what simulators print and devices get wrong: files cut short, unknown
// digits, talk between the lines, and devices with one known fault each, whose every mismatch is
// explained by it while nothing that is right is blamed.
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Check : public Program {};

// The head says 300 cases; of each style one is taken away, and one put there twice.
TEST_F(Check, FilesOfTooFewOrTooManyCasesAreErrors) {
  for (const char* style : {"readmemh", "fptest", "csv", "json"}) {
    const std::string made = std::string("halfulp vectors f16_add --count 300 --style ") + style;
    ASSERT_EQ(shell(made + " -o v").status, 0);
    EXPECT_EQ(shell("halfulp check f16_add v").status, 0) << style;
    for (const auto& [cut, count] : std::vector<std::pair<std::string, std::string>>{
             {"sed '$d' v > w", "299"}, {"sed '$p' v > w", "301"}}) {
      ASSERT_EQ(shell(cut).status, 0);
      const Ran ran = shell("halfulp check f16_add w");
      EXPECT_EQ(ran.status, 2) << style;
      EXPECT_EQ(ran.out, count + " cases, 0 mismatches\n");
      EXPECT_TRUE(holds(ran.err, "w: " + count + " cases, but its head says 300")) << ran.err;
      const Ran coverage = shell("halfulp vectors f16_add --coverage w");
      EXPECT_EQ(coverage.status, 2) << style;
      EXPECT_TRUE(holds(coverage.err, "its head says 300")) << coverage.err;
      EXPECT_EQ(shell("halfulp check f16_add w --expect-count " + count).status, 0) << style;
    }
  }
}

TEST_F(Check, ArchivesOfTooFewCasesAreErrors) {
  ASSERT_EQ(shell("halfulp vectors f16_add --count 300 -o v.npz").status, 0);
  ASSERT_EQ(shell("halfulp check f16_add v.npz").out, "300 cases, 0 mismatches\n");
  const Ran cut = shell(
      "python3 - <<'END'\n"
      "import struct, zipfile\n"
      "whole = zipfile.ZipFile('v.npz')\n"
      "with zipfile.ZipFile('w.npz', 'w') as part:\n"
      "    for name in whole.namelist():\n"
      "        data = whole.read(name)\n"
      "        if name != 'metadata.npy':\n"
      "            length = 10 + struct.unpack('<H', data[8:10])[0]\n"
      "            size = (len(data) - length) // 300\n"
      "            data = data[:length].replace(b'(300,)', b'(299,)') + data[length:-size]\n"
      "        part.writestr(name, data)\n"
      "END");
  ASSERT_EQ(cut.status, 0) << cut.err;
  const Ran ran = shell("halfulp check f16_add w.npz");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "299 cases, 0 mismatches\n");
  EXPECT_TRUE(holds(ran.err, "w.npz: 299 cases, but its head says 300")) << ran.err;
  EXPECT_TRUE(holds(shell("halfulp vectors f16_add --coverage w.npz").err, "its head says 300"));
  EXPECT_EQ(shell("halfulp check f16_mul v.npz").status, 2);  // of another operation
}

TEST_F(Check, SourcesWithoutAHeadAreCountedWhereItIsAsked) {
  const std::string made = "halfulp vectors f16_add --count 300 | ";
  EXPECT_EQ(shell(made + "halfulp check f16_add --expect-count 300").status, 0);
  EXPECT_EQ(shell(made + "halfulp check f16_add --expect-count 3e2").status, 0);
  const Ran few = shell(made + "head -n 299 | halfulp check f16_add --expect-count 300 --json");
  EXPECT_EQ(few.status, 2);
  EXPECT_EQ(few.out, "{\"cases\":299,\"mismatches\":0}\n");
  EXPECT_TRUE(holds(few.err, "standard input: 299 cases, but --expect-count says 300")) << few.err;
  EXPECT_EQ(shell(made + "sed '$p' | halfulp check f16_add --expect-count 300").status, 2);
  EXPECT_EQ(shell(made + "head -n 299 | halfulp check f16_add").status, 0);
  // A bad line is a line: what is missing is said, not that it is bad twice.
  const Ran bad = shell(made +
                        "sed 's/^..../&G/;1q' | halfulp check f16_add --expect-count 1 "
                        "--keep-going");
  EXPECT_EQ(bad.out, "0 cases, 0 mismatches, 1 bad line\n") << bad.err;
}

TEST_F(Check, UnknownDigitsAreMismatchesThatShowTheirOperands) {
  file("v", "3C00 3C00 xxxx 00\n3C00 zX00 4000 00\n3C00 3C00 4000 XX\n3C00 3C00 4000 00\n");
  const Ran ran = shell("halfulp check f16_add v");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out,
            "v, line 1: add\n"
            "  a     3C00  0|01111|0000000000  1\n"
            "  b     3C00  0|01111|0000000000  1\n"
            "  exact 2\n"
            "  got   xxxx  unknown  00\n"
            "  want  4000  0|10000|0000000000  2  00\n"
            "v, line 2: add\n"
            "  a     3C00  0|01111|0000000000  1\n"
            "  b     zX00  unknown\n"
            "  got   4000  0|10000|0000000000  2  00\n"
            "  want  unknown, as an operand is\n"
            "v, line 3: add\n"
            "  a     3C00  0|01111|0000000000  1\n"
            "  b     3C00  0|01111|0000000000  1\n"
            "  exact 2\n"
            "  got   4000  0|10000|0000000000  2  XX unknown\n"
            "  want  4000  0|10000|0000000000  2  00\n"
            "4 cases, 3 mismatches\n");
  EXPECT_TRUE(holds(shell("halfulp check f16_add v --no-flags").out, "4 cases, 2 mismatches"));
  const std::vector<std::string> rows = lines_of(shell("halfulp check f16_add v --json").out);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(parse_json(rows[0], "row")["got"], "xxxx");
  EXPECT_EQ(parse_json(rows[0], "row")["want"], "4000");
  EXPECT_EQ(parse_json(rows[1], "row")["operands"][1], "zX00");
  EXPECT_FALSE(parse_json(rows[1], "row").contains("want"));
  EXPECT_EQ(parse_json(rows[2], "row")["got_flags"], "XX");
  // Of every style, and the random word too.
  EXPECT_EQ(shell("echo 3C00_3C00_xxxx_00 | halfulp check f16_add").status, 1);
  EXPECT_EQ(shell("echo 3C00,3C00,xxxx,00 | halfulp check f16_add").status, 1);
  EXPECT_EQ(shell("echo '{\"a\":\"3C00\",\"b\":\"3C00\",\"result\":\"xxxx\",\"flags\":\"00\"}' | "
                  "halfulp check f16_add")
                .status,
            1);
  const Ran random = shell(
      "echo 3C00 3C00 x 4000 00 | halfulp check add --format fp16 --rounding "
      "sr --random-bits 4");
  EXPECT_TRUE(holds(random.out, "  random x  unknown\n")) << random.out << random.err;
  const Ran coverage = shell("halfulp vectors f16_add --coverage v");
  EXPECT_EQ(coverage.status, 2);
  EXPECT_TRUE(holds(coverage.err, "v, line 2: an operand is \"zX00\"")) << coverage.err;
}

TEST_F(Check, NoiseIsSkippedAndCountedButNoDamagedCase) {
  const std::string talk =
      "VCD info: dumpfile tb.vcd opened for output.\n"
      "WARNING: tb.sv:9: $readmemh(add.hex): Not enough words, range [0:99].\n"
      "3C00 3C00 4000 00\n"
      "PASS\n"
      "Time: 100 ns\n"
      "# 3C00 3C00 4001 00\n"
      "# note: 3 warnings\n"
      "\n"
      "- tb.sv:14: Verilog $finish\n";
  file("v", talk);
  EXPECT_EQ(shell("halfulp check f16_add v").status, 2);
  const Ran ran = shell("halfulp check f16_add v --skip-noise --show 0");
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_EQ(ran.out, "2 cases, 1 mismatch, 5 lines of noise\n");
  EXPECT_TRUE(holds(shell("halfulp check f16_add v --skip-noise --json").out, "\"noise\":5"));
  for (const char* damaged : {"3C00 3C00 40G0 00", "3C00 3C00 40", "3C00", "3C00 3C00 4000 00 1",
                              "3C00 3C00 4000 0G", "3C000 3C00 4000 00"}) {
    file("w", talk + damaged + "\n");
    const Ran stopped = shell("halfulp check f16_add w --skip-noise");
    EXPECT_EQ(stopped.status, 2) << damaged;
    EXPECT_TRUE(holds(stopped.err, "w, line 10: ")) << stopped.err;
  }
  // Of every style.
  for (const char* style : {"readmemh", "fptest", "csv", "json"}) {
    const Ran styled = shell(
        "(echo 'VCD info: opened, \"x\"'; halfulp vectors f16_add --count 9 "
        "--style " +
        std::string(style) +
        "; echo '$finish called at 100') | halfulp check f16_add --skip-noise");
    EXPECT_EQ(styled.status, 0) << style << styled.err;
    EXPECT_TRUE(holds(styled.out, "9 cases, 0 mismatches, ")) << style << styled.out;
  }
  EXPECT_EQ(shell("echo nothing | halfulp check f16_add --skip-noise").status, 2);
}

// Columns in another order, with talk before their names.
TEST_F(Check, NamesOfColumnsAreFoundBehindNoise) {
  const Ran ran = shell(
      "printf 'result of the day: 1\\nresult,a,b,flags\\n4200,3C00,4000,00\\n' | "
      "halfulp check f16_add --skip-noise --style csv");
  EXPECT_EQ(ran.out, "1 case, 0 mismatches, 1 line of noise\n") << ran.err;
}

TEST_F(Check, EveryBadLineIsShown) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += "so much rubbish\n3C00 3C00 4000 00\n";
  file("v", text);
  const Ran ran = shell("halfulp check f16_add v --keep-going");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "12 cases, 0 mismatches, 12 bad lines\n");
  const std::vector<std::string> said = lines_of(ran.err);
  ASSERT_EQ(said.size(), 10U);
  for (std::size_t i = 0; i < said.size(); ++i)
    EXPECT_TRUE(holds(said[i], "v, line " + std::to_string(2 * i + 1) + ": ")) << said[i];
  EXPECT_EQ(lines_of(shell("halfulp check f16_add v --keep-going --show 100").err).size(), 12U);
}

// A case of testfloat's style as numbers.
struct Row {
  std::vector<std::uint64_t> operands;
  std::uint64_t result = 0, flags = 0;
  bool operator==(const Row&) const = default;
};

Row row_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 0; stream >> std::hex >> number;) numbers.push_back(number);
  Row row;
  row.flags = numbers.back();
  row.result = numbers[numbers.size() - 2];
  row.operands.assign(numbers.begin(), numbers.end() - 2);
  return row;
}

std::string digits_of(std::uint64_t code, std::size_t digits) {
  std::ostringstream stream;
  stream << std::hex << std::uppercase << code;
  const std::string text = stream.str();
  return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

// A device: what it makes of a case, given what is right.
using Device = std::function<Row(const Row&)>;

class Devices : public Program {
 protected:
  // Vectors of the call as the device answers them; every line that differs from what is right
  // must be a mismatch explained in these words (one of them), and no other line one.
  void expect_explained(const std::string& call, const Device& device,
                        const std::vector<std::string>& words, std::size_t least,
                        const std::string& count = " --count 20000") {
    std::string text;
    std::vector<std::size_t> wrong;
    const std::vector<std::string> lines = lines_of(shell("halfulp vectors " + call + count).out);
    ASSERT_FALSE(lines.empty()) << call;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Row right = row_of(lines[i]);
      const Row got = device(right);
      if (!(got == right)) wrong.push_back(i + 1);
      const std::size_t flags = lines[i].rfind(' ');
      const std::size_t result = lines[i].rfind(' ', flags - 1);
      text += lines[i].substr(0, result + 1) + digits_of(got.result, flags - result - 1) + " " +
              digits_of(got.flags, 2) + "\n";
    }
    EXPECT_GE(wrong.size(), least) << call;
    file("device", text);
    const std::vector<std::string> found =
        lines_of(shell("halfulp check " + call + " device --json --show 1e6").out);
    ASSERT_EQ(found.size(), wrong.size() + 1) << call << found.back();
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      const Json row = parse_json(found[i], "row");
      EXPECT_EQ(row["place"], "device, line " + std::to_string(wrong[i]));
      const Json ways = row["as_if"];
      const bool explained = std::any_of(words.begin(), words.end(), [&](const std::string& way) {
        return std::find(ways.begin(), ways.end(), Json(way)) != ways.end();
      });
      EXPECT_TRUE(explained) << call << found[i];
    }
  }
};

constexpr const char* delivered_exponent = "underflow was decided by the delivered exponent";
constexpr const char* lost_carry = "the carry into the exponent was lost";
constexpr const char* cut_nan = "the bits of a NaN were cut, which left an infinity";
constexpr const char* delivered_zero = "a negative zero was delivered, whose code is NaN here";
constexpr const char* read_nan =
    "the NaN of an operand was read as a negative zero, whose code it would be";
constexpr const char* both_ways =
    "NaN was read and delivered as a negative zero, whose code it would be";

TEST_F(Devices, ThatDecideUnderflowByTheDeliveredExponent) {
  const Device half = [](const Row& right) {
    Row got = right;
    const bool small = (right.result & 0x7fff) < 0x400 && (right.flags & 1) != 0;
    got.flags = (right.flags & ~std::uint64_t{2}) | (small ? 2 : 0);
    return got;
  };
  expect_explained("mul --format binary16", half, {delivered_exponent}, 20);
  expect_explained("fma --format binary16 --tininess before", half, {delivered_exponent}, 20);
  const Device quarter = [](const Row& right) {
    Row got = right;
    const bool small = (right.result & 0x7f) < 4 && (right.flags & 1) != 0;
    got.flags = (right.flags & ~std::uint64_t{2}) | (small ? 2 : 0);
    return got;
  };
  expect_explained("cast --from binary32 --to float8_e5m2", quarter, {delivered_exponent}, 20);
}

double half_value(std::uint64_t code) {
  const auto fraction = static_cast<double>(code & 0x3ff);
  const int field = static_cast<int>(code >> 10 & 31);
  if (field == 31) return fraction > 0 ? std::nan("") : 65536;  // as if the exponent went on
  const double magnitude =
      field == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, field - 25);
  return (code & 0x8000) != 0 ? -magnitude : magnitude;
}

// Sums and products of two binary16 numbers are doubles.
Device losing_carries(double (*exact)(double, double), bool aware) {
  return [=](const Row& right) {
    Row got = right;
    const std::uint64_t magnitude = right.result & 0x7fff;
    const double x = std::fabs(exact(half_value(right.operands[0]), half_value(right.operands[1])));
    const bool finite =
        (right.operands[0] & 0x7c00) != 0x7c00 && (right.operands[1] & 0x7c00) != 0x7c00;
    if (!finite || magnitude == 0 || (magnitude & 0x3ff) != 0) return got;
    if (x < half_value(magnitude) && x > half_value(magnitude - 1)) {
      got.result -= 0x400;
      if (!aware) got.flags &= ~std::uint64_t{4};
    }
    return got;
  };
}

TEST_F(Devices, ThatLoseTheCarryIntoTheExponent) {
  const auto sum = [](double a, double b) { return a + b; };
  const auto product = [](double a, double b) { return a * b; };
  expect_explained("add --format binary16", losing_carries(sum, true), {lost_carry}, 100);
  expect_explained("add --format binary16", losing_carries(sum, false), {lost_carry}, 100);
  expect_explained("mul --format binary16", losing_carries(product, true), {lost_carry}, 100);
  expect_explained("mul --format binary16 --rounding away-from-zero",
                   losing_carries(product, false), {lost_carry}, 100);
  const Device bfloat16 = [](const Row& right) {
    Row got = right;
    const std::uint64_t kept = right.operands[0] >> 16;
    if (right.result == kept + 1 && (kept & 0x7f) == 0x7f) got.result = kept & ~std::uint64_t{0x7f};
    return got;
  };
  expect_explained("f32_to_bf16", bfloat16, {lost_carry}, 100);
}

TEST_F(Devices, ThatCutTheBitsOfNaN) {
  const Device bfloat16 = [](const Row& right) {
    Row got = right;
    const bool nan = (right.operands[0] & 0x7fffffff) > 0x7f800000;
    if (nan && (right.operands[0] >> 16 & 0x7f) == 0)
      got = {.operands = right.operands, .result = right.operands[0] >> 16, .flags = 0};
    return got;
  };
  expect_explained("f32_to_bf16", bfloat16, {cut_nan}, 1);
  const Device half = [](const Row& right) {
    Row got = right;
    const std::uint64_t fraction = right.operands[0] & ((std::uint64_t{1} << 52) - 1);
    const bool nan = (right.operands[0] >> 52 & 0x7ff) == 0x7ff && fraction != 0;
    if (nan && fraction >> 42 == 0) got.result = (right.operands[0] >> 48 & 0x8000) | 0x7c00;
    return got;
  };
  expect_explained("f64_to_f16", half, {cut_nan}, 1);  // invalid is raised, as it should be
  const Device quarter = [](const Row& right) {
    Row got = right;
    const bool nan = (right.operands[0] & 0x7fff) > 0x7c00;
    if (nan && (right.operands[0] >> 8 & 3) == 0) got.result = right.operands[0] >> 8;
    return got;
  };
  expect_explained("cast --from binary16 --to float8_e5m2", quarter, {cut_nan}, 510, " --all");
}

TEST_F(Devices, ThatHaveNegativeZerosWhereTheFormatHasNone) {
  const Device delivers = [](const Row& right) {
    Row got = right;
    const bool nan = right.operands[0] == 0x80 || right.operands[1] == 0x80;
    const bool negative = ((right.operands[0] ^ right.operands[1]) & 0x80) != 0;
    if (!nan && right.result == 0 && negative) got.result = 0x80;
    return got;
  };
  for (const char* format : {"float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e4m3b11fnuz"})
    expect_explained("mul --format " + std::string(format), delivers, {delivered_zero}, 100,
                     " --all");
  // A NaN counts as zero, whose products with numbers are zero.
  const Device reads = [](const Row& right) {
    Row got = right;
    if (right.operands[0] == 0x80 || right.operands[1] == 0x80) got.result = 0;
    return got;
  };
  expect_explained("mul --format float8_e4m3fnuz", reads, {read_nan}, 100, " --all");
  const Device both = [](const Row& right) {
    Row got = right;
    const bool read = right.operands[0] == 0x80 || right.operands[1] == 0x80;
    const bool negative = ((right.operands[0] ^ right.operands[1]) & 0x80) != 0;
    if (read) got.result = negative ? 0x80 : 0;
    return got;
  };
  expect_explained("mul --format float8_e5m2fnuz", both, {read_nan, both_ways}, 100, " --all");
  // The sign of zero and of NaN turned as a bit.
  const std::vector<std::string> found = lines_of(
      shell("printf '00 80 00\\n80 00 00\\n' | halfulp check neg --format e4m3fnuz --json").out);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(holds(found[0], delivered_zero)) << found[0];
  EXPECT_TRUE(holds(found[1], read_nan)) << found[1];
  const Device cast = [](const Row& right) {
    Row got = right;
    if (right.result == 0 && (right.operands[0] & 0x80000000) != 0) got.result = 0x80;
    return got;
  };
  expect_explained("cast --from binary32 --to float8_e4m3fnuz", cast, {delivered_zero}, 100);
}

// Other faults are not taken for these.
TEST_F(Devices, WithOtherFaultsAreNotBlamedForThese) {
  for (const auto& [made, checked] : std::vector<std::pair<std::string, std::string>>{
           {"mul --format binary16 --rounding rtz", "mul --format binary16"},
           {"mul --format binary16 --tininess before", "mul --format binary16"},
           {"add --format binary16 --rounding rup", "add --format binary16"},
           {"mul --format float8_e4m3fnuz --rounding rtz", "mul --format float8_e4m3fnuz"},
           {"f32_to_bf16 --rounding rtz", "f32_to_bf16"}}) {
    ASSERT_EQ(shell("halfulp vectors " + made + " --count 20000 -o v").status, 0);
    const Ran ran = shell("halfulp check " + checked + " v --json --show 1e6");
    EXPECT_EQ(ran.status, 1) << made;
    for (const char* words :
         {lost_carry, cut_nan, delivered_zero, read_nan, both_ways, delivered_exponent})
      EXPECT_FALSE(holds(ran.out, words)) << made << ": " << words;
  }
}

}  // namespace
}  // namespace halfulp::program

// SPDX-License-Identifier: MIT
//
// Known pitfalls of number-format software (pitfalls.json beside the vectors: cases from public
// issues, expected results recomputed exactly). Cases with codes are read from the file; those that
// the file tells in words are written here by their identifier. Every identifier of the file is
// either checked or named as out of reach, so that a new case cannot be overlooked.
#include <nlohmann/json.hpp>
#include <set>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

// Seeds, device models and the like: nothing that rounding one number can show.
const std::set<std::string> out_of_reach{"P34", "P36", "P38", "P40"};
// In block_pitfalls_test.cc.
const std::set<std::string> of_blocks{"P23", "P24", "P25", "P26", "P28", "P29"};
const std::set<std::string> in_words{"P10", "P11", "P12", "P20", "P21", "P22", "P30",
                                     "P31", "P32", "P33", "P35", "P37", "P39"};

class Pitfalls : public GoldenTest {
 protected:
  static Code code_of_text(const Json& text) {
    const std::string digits = text.get<std::string>();
    Code code = 0;
    for (std::size_t i = 2; i < digits.size(); ++i) {
      const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(digits[i])));
      code = code << 4 | parse_hex(std::string_view(&c, 1));
    }
    return code;
  }

  static Format format_of(const std::string& name) {
    return find_format(name == "e4m3fn" ? "float8_e4m3fn"
                       : name == "e2m1" ? "float4_e2m1fn"
                                        : name);
  }

  // One conversion of the exact number x, in binary64.
  static Value converted(double x, const std::string& to, const std::string& mode,
                         const std::string& overflow = "ieee") {
    Quantizer q{.format = find_format(to), .rounding = {}};
    q.rounding.mode = parse_mode(mode);
    q.rounding.overflow = parse_overflow(overflow);
    const Format binary64 = find_format("binary64");
    const Outcome outcome =
        engine().convert(binary64, encode(binary64, from_double(x)), engine().prepare(q), 0);
    return decode(q.format, outcome.code);
  }

  static void check_conversion(const Json& entry) {
    Quantizer q{.format = format_of(entry.at("to")), .rounding = {}};
    q.rounding.mode = parse_mode(entry.at("mode").get<std::string>());
    q.rounding.overflow =
        parse_overflow(entry.value("overflow", "ieee/nan") == "saturate" ? "saturate" : "ieee");
    const Format from = format_of(entry.at("from"));
    const Code got =
        engine().convert(from, code_of_text(entry.at("input")), engine().prepare(q), 0).code;
    EXPECT_TRUE(got == code_of_text(entry.at("expect")))
        << entry.at("id") << ": " << code_text(q.format, got) << ", not " << entry.at("expect");
  }

  static void check_operation(const Json& entry) {
    const Quantizer q{.format = format_of(entry.at("format")), .rounding = {}};
    std::vector<Code> operands;
    for (const char* name : {"a", "b", "c"}) {
      if (entry.contains(name)) operands.push_back(code_of_text(entry[name]));
    }
    const std::vector<Format> inputs(operands.size(), q.format);
    const Op op = parse_op(entry.at("op").get<std::string>());
    for (const Tininess tininess : {Tininess::after_rounding, Tininess::before_rounding}) {
      Quantizer rule = q;
      rule.rounding.tininess = tininess;
      const Outcome got =
          engine().apply({.op = op, .inputs = inputs, .output = &rule}, operands, 0);
      EXPECT_TRUE(got.code == code_of_text(entry.at("expect"))) << entry.at("id");
      if (!entry.contains("flags")) continue;
      EXPECT_EQ(got.flags, flags::underflow | flags::inexact) << entry.at("id");
    }
  }
};

TEST_P(Pitfalls, CasesWithCodes) {
  const Json document = read_json_file(folder() + "/pitfalls.json");
  int checked = 0;
  for (const Json& entry : document.at("cases")) {
    const std::string id = entry.at("id");
    if (out_of_reach.count(id) + of_blocks.count(id) + in_words.count(id) != 0) continue;
    SCOPED_TRACE(id);
    entry.at("op") == "convert" ? check_conversion(entry) : check_operation(entry);
    ++checked;
  }
  EXPECT_EQ(checked, 25);
}

#define HALFULP_EXPECT_NUMBER(want, got) \
  EXPECT_TRUE(identical(from_double(want), got)) << hexadecimal_text(got)

TEST_P(Pitfalls, P10TiesOfNegativeNumbers) {
  HALFULP_EXPECT_NUMBER(-2048.0, converted(-2049, "binary16", "nearest-zero"));
  HALFULP_EXPECT_NUMBER(-2050.0, converted(-2049, "binary16", "nearest-away"));
}

TEST_P(Pitfalls, P11SpecialsAndTiesOfBinary16) {
  const double inf = std::numeric_limits<double>::infinity();
  HALFULP_EXPECT_NUMBER(inf, converted(65536, "binary16", "rne"));
  HALFULP_EXPECT_NUMBER(inf, converted(inf, "binary16", "rne"));
  EXPECT_TRUE(converted(std::numeric_limits<double>::quiet_NaN(), "binary16", "rne").is_nan());
  HALFULP_EXPECT_NUMBER(1.0, converted(1.00048828125, "binary16", "rne"));
  HALFULP_EXPECT_NUMBER(3.0, converted(3, "binary32", "rne"));
}

TEST_P(Pitfalls, P12SubnormalsOfBfloat16) {
  HALFULP_EXPECT_NUMBER(0x1p-133, converted(0x1p-133, "bfloat16", "rne"));
  HALFULP_EXPECT_NUMBER(0x1p-133, converted(0x1.8p-134, "bfloat16", "rne"));
  HALFULP_EXPECT_NUMBER(0x1.ep-130, converted(0x1.efffp-130, "bfloat16", "rne"));
}

// Columns "ml_dtypes" and "universal", as measured.
TEST_P(Pitfalls, P20E8m0ByPreset) {
  const auto converted_by = [](double x, const char* preset) {
    const Quantizer q{.format = find_format("float8_e8m0fnu"),
                      .rounding = find_rounding_preset(preset).rounding};
    const Format binary64 = find_format("binary64");
    const Code code = encode(binary64, from_double(x));
    return decode(q.format, engine().convert(binary64, code, engine().prepare(q), 0).code);
  };
  const double inf = std::numeric_limits<double>::infinity();
  for (const auto& [x, ml_dtypes, universal] :
       {std::tuple{1.5, 2.0, 2.0}, {2.9, 2.0, 4.0}, {3.0, 4.0, 4.0}, {1.42, 1.0, 2.0}}) {
    HALFULP_EXPECT_NUMBER(ml_dtypes, converted_by(x, "ml-dtypes"));
    HALFULP_EXPECT_NUMBER(universal, converted_by(x, "universal"));
  }
  HALFULP_EXPECT_NUMBER(0x1p-127, converted_by(0x1p-149, "ml-dtypes"));
  HALFULP_EXPECT_NUMBER(0x1p-127, converted_by(0x1p-149, "universal"));
  HALFULP_EXPECT_NUMBER(0x1p-127, converted_by(0.0, "universal"));
  HALFULP_EXPECT_NUMBER(0x1p-127, converted_by(-1.0, "universal"));
  HALFULP_EXPECT_NUMBER(0x1p127, converted_by(inf, "universal"));
  for (const double x : {0.0, -1.0, inf}) EXPECT_TRUE(converted_by(x, "ml-dtypes").is_nan());
}

// Column "round-even-by-code", and the rules of ml_dtypes where it differs from that in overflow.
TEST_P(Pitfalls, P20E8m0ByRule) {
  const char* e8m0 = "float8_e8m0fnu";
  HALFULP_EXPECT_NUMBER(2.0, converted(1.5, e8m0, "rne"));
  HALFULP_EXPECT_NUMBER(2.0, converted(2.9, e8m0, "rne"));
  HALFULP_EXPECT_NUMBER(2.0, converted(3.0, e8m0, "rne"));
  HALFULP_EXPECT_NUMBER(1.0, converted(1.42, e8m0, "rne"));
  HALFULP_EXPECT_NUMBER(0x1p-127, converted(0x1p-149, e8m0, "rne", "saturate"));
  EXPECT_TRUE(converted(0x1p-149, e8m0, "rne").is_nan());
  HALFULP_EXPECT_NUMBER(0x1p-127, converted(0x1p-149, e8m0, "rne", "ml-dtypes"));
  HALFULP_EXPECT_NUMBER(0x1p-127, converted(0x1.8p-128, e8m0, "rne"));
  EXPECT_TRUE(converted(0.0, e8m0, "rne").is_nan());
  EXPECT_TRUE(converted(-1.0, e8m0, "rne").is_nan());
  EXPECT_TRUE(converted(std::numeric_limits<double>::infinity(), e8m0, "rne").is_nan());
}

TEST_P(Pitfalls, P21E8m0NanIsNanEverywhere) {
  for (const char* name : {"binary16", "bfloat16", "binary32", "float8_e4m3fn"}) {
    const Quantizer q{.format = find_format(name), .rounding = {}};
    const Outcome got =
        engine().convert(find_format("float8_e8m0fnu"), 0xff, engine().prepare(q), 0);
    EXPECT_EQ(classify(q.format, got.code), CodeClass::nan) << name;
  }
}

TEST_P(Pitfalls, P22E8m0Up) {
  HALFULP_EXPECT_NUMBER(2.0, converted(1.125, "float8_e8m0fnu", "rup"));
  HALFULP_EXPECT_NUMBER(2.0, converted(1.25, "float8_e8m0fnu", "rup"));
  HALFULP_EXPECT_NUMBER(8.0, converted(5.0, "float8_e8m0fnu", "rup"));
}

// How many of all random numbers of `bits` bits round the exact sum of a and b outward.
int rounded_out(const Engine& engine, const Quantizer& q, const std::array<Code, 2>& operands,
                Code outer) {
  const std::vector<Format> inputs(2, q.format);
  int count = 0;
  for (std::uint64_t r = 0; r < (1U << q.rounding.random_bits); ++r) {
    const Outcome got = engine.apply({.op = Op::add, .inputs = inputs, .output = &q}, operands, r);
    count += got.code == outer ? 1 : 0;
  }
  return count;
}

TEST_P(Pitfalls, P30P31P33StochasticConversions) {
  Quantizer q{.format = find_format("binary16"), .rounding = {}};
  const Format binary64 = find_format("binary64");
  q.rounding.random_bits = 8;
  for (const Mode mode : {Mode::stochastic, Mode::stochastic_b, Mode::stochastic_c}) {
    q.rounding.mode = mode;
    const Plan plan = engine().prepare(q);
    int least = 0;
    for (std::uint64_t r = 0; r < 256; ++r) {
      const auto convert = [&](double x) {
        return engine().convert(binary64, encode(binary64, from_double(x)), plan, r).code;
      };
      const Code half_of_least = convert(0x1p-25);
      EXPECT_TRUE(half_of_least <= 1);
      least += half_of_least == 1 ? 1 : 0;
      EXPECT_TRUE(convert(2.0) == 0x4000);
      EXPECT_TRUE(convert(1 + 0x1.8p-11) == (r >= 64 ? 0x3c01 : 0x3c00)) << r;  // 3/4 of the gap
    }
    EXPECT_EQ(least, 128) << name_of(mode);
  }
}

TEST_P(Pitfalls, P32StochasticSumsSeeTheWholeFraction) {
  Quantizer q{.format = find_format("binary16"), .rounding = {}};
  q.rounding.mode = Mode::stochastic;
  q.rounding.random_bits = 10;
  const Code one = 0x3c00;
  // 1 + k 2^-15 is k / 32 of the way to the next number.
  for (int k = 0; k < 32; ++k) {
    const Code small = encode(q.format, make_value(k, -15));
    EXPECT_EQ(rounded_out(engine(), q, {one, small}, one + 1), 32 * k) << k;
  }
}

TEST_P(Pitfalls, P35InfinityWithoutInfinity) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(converted(inf, "float8_e4m3fnuz", "rne").is_nan());
  EXPECT_TRUE(converted(inf, "float8_e5m2fnuz", "rne", "onnx-saturate").is_nan());
}

TEST_P(Pitfalls, P37OverflowTowardZeroIsARule) {
  const double x = to_double(decode(find_format("bfloat16"), 0x5bf8));
  HALFULP_EXPECT_NUMBER(448.0, converted(x, "float8_e4m3fn", "rtz"));
  EXPECT_TRUE(converted(x, "float8_e4m3fn", "rtz", "ml-dtypes").is_nan());
}

TEST_P(Pitfalls, P39RunningSumStops) {
  const Quantizer q{.format = find_format("bfloat16"), .rounding = {}};
  const std::vector<Format> inputs(2, q.format);
  const std::array<Code, 2> operands{encode(q.format, make_value(256)),
                                     encode(q.format, make_value(1))};
  const Outcome got = engine().apply({.op = Op::add, .inputs = inputs, .output = &q}, operands, 0);
  EXPECT_TRUE(got.code == operands[0]);
}

// The sum itself, of ones: 9984 is the number of bfloat16 next to 10000.
TEST_P(Pitfalls, P39TheAccumulatorDecides) {
  const std::vector<float> ones(10000, 1.0F);
  const auto sum = [&](Order order, const char* accumulator) {
    DotUnit unit{.order = order, .product = {}, .accumulator = {}};
    unit.accumulator = Quantizer{.format = find_format(accumulator), .rounding = {}};
    float out = 0;
    engine().multiply(view_of(ones.data(), 1, ones.size()), view_of(ones.data(), ones.size(), 1),
                      engine().prepare_dot(unit), {}, view_of(&out, 1, 1));
    return out;
  };
  EXPECT_EQ(sum(Order::sequential, "bfloat16"), 256.0F);
  EXPECT_EQ(sum(Order::sequential, "binary32"), 10000.0F);
  EXPECT_EQ(sum(Order::exact, "bfloat16"), 9984.0F);
}

HALFULP_ON_ALL_ENGINES(Pitfalls);

}  // namespace
}  // namespace halfulp::golden

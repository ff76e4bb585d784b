// SPDX-License-Identifier: MIT
//
// What is delivered where no number of the format is the answer, and which flags say so: unsigned
// formats, formats without zero, without infinity, without NaN; flushing; both tininess rules with
// the corner in which they differ.
#include "formats/numbers/value.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

constexpr std::uint8_t over = flags::overflow | flags::inexact;
constexpr std::uint8_t under = flags::underflow | flags::inexact;

struct Case {
  const char* format;
  const char* overflow;
  const char* number;
  Mode mode;
  const char* code;
  std::uint8_t raised;
};

class Specials : public testing::TestWithParam<Case> {};

TEST_P(Specials, AreDeliveredWithFlags) {
  const Case& c = GetParam();
  const Quantizer q = quantizer(c.format, c.mode, c.overflow);
  const Outcome want{parse_code(q.format, c.code), c.raised};
  EXPECT_EQ(round(parse_real(c.number), q, 0), want)
      << c.format << " " << c.overflow << " " << c.number << " " << name_of(c.mode);
}

constexpr Mode rne = Mode::nearest_even;
constexpr Mode rtz = Mode::toward_zero;
INSTANTIATE_TEST_SUITE_P(
    Unsigned, Specials,
    testing::Values(Case{"ue4m3", "ieee", "-0", rne, "00", 0},
                    Case{"ue4m3", "ieee", "-0x1p-10", rne, "00", under},  // a tie: to zero
                    Case{"ue4m3", "ieee", "-0x1.8p-10", rne, "7f", over},
                    Case{"ue4m3", "ieee", "-0x1.8p-10", rtz, "00", under},
                    Case{"ue4m3", "ieee", "-0x1p-300", Mode::toward_negative, "7f", over},
                    Case{"ue4m3", "ieee", "-0x1p-300", Mode::to_odd, "7f", over},
                    Case{"ue4m3", "saturate", "-5", rne, "00", over},
                    Case{"ue4m3", "p3109-none", "-5", rne, "7f", over},
                    Case{"ue4m3", "p3109-none", "-5", rtz, "00", over},
                    Case{"ue4m3", "p3109-none", "-inf", rtz, "7f", flags::invalid},
                    Case{"ue4m3", "saturate", "-inf", rne, "00", over},
                    Case{"uint8", "ieee", "-0.5", rne, "00", flags::inexact},
                    Case{"uint8", "ieee", "-0.75", rne, "00", over},  // no NaN
                    Case{"uint8", "ieee", "255.5", rne, "ff", over}));

INSTANTIATE_TEST_SUITE_P(
    WithoutZero, Specials,
    testing::Values(Case{"float8_e8m0fnu", "ieee", "0", rne, "ff", flags::invalid},
                    Case{"float8_e8m0fnu", "saturate", "0", rne, "00", flags::inexact},
                    Case{"float8_e8m0fnu", "ml-dtypes", "0", rne, "ff", flags::invalid},
                    Case{"float8_e8m0fnu", "ieee", "0x1p-128", rne, "ff", under},
                    Case{"float8_e8m0fnu", "ieee", "0x1.7ffp-128", rne, "ff", under},
                    Case{"float8_e8m0fnu", "ieee", "0x1.8p-128", rne, "00", flags::inexact},
                    Case{"float8_e8m0fnu", "ieee", "0x1.8p-128", Mode::nearest_zero, "ff", under},
                    Case{"float8_e8m0fnu", "saturate", "0x1p-300", rne, "00", under},
                    Case{"float8_e8m0fnu", "ieee", "0x1.01p-128", Mode::toward_positive, "00",
                         flags::inexact},
                    Case{"float8_e8m0fnu", "ieee", "-1", rne, "ff", over},
                    Case{"float8_e8m0fnu", "saturate", "-1", rne, "00", over},
                    Case{"float8_e8m0fnu", "ieee", "0x1.8p127", rne, "fe", flags::inexact},
                    Case{"float8_e8m0fnu", "ieee", "0x1.801p127", rne, "ff", over}));

INSTANTIATE_TEST_SUITE_P(
    InfinityAndNan, Specials,
    testing::Values(Case{"float8_e4m3fn", "ieee", "inf", rne, "7f", flags::invalid},
                    Case{"float8_e4m3fn", "saturate", "-inf", rne, "fe", over},
                    Case{"float8_e4m3fn", "saturate-finite", "-inf", rne, "ff", flags::invalid},
                    Case{"float8_e5m2", "ieee", "-inf", rtz, "fc", 0},
                    Case{"float8_e5m2", "onnx-saturate", "inf", rne, "7b", over},
                    Case{"float8_e5m2fnuz", "onnx-saturate", "inf", rne, "80", flags::invalid},
                    Case{"float8_e5m2fnuz", "ieee", "-0", rne, "00", 0},
                    Case{"float8_e5m2fnuz", "ieee", "-0x1p-200", rne, "00", under},
                    Case{"float8_e5m2", "ieee", "-nan", rne, "fe", 0},
                    Case{"float4_e2m1fn", "ieee", "inf", rne, "7", over},
                    Case{"float4_e2m1fn", "ieee", "nan", rne, "0", flags::invalid},
                    Case{"float4_e2m1fn", "ml-dtypes", "nan", rne, "8", flags::invalid},
                    Case{"float4_e2m1fn", "ml-dtypes", "-nan", rne, "0", flags::invalid},
                    Case{"float4_e2m1fn", "onnx", "nan", rne, "7", flags::invalid}));

// The known corner: 2^emin (1 - 2^-(p+1)) rounds to the least normal number and is tiny before
// rounding only; 2^emin (1 - 2^-p) is tiny by both rules although it too is delivered as 2^emin.
TEST(Tininess, CornerUnderTheLeastNormalNumber) {
  for (const char* name : {"binary16", "binary32", "binary64", "float8_e4m3fn", "bfloat16"}) {
    Quantizer q = quantizer(name);
    const Value least = smallest_normal(q.format);
    const int p = std::get<Float>(q.format.kind).fraction_bits + 1;
    const auto under_least = [&](int power) { return sum(least, negated(scaled(least, power))); };
    const Code least_code = encode(q.format, least);
    for (const Tininess rule : {Tininess::after_rounding, Tininess::before_rounding}) {
      q.rounding.tininess = rule;
      const std::uint8_t nearer =
          rule == Tininess::before_rounding ? under : std::uint8_t{flags::inexact};
      EXPECT_EQ(round(real(under_least(-p - 1)), q, 0), (Outcome{least_code, nearer})) << name;
      EXPECT_EQ(round(real(under_least(-p)), q, 0), (Outcome{least_code, under})) << name;
      EXPECT_EQ(round(real(under_least(-p + 1)), q, 0), (Outcome{least_code - 1, 0})) << name;
      EXPECT_EQ(round(real(least), q, 0), (Outcome{least_code, 0})) << name;
    }
  }
}

TEST(Tininess, FlushedOutputs) {
  Quantizer q = quantizer("binary16");
  q.rounding.flush_outputs = Tininess::after_rounding;
  const Value least = smallest_normal(q.format);
  const Value nearly = sum(least, negated(scaled(least, -12)));
  EXPECT_EQ(round(real(nearly), q, 0),
            (Outcome{0x0400, flags::inexact}));     // not tiny after rounding
  q.rounding.tininess = Tininess::before_rounding;  // says when underflow is raised
  EXPECT_EQ(round(real(nearly), q, 0), (Outcome{0x0400, under}));
  q.rounding.flush_outputs = Tininess::before_rounding;
  EXPECT_EQ(round(real(nearly), q, 0), (Outcome{0, under}));
  EXPECT_EQ(round(real(negated(scaled(least, -1))), q, 0), (Outcome{0x8000, under}));  // exact
  EXPECT_EQ(round(real(least), q, 0), (Outcome{0x0400, 0}));
  EXPECT_EQ(round(real(zero_value(true)), q, 0), (Outcome{0x8000, 0}));
  q.rounding.flush_inexact = false;
  EXPECT_EQ(round(real(nearly), q, 0), (Outcome{0, flags::underflow}));
  EXPECT_EQ(round(real(scaled(least, -1)), q, 0), (Outcome{0, flags::underflow}));
  EXPECT_EQ(round(parse_real("0.1"), q, 0).flags, flags::inexact);
}

TEST(Tininess, FixedPointNeverUnderflows) {
  const Quantizer q = quantizer("int8");
  EXPECT_EQ(round(parse_real("0.25"), q, 0), (Outcome{0, flags::inexact}));
  EXPECT_EQ(round(parse_real("-1e-30"), q, 0), (Outcome{0, flags::inexact}));
}

TEST(Tininess, FormatsWithoutSubnormals) {
  const Quantizer q = quantizer("dlfloat16");  // least number 2^-31 (1 + 2^-9)
  EXPECT_EQ(round(parse_real("0x1.008p-32"), q, 0), (Outcome{0, under}));  // half of it: to even
  EXPECT_EQ(round(parse_real("0x1.00801p-32"), q, 0), (Outcome{1, under}));
  EXPECT_EQ(round(parse_real("-0x1.007p-32"), q, 0), (Outcome{0x8000, under}));
  EXPECT_EQ(round(parse_real("0x1.008p-31"), q, 0), (Outcome{1, 0}));
}

TEST(SignallingNan, RaisesInvalid) {
  const Format binary32 = find_format("binary32");
  const Value signalling = decode(binary32, 0xff800001);
  ASSERT_TRUE(signalling.signalling);
  EXPECT_EQ(round(real(signalling), quantizer("binary16"), 0), (Outcome{0xfe00, flags::invalid}));
}

// A Real that no double holds: decimal literals and quotients are rounded once.
TEST(Reals, AreRoundedOnce) {
  EXPECT_EQ(round(parse_real("0.1"), quantizer("binary64"), 0),
            (Outcome{0x3fb999999999999a, flags::inexact}));
  EXPECT_EQ(round(parse_real("1e-400000"), quantizer("binary64"), 0), (Outcome{0, under}));
  EXPECT_EQ(round(parse_real("-1e400000"), quantizer("binary64"), 0),
            (Outcome{Code{0xfff0000000000000}, over}));
  // 1 + 2^-11 + 10^-40 is above a tie of binary16, by less than any double shows.
  EXPECT_EQ(
      round(parse_real("1.0004882812500000000000000000000000000001"), quantizer("binary16"), 0),
      (Outcome{0x3c01, flags::inexact}));
  EXPECT_EQ(round(parse_real("1.00048828125"), quantizer("binary16"), 0),
            (Outcome{0x3c00, flags::inexact}));
}

}  // namespace
}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Special values row by row (IEEE 754-2019 6.1, 6.3, 7.2, 7.3), as texts of operands and results in
// binary32, in a mode and toward negative, where signs of zero differ.
#include "reference/operations.h"

#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

struct Row {
  Op op;
  const char* a;
  const char* b;
  const char* c;
  const char* nearest;   // result to nearest
  const char* negative;  // result toward negative
  std::uint8_t raised;
};

Value value_of(const char* text) {
  if (std::string_view(text) == "snan") {
    Value v = nan_value();
    v.signalling = true;
    return v;
  }
  return parse_real(text).numerator;
}

class Table : public testing::TestWithParam<Row> {};

TEST_P(Table, Holds) {
  const Row& row = GetParam();
  std::vector<Value> operands;
  for (const char* text : {row.a, row.b, row.c})
    if (*text != 0) operands.push_back(value_of(text));
  for (const Mode mode : {Mode::nearest_even, Mode::toward_negative}) {
    const Quantizer q = quantizer("binary32", mode);
    const Outcome got = operate(row.op, operands, q, 0);
    const char* want = mode == Mode::nearest_even ? row.nearest : row.negative;
    EXPECT_TRUE(identical(decode(q.format, got.code), value_of(want)))
        << name_of(row.op) << " " << row.a << " " << row.b << " " << row.c << " "
        << code_text(q.format, got.code);
    EXPECT_TRUE(!value_of(want).is_nan() || got.code == nan_code(q.format, false));
    EXPECT_EQ(got.flags, row.raised);
  }
}

constexpr std::uint8_t bad = flags::invalid;
constexpr std::uint8_t dbz = flags::divide_by_zero;

INSTANTIATE_TEST_SUITE_P(Add, Table,
                         testing::Values(Row{Op::add, "0", "0", "", "0", "0", 0},
                                         Row{Op::add, "-0", "-0", "", "-0", "-0", 0},
                                         Row{Op::add, "0", "-0", "", "0", "-0", 0},
                                         Row{Op::add, "-0", "0", "", "0", "-0", 0},
                                         Row{Op::add, "1", "-1", "", "0", "-0", 0},
                                         Row{Op::add, "-1", "1", "", "0", "-0", 0},
                                         Row{Op::add, "1", "-0", "", "1", "1", 0},
                                         Row{Op::add, "inf", "1", "", "inf", "inf", 0},
                                         Row{Op::add, "1", "-inf", "", "-inf", "-inf", 0},
                                         Row{Op::add, "inf", "inf", "", "inf", "inf", 0},
                                         Row{Op::add, "inf", "-inf", "", "nan", "nan", bad},
                                         Row{Op::add, "-inf", "inf", "", "nan", "nan", bad},
                                         Row{Op::add, "nan", "1", "", "nan", "nan", 0},
                                         Row{Op::add, "1", "-nan", "", "nan", "nan", 0},
                                         Row{Op::add, "snan", "inf", "", "nan", "nan", bad},
                                         Row{Op::subtract, "0", "0", "", "0", "-0", 0},
                                         Row{Op::subtract, "-0", "0", "", "-0", "-0", 0},
                                         Row{Op::subtract, "0", "-0", "", "0", "0", 0},
                                         Row{Op::subtract, "2", "2", "", "0", "-0", 0},
                                         Row{Op::subtract, "inf", "inf", "", "nan", "nan", bad},
                                         Row{Op::subtract, "inf", "-inf", "", "inf", "inf", 0}));

INSTANTIATE_TEST_SUITE_P(Multiply, Table,
                         testing::Values(Row{Op::multiply, "0", "5", "", "0", "0", 0},
                                         Row{Op::multiply, "-0", "5", "", "-0", "-0", 0},
                                         Row{Op::multiply, "-0", "-5", "", "0", "0", 0},
                                         Row{Op::multiply, "0", "inf", "", "nan", "nan", bad},
                                         Row{Op::multiply, "-inf", "-0", "", "nan", "nan", bad},
                                         Row{Op::multiply, "inf", "-2", "", "-inf", "-inf", 0},
                                         Row{Op::multiply, "-inf", "-inf", "", "inf", "inf", 0},
                                         Row{Op::multiply, "nan", "0", "", "nan", "nan", 0},
                                         Row{Op::multiply, "0", "snan", "", "nan", "nan", bad}));

INSTANTIATE_TEST_SUITE_P(Divide, Table,
                         testing::Values(Row{Op::divide, "1", "0", "", "inf", "inf", dbz},
                                         Row{Op::divide, "1", "-0", "", "-inf", "-inf", dbz},
                                         Row{Op::divide, "-1", "-0", "", "inf", "inf", dbz},
                                         Row{Op::divide, "0", "0", "", "nan", "nan", bad},
                                         Row{Op::divide, "0", "-3", "", "-0", "-0", 0},
                                         Row{Op::divide, "inf", "0", "", "inf", "inf", 0},
                                         Row{Op::divide, "0", "inf", "", "0", "0", 0},
                                         Row{Op::divide, "-3", "inf", "", "-0", "-0", 0},
                                         Row{Op::divide, "inf", "-inf", "", "nan", "nan", bad},
                                         Row{Op::divide, "inf", "-3", "", "-inf", "-inf", 0},
                                         Row{Op::divide, "6", "-3", "", "-2", "-2", 0},
                                         Row{Op::divide, "nan", "0", "", "nan", "nan", 0}));

INSTANTIATE_TEST_SUITE_P(
    FusedMultiplyAdd, Table,
    testing::Values(Row{Op::fused_multiply_add, "2", "3", "-6", "0", "-0", 0},
                    Row{Op::fused_multiply_add, "0", "3", "0", "0", "0", 0},
                    Row{Op::fused_multiply_add, "-0", "3", "-0", "-0", "-0", 0},
                    Row{Op::fused_multiply_add, "-0", "3", "0", "0", "-0", 0},
                    Row{Op::fused_multiply_add, "0", "inf", "1", "nan", "nan", bad},
                    Row{Op::fused_multiply_add, "0", "inf", "nan", "nan", "nan", bad},
                    Row{Op::fused_multiply_add, "2", "inf", "-inf", "nan", "nan", bad},
                    Row{Op::fused_multiply_add, "2", "inf", "inf", "inf", "inf", 0},
                    Row{Op::fused_multiply_add, "2", "3", "-inf", "-inf", "-inf", 0},
                    Row{Op::fused_multiply_add, "nan", "0", "inf", "nan", "nan", 0},
                    Row{Op::fused_multiply_add, "1", "2", "snan", "nan", "nan", bad}));

INSTANTIATE_TEST_SUITE_P(SquareRoot, Table,
                         testing::Values(Row{Op::square_root, "4", "", "", "2", "2", 0},
                                         Row{Op::square_root, "0", "", "", "0", "0", 0},
                                         Row{Op::square_root, "-0", "", "", "-0", "-0", 0},
                                         Row{Op::square_root, "-1", "", "", "nan", "nan", bad},
                                         Row{Op::square_root, "-inf", "", "", "nan", "nan", bad},
                                         Row{Op::square_root, "inf", "", "", "inf", "inf", 0},
                                         Row{Op::square_root, "-nan", "", "", "nan", "nan", 0},
                                         Row{Op::square_root, "snan", "", "", "nan", "nan", bad}));

// Infinity as a result of arithmetic goes where the format puts an infinity.
TEST(Operations, InfinityInFormatsWithoutOne) {
  const std::vector<Value> operands{make_value(1), zero_value()};
  EXPECT_EQ(operate(Op::divide, operands, quantizer("float8_e4m3fn"), 0),
            (Outcome{0x7f, flags::divide_by_zero | flags::invalid}));
  EXPECT_EQ(
      operate(Op::divide, operands, quantizer("float8_e4m3fn", Mode::nearest_even, "saturate"), 0),
      (Outcome{0x7e, flags::divide_by_zero | flags::overflow | flags::inexact}));
  EXPECT_EQ(operate(Op::divide, operands, quantizer("float8_e5m2"), 0),
            (Outcome{0x7c, flags::divide_by_zero}));
}

TEST(Operations, FlushedOperandsAreZerosOfTheirSign) {
  Quantizer q = quantizer("binary32");
  q.rounding.flush_inputs = true;
  const std::vector<Format> inputs{find_format("binary16"), find_format("binary32")};
  const std::array<Code, 2> operands{0x83ff,
                                     0x3f800000};  // subnormal in binary16, normal in binary32
  EXPECT_EQ(engine().apply({.op = Op::multiply, .inputs = inputs, .output = &q}, operands, 0),
            (Outcome{0x80000000, 0}));
  const std::array<Code, 2> divided{0x3c00, 0x00000001};
  EXPECT_EQ(engine().apply({.op = Op::divide, .inputs = inputs, .output = &q}, divided, 0),
            (Outcome{0x7f800000, flags::divide_by_zero}));
  q.rounding.flush_inputs = false;
  EXPECT_EQ(engine().apply({.op = Op::multiply, .inputs = inputs, .output = &q}, operands, 0).flags,
            0);
}

// Mixed formats: the exact result is rounded once into a third.
TEST(Operations, MixedFormats) {
  const Quantizer q = quantizer("bfloat16");
  const std::vector<Format> inputs{find_format("float8_e4m3fn"), find_format("int8"),
                                   find_format("binary64")};
  // 1.125 * 3 + 2^-60: just above 3.375, no tie.
  const std::array<Code, 3> operands{0x39, 3, 0x3c30000000000000};
  EXPECT_EQ(
      engine().apply({.op = Op::fused_multiply_add, .inputs = inputs, .output = &q}, operands, 0),
      (Outcome{0x4058, flags::inexact}));
}

}  // namespace
}  // namespace halfulp::reference

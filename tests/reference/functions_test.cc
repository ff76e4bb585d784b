// SPDX-License-Identifier: MIT
//
// Functions: special values row by row (IEEE 754-2019 9.2.1, 7.2, 7.3), exact cases listed by hand,
// MPFR's own correctly rounded results in the precision and exponent range of the format as judge
// of the rest, and order: functions that increase do.
#include "reference/functions/functions.h"

#include <mpfr.h>

#include <cmath>
#include <cstdlib>

#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "reference/operations.h"
#include "tests/reference/support.h"
#include "tests/support/sampling.h"

namespace halfulp::reference {
namespace {

constexpr std::uint8_t bad = flags::invalid;
constexpr std::uint8_t dbz = flags::divide_by_zero;
constexpr std::uint8_t inx = flags::inexact;

Value value_of(const std::string& text) {
  Value v = from_double(std::strtod(text == "snan" ? "nan" : text.c_str(), nullptr));
  v.signalling = text == "snan";
  return v;
}

Quantizer in_mode(const Format& format, Mode mode) {
  Quantizer q{.format = format, .rounding = {}};
  q.rounding.mode = mode;
  return q;
}

struct Row {
  Op op;
  const char* a;
  const char* b;  // "" for functions of one operand
  const char* result;
  std::uint8_t raised;
};

void expect_row(const Row& row, Mode mode) {
  std::vector<Value> operands{value_of(row.a)};
  if (*row.b != 0) operands.push_back(value_of(row.b));
  const Quantizer q = quantizer("binary64", mode);
  const Outcome got = operate(row.op, operands, q, 0);
  const Value delivered = decode(q.format, got.code);
  const std::string text = std::string(name_of(row.op)) + " " + row.a + " " + row.b + " gives " +
                           hexadecimal_text(delivered);
  EXPECT_TRUE(identical(delivered, value_of(row.result))) << text;
  EXPECT_EQ(got.flags, row.raised) << text;
}

constexpr Row special_values[] = {
    Row{Op::exp, "-inf", "", "0", 0},
    Row{Op::exp, "inf", "", "inf", 0},
    Row{Op::exp, "-0", "", "1", 0},
    Row{Op::exp2, "-inf", "", "0", 0},
    Row{Op::exp2, "inf", "", "inf", 0},
    Row{Op::exp2, "0", "", "1", 0},
    Row{Op::expm1, "-inf", "", "-1", 0},
    Row{Op::expm1, "inf", "", "inf", 0},
    Row{Op::expm1, "-0", "", "-0", 0},
    Row{Op::log, "0", "", "-inf", dbz},
    Row{Op::log, "-0", "", "-inf", dbz},
    Row{Op::log, "-1", "", "nan", bad},
    Row{Op::log, "-inf", "", "nan", bad},
    Row{Op::log, "inf", "", "inf", 0},
    Row{Op::log, "1", "", "0", 0},
    Row{Op::log2, "1", "", "0", 0},
    Row{Op::log2, "-0", "", "-inf", dbz},
    Row{Op::log10, "1", "", "0", 0},
    Row{Op::log10, "-2", "", "nan", bad},
    Row{Op::log1p, "-0", "", "-0", 0},
    Row{Op::log1p, "-1", "", "-inf", dbz},
    Row{Op::log1p, "-1.5", "", "nan", bad},
    Row{Op::log1p, "inf", "", "inf", 0},
    Row{Op::log1p, "-inf", "", "nan", bad},
    Row{Op::sin, "-0", "", "-0", 0},
    Row{Op::sin, "inf", "", "nan", bad},
    Row{Op::cos, "-0", "", "1", 0},
    Row{Op::cos, "-inf", "", "nan", bad},
    Row{Op::tan, "-0", "", "-0", 0},
    Row{Op::tan, "inf", "", "nan", bad},
    Row{Op::asin, "-0", "", "-0", 0},
    Row{Op::asin, "1.5", "", "nan", bad},
    Row{Op::acos, "1", "", "0", 0},
    Row{Op::acos, "-2", "", "nan", bad},
    Row{Op::acos, "inf", "", "nan", bad},
    Row{Op::atan, "-0", "", "-0", 0},
    Row{Op::sinh, "-inf", "", "-inf", 0},
    Row{Op::sinh, "-0", "", "-0", 0},
    Row{Op::cosh, "-inf", "", "inf", 0},
    Row{Op::cosh, "-0", "", "1", 0},
    Row{Op::tanh, "-inf", "", "-1", 0},
    Row{Op::tanh, "-0", "", "-0", 0},
    Row{Op::sigmoid, "-inf", "", "0", 0},
    Row{Op::sigmoid, "inf", "", "1", 0},
    Row{Op::sigmoid, "-0", "", "0.5", 0},
    Row{Op::erf, "inf", "", "1", 0},
    Row{Op::erf, "-0", "", "-0", 0},
    Row{Op::gelu, "-inf", "", "-0", 0},
    Row{Op::gelu, "inf", "", "inf", 0},
    Row{Op::gelu, "-0", "", "-0", 0},
    Row{Op::silu, "-inf", "", "-0", 0},
    Row{Op::silu, "inf", "", "inf", 0},
    Row{Op::silu, "0", "", "0", 0},
    Row{Op::softplus, "-inf", "", "0", 0},
    Row{Op::softplus, "inf", "", "inf", 0},
    Row{Op::reciprocal_square_root, "-0", "", "-inf", dbz},
    Row{Op::reciprocal_square_root, "0", "", "inf", dbz},
    Row{Op::reciprocal_square_root, "-4", "", "nan", bad},
    Row{Op::reciprocal_square_root, "inf", "", "0", 0},
    Row{Op::reciprocal, "-0", "", "-inf", dbz},
    Row{Op::reciprocal, "-inf", "", "-0", 0},
    Row{Op::cube_root, "-0", "", "-0", 0},
    Row{Op::cube_root, "-inf", "", "-inf", 0},
    Row{Op::exp, "nan", "", "nan", 0},
    Row{Op::log, "snan", "", "nan", bad},
};

TEST(Functions, SpecialValuesAreThoseOfTheStandard) {
  for (const Row& row : special_values) {
    expect_row(row, Mode::nearest_even);
    expect_row(row, Mode::toward_negative);
  }
}

TEST(Functions, PowersAndHypotenusesAreThoseOfTheStandard) {
  for (const Row& row : {
           Row{Op::power, "nan", "0", "1", 0},
           Row{Op::power, "snan", "0", "nan", bad},
           Row{Op::power, "inf", "-0", "1", 0},
           Row{Op::power, "0", "0", "1", 0},
           Row{Op::power, "1", "nan", "1", 0},
           Row{Op::power, "1", "snan", "nan", bad},
           Row{Op::power, "1", "inf", "1", 0},
           Row{Op::power, "nan", "1", "nan", 0},
           Row{Op::power, "2", "nan", "nan", 0},
           Row{Op::power, "-0", "-3", "-inf", dbz},
           Row{Op::power, "0", "-3", "inf", dbz},
           Row{Op::power, "-0", "-2", "inf", dbz},
           Row{Op::power, "-0", "-2.5", "inf", dbz},
           Row{Op::power, "-0", "-inf", "inf", 0},
           Row{Op::power, "-0", "3", "-0", 0},
           Row{Op::power, "-0", "2", "0", 0},
           Row{Op::power, "-0", "2.5", "0", 0},
           Row{Op::power, "-0", "inf", "0", 0},
           Row{Op::power, "-1", "-inf", "1", 0},
           Row{Op::power, "-1", "inf", "1", 0},
           Row{Op::power, "-0.5", "inf", "0", 0},
           Row{Op::power, "-0.5", "-inf", "inf", 0},
           Row{Op::power, "-2", "inf", "inf", 0},
           Row{Op::power, "2", "-inf", "0", 0},
           Row{Op::power, "inf", "-2", "0", 0},
           Row{Op::power, "inf", "2", "inf", 0},
           Row{Op::power, "inf", "inf", "inf", 0},
           Row{Op::power, "-inf", "-inf", "0", 0},
           Row{Op::power, "-inf", "-3", "-0", 0},
           Row{Op::power, "-inf", "-2", "0", 0},
           Row{Op::power, "-inf", "3", "-inf", 0},
           Row{Op::power, "-inf", "4", "inf", 0},
           Row{Op::power, "-inf", "0.5", "inf", 0},
           Row{Op::power, "-8", "0.5", "nan", bad},
           Row{Op::hypotenuse, "inf", "nan", "inf", 0},
           Row{Op::hypotenuse, "nan", "-inf", "inf", 0},
           Row{Op::hypotenuse, "snan", "inf", "nan", bad},
           Row{Op::hypotenuse, "nan", "1", "nan", 0},
           Row{Op::hypotenuse, "-0", "0", "0", 0},
           Row{Op::hypotenuse, "-3", "0", "3", 0},
       }) {
    expect_row(row, Mode::nearest_even);
    expect_row(row, Mode::toward_negative);
  }
}

TEST(Functions, ExactResultsRaiseNothing) {
  for (const Row& row : {
           Row{Op::exp2, "-3", "", "0.125", 0},
           Row{Op::exp2, "-1074", "", "0x1p-1074", 0},
           Row{Op::log2, "0.125", "", "-3", 0},
           Row{Op::log2, "0x1p-1074", "", "-1074", 0},
           Row{Op::log10, "1e22", "", "22", 0},
           Row{Op::log10, "0.125", "", "-0x1.ce61cf8ef36fep-1", inx},
           Row{Op::cube_root, "-27", "", "-3", 0},
           Row{Op::cube_root, "0x1p-1074", "", "0x1p-358", 0},
           Row{Op::reciprocal_square_root, "0x1p-1074", "", "0x1p537", 0},
           Row{Op::reciprocal_square_root, "16", "", "0.25", 0},
           Row{Op::reciprocal, "-8", "", "-0.125", 0},
           Row{Op::power, "-3", "5", "-243", 0},
           Row{Op::power, "9", "0.5", "3", 0},
           Row{Op::power, "9", "1.5", "27", 0},
           Row{Op::power, "0x1.44p-6", "2.5", "0x1.cd52p-15", 0},
           Row{Op::power, "16", "-0.75", "0.125", 0},
           Row{Op::power, "-2", "-3", "-0.125", 0},
           Row{Op::power, "-1", "1e300", "1", 0},
           Row{Op::power, "-1", "3", "-1", 0},
           Row{Op::hypotenuse, "-3", "4", "5", 0},
           Row{Op::hypotenuse, "0x5p-1074", "0xcp-1074", "0xdp-1074", 0},
       }) {
    expect_row(row, Mode::nearest_even);
  }
  // The same, and none else, as numbers that no format has to hold.
  const auto exact_value = [](Op op, const Value& x) {
    const Exact result = function(op, std::array{x});
    return result.value.enclosure ? nan_value() : result.value.numerator;
  };
  const Value e_to_3_8 = power_of_e(3, 3);
  EXPECT_TRUE(identical(exact_value(Op::exp, make_value(3, -3)), e_to_3_8));
  EXPECT_TRUE(identical(exact_value(Op::log, e_to_3_8), make_value(3, -3)));
  EXPECT_TRUE(identical(exact_value(Op::exp2, make_value(3, -3)), power_of_two(3, 3)));
  EXPECT_TRUE(identical(exact_value(Op::log2, power_of_two(-5, 2)), make_value(-5, -2)));
  EXPECT_TRUE(identical(exact_value(Op::cube_root, power_of_two(3, 3)), power_of_two(1, 3)));
  EXPECT_TRUE(exact_value(Op::log2, e_to_3_8).is_nan());
  EXPECT_TRUE(exact_value(Op::log, make_value(2)).is_nan());
  EXPECT_TRUE(exact_value(Op::cube_root, power_of_two(1, 3)).is_nan());
}

// Half way in the logarithm: the root of 6 between 2 and 3.
TEST(Functions, RootsTieInTheLogarithm) {
  const Quantizer q = quantizer("int8", Mode::nearest_log);
  EXPECT_EQ(operate(Op::power, std::array{make_value(6), make_value(1, -1)}, q, 0).code, 2U);
  EXPECT_EQ(operate(Op::power, std::array{make_value(12), make_value(1, -1)}, q, 0).code, 4U);
  EXPECT_EQ(operate(Op::reciprocal_square_root, std::array{make_value(1, -1)}, q, 0).code, 2U);
}

// Saturating, vanishing and huge operands are answered at once, on the right side of their limits.
TEST(Functions, LimitsAreApproachedFromTheirSide) {
  const Value huge = make_value(1, 16383);
  const Value tiny = make_value(1, -16494);
  const auto nearest_and_down = [](Op op, const Value& x, const Value& limit, bool below) {
    const Quantizer down = quantizer("binary128", Mode::toward_negative);
    const Quantizer up = quantizer("binary128", Mode::toward_positive);
    const Value low = decode(down.format, operate(op, std::array{x}, down, 0).code);
    const Value high = decode(up.format, operate(op, std::array{x}, up, 0).code);
    EXPECT_EQ(compare(low, limit), below ? -1 : 0) << name_of(op);
    EXPECT_EQ(compare(high, limit), below ? 0 : 1) << name_of(op);
  };
  for (const Op op : {Op::tanh, Op::sigmoid, Op::erf}) {
    nearest_and_down(op, huge, make_value(1), true);
    nearest_and_down(op, make_value(1, 10), make_value(1), true);
  }
  nearest_and_down(Op::expm1, negated(huge), make_value(-1), false);
  nearest_and_down(Op::sigmoid, negated(huge), zero_value(), false);
  nearest_and_down(Op::silu, negated(huge), zero_value(), true);
  nearest_and_down(Op::gelu, negated(huge), zero_value(), true);
  nearest_and_down(Op::softplus, negated(huge), zero_value(), false);
  nearest_and_down(Op::gelu, huge, huge, true);
  nearest_and_down(Op::silu, huge, huge, true);
  nearest_and_down(Op::softplus, huge, huge, false);
  nearest_and_down(Op::cos, tiny, make_value(1), true);
  nearest_and_down(Op::cosh, tiny, make_value(1), false);
  nearest_and_down(Op::exp, negated(tiny), make_value(1), true);
  nearest_and_down(Op::sin, scaled(tiny, 100), scaled(tiny, 100), true);
  nearest_and_down(Op::tan, scaled(tiny, 200), scaled(tiny, 200), false);
  nearest_and_down(Op::expm1, scaled(tiny, 200), scaled(tiny, 200), false);
  nearest_and_down(Op::log1p, scaled(tiny, 200), scaled(tiny, 200), true);
  nearest_and_down(Op::asin, scaled(tiny, 200), scaled(tiny, 200), false);
}

// --- MPFR in the format's own precision and range ------------------------------------------------

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
struct Native {
  Op op;
  Unary function;
};
const std::vector<Native>& natives() {
  static const std::vector<Native> all{{Op::exp, mpfr_exp},
                                       {Op::exp2, mpfr_exp2},
                                       {Op::expm1, mpfr_expm1},
                                       {Op::log, mpfr_log},
                                       {Op::log2, mpfr_log2},
                                       {Op::log10, mpfr_log10},
                                       {Op::log1p, mpfr_log1p},
                                       {Op::sin, mpfr_sin},
                                       {Op::cos, mpfr_cos},
                                       {Op::tan, mpfr_tan},
                                       {Op::asin, mpfr_asin},
                                       {Op::acos, mpfr_acos},
                                       {Op::atan, mpfr_atan},
                                       {Op::sinh, mpfr_sinh},
                                       {Op::cosh, mpfr_cosh},
                                       {Op::tanh, mpfr_tanh},
                                       {Op::erf, mpfr_erf},
                                       {Op::cube_root, mpfr_cbrt},
                                       {Op::reciprocal_square_root, mpfr_rec_sqrt}};
  return all;
}

constexpr std::array<std::pair<Mode, mpfr_rnd_t>, 5> directions{
    {{Mode::nearest_even, MPFR_RNDN},
     {Mode::toward_zero, MPFR_RNDZ},
     {Mode::toward_positive, MPFR_RNDU},
     {Mode::toward_negative, MPFR_RNDD},
     {Mode::away_from_zero, MPFR_RNDA}}};

// MPFR's result in binary64, whose numbers, at most, the format's are; and whether it is exact.
struct Judged {
  double result = 0;
  bool exact = true;
};
class MpfrLimits {
 public:
  explicit MpfrLimits(const Float& f) : emin_(mpfr_get_emin()), emax_(mpfr_get_emax()) {
    mpfr_set_emin(1 - f.bias - f.fraction_bits + 1);
    // 2^emax is beyond the largest number.
    mpfr_set_emax(f.bias + 1);
  }
  ~MpfrLimits() {
    mpfr_set_emin(emin_);
    mpfr_set_emax(emax_);
  }
  MpfrLimits(const MpfrLimits&) = delete;
  MpfrLimits& operator=(const MpfrLimits&) = delete;

 private:
  mpfr_exp_t emin_, emax_;
};

template <typename Function>
Judged judged(const Float& f, std::span<const double> operands, mpfr_rnd_t direction,
              const Function& function) {
  mpfr_t a;
  mpfr_t b;
  mpfr_t y;
  mpfr_inits2(53, a, b, nullptr);
  mpfr_init2(y, f.fraction_bits + 1);
  mpfr_set_d(a, operands[0], MPFR_RNDN);
  mpfr_set_d(b, operands.back(), MPFR_RNDN);
  Judged result;
  {
    const MpfrLimits range(f);
    int ternary = function(y, a, b, direction);
    ternary = mpfr_subnormalize(y, ternary, direction);
    result.exact = ternary == 0;
  }
  result.result = mpfr_get_d(y, MPFR_RNDN);
  mpfr_clears(a, b, y, nullptr);
  return result;
}

// Of two that are not NaN.
void expect_judged(Op op, std::span<const double> operands, const Quantizer& q,
                   const Judged& want) {
  std::vector<Value> values;
  for (const double x : operands) values.push_back(from_double(x));
  const Outcome got = operate(op, values, q, 0);
  const double delivered = to_double(decode(q.format, got.code));
  const bool same = delivered == want.result || (std::isnan(delivered) && std::isnan(want.result));
  ASSERT_TRUE(same &&
              (std::isnan(delivered) || std::signbit(delivered) == std::signbit(want.result)))
      << q.format.name << " " << name_of(op) << " " << name_of(q.rounding.mode) << " "
      << operands[0] << " " << operands.back() << ": " << delivered << " not " << want.result;
  ASSERT_EQ((got.flags & inx) == 0, want.exact)
      << q.format.name << " " << name_of(op) << " " << operands[0] << " " << operands.back();
}

class AgainstMpfr : public testing::TestWithParam<std::string> {};

TEST_P(AgainstMpfr, FunctionsOfOneOperandAreCorrectlyRounded) {
  const Format format = find_format(GetParam());
  const bool narrow = bits(format) <= 8;
  const std::uint64_t count = narrow ? std::uint64_t{1} << bits(format) : 150;
  for (const Native& native : natives()) {
    sampling::Stream stream(11);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Code code = narrow ? i : sampling::draw_code(format, stream);
      const std::array<double, 1> x{to_double(decode(format, code))};
      if (native.op == Op::reciprocal_square_root && x[0] == 0) continue;  // MPFR: +inf for -0
      for (const auto& [mode, direction] : directions) {
        const auto function = [&](mpfr_ptr y, mpfr_srcptr a, mpfr_srcptr, mpfr_rnd_t to) {
          return native.function(y, a, to);
        };
        const Judged want = judged(std::get<Float>(format.kind), x, direction, function);
        expect_judged(native.op, x, in_mode(format, mode), want);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(AgainstMpfr, PowersAndHypotenusesAreCorrectlyRounded) {
  const Format format = find_format(GetParam());
  sampling::Stream stream(12);
  const bool narrow = bits(format) <= 6;
  const std::uint64_t pairs = narrow ? std::uint64_t{1} << (2 * bits(format)) : 400;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const Code a = narrow ? i >> bits(format) : sampling::draw_code(format, stream);
    const Code b = narrow ? i & sampling::code_mask(format) : sampling::draw_code(format, stream);
    const std::array<double, 2> x{to_double(decode(format, a)), to_double(decode(format, b))};
    for (const auto& [mode, direction] : directions) {
      const Quantizer q = in_mode(format, mode);
      const Float& f = std::get<Float>(format.kind);
      expect_judged(Op::power, x, q, judged(f, x, direction, mpfr_pow));
      expect_judged(Op::hypotenuse, x, q, judged(f, x, direction, mpfr_hypot));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, AgainstMpfr,
                         testing::Values("float8_e4m3", "float8_e5m2", "bfloat16", "binary16",
                                         "binary32", "binary64"),
                         [](const auto& info) { return instance_name(info.param); });

// What MPFR does not have, from definitions, at a precision beyond doubt.
double judged_activation(Op op, double x) {
  constexpr mpfr_prec_t precision = 4000;
  mpfr_t a;
  mpfr_t t;
  mpfr_inits2(precision, a, t, nullptr);
  mpfr_set_d(a, x, MPFR_RNDN);
  if (op == Op::gelu) {
    mpfr_sqrt_ui(t, 2, MPFR_RNDN);
    mpfr_div(t, a, t, MPFR_RNDN);
    mpfr_erf(t, t, MPFR_RNDN);
    mpfr_add_ui(t, t, 1, MPFR_RNDN);
    mpfr_div_2ui(t, t, 1, MPFR_RNDN);
    mpfr_mul(t, t, a, MPFR_RNDN);
  } else {
    mpfr_neg(t, a, MPFR_RNDN);
    mpfr_exp(t, op == Op::softplus ? a : t, MPFR_RNDN);
    mpfr_add_ui(t, t, 1, MPFR_RNDN);
    if (op == Op::softplus) {
      mpfr_log(t, t, MPFR_RNDN);
    } else {
      mpfr_ui_div(t, 1, t, MPFR_RNDN);
      if (op == Op::silu) mpfr_mul(t, t, a, MPFR_RNDN);
    }
  }
  const double result = mpfr_get_d(t, MPFR_RNDN);
  mpfr_clears(a, t, nullptr);
  return result;
}

TEST(Functions, ActivationsAreTheirDefinitions) {
  const Quantizer q = quantizer("binary64");
  sampling::Stream stream(13);
  for (const Op op : {Op::sigmoid, Op::gelu, Op::silu, Op::softplus}) {
    for (int i = 0; i < 40; ++i) {
      const double x = std::ldexp(static_cast<double>(stream.bits(53)) - 0x1p52,
                                  static_cast<int>(stream.below(20)) - 63);
      const Outcome got = operate(op, std::array{from_double(x)}, q, 0);
      EXPECT_EQ(to_double(decode(q.format, got.code)), judged_activation(op, x))
          << name_of(op) << " " << x;
    }
  }
}

TEST(Functions, IncreasingOnesIncrease) {
  const std::vector<Op> ops{Op::exp,  Op::exp2, Op::expm1, Op::log1p,    Op::asin,
                            Op::atan, Op::sinh, Op::tanh,  Op::sigmoid,  Op::erf,
                            Op::log,  Op::log2, Op::log10, Op::softplus, Op::cube_root};
  for (const char* name : {"posit8", "takum_log8", "log4.3", "float8_e4m3fn", "nf4"}) {
    const Format format = find_format(name);
    const Range range_of_ranks = finite_range(format);
    const Quantizer q = in_mode(format, Mode::nearest_even);
    for (const Op op : ops) {
      std::optional<Value> before;
      for (Rank rank = range_of_ranks.lowest; rank <= range_of_ranks.highest; ++rank) {
        const Outcome got = operate(op, std::array{value_at(format, rank)}, q, 0);
        const Value result = decode(format, got.code);
        if (result.is_nan() || (got.flags & (bad | dbz)) != 0) continue;
        if (before) {
          EXPECT_LE(compare(*before, result), 0) << name << " " << name_of(op);
        }
        before = result;
      }
    }
  }
}

// Operands and results of logarithmic formats: e^(log x) and (x^3)^(1/3) are x.
TEST(Functions, InverseFunctionsOfIrrationalNumbersAreExact) {
  const Format format = find_format("takum_log8");
  const Range range = finite_range(format);
  for (Rank rank = 1; rank <= range.highest; ++rank) {
    const Value x = value_at(format, rank);
    const Exact logarithm = function(Op::log, std::array{x});
    ASSERT_FALSE(logarithm.value.enclosure);
    if (logarithm.value.numerator.is_zero()) continue;
    const Exact back = function(Op::exp, std::array{logarithm.value.numerator});
    EXPECT_TRUE(identical(back.value.numerator, x));
    const Exact cube = function(Op::power, std::array{x, make_value(3)});
    const Exact root = function(Op::cube_root, std::array{cube.value.numerator});
    EXPECT_TRUE(identical(root.value.numerator, x));
  }
}

}  // namespace
}  // namespace halfulp::reference

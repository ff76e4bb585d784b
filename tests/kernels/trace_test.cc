// SPDX-License-Identifier: MIT
//
// Traces of dot products: they end in what the emulator delivers, every addition at once is what
// its items make, cut by a second arithmetic (boost's rationals), and names count terms as callers
// do.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <set>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "golden/kernels/product.h"
#include "golden/kernels/trace.h"
#include "golden/kernels/unit_dot.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using boost::multiprecision::cpp_rational;
using sampling::Stream;

struct Drawn {
  std::vector<Code> a, b;
  Code c = 0;
  std::vector<std::vector<Code>> a_scales, b_scales;
  [[nodiscard]] DotCodes codes() const { return {a, b, c, a_scales, b_scales}; }
};

Code draw(const Format& format, Stream& stream) { return stream.wide(bits(format)); }

// Any codes, NaN and infinities among them.
Drawn draw(const MatrixUnit& unit, std::size_t terms, Stream& stream) {
  Drawn drawn;
  for (std::size_t k = 0; k < terms; ++k) {
    drawn.a.push_back(draw(unit.a.format, stream));
    drawn.b.push_back(draw(unit.b.format, stream));
  }
  drawn.c = draw(unit.c.format, stream);
  for (const Sum& sum : unit.tree.sums) {
    if (!sum.scaling) continue;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    std::vector<Code>& left = drawn.a_scales.emplace_back();
    std::vector<Code>& right = drawn.b_scales.emplace_back();
    for (std::size_t i = 0; i < (terms + block - 1) / block; ++i) {
      left.push_back(draw(sum.scaling->left, stream));
      right.push_back(draw(sum.scaling->right, stream));
    }
  }
  return drawn;
}

cpp_rational power_of_two(std::int64_t power) {
  const Integer one = 1;
  return power >= 0 ? cpp_rational(one << static_cast<unsigned>(power))
                    : cpp_rational(one, one << static_cast<unsigned>(-power));
}
cpp_rational rational(const Value& x) {
  const cpp_rational magnitude = cpp_rational(x.significand) * power_of_two(x.exponent);
  return x.negative ? -magnitude : magnitude;
}
// The multiple of 2^quantum next to x toward zero, or next below.
cpp_rational cut(const cpp_rational& x, std::int64_t quantum, bool downward) {
  const cpp_rational q = power_of_two(quantum);
  const cpp_rational quotient = x / q;
  Integer n = numerator(quotient) / denominator(quotient);  // toward zero
  if (downward && cpp_rational(n) > quotient) n -= 1;
  return cpp_rational(n) * q;
}

bool all_finite(const TraceStep& step) {
  return std::ranges::all_of(step.items, [](const TraceItem& x) { return x.value.is_finite(); });
}

// Holds an addition at once of finite items against its alignment, written again.
void check_addition(const TraceStep& step, const std::string& who) {
  std::optional<std::int64_t> largest;
  for (const TraceItem& item : step.items) {
    EXPECT_EQ(item.value.is_zero() && item.exponent.has_value(), false) << who;
    if (item.exponent && (!largest || *item.exponent > *largest)) largest = item.exponent;
  }
  if (step.alignment && step.alignment->least_exponent)
    largest = std::max(largest.value_or(*step.alignment->least_exponent),
                       *step.alignment->least_exponent);
  EXPECT_EQ(step.exponent, largest) << who;
  cpp_rational total = 0;
  for (const TraceItem& item : step.items) {
    cpp_rational expected = rational(item.value);
    if (step.alignment && largest) {
      const bool running = item.name == "s" || item.name == "C";
      const int bits = running ? step.alignment->running_bits.value_or(step.alignment->bits)
                               : step.alignment->bits;
      expected = cut(expected, *largest - bits, step.alignment->downward);
      const bool dropped = running && step.alignment->drops_running && item.exponent &&
                           *item.exponent < *largest - bits - 1;
      if (dropped) expected = 0;
    }
    EXPECT_EQ(rational(item.added), expected) << who << " " << item.name;
    total += expected;
  }
  if (step.alignment && step.alignment->sum_bits) return;
  EXPECT_EQ(rational(step.exact.numerator), total) << who;
}

// Products are named once each, whatever the order in which they are taken.
void check_names(const MatrixUnit& unit, const Trace& trace, std::size_t terms) {
  std::set<std::size_t> named;
  for (const TraceStep& step : trace.steps) {
    for (const TraceItem& item : step.items) {
      EXPECT_NE(item.name, "") << unit.name << " " << step.what;
      if (!item.term) continue;
      EXPECT_TRUE(named.insert(*item.term).second) << unit.name << " " << item.name;
      const std::string k = "[" + std::to_string(*item.term) + "]";
      EXPECT_EQ(item.name, std::string("a").append(k).append(" b").append(k)) << unit.name;
    }
  }
  const bool at_once = adds_at_once(unit.tree, unit.tree.sums.size() - 1);
  EXPECT_EQ(named.size(), at_once ? whole_instructions(unit, terms) : 0) << unit.name;
}

void check_trace(const UnitDot& dot, const MatrixUnit& unit, std::size_t terms, Stream& stream) {
  const Drawn drawn = draw(unit, terms, stream);
  const DotCodes codes = drawn.codes();
  const Trace trace = trace_of(dot, unit, codes);
  ASSERT_FALSE(trace.steps.empty());
  EXPECT_EQ(code_text(unit.d, trace.result), code_text(unit.d, dot(codes))) << unit.name;
  const Value& last = trace.steps.back().rounded;
  EXPECT_TRUE(identical(last, decode(unit.d, trace.result))) << unit.name;
  for (const TraceStep& step : trace.steps) {
    if (step.at_once && all_finite(step)) check_addition(step, unit.name + ": " + step.what);
  }
  check_names(unit, trace, terms);
}
void check_trace(const MatrixUnit& unit, std::size_t terms, Stream& stream) {
  check_trace(UnitDot(unit, emulator::engine()), unit, terms, stream);
}

TEST(Traces, OfEveryUnitAreItsArithmeticAndEndInItsResult) {
  Stream stream(3);
  for (const MatrixUnit& unit : shipped_units()) {
    const UnitDot dot(unit, emulator::engine());
    for (const std::size_t terms : {std::size_t{1}, std::size_t{37}, std::size_t{64}})
      check_trace(dot, unit, terms, stream);
  }
}

TEST(Traces, OfOrdersEndInTheResult) {
  Stream stream(4);
  const MatrixUnit& hopper = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  for (const char* order : {"promote:32", "split-k:2:32,promote:32", "tree:32:bfloat16"})
    check_trace(unit_of(hopper, order_from_text(order), 70), 70, stream);
  for (const char* text :
       {"sequential:binary16", "fma:bfloat16", "pairwise:binary32", "exact:binary16"}) {
    const Order order = order_from_text(text);
    const Format half = find_format("binary16");
    check_trace(unit_of(unit_of(order, half, half), order, 9), 9, stream);
  }
}

std::vector<std::string> steps_of(const std::string& order_text, const std::vector<double>& a) {
  const Order order = order_from_text(order_text);
  const Format format = find_format("binary32");
  const MatrixUnit unit = unit_of(unit_of(order, format, format), order, a.size());
  const UnitDot dot(unit, emulator::engine());
  std::vector<Code> codes;
  for (const double x : a) codes.push_back(encode(format, from_double(x)));
  const Trace trace = trace_of(
      dot, unit, {.a = codes, .b = std::vector<Code>(a.size(), encode(format, from_double(1)))});
  std::vector<std::string> lines;
  for (const TraceStep& step : trace.steps)
    lines.push_back(step.what + " = " + hexadecimal_text(step.rounded));
  return lines;
}

TEST(Traces, AreComparedStepByStep) {
  const MatrixUnit& wide = find_matrix_unit("nv.blackwell.tcgen05.e4m3.f32");
  MatrixUnit narrow = wide;
  narrow.tree.sums.front().alignment->bits = 13;
  const UnitDot wide_dot(wide, emulator::engine());
  const UnitDot narrow_dot(narrow, emulator::engine());
  // The first 64 terms are 1, exact in both; then 448 * 448 and 2^-3 meet.
  std::vector<Code> a(128, encode(wide.a.format, from_double(1)));
  std::vector<Code> b = a;
  a[64] = b[64] = encode(wide.a.format, from_double(448));
  a[65] = encode(wide.a.format, from_double(0.125));
  const DotCodes codes{.a = a, .b = b};
  const Trace one = trace_of(wide_dot, wide, codes);
  const Trace other = trace_of(narrow_dot, narrow, codes);
  EXPECT_EQ(first_difference(one, other), 2);
  EXPECT_EQ(first_difference(one, one), std::nullopt);
  Trace shorter = one;
  shorter.steps.pop_back();
  EXPECT_EQ(first_difference(one, shorter), shorter.steps.size());
}

TEST(Traces, SayWhatEachStepAdds) {
  EXPECT_EQ(steps_of("fma:binary16", {1, 2}),
            (std::vector<std::string>{"C + a[0] b[0] = 0x1p+0", "s + a[1] b[1] = 0x1.8p+1"}));
  EXPECT_EQ(steps_of("sequential:binary16", {1, 2}),
            (std::vector<std::string>{"a[0] b[0] = 0x1p+0", "C + a[0] b[0] = 0x1p+0",
                                      "a[1] b[1] = 0x1p+1", "s + a[1] b[1] = 0x1.8p+1"}));
  EXPECT_EQ(
      steps_of("pairwise:binary16", {1, 2, 4}),
      (std::vector<std::string>{"a[0] b[0] = 0x1p+0", "a[0] b[0] = 0x1p+0", "a[1] b[1] = 0x1p+1",
                                "a[1] b[1] = 0x1p+1", "a[2] b[2] = 0x1p+2", "a[2] b[2] = 0x1p+2",
                                "sum before + sum of term 1 = 0x1.8p+1",
                                "sum before + sum of term 2 = 0x1.cp+2", "s + C = 0x1.cp+2"}));
  const std::string compensated =
      R"({"tree": {"sums": [{"joining": "compensated", "quantizer": "binary32"}]}})";
  EXPECT_EQ(steps_of(compensated, {1, 2}),
            (std::vector<std::string>{"-c + a[0] b[0] = 0x1p+0", "C + y = 0x1p+0", "t - C = 0x1p+0",
                                      "t - s - y = 0x0p+0", "-c + a[1] b[1] = 0x1p+1",
                                      "s + y = 0x1.8p+1", "t - s = 0x1p+1", "t - s - y = 0x0p+0"}));
}

}  // namespace
}  // namespace halfulp::kernels

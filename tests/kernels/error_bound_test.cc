// SPDX-License-Identifier: MIT
//
// Error bounds of units and orders: no result of the unit itself is beyond its bound, in any class
// of inputs; bounds are near what directed operands reach; and a kernel that keeps fewer bits is
// beyond them.
#include "golden/kernels/error_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/inputs.h"
#include "golden/kernels/within_bound.h"

namespace halfulp::kernels {
namespace {

using tensors::Tensor;

BoundVerdict judged(const Tensor& got, const MatrixUnit& unit, const Order& order,
                    const ProductOperands& operands, const BoundOptions& options = {}) {
  return judge(got, unit, order, emulator::engine(), operands, options);
}

struct Told {
  double largest = 0;  // error over bound
  std::uint64_t bounded = 0;
};
// What the unit makes is within its bound and, likely_too, the probabilistic one.
Told expect_within(const MatrixUnit& unit, const Order& order, const Inputs& inputs,
                   const std::string& name, bool likely_too = true) {
  const ProductOperands operands = inputs.operands();
  const Tensor got = multiply(unit, order, emulator::engine(), operands, {});
  const BoundVerdict found = judged(got, unit, order, operands);
  EXPECT_EQ(found.beyond, 0) << name << ": error " << found.first.front().error << ", bound "
                             << found.first.front().bound;
  const BoundVerdict likely =
      judged(got, unit, order, operands, {.kind = BoundKind::probabilistic});
  EXPECT_TRUE(!likely_too || likely.beyond == 0) << name;
  EXPECT_LE(likely.largest_bound, found.largest_bound) << name;
  const bool measured = found.largest && found.largest->bound > 0;
  return {measured ? found.largest->error / found.largest->bound : 0,
          found.results - found.unbounded};
}

TEST(ErrorBoundsOfProducts, HoldForEveryUnitAndClass) {
  const Order plain = order_from_text("plain");
  for (const MatrixUnit& unit : shipped_units()) {
    for (const InputClassEntry& entry : input_classes()) {
      const std::string name = unit.name + ", " + std::string(entry.name);
      const Inputs inputs =
          inputs_of(unit, plain, entry.kind, {.rows = 4, .terms = 100, .columns = 4}, 11);
      const Told told = expect_within(unit, plain, inputs, name);
      // Near one nothing overflows, and of 16 drawn results one errs by a 250th of its bound at
      // least: drawn errors cancel, those of a bound add up.
      if (entry.kind != InputClass::near_one) continue;
      EXPECT_EQ(told.bounded, 16) << name;
      EXPECT_GT(told.largest, 0.004) << name;
    }
  }
}

TEST(ErrorBoundsOfProducts, HoldForOrdersAroundUnits) {
  for (const char* name : {"nv.hopper.wgmma.e4m3.f32", "nv.hopper.mma.f16.f32", "amd.cdna2.bf16",
                           "nv.hopper.mma.e4m3.f16"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    for (const char* text :
         {"promote:32", "split-k:3:32", "tree:32:bfloat16", "split-k:2:64,promote:32"}) {
      const Order order = order_from_text(text);
      for (const InputClassEntry& entry : input_classes())
        expect_within(
            unit, order,
            inputs_of(unit, order, entry.kind, {.rows = 4, .terms = 200, .columns = 4}, 3),
            std::string(name) + ", " + text + ", " + std::string(entry.name));
    }
  }
  const MatrixUnit& hopper = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  const Order scaled = order_from_text("deepgemm:128");
  for (const InputClassEntry& entry : input_classes())
    expect_within(hopper, scaled,
                  inputs_of(hopper, scaled, entry.kind, {.rows = 4, .terms = 300, .columns = 4}, 3),
                  "deepgemm, " + std::string(entry.name));
}

const char* const compensated =
    R"({"tree": {"product": "binary16", "sums": [{"joining": "compensated", "quantizer": "binary16"}]}})";
const char* const compensated_from_exact =
    R"({"tree": {"sums": [{"joining": "compensated", "quantizer": "bfloat16"}]}})";
const char* const stochastic =
    R"({"tree": {"sums": [{"joining": "in_sequence", "quantizer":
        {"format": "bfloat16", "rounding": "stochastic", "random_bits": 8}}]}})";
const char* const halving =
    R"({"tree": {"sums": [{"joining": "halves", "of": "strands", "size": 8, "quantizer": "binary32"},
        {"joining": "in_sequence", "quantizer": {"format": "binary32", "rounding": "toward-positive"}}]}})";

TEST(ErrorBoundsOfProducts, HoldForOrdersWithAnArithmeticOfTheirOwn) {
  const Format half = find_format("binary16");
  for (const char* text :
       {"sequential:binary32", "fma:binary32", "pairwise:binary32", "exact:binary32",
        "sequential:bfloat16", "fma:binary16", "pairwise:bfloat16", "fma:float8_e4m3fn",
        "sequential:binary64", compensated, compensated_from_exact, stochastic, halving}) {
    const Order order = order_from_text(text);
    const MatrixUnit unit = unit_of(order, half, half);
    for (const InputClassEntry& entry : input_classes()) {
      if (entry.kind == InputClass::exact) continue;  // not all of these hold such sums
      const Inputs inputs =
          inputs_of(unit, order, entry.kind, {.rows = 6, .terms = 64, .columns = 6}, 5);
      // A sum in E4M3 soon stands still and errs in one direction: its errors have no mean of zero.
      const bool likely = std::string(text) != "fma:float8_e4m3fn";
      expect_within(unit, order, inputs, std::string(text) + ", " + std::string(entry.name),
                    likely);
    }
  }
}

Tensor of_numbers(const Format& format, const tensors::Shape& shape,
                  const std::vector<double>& numbers) {
  return tensors::from_numbers({"", tensors::element_type(format), shape},
                               std::span<const double>(numbers));
}

// The product of a row and a column of these numbers.
struct Directed {
  Tensor a, b;
  Directed(const MatrixUnit& unit, const std::vector<double>& x, const std::vector<double>& y) {
    const auto terms = static_cast<std::int64_t>(x.size());
    a = of_numbers(unit.a.format, {1, terms}, x);
    b = of_numbers(unit.b.format, {terms, 1}, y);
  }
  [[nodiscard]] ProductOperands operands() const { return {.a = &a, .b = &b}; }
};

// 2^16, and terms that are just too small to be kept beside it: all of each is lost.
TEST(ErrorBoundsOfProducts, AreReachedByTermsJustBelowTheCut) {
  const Order plain = order_from_text("plain");
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  std::vector<double> x(1024, 7.5);  // 13 bits below 2^16 are units of 8
  std::vector<double> y(1024, 1);
  x[0] = y[0] = 256;
  const Directed product(unit, x, y);
  const Tensor got = multiply(unit, plain, emulator::engine(), product.operands(), {});
  EXPECT_EQ(tensors::doubles_of(got)[0], 65536);
  const BoundVerdict found = judged(got, unit, plain, product.operands());
  EXPECT_EQ(found.beyond, 0);
  ASSERT_TRUE(found.largest);
  EXPECT_EQ(found.largest->error, 7.5 * 1023);
  EXPECT_LT(found.largest->bound, 1.1 * found.largest->error);
  EXPECT_TRUE(found.has_certain_errors);
  EXPECT_FALSE(found.has_likely_errors);
}

// 1, and halves of its last place, each of which is lost in a tie.
TEST(ErrorBoundsOfProducts, AreReachedByTies) {
  for (const char* text : {"fma:binary16", "sequential:binary16"}) {
    const Order order = order_from_text(text);
    const MatrixUnit unit = unit_of(order, find_format("binary32"), find_format("binary32"));
    std::vector<double> x(500, 0x1p-11);
    x[0] = 1;
    const Directed product(unit, x, std::vector<double>(500, 1));
    const Tensor got = multiply(unit, order, emulator::engine(), product.operands(), {});
    EXPECT_EQ(tensors::doubles_of(got)[0], 1);
    const BoundVerdict found = judged(got, unit, order, product.operands());
    EXPECT_EQ(found.beyond, 0);
    EXPECT_EQ(found.largest->error, 499 * 0x1p-11);
    EXPECT_LT(found.largest->bound, 1.1 * found.largest->error) << text;
    EXPECT_TRUE(found.has_likely_errors);
    EXPECT_FALSE(found.has_certain_errors);
  }
}

// What Hopper makes is not what Blackwell may make.
TEST(ErrorBoundsOfProducts, AreExceededByANarrowerAccumulator) {
  const Order plain = order_from_text("plain");
  const MatrixUnit& wide = find_matrix_unit("nv.blackwell.tcgen05.e4m3.f32");
  const MatrixUnit& narrow = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  std::vector<double> x(1024, 7.5);
  std::vector<double> y(1024, 1);
  x[0] = y[0] = 256;
  const Directed product(wide, x, y);
  const Tensor got = multiply(narrow, plain, emulator::engine(), product.operands(), {});
  const BoundVerdict found = judged(got, wide, plain, product.operands());
  EXPECT_EQ(found.beyond, 1);
  ASSERT_EQ(found.first.size(), 1);
  EXPECT_GT(found.first[0].error, 100 * found.first[0].bound);
  // And on drawn operands.
  const Inputs inputs =
      inputs_of(wide, plain, InputClass::near_one, {.rows = 16, .terms = 256, .columns = 16}, 2);
  const Tensor drawn = multiply(narrow, plain, emulator::engine(), inputs.operands(), {});
  EXPECT_GT(judged(drawn, wide, plain, inputs.operands()).beyond, 128);
}

TEST(ErrorBoundsOfProducts, AreZeroForSmallIntegersInEveryUnit) {
  const Order plain = order_from_text("plain");
  for (const MatrixUnit& unit : shipped_units()) {
    const Inputs inputs =
        inputs_of(unit, plain, InputClass::exact, {.rows = 3, .terms = 64, .columns = 3}, 4);
    const ProductOperands operands = inputs.operands();
    Tensor got = multiply(unit, plain, emulator::engine(), operands, {});
    const BoundVerdict found = judged(got, unit, plain, operands);
    EXPECT_EQ(found.beyond, 0) << unit.name;
    EXPECT_EQ(found.largest_bound, 0) << unit.name;
    got.data[0] ^= 1;
    EXPECT_EQ(judged(got, unit, plain, operands).beyond, 1) << unit.name;
  }
}

TEST(ErrorBoundsOfProducts, AreOfTheNumbersThatAreGiven) {
  // A unit that takes subnormals as zeros, and one that cuts its operands to TF32.
  const Order plain = order_from_text("plain");
  for (const char* name : {"amd.cdna2.f16", "nv.ampere.mma.tf32.f32"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    const double x = unit.a.as ? 1 + 0x1p-23 : 0x1p-20;
    const Directed product(unit, {x, 0}, {1, 0});
    const Tensor got = multiply(unit, plain, emulator::engine(), product.operands(), {});
    const BoundVerdict found = judged(got, unit, plain, product.operands());
    EXPECT_EQ(found.beyond, 0) << name;
    ASSERT_TRUE(found.largest) << name;
    EXPECT_EQ(found.largest->exact, x) << name;
    EXPECT_GT(found.largest->error, 0) << name;
    EXPECT_LT(found.largest->bound, 2 * found.largest->error) << name;
  }
}

// The exact product is that of exact numbers, scales included.
TEST(ErrorBoundsOfProducts, AreHeldAgainstTheExactProduct) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  const Order order = order_from_text("deepgemm:128");
  const Inputs inputs =
      inputs_of(unit, order, InputClass::wide, {.rows = 2, .terms = 300, .columns = 2}, 9);
  const Tensor exact = exact_product(unit, order, emulator::engine(), inputs.operands(), {});
  const std::vector<double> a = tensors::doubles_of(inputs.a);
  const std::vector<double> b = tensors::doubles_of(inputs.b);
  const std::vector<double> c = tensors::doubles_of(inputs.c);
  const std::vector<double> left = tensors::doubles_of(inputs.a_scales.at(0));
  const std::vector<double> right = tensors::doubles_of(inputs.b_scales.at(0));
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t row = i / 2;
    const std::size_t column = i % 2;
    Value total = from_double(c[i]);
    for (std::size_t k = 0; k < 300; ++k) {
      const Value p = product(from_double(a[row * 300 + k]), from_double(b[k * 2 + column]));
      const Value s =
          product(from_double(left[row * 3 + k / 128]), from_double(right[column * 3 + k / 128]));
      total = sum(total, product(p, s));
    }
    EXPECT_EQ(tensors::doubles_of(exact)[i], nearest_double(total)) << i;
  }
}

TEST(ErrorBoundsOfProducts, ProbabilisticOnesGrowWithTheRootOfTheTerms) {
  // 2 N exp(-lambda^2 / 2) is the probability asked for.
  EXPECT_NEAR(2 * 1000 * std::exp(-std::pow(lambda_of(1e-6, 1000), 2) / 2), 1e-6, 1e-9);
  const Order order = order_from_text("fma:binary32");
  const MatrixUnit unit = unit_of(order, find_format("binary32"), find_format("binary32"));
  std::vector<double> ratios;
  for (const std::size_t terms : {256, 4096}) {
    const Inputs inputs =
        inputs_of(unit, order, InputClass::near_one, {.rows = 8, .terms = terms, .columns = 8}, 1);
    const ProductOperands operands = inputs.operands();
    const Tensor got = multiply(unit, order, emulator::engine(), operands, {});
    const BoundVerdict all = judged(got, unit, order, operands);
    const BoundVerdict likely =
        judged(got, unit, order, operands, {.kind = BoundKind::probabilistic});
    EXPECT_EQ(likely.beyond, 0);
    EXPECT_NEAR(likely.lambda, lambda_of(1e-6, 64), 1e-12);
    ratios.push_back(all.largest_bound / likely.largest_bound);
  }
  EXPECT_GT(ratios[0], 2);
  EXPECT_NEAR(ratios[1] / ratios[0], 4, 0.5);  // sqrt(4096 / 256)
}

TEST(ErrorBoundsOfProducts, AreNoneWhereAnOperandIsNotFiniteOrASumMayOverflow) {
  const Order plain = order_from_text("plain");
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f16");
  for (const auto& x : {std::vector<double>{INFINITY, 1}, {NAN, 1}, {60000, 60000}}) {
    const Directed product(unit, x, {1, 1});
    const Tensor got = of_numbers(unit.d, {1, 1}, {0});
    const BoundVerdict found = judged(got, unit, plain, product.operands());
    EXPECT_EQ(found.unbounded, 1);
    EXPECT_EQ(found.beyond, 0);
    EXPECT_FALSE(found.largest);
  }
  // But what is not finite where there is a bound is beyond it.
  const Directed product(unit, {1, 1}, {1, 1});
  for (const double wrong : {INFINITY, NAN}) {
    const Tensor got = of_numbers(unit.d, {1, 1}, {wrong});
    EXPECT_EQ(judged(got, unit, plain, product.operands()).beyond, 1);
  }
}

TEST(ErrorBoundsOfProducts, RoundOnceMoreWhereTheResultIsNarrower) {
  const Order plain = order_from_text("plain");
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.bf16.f32");
  const Inputs inputs =
      inputs_of(unit, plain, InputClass::near_one, {.rows = 8, .terms = 64, .columns = 8}, 1);
  const ProductOperands operands = inputs.operands();
  const Quantizer last{.format = find_format("bfloat16"), .rounding = {}};
  const Tensor got = multiply(unit, plain, emulator::engine(), operands, {.to = last});
  EXPECT_EQ(judge(got, unit, plain, emulator::engine(), operands, {.to = last}).beyond, 0);
  EXPECT_GT(judge(got, unit, plain, emulator::engine(), operands, {}).beyond, 0);
}

TEST(ErrorBoundsOfProducts, RefuseWhatTheyDoNotKnow) {
  const Format half = find_format("binary16");
  const auto refused = [&](const std::string& text) {
    const Order order = order_from_text(text);
    const MatrixUnit unit = unit_of(order, half, half);
    const Directed product(unit, {1, 1}, {1, 1});
    EXPECT_THROW(ErrorBounds(unit, order, product.operands(), {}), Error) << text;
  };
  refused(R"({"tree": {"sums": [{"joining": "in_sequence", "quantizer": "posit16"}]}})");
  refused(R"({"tree": {"sums": [{"joining": "in_sequence",
              "quantizer": {"format": "binary32", "flush_inputs": true}}]}})");
  refused(R"({"tree": {"sums": [{"joining": "in_sequence", "quantizer": "binary32"}]},
              "epilogue": [{"what": "convert", "quantizer": "bfloat16"}]})");
}

}  // namespace
}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// Every class of inputs does what it says, on the units of which it says it; elements depend on
// their place alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/inputs.h"
#include "golden/kernels/product.h"
#include "tests/support/error_of.h"

namespace halfulp::kernels {
namespace {

using tensors::Tensor;

Tensor results(const MatrixUnit& unit, const Order& order, const Inputs& inputs) {
  return multiply(unit, order, emulator::engine(), inputs.operands(), {});
}

Inputs drawn(const MatrixUnit& unit, InputClass kind, const InputShape& shape,
             std::uint64_t seed = 1) {
  return inputs_of(unit, order_from_text("plain"), kind, shape, seed);
}

std::map<CodeClass, std::size_t> classes_of(const Tensor& tensor) {
  std::map<CodeClass, std::size_t> counts;
  for (const std::uint64_t code : tensors::codes_of(tensor))
    ++counts[classify(tensor.type.format, code)];
  return counts;
}
std::size_t negative_zeros(const Tensor& tensor) {
  std::size_t count = 0;
  for (const double x : tensors::doubles_of(tensor)) count += x == 0 && std::signbit(x) ? 1 : 0;
  return count;
}

constexpr InputShape usual{.rows = 8, .terms = 64, .columns = 6};

TEST(Inputs, ExactOnesAgreeInEveryUnitAndOrder) {
  const Order exact = order_from_text("exact:binary64");
  for (const MatrixUnit& unit : shipped_units()) {
    for (const std::size_t terms : {std::size_t{5}, std::size_t{70}, std::size_t{600}}) {
      const Inputs inputs =
          drawn(unit, InputClass::exact, {.rows = 5, .terms = terms, .columns = 4});
      const std::vector<double> got =
          tensors::doubles_of(results(unit, order_from_text("plain"), inputs));
      // Without the scales, which are all one.
      const Inputs plain{inputs.a, inputs.b, inputs.c, {}, {}};
      const MatrixUnit other = unit_of(exact, unit.a.format, unit.b.format);
      const std::vector<double> want = tensors::doubles_of(results(other, exact, plain));
      EXPECT_EQ(got, want) << unit.name << " " << terms;
      EXPECT_GT(std::set<double>(want.begin(), want.end()).size(), 4U) << unit.name;
    }
  }
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  const Inputs inputs = drawn(unit, InputClass::exact, usual);
  const Tensor want = results(unit, order_from_text("plain"), inputs);
  for (const char* order : {"promote:32", "split-k:2:32", "tree:32", "split-k:2:32,promote:32"})
    EXPECT_EQ(results(unit, order_from_text(order), inputs).data, want.data) << order;
  for (const char* text : {"sequential:binary32", "fma:binary32", "pairwise:binary32",
                           "exact:binary32", "sequential:binary16"}) {
    const Order order = order_from_text(text);
    const MatrixUnit other = unit_of(order, unit.a.format, unit.b.format);
    EXPECT_EQ(tensors::doubles_of(results(other, order, inputs)), tensors::doubles_of(want))
        << text;
  }
}

// Sums that are too narrow are refused, or have fewer terms that are no zeros.
TEST(Inputs, ExactOnesFitTheNarrowestSum) {
  const Format half = find_format("binary16");
  const Order narrow = order_from_text("sequential:bfloat16");
  const MatrixUnit unit = unit_of(narrow, half, half);
  const Inputs inputs = inputs_of(unit, narrow, InputClass::exact, {4, 1000, 4}, 1);
  const Order exact = order_from_text("exact:binary64");
  EXPECT_EQ(tensors::doubles_of(results(unit, narrow, inputs)),
            tensors::doubles_of(results(unit_of(exact, half, half), exact, inputs)));
  const Order too_narrow = order_from_text("sequential:float4_e2m1fn");
  const std::string said = error_of(
      [&] { inputs_of(unit_of(too_narrow, half, half), too_narrow, InputClass::exact, usual, 1); });
  EXPECT_NE(said.find("hold no product"), std::string::npos) << said;
}

// How far apart the exponents of two products can be.
std::int64_t reach(const MatrixUnit& unit) {
  std::int64_t reach = 0;
  for (const Format* format : {&unit.a.format, &unit.b.format}) {
    reach += leading_exponent(largest_finite(*format));
    reach -= leading_exponent(smallest_normal(*format));
  }
  return reach;
}

// A unit that cuts a bit earlier or later gives something else, where products are wide enough
// apart for it.
TEST(Inputs, AlignmentPartsUnitsThatDifferByABit) {
  const Order plain = order_from_text("plain");
  std::size_t aligned = 0;
  for (const MatrixUnit& unit : shipped_units()) {
    const std::optional<Alignment>& innermost = unit.tree.sums.back().alignment;
    if (!innermost || reach(unit) < innermost->bits) continue;
    ++aligned;
    const Inputs inputs = drawn(unit, InputClass::alignment, {16, 64, 8});
    const Tensor own = results(unit, plain, inputs);
    for (const int change : {-1, 1}) {
      MatrixUnit other = unit;
      for (Sum& sum : other.tree.sums) {
        if (sum.alignment) sum.alignment->bits += change;
      }
      const bool differs = results(other, plain, inputs).data != own.data;
      EXPECT_TRUE(differs) << unit.name << " " << change << " of " << innermost->bits;
    }
  }
  EXPECT_GT(aligned, 70U);
}

TEST(Inputs, NearOneAreFromAQuarterToFour) {
  for (const MatrixUnit& unit : shipped_units()) {
    const Inputs inputs = drawn(unit, InputClass::near_one, usual);
    for (const Tensor* tensor : {&inputs.a, &inputs.b, &inputs.c}) {
      const std::int64_t least =
          std::max<std::int64_t>(-2, leading_exponent(smallest_normal(tensor->type.format)));
      std::set<bool> signs;
      for (const double x : tensors::doubles_of(*tensor)) {
        EXPECT_GE(std::abs(x), std::ldexp(1.0, static_cast<int>(least))) << unit.name;
        EXPECT_LT(std::abs(x), 4) << unit.name;
        signs.insert(std::signbit(x));
      }
      EXPECT_EQ(signs.size(), 2U) << unit.name;
    }
  }
}

TEST(Inputs, WideOnesReachTheLeastExponentAndStayFinite) {
  for (const char* name : {"nv.hopper.mma.f16.f16", "nv.hopper.wgmma.e5m2.f32",
                           "nv.hopper.mma.f16.f32", "amd.cdna2.bf16_1k"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    const Inputs inputs = drawn(unit, InputClass::wide, {.rows = 64, .terms = 64, .columns = 64});
    std::set<int> exponents;
    for (const double x : tensors::doubles_of(inputs.a)) exponents.insert(std::ilogb(x));
    const std::int64_t least = leading_exponent(smallest_normal(unit.a.format));
    EXPECT_EQ(*exponents.begin(), least) << name;
    EXPECT_EQ(exponents.size(), static_cast<std::size_t>(*exponents.rbegin() - least + 1)) << name;
    for (const double x : tensors::doubles_of(results(unit, order_from_text("plain"), inputs)))
      EXPECT_TRUE(std::isfinite(x)) << name;
  }
}

TEST(Inputs, CancellingSumsAreSmallBesideTheirTerms) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f32");
  const Inputs inputs = drawn(unit, InputClass::cancelling, {16, 65, 16});
  const std::vector<double> a = tensors::doubles_of(inputs.a);
  const std::vector<double> b = tensors::doubles_of(inputs.b);
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t j = 0; j < 16; ++j) {
      double sum = 0;
      double magnitudes = 0;
      for (std::size_t k = 0; k < 65; ++k) {
        const double product = a[i * 65 + k] * b[k * 16 + j];  // 22 bits, exact
        sum += product;
        magnitudes += std::abs(product);
      }
      EXPECT_LT(std::abs(sum), magnitudes / 64);
    }
  }
}

TEST(Inputs, HalfOfTheSubnormalClassIsSubnormal) {
  for (const MatrixUnit& unit : shipped_units()) {
    const Inputs inputs = drawn(unit, InputClass::subnormal, {16, 64, 16});
    for (const Tensor* tensor : {&inputs.a, &inputs.b, &inputs.c}) {
      const std::size_t count = classes_of(*tensor)[CodeClass::subnormal];
      const std::size_t size = tensors::element_count(*tensor);
      EXPECT_GT(count, size * 2 / 5) << unit.name;
      EXPECT_LT(count, size * 3 / 5) << unit.name;
    }
  }
}

TEST(Inputs, ZerosHaveBothSignsInOperandsAndResults) {
  const Order order = order_from_text("sequential:binary32");
  const Format format = find_format("bfloat16");
  const MatrixUnit unit = unit_of(order, format, format);
  const Inputs inputs = inputs_of(unit, order, InputClass::zeros, usual, 1);
  const Tensor d = results(unit, order, inputs);
  for (const Tensor* tensor : {&inputs.a, &inputs.b, &inputs.c}) {
    EXPECT_GT(negative_zeros(*tensor), 0U);
    EXPECT_GT(classes_of(*tensor)[CodeClass::zero], negative_zeros(*tensor));
  }
  EXPECT_GT(negative_zeros(d), 0U);
  EXPECT_GT(classes_of(d)[CodeClass::zero], negative_zeros(d));
  EXPECT_GT(classes_of(d)[CodeClass::normal], 0U);
}

TEST(Inputs, SpecialsMakeEveryKindOfResult) {
  for (const char* name : {"nv.hopper.mma.f16.f32", "nv.hopper.wgmma.e5m2.f32", "x86.vdpbf16ps"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    const Inputs inputs = drawn(unit, InputClass::specials, {32, 64, 16});
    auto operands = classes_of(inputs.a);
    EXPECT_GT(operands[CodeClass::infinite], 0U) << name;
    EXPECT_GT(operands[CodeClass::nan], 0U) << name;
    auto found = classes_of(results(unit, order_from_text("plain"), inputs));
    EXPECT_GT(found[CodeClass::nan], 0U) << name;
    EXPECT_GT(found[CodeClass::infinite], 0U) << name;
    EXPECT_GT(found[CodeClass::normal], 0U) << name;
  }
}

TEST(Inputs, RandomBitsAreEveryCode) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  const Inputs inputs = drawn(unit, InputClass::random_bits, {64, 256, 64});
  std::map<std::uint64_t, std::size_t> counts;
  for (const std::uint64_t code : tensors::codes_of(inputs.a)) ++counts[code];
  EXPECT_EQ(counts.size(), 256U);
  // 64 of each are expected, with a standard deviation of 8.
  for (const auto& [code, count] : counts) {
    EXPECT_GT(count, 64U - 40) << code;
    EXPECT_LT(count, 64U + 40) << code;
  }
}

TEST(Inputs, NearOverflowGivesInfinitiesAndNumbers) {
  for (const char* name : {"nv.hopper.mma.f16.f16", "nv.ampere.mma.bf16.f32",
                           "nv.hopper.wgmma.e5m2.f16", "nv.blackwell.mx.e4m3.f32"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    const Inputs inputs = drawn(unit, InputClass::near_overflow, {32, 64, 16});
    auto found = classes_of(results(unit, order_from_text("plain"), inputs));
    EXPECT_GT(found[CodeClass::infinite], 0U) << name;
    EXPECT_GT(found[CodeClass::normal], 0U) << name;
    EXPECT_EQ(found[CodeClass::nan], 0U) << name;
  }
  for (const MatrixUnit& unit : shipped_units()) {
    const Inputs inputs = drawn(unit, InputClass::near_overflow, usual);
    const std::int64_t most = leading_exponent(largest_finite(unit.c.format));
    for (const double x : tensors::doubles_of(inputs.c))
      EXPECT_GE(leading_exponent(from_double(x)), most - 2) << unit.name;
  }
}

// Rows and columns that are added change nothing; another seed changes everything.
TEST(Inputs, AreAFunctionOfSeedAndPlace) {
  const MatrixUnit& unit = find_matrix_unit("nv.blackwell.nvf4.f32");
  for (const InputClassEntry& entry : input_classes()) {
    const Inputs small = drawn(unit, entry.kind, {.rows = 4, .terms = 64, .columns = 3});
    const Inputs large = drawn(unit, entry.kind, {.rows = 9, .terms = 64, .columns = 7});
    for (std::size_t i = 0; i < 4 * 64; ++i)
      ASSERT_EQ(tensors::code_at(small.a, i), tensors::code_at(large.a, i)) << entry.name;
    for (std::size_t i = 0; i < 64 * 3; ++i) {
      ASSERT_EQ(tensors::code_at(small.b, i), tensors::code_at(large.b, i / 3 * 7 + i % 3))
          << entry.name;
    }
    for (std::size_t i = 0; i < 4 * 3; ++i) {
      ASSERT_EQ(tensors::code_at(small.c, i), tensors::code_at(large.c, i / 3 * 7 + i % 3))
          << entry.name;
    }
    ASSERT_EQ(small.a_scales.size(), 1U);
    for (std::size_t i = 0; i < tensors::element_count(small.b_scales[0]); ++i) {
      ASSERT_EQ(tensors::code_at(small.b_scales[0], i), tensors::code_at(large.b_scales[0], i))
          << entry.name;
    }
    const Inputs other = drawn(unit, entry.kind, {.rows = 4, .terms = 64, .columns = 3}, 2);
    EXPECT_NE(small.a.data, other.a.data) << entry.name;
    EXPECT_NE(small.b.data, other.b.data) << entry.name;
  }
}

TEST(Inputs, OfEveryUnitAndClassCanBeMultiplied) {
  for (const MatrixUnit& unit : shipped_units()) {
    for (const InputClassEntry& entry : input_classes()) {
      const Inputs inputs = drawn(unit, entry.kind, {.rows = 2, .terms = 33, .columns = 2});
      EXPECT_EQ(results(unit, order_from_text("plain"), inputs).shape, (tensors::Shape{2, 2}))
          << unit.name << " " << entry.name;
    }
  }
}

TEST(Inputs, ErrorsNameTheRemedy) {
  EXPECT_NE(error_of([] { find_input_class("algnment"); }).find("\"alignment\""),
            std::string::npos);
  EXPECT_EQ(find_input_class("t").kind, InputClass::alignment);
  const Order order = order_from_text("exact:binary32");
  const MatrixUnit unit = unit_of(order, find_format("int8"), find_format("int8"));
  const std::string said =
      error_of([&] { inputs_of(unit, order, InputClass::near_one, usual, 1); });
  EXPECT_NE(said.find("floating-point"), std::string::npos) << said;
}

}  // namespace
}  // namespace halfulp::kernels

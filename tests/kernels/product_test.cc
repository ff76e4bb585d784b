// SPDX-License-Identifier: MIT
//
// Whole products: against single dot products of the unit, against kernels written out here, and
// the same bytes from both engines and any number of threads.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "golden/kernels/product.h"
#include "golden/kernels/unit_dot.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using sampling::Stream;
using tensors::Tensor;

// Any codes, or numbers near one.
Tensor draw(const Format& format, const tensors::Shape& shape, bool any, Stream& stream) {
  std::vector<std::uint64_t> codes;
  for (std::size_t i = 0; i < tensors::element_count(shape); ++i) {
    std::uint64_t code = stream.bits(bits(format));
    if (!any) {
      const double x = std::ldexp(static_cast<double>(stream.below(16)) - 7.5,
                                  static_cast<int>(stream.below(4)) - 3);
      const Quantizer q{.format = format, .rounding = {}};
      double rounded = 0;
      emulator::engine().round(view_of(&x, 1, 1), emulator::engine().prepare(q), {},
                               view_of(&rounded, 1, 1), nullptr);
      code = static_cast<std::uint64_t>(encode(format, from_double(rounded)));
    }
    codes.push_back(code);
  }
  return tensors::from_codes({"", tensors::element_type(format), shape}, codes);
}

std::vector<Code> row_of(const Tensor& tensor, std::size_t first, std::size_t step,
                         std::size_t count) {
  std::vector<Code> codes;
  for (std::size_t i = 0; i < count; ++i)
    codes.push_back(tensors::code_at(tensor, first + i * step));
  return codes;
}

class Products : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, Products,
                         testing::Values("nv.hopper.wgmma.e4m3.f32", "nv.hopper.mma.e5m2.f16",
                                         "nv.ampere.mma.tf32.f32", "amd.cdna3.fp8_bf8",
                                         "amd.cdna2.f16", "x86.vdpbf16ps", "arm.bfdot",
                                         "nv.blackwell.nvf4.f32", "amd.cdna1.f16"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

// Of every result the dot product of its row and column.
TEST_P(Products, AreDotProductsOfRowsAndColumns) {
  const MatrixUnit& unit = find_matrix_unit(GetParam());
  Stream stream(7);
  constexpr std::size_t rows = 3;
  constexpr std::size_t terms = 70;
  constexpr std::size_t columns = 5;
  const Tensor a = draw(unit.a.format, {rows, terms}, true, stream);
  const Tensor b = draw(unit.b.format, {columns, terms}, true, stream);
  const Tensor c = draw(unit.c.format, {rows, columns}, false, stream);
  ProductOperands operands{.a = &a, .b = &b, .c = &c, .b_transposed = true};
  std::vector<Tensor> scales;
  std::size_t blocks = 0;
  if (unit.tree.sums[0].scaling) {
    blocks = (terms + 15) / 16;
    const auto scale_type = tensors::element_type("float8_e4m3fn");
    for (const std::size_t lines : {rows, columns}) {
      std::vector<std::uint64_t> codes(lines * blocks);
      for (auto& code : codes) code = stream.bits(8);
      scales.push_back(tensors::from_codes(
          {"", scale_type, {static_cast<std::int64_t>(lines), static_cast<std::int64_t>(blocks)}},
          codes));
    }
    operands.a_scales.push_back(&scales[0]);
    operands.b_scales.push_back(&scales[1]);
  }
  const Tensor d = multiply(unit, {}, emulator::engine(), operands, {});
  EXPECT_EQ(multiply(unit, {}, reference::engine(), operands, {}).data, d.data);
  const UnitDot dot(unit, reference::engine());
  const bool keeps = keeps_fraction(unit.tree.sums.front().quantizer.rounding.nan);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::vector<Code> left = row_of(a, i * terms, 1, terms);
      const std::vector<Code> right = row_of(b, j * terms, 1, terms);
      std::vector<std::vector<Code>> left_scales;
      std::vector<std::vector<Code>> right_scales;
      if (blocks != 0) {
        left_scales.push_back(row_of(scales[0], i * blocks, 1, blocks));
        right_scales.push_back(row_of(scales[1], j * blocks, 1, blocks));
      }
      const Code want = dot({.a = left,
                             .b = right,
                             .c = tensors::code_at(c, i * columns + j),
                             .a_scales = left_scales,
                             .b_scales = right_scales});
      const Code got = tensors::code_at(d, i * columns + j);
      const bool both_nan = decode(unit.d, want).is_nan() && decode(unit.d, got).is_nan();
      if (keeps && both_nan) continue;
      EXPECT_EQ(got, want) << GetParam() << " " << i << " " << j;
    }
  }
}

TEST(Product, DoesNotDependOnThreadsOrTiles) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  Stream stream(8);
  const Tensor a = draw(unit.a.format, {300, 160}, false, stream);
  const Tensor b = draw(unit.b.format, {160, 530}, false, stream);
  const ProductOperands operands{.a = &a, .b = &b};
  const Order order = order_from_text("promote:64");
  const Tensor one = multiply(unit, order, emulator::engine(), operands, {.threads = 1});
  const Tensor three = multiply(unit, order, emulator::engine(), operands, {.threads = 3});
  EXPECT_EQ(one.data, three.data);
  // The last row and column alone.
  const Tensor row = tensors::from_codes({"", a.type, {1, 160}}, [&] {
    std::vector<std::uint64_t> codes;
    for (std::size_t k = 0; k < 160; ++k) codes.push_back(tensors::code_at(a, 299 * 160 + k));
    return codes;
  }());
  const Tensor alone = multiply(unit, order, emulator::engine(), {.a = &row, .b = &b}, {});
  EXPECT_EQ(tensors::code_at(alone, 529), tensors::code_at(one, 299 * 530 + 529));
}

// Scales of 1e-4 have a product that is no number of binary16; the step rounds once.
TEST(Product, ScalesAreMultipliedExactlyUnlessTheyAreRounded) {
  const Format binary16 = find_format("binary16");
  const Format binary32 = find_format("binary32");
  const auto code = [](const Format& format, double x) {
    return static_cast<std::uint64_t>(encode(format, from_double(x)));
  };
  const auto of = [](const Format& format, std::int64_t rows, std::int64_t columns,
                     std::vector<std::uint64_t> codes) {
    return tensors::from_codes({"", tensors::element_type(format), {rows, columns}}, codes);
  };
  const Tensor a = of(binary16, 1, 2, {code(binary16, 200), code(binary16, 200)});
  const Tensor b = of(binary16, 2, 1, {code(binary16, 200), code(binary16, 300)});
  const Tensor scale = of(binary32, 1, 1, {code(binary32, 0x1.a36e2ep-14)});
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f32");
  ProductOperands operands{.a = &a, .b = &b};
  operands.a_scales = operands.b_scales = {&scale};
  const Order order =
      order_from_text(R"({"epilogue": [{"what": "scale", "quantizer": "binary16"}]})");
  const Tensor d = multiply(unit, order, emulator::engine(), operands, {});
  // 100000 * 0x1.a36e2ep-14^2 = 0x1.0624dc...p-10, of which binary16 has eleven bits.
  EXPECT_EQ(to_double(decode(binary16, tensors::code_at(d, 0))), 0x1.064p-10);
  const Tensor wide = of(find_format("binary64"), 1, 1, {code(find_format("binary64"), 1e-4)});
  operands.a_scales = {&wide};
  const auto text = error_of([&] { multiply(unit, order, emulator::engine(), operands, {}); });
  EXPECT_NE(text.find("exact product of scales"), std::string::npos) << text;
}

TEST(Product, ABiasThatNothingAddsIsRefused) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f32");
  Stream stream(19);
  const Tensor a = draw(unit.a.format, {2, 16}, false, stream);
  const Tensor b = draw(unit.b.format, {16, 3}, false, stream);
  const Tensor bias = draw(unit.d, {1, 3}, false, stream);
  const ProductOperands operands{.a = &a, .b = &b, .bias = &bias};
  const auto text = error_of([&] { multiply(unit, {}, emulator::engine(), operands, {}); });
  EXPECT_NE(text.find("bias: a bias that the order does not add"), std::string::npos) << text;
}

TEST(Product, StochasticOrdersDrawByPlace) {
  const MatrixUnit& any = find_matrix_unit("nv.hopper.mma.bf16.f32");
  const Json json = parse_json(R"({"tree": {"sums": [{"joining": "in_sequence", "of": "terms",
      "quantizer": {"format": "bfloat16", "rounding": "stochastic", "random_bits": 16}}]}})",
                               "");
  const Order order = order_from_json(json, "");
  Stream stream(9);
  const Tensor a = draw(any.a.format, {200, 40}, false, stream);
  const Tensor b = draw(any.b.format, {40, 300}, false, stream);
  const ProductOperands operands{.a = &a, .b = &b};
  const MatrixUnit unit = unit_of(order, a.type.format, b.type.format);
  const Random random{.seed = 5};
  const Tensor d = multiply(unit, order, emulator::engine(), operands, {.random = random});
  const Tensor same =
      multiply(unit, order, emulator::engine(), operands, {.random = random, .threads = 1});
  EXPECT_EQ(d.data, same.data);
  std::vector<double> left = tensors::doubles_of(a);
  std::vector<double> right = tensors::doubles_of(b);
  std::vector<double> whole(200 * 300);
  emulator::engine().multiply(view_of(left.data(), 200, 40), view_of(right.data(), 40, 300),
                              emulator::engine().prepare_dot(*order.tree), random,
                              view_of(whole.data(), 200, 300));
  const std::vector<double> results = tensors::doubles_of(d);
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(results[i], whole[i]) << i;
}

// DeepGEMM's kernel for Hopper, written out: four instructions of 32 terms from +0, then a fused
// multiplication with the scales in binary32.
TEST(Product, OrdersAreTheKernelsWrittenOut) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  Stream stream(10);
  constexpr std::size_t terms = 384;
  const Tensor a = draw(unit.a.format, {2, terms}, false, stream);
  const Tensor b = draw(unit.b.format, {3, terms}, false, stream);
  const std::vector<float> left{0.5F, 0.7F, 1.25F, 3.0F, 0.1F, 0.3F};
  const std::vector<float> right{1.1F, 0.9F, 0.2F};
  const auto float32 = tensors::element_type("float32");
  const Tensor a_scales = tensors::from_numbers({"", float32, {2, 3}}, left);
  const Tensor b_scales = tensors::from_numbers({"", float32, {1, 3}}, right);  // of 128 x 128
  const Tensor d = multiply(
      unit, order_from_text("deepgemm:128"), emulator::engine(),
      {.a = &a, .b = &b, .a_scales = {&a_scales}, .b_scales = {&b_scales}, .b_transposed = true},
      {});
  const UnitDot dot(unit, reference::engine());
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      float sum = 0;
      for (std::size_t block = 0; block < 3; ++block) {
        const auto part = [&](const Tensor& x, std::size_t line) {
          return row_of(x, line * terms + block * 128, 1, 128);
        };
        const std::vector<Code> x = part(a, i);
        const std::vector<Code> y = part(b, j);
        const auto made = to_double(decode(unit.d, dot({.a = x, .b = y})));
        const float scale = left[i * 3 + block] * right[block];
        sum = std::fmaf(static_cast<float>(made), scale, sum);
      }
      EXPECT_EQ(tensors::floats_of(d)[i * 3 + j], sum) << i << " " << j;
    }
  }
}

TEST(Product, EpiloguesRoundEveryStep) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.bf16.f32");
  Stream stream(11);
  const Tensor a = draw(unit.a.format, {4, 32}, false, stream);
  const Tensor b = draw(unit.b.format, {32, 3}, false, stream);
  const auto float32 = tensors::element_type("float32");
  const Tensor c = tensors::from_numbers({"", float32, {3}}, std::vector<float>{0.1F, 0.2F, 0.3F});
  const Json json = parse_json(
      R"({"epilogue": [{"what": "multiply", "factor": 0.3, "quantizer": "binary32"},
                       {"what": "add_c", "factor": 0.7, "quantizer": "binary32"},
                       {"what": "convert", "quantizer": "bfloat16"}]})",
      "");
  const Tensor d = multiply(unit, order_from_json(json, ""), emulator::engine(),
                            {.a = &a, .b = &b, .c = &c}, {});
  const Tensor plain = multiply(unit, {}, emulator::engine(), {.a = &a, .b = &b}, {});
  EXPECT_EQ(d.type.name, "bfloat16");
  const std::vector<float> sums = tensors::floats_of(plain);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto product = [](float x, double factor) {
      const Quantizer q{.format = find_format("binary32"), .rounding = {}};
      const std::vector<double> in{x};
      const std::vector<double> by{factor};
      double out = 0;
      const std::array<View, 2> views{view_of(in.data(), 1, 1), view_of(by.data(), 1, 1)};
      reference::engine().map(Op::multiply, views, reference::engine().prepare(q), {},
                              view_of(&out, 1, 1), nullptr);
      return static_cast<float>(out);
    };
    const float sum = product(sums[i], 0.3) + product(tensors::floats_of(c)[i % 3], 0.7);
    const double rounded = tensors::doubles_of(d)[i];
    const std::vector<double> in{sum};
    double want = 0;
    reference::engine().round(view_of(in.data(), 1, 1),
                              reference::engine().prepare({find_format("bfloat16"), {}}), {},
                              view_of(&want, 1, 1), nullptr);
    EXPECT_EQ(rounded, want);
  }
}

TEST(Product, ErrorsNameTheOperand) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.bf16.f32");
  Stream stream(12);
  const Tensor a = draw(unit.a.format, {4, 32}, false, stream);
  const Tensor b = draw(unit.b.format, {31, 3}, false, stream);
  const Tensor half = draw(find_format("binary16"), {32, 3}, false, stream);
  const auto error = [&](const ProductOperands& operands) {
    return error_of([&] { multiply(unit, {}, emulator::engine(), operands, {}); });
  };
  EXPECT_EQ(error({.a = &a, .b = &b}),
            "b: b has 31 terms and a has 32; give --b-transposed where its rows are the columns of "
            "the product");
  EXPECT_EQ(error({.a = &a, .b = &half}),
            "b: the tensor is of float16, and the unit takes bfloat16; convert it with `halfulp "
            "quantize`, or give its bytes that type");
}

}  // namespace
}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// What single results are made of: the dot product of these codes is the result of the whole
// product, for every unit, with orders, scales, batches and operands that lie otherwise.
#include "golden/kernels/result_operands.h"

#include <gtest/gtest.h>

#include <string>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "golden/kernels/inputs.h"

namespace halfulp::kernels {
namespace {

using tensors::Tensor;

// Zeros may differ in sign: C is +0 to a dot product, and is not there in a product without C.
void expect_results(const MatrixUnit& unit, const Order& order, const ProductOperands& operands,
                    const std::string& name) {
  const Tensor whole = multiply(unit, order, emulator::engine(), operands, {});
  const ResultOperands single(unit, order, operands);
  const UnitDot dot(single.unit(), emulator::engine());
  const Format& format = whole.type.format;
  for (std::size_t i = 0; i < tensors::element_count(whole); ++i) {
    const std::size_t column = i % single.columns();
    const std::size_t row = i / single.columns() % single.rows();
    const std::size_t batch = i / single.columns() / single.rows();
    const ResultLine a = single.row(batch, row);
    const ResultLine b = single.column(batch, column);
    const Code code = dot({.a = a.codes,
                           .b = b.codes,
                           .c = single.c(batch, row, column),
                           .a_scales = a.scales,
                           .b_scales = b.scales});
    const Code expected = tensors::code_at(whole, i);
    const CodeClass kind = classify(format, expected);
    if (kind == CodeClass::nan || kind == CodeClass::zero) {
      EXPECT_EQ(classify(format, code), kind) << name << " " << i;
    } else {
      EXPECT_EQ(code, expected) << name << " " << i;
    }
  }
}

TEST(ResultOperandsOfProducts, MakeTheResultsOfEveryUnit) {
  const Order plain = order_from_text("plain");
  for (const MatrixUnit& unit : shipped_units()) {
    for (const InputClass kind : {InputClass::wide, InputClass::random_bits}) {
      const Inputs inputs = inputs_of(unit, plain, kind, {.rows = 3, .terms = 40, .columns = 2}, 5);
      expect_results(unit, plain, inputs.operands(), unit.name);
    }
  }
}

TEST(ResultOperandsOfProducts, MakeTheResultsOfOrders) {
  const MatrixUnit& hopper = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  for (const char* text : {"promote:32", "deepgemm:128", "split-k:2:32", "tree:32:bfloat16"}) {
    const Order order = order_from_text(text);
    const Inputs inputs =
        inputs_of(hopper, order, InputClass::wide, {.rows = 2, .terms = 300, .columns = 3}, 6);
    expect_results(hopper, order, inputs.operands(), text);
  }
  const Order chain = order_from_text("fma:binary32");
  const Format half = find_format("binary16");
  const MatrixUnit unit = unit_of(chain, half, half);
  const Inputs inputs =
      inputs_of(unit, chain, InputClass::near_one, {.rows = 2, .terms = 9, .columns = 3}, 7);
  expect_results(unit, chain, inputs.operands(), "fma");
}

TEST(ResultOperandsOfProducts, MakeTheResultsOfBatchesAndTransposedOperands) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f32");
  const Order plain = order_from_text("plain");
  Inputs inputs =
      inputs_of(unit, plain, InputClass::wide, {.rows = 6, .terms = 20, .columns = 4}, 8);
  inputs.a.shape = {2, 3, 20};
  ProductOperands shared = inputs.operands();
  Tensor row = inputs.c;
  row.shape = {4};
  row.data.resize(row.data.size() / 6);
  shared.c = &row;
  expect_results(unit, plain, shared, "batch");
  inputs.a.shape = {6, 20};
  inputs.b.shape = {4, 20};
  ProductOperands turned = inputs.operands();
  turned.b_transposed = true;
  expect_results(unit, plain, turned, "transposed");
}

}  // namespace
}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
//
// Whole products of matrices as a kernel computes them: tensors of codes in, by a matrix unit and
// an order (order.h), a tensor of codes out. The product is cut into tiles, which threads share; a
// result depends on its row and column alone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "golden/kernels/order.h"
#include "golden/tensors/tensor.h"

namespace halfulp::kernels {

// a: ... x rows x terms. b: ... x terms x columns, or where b_transposed ... x columns x terms,
// with the same leading dimensions, or none. c: the shape of the result, or a row of it, or one
// number. scales: of a and of b, one pair for every scaled sum of the tree or, where the epilogue
// scales, one: a number, one a row (column of the result), or one a block of terms beside them.
struct ProductOperands {
  const tensors::Tensor* a = nullptr;
  const tensors::Tensor* b = nullptr;
  const tensors::Tensor* c = nullptr;
  const tensors::Tensor* bias = nullptr;  // one a column
  std::vector<const tensors::Tensor*> a_scales = {}, b_scales = {};
  bool b_transposed = false;
};

// The same, kept. What operands() answers points into it.
struct HeldOperands {
  tensors::Tensor a, b;
  std::optional<tensors::Tensor> c = {}, bias = {};
  std::vector<tensors::Tensor> a_scales = {}, b_scales = {};
  bool b_transposed = false;

  [[nodiscard]] ProductOperands operands() const;
};

struct ProductOptions {
  std::optional<Quantizer> to = {};  // the result's format; absent: the unit's d
  Random random = {};
  int threads = 0;
  std::function<void(double done)> progress = {};  // a share of 1; may be empty
};

// Throws Error: shapes or formats that do not go together, located at "a", "b", "c", "bias",
// "a_scales" or "b_scales".
tensors::Tensor multiply(const MatrixUnit& unit, const Order& order, const Engine& engine,
                         const ProductOperands& operands, const ProductOptions& options);

// The product by a sliced order. Besides the errors of multiply(): sums that draw random bits, a C
// that the sums do not begin with (kernels of this kind add it in the epilogue), scales of blocks
// that slices cut, scales of rows or columns by stream_k.
tensors::Tensor multiply_in_slices(const MatrixUnit& unit, const Order& order, const Engine& engine,
                                   const ProductOperands& operands, const ProductOptions& options);

// How large a product is. Throws Error as multiply does where shapes or formats of a, b and C do
// not go together.
struct ProductShape {
  std::size_t batches = 1, rows = 0, terms = 0, columns = 0;
};
ProductShape shape_of(const MatrixUnit& unit, const Order& order, const ProductOperands& operands);

// What rounds the results last where nothing is asked for, in the format of their codes.
Quantizer result_of(const MatrixUnit& unit, const Order& order);

// A unit of any formats for an order that has a tree of its own.
MatrixUnit unit_of(const Order& order, const Format& a, const Format& b);
// The unit and the order as one unit, of products of so many terms: its single dot products
// (unit_dot.h) are what multiply makes before the epilogue.
MatrixUnit unit_of(const MatrixUnit& unit, const Order& order, std::size_t terms);

}  // namespace halfulp::kernels

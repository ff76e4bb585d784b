// SPDX-License-Identifier: MIT
//
// The operands of a product of matrices as options name them, read into memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/same_file.h"
#include "cli/verb.h"
#include "formats/error.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/product.h"

namespace halfulp::cli {

struct ProductCall {
  std::string a, b, c, bias, unit, order = "plain";
  std::string a_shape, b_shape;
  std::vector<std::string> a_scales, b_scales;
  bool b_transposed = false, packed = false;
};
// All but --c, which verbs word for themselves. required: whether --a and --b are.
void add_product_options(Parser& parser, ProductCall& call, bool required);

// The files that it names, with their options.
std::vector<NamedPath> input_paths(const ProductCall& call);

// The unit and the order, and the operands in memory. Throws Error with the option's name.
class ProductInput {
 public:
  explicit ProductInput(const ProductCall& call);

  [[nodiscard]] const kernels::Order& order() const { return order_; }
  [[nodiscard]] const MatrixUnit& unit() const { return *unit_; }
  [[nodiscard]] const tensors::Tensor& a() const { return held_.a; }
  [[nodiscard]] kernels::ProductOperands operands() const { return held_.operands(); }

 private:
  void read(const ProductCall& call);

  kernels::Order order_;
  std::optional<MatrixUnit> unit_;
  kernels::HeldOperands held_;
};

// The library's names of operands as the options that bring them.
Error with_option(const Error& error);

}  // namespace halfulp::cli

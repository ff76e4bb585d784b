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

// How a tensor is read: codes of `format`, where the file leaves open what its bytes are.
struct TensorReading {
  std::string option;
  std::optional<Format> format;
  std::string shape;
  bool packed = false;
};
// One tensor of a file, named as FILE:NAME where it holds several. Throws Error with the option's
// name.
tensors::Tensor read_tensor(const std::string& text, const TensorReading& how);

// The files that it names, with their options.
std::vector<NamedPath> input_paths(const ProductCall& call);

// The unit and the order, and the operands in memory. Throws Error with the option's name.
class ProductInput {
 public:
  explicit ProductInput(const ProductCall& call);

  [[nodiscard]] const kernels::Order& order() const { return order_; }
  [[nodiscard]] const MatrixUnit& unit() const { return *unit_; }
  [[nodiscard]] const tensors::Tensor& a() const { return a_; }
  [[nodiscard]] kernels::ProductOperands operands() const;

 private:
  void read(const ProductCall& call);

  kernels::Order order_;
  std::optional<MatrixUnit> unit_;
  tensors::Tensor a_, b_;
  std::optional<tensors::Tensor> c_, bias_;
  std::vector<tensors::Tensor> a_scales_, b_scales_;
  bool b_transposed_ = false;
};

// The library's names of operands as the options that bring them.
Error with_option(const Error& error);

}  // namespace halfulp::cli

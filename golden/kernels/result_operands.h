// SPDX-License-Identifier: MIT
//
// What single results of a product are made of: the codes of a row of a, of a column of b, of C and
// of the scales beside them, as one dot product of a unit takes them (unit_dot.h). The epilogue of
// an order is no part of it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "golden/kernels/product.h"
#include "golden/kernels/side_operands.h"
#include "golden/kernels/unit_dot.h"

namespace halfulp::kernels {

// A row of a, or a column of b, with its scales: one a block of terms, for every scaled sum.
struct ResultLine {
  std::vector<Code> codes;
  std::vector<std::vector<Code>> scales;
};

class ResultOperands {
 public:
  // The tensors must outlive it. Throws Error as multiply does.
  ResultOperands(const MatrixUnit& unit, const Order& order, const ProductOperands& operands);

  // The unit and the order as one unit; c is of the format that C has.
  [[nodiscard]] const MatrixUnit& unit() const { return whole_; }
  [[nodiscard]] bool has_c() const { return c_ != nullptr; }
  [[nodiscard]] std::size_t batches() const { return batches_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t terms() const { return terms_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }

  [[nodiscard]] ResultLine row(std::size_t batch, std::size_t row) const;
  [[nodiscard]] ResultLine column(std::size_t batch, std::size_t column) const;
  [[nodiscard]] Code c(std::size_t batch, std::size_t row, std::size_t column) const;

 private:
  [[nodiscard]] std::vector<std::vector<Code>> scales(bool of_a, std::size_t line) const;

  const ProductOperands operands_;
  MatrixUnit whole_;
  const tensors::Tensor* c_ = nullptr;
  std::optional<AddendPlaces> c_places_;
  std::size_t batches_ = 1, rows_ = 0, terms_ = 0, columns_ = 0;
};

}  // namespace halfulp::kernels

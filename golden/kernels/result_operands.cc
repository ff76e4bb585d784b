// SPDX-License-Identifier: MIT
#include "golden/kernels/result_operands.h"

#include "formats/error.h"

namespace halfulp::kernels {

using tensors::Tensor;

ResultOperands::ResultOperands(const MatrixUnit& unit, const Order& order,
                               const ProductOperands& operands)
    : operands_(operands) {
  const ProductShape shape = shape_of(unit, order, operands);
  batches_ = shape.batches;
  rows_ = shape.rows;
  terms_ = shape.terms;
  columns_ = shape.columns;
  whole_ = unit_of(unit, order, terms_);
  if (operands.c == nullptr || adds_c_in_epilogue(order)) return;
  c_ = operands.c;
  if (order.tree) whole_.c = plain(c_->type.format);
  c_places_.emplace(*c_, Results{.rows = batches_ * rows_, .columns = columns_}, "c");
}

ResultLine ResultOperands::row(std::size_t batch, std::size_t row) const {
  ResultLine line;
  const std::size_t first = (batch * rows_ + row) * terms_;
  for (std::size_t k = 0; k < terms_; ++k)
    line.codes.push_back(tensors::code_at(*operands_.a, first + k));
  line.scales = scales(true, row);
  return line;
}

ResultLine ResultOperands::column(std::size_t batch, std::size_t column) const {
  ResultLine line;
  const std::size_t first = operands_.b->shape.size() == 2 ? 0 : batch * terms_ * columns_;
  for (std::size_t k = 0; k < terms_; ++k) {
    const std::size_t place = operands_.b_transposed ? column * terms_ + k : k * columns_ + column;
    line.codes.push_back(tensors::code_at(*operands_.b, first + place));
  }
  line.scales = scales(false, column);
  return line;
}

std::vector<std::vector<Code>> ResultOperands::scales(bool of_a, std::size_t line) const {
  std::vector<std::vector<Code>> all;
  const std::string name = of_a ? "a_scales" : "b_scales";
  for (const Sum& sum : whole_.tree.sums) {
    if (!sum.scaling) continue;
    const Format& format = of_a ? sum.scaling->left : sum.scaling->right;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    const std::size_t blocks = (terms_ + block - 1) / block;
    const Tensor& tensor =
        required_scales(of_a ? operands_.a_scales : operands_.b_scales, all.size(), format, name);
    const ScalePlaces places(tensor, of_a ? rows_ : columns_, blocks, name);
    std::vector<Code>& codes = all.emplace_back();
    for (std::size_t i = 0; i < blocks; ++i)
      codes.push_back(tensors::code_at(tensor, places.at(line, i)));
  }
  return all;
}

Code ResultOperands::c(std::size_t batch, std::size_t row, std::size_t column) const {
  return c_ == nullptr ? 0 : tensors::code_at(*c_, c_places_->at(batch * rows_ + row, column));
}

}  // namespace halfulp::kernels

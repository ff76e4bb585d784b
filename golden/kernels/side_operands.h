// SPDX-License-Identifier: MIT
//
// The operands of a product that stand at its sides or over it, element by element: scales of rows
// and columns, the addend C, a bias. Each may be of fewer elements than there are places for it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "golden/kernels/unit_operands.h"
#include "golden/tensors/tensor.h"

namespace halfulp::kernels {

// Numbers of a tensor by a reader, at any element. The tensor must outlive it.
class OperandNumbers {
 public:
  OperandNumbers(const tensors::Tensor* tensor, const UnitOperand& operand)
      : tensor_(tensor), read_(operand, tensors::element_count(*tensor)) {}
  [[nodiscard]] double at(std::size_t index) const {
    return read_(tensors::code_at(*tensor_, index));
  }
  [[nodiscard]] const tensors::Shape& shape() const { return tensor_->shape; }
  [[nodiscard]] std::size_t size() const { return tensors::element_count(*tensor_); }

 private:
  const tensors::Tensor* tensor_;
  OperandReader read_;
};

// Scales of fewer lines (rows of a, columns of the result) than the product has stand for groups of
// as many lines: which of `groups` is that of a line.
std::size_t group_of(std::size_t line, std::size_t lines, std::size_t groups);

// The operand of a format, as it is.
UnitOperand plain(const Format& format);

// The place-th scales of a list. Throws Error, located at `name`: they are missing, or of a format
// that cannot be read as the one that is taken.
const tensors::Tensor& required_scales(const std::vector<const tensors::Tensor*>& all,
                                       std::size_t place, const Format& format,
                                       const std::string& name);

// Where the scales of rows, or of columns, of the result stand in a tensor: one number, one a line,
// or one a block of terms beside each line or group of lines.
class ScalePlaces {
 public:
  // Throws Error, located at `place`: another shape.
  ScalePlaces(const tensors::Tensor& tensor, std::size_t lines, std::size_t blocks,
              const std::string& place);
  [[nodiscard]] std::size_t at(std::size_t line, std::size_t block) const;

 private:
  [[noreturn]] void refuse(const std::string& place) const;

  std::size_t lines_, blocks_;
  std::size_t line_stride_ = 0, groups_ = 1;
};
// The numbers that stand there.
class SideScales {
 public:
  SideScales(const tensors::Tensor& tensor, const Format& format, const ScalePlaces& places)
      : numbers_(&tensor, plain(format)), places_(places) {}
  [[nodiscard]] double at(std::size_t line, std::size_t block) const {
    return numbers_.at(places_.at(line, block));
  }

 private:
  OperandNumbers numbers_;
  ScalePlaces places_;
};

// How many results there are; rows are those of all matrices of a batch.
struct Results {
  std::size_t rows = 0, columns = 0;
};

// Where the addend or a bias stands: one number, one a column, or one a result.
class AddendPlaces {
 public:
  // Throws Error, located at `place`: another number of elements.
  AddendPlaces(const tensors::Tensor& tensor, const Results& results, const std::string& place);
  [[nodiscard]] std::size_t at(std::size_t row, std::size_t column) const {
    return single_ ? 0 : whole_ ? row * columns_ + column : column;
  }

 private:
  std::size_t columns_;
  bool whole_ = false, single_ = false;
};
// The numbers that stand there.
class Addends {
 public:
  Addends(const tensors::Tensor& tensor, const UnitOperand& operand, const AddendPlaces& places)
      : numbers_(&tensor, operand), places_(places) {}
  [[nodiscard]] double at(std::size_t row, std::size_t column) const {
    return numbers_.at(places_.at(row, column));
  }

 private:
  OperandNumbers numbers_;
  AddendPlaces places_;
};

}  // namespace halfulp::kernels

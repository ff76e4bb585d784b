// SPDX-License-Identifier: MIT
//
// Codes as the operands of a matrix unit, and its results as codes (formats/matrix_unit.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "formats/matrix_unit.h"
#include "formats/rounding.h"

namespace halfulp::kernels {

// The numbers that codes of an operand are to the unit. Of at most 16 bits by a table, if about as
// many are read as it has places.
class OperandReader {
 public:
  static constexpr std::size_t many = std::size_t{1} << 16;
  explicit OperandReader(const UnitOperand& operand, std::size_t reads = many);
  [[nodiscard]] double operator()(Code code) const {
    return table_.empty() ? value_of(code) : table_[static_cast<std::size_t>(code & mask_)];
  }

 private:
  [[nodiscard]] double value_of(Code code) const;

  UnitOperand operand_;
  Code mask_ = 0;  // bits above are not the operand's, such as the sign of an unsigned scale
  std::vector<double> table_;
};

// The codes of d that results are, which NaN included where the rule needs no operands.
class ResultWriter {
 public:
  explicit ResultWriter(const MatrixUnit& unit);
  [[nodiscard]] Code operator()(double result) const;

 private:
  Format format_;
  Code nan_ = 0;
};

}  // namespace halfulp::kernels

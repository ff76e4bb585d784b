// SPDX-License-Identifier: MIT
//
// Questions to a device that multiplies matrices, and its answers: single dot products d = a b + c,
// as codes. As tensors they are batches of products of one row by one column, which every library
// multiplies: a is cases x 1 x terms, b cases x terms x 1, c and d cases x 1 x 1. Products with
// scales come in no batches; there they are the diagonal of a product of matrices: a and the
// transposed b are cases x terms, their scales cases x blocks, c has one number a column.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "formats/matrix_unit.h"
#include "golden/tensors/files.h"

namespace halfulp::probe {

// What a device takes and gives: the formats of its codes, and scales where it has them.
struct Ports {
  struct Scales {
    Format left, right;
    std::int64_t block = 0;
    bool operator==(const Scales&) const = default;
  };
  Format a, b, c, d;
  std::size_t terms = 64;
  std::optional<Scales> scales = std::nullopt;
  bool operator==(const Ports&) const = default;
};
// Those of a unit for products of so many terms.
Ports ports_of(const MatrixUnit& unit, std::size_t terms);
// True where the unit has such operands, scales and results; the number of terms is left open.
bool fits(const MatrixUnit& unit, const Ports& ports);

struct Question {
  std::vector<Code> a, b;
  Code c = 0;
  std::vector<Code> a_scales, b_scales;  // one a block, where there are scales
  std::string about;                     // which property it was chosen for: "order of terms"
  bool operator==(const Question&) const = default;
};

// Tensors "a", "b", "c" and, where there are scales, "a_scales" and "b_scales". What the questions
// are about goes into the metadata.
tensors::TensorFile file_of(const Ports& ports, const std::vector<Question>& questions);

struct Asked {
  Ports ports;
  std::vector<Question> questions;
};
// The same back. Throws Error naming the tensor or the metadata where it is no such file.
Asked questions_of(const tensors::TensorFile& file);

// The codes of a tensor of answers: one a question, or a matrix with the answers on its diagonal.
// Throws Error where there are not as many.
std::vector<Code> answers_of(const tensors::Tensor& d, std::size_t questions, const Format& format);

}  // namespace halfulp::probe

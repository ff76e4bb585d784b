// SPDX-License-Identifier: MIT
//
// Dot products that a device was given and what it made of them, whoever chose them: as rows of
// text, or as a whole product of matrices.
#pragma once

#include <string_view>
#include <vector>

#include "golden/kernels/product.h"
#include "golden/probe/questions.h"

namespace halfulp::probe {

struct Recorded {
  Ports ports;
  std::vector<Question> questions;
  std::vector<Code> answers;
};

// A row a line: the digits of a, b, c and d, in hexadecimal, those of all numbers of an operand
// without gaps; where there are scales, "a b c a_scales b_scales d". One word may stand before
// them. Lines that begin with # say nothing. The number of terms is that of the first row. Throws
// Error naming the line.
Recorded recorded_rows(std::string_view text, const Ports& formats);

// Every result of a product (operands as golden/kernels/product.h takes them, scales of one sum at
// most) with its row and column; of more than `most` results some, evenly spread. Throws Error,
// located at "a", "b", "c", "d", "a_scales" or "b_scales".
Recorded recorded_product(const kernels::ProductOperands& operands, const tensors::Tensor& d,
                          const Ports& formats, std::size_t most);

}  // namespace halfulp::probe

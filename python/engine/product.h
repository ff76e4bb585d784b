// SPDX-License-Identifier: MIT
//
// A product of matrices as the words of `halfulp gemm` say it, of arrays of codes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "python/engine/tensors.h"

namespace halfulp::python {

struct ProductArrays {
  CodedArray a, b;
  std::optional<CodedArray> c, bias;
  std::vector<CodedArray> a_scales, b_scales;
};

// Unsigned integers of the size of the unit's operands are codes of them. Throws Error.
NewArray multiply(const ProductArrays& arrays, const std::vector<std::string>& words);

}  // namespace halfulp::python

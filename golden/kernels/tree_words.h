// SPDX-License-Identifier: MIT
//
// The arithmetic of a unit in sentences, for those who read rather than compute.
#pragma once

#include <string>
#include <vector>

#include "formats/matrix_unit.h"

namespace halfulp::kernels {

// "binary32, toward-zero, overflow to infinity"
std::string words_of(const Quantizer& quantizer);

// A line a product and a sum, from the terms out.
std::vector<std::string> words_of(const DotTree& tree);

// "float8_e4m3fn", "binary32 cut to tf32", "bfloat16, subnormals as zeros"
std::string words_of(const UnitOperand& operand);

}  // namespace halfulp::kernels

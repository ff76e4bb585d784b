// SPDX-License-Identifier: MIT
//
// The scales of a matrix in a block format, number by number.
#pragma once

#include <cstddef>
#include <vector>

#include "formats/engine.h"

namespace halfulp::experiments {

// The product of the scales of all levels at each number, row after row: exact (validate() of
// block.h). codes: of a matrix of that shape.
std::vector<double> scales_of(const BlockFormat& format, const BlockCodes& codes, std::size_t rows,
                              std::size_t columns);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// A tensor of a file quantized part by part: the values, and the errors, that TensorQuantizer gives
// of the whole, while no more of it is in memory than a few parts. Parts hold whole blocks, and an
// element draws its random bits by its place in the tensor, so results do not depend on the parts.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "golden/tensors/error_statistics.h"
#include "golden/tensors/opened.h"
#include "golden/tensors/quantizer.h"

namespace halfulp::tensors {

// How a tensor is cut: into runs of `elements` in C order, each a matrix of so many columns.
struct Parting {
  std::size_t elements = 0, columns = 0;
};
// For blocks along the last axis. Absent where a scale spans more than a part: a whole extent of
// the tensor, or blocks that draw random bits by their number.
std::optional<Parting> parting_of(const AnyQuantizer& quantizer, const Shape& shape);

// Can the elements be read as numbers part by part?
bool reads_in_parts(const TensorCodes& tensor);

// Gives the values, as elements of values_type in order, to `take`. random.offset must be 0. Throws
// Error. Precondition: reads_in_parts.
ErrorStatistics quantize_in_parts(const TensorCodes& tensor, const TensorQuantizer& quantizer,
                                  const Parting& parting, const Random& random,
                                  const Engine& engine, int threads,
                                  const std::function<void(ByteView part)>& take);

}  // namespace halfulp::tensors

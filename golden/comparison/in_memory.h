// SPDX-License-Identifier: MIT
//
// Tensors in memory, of one shape and element type: how many of their codes differ.
#pragma once

#include <cstdint>

#include "formats/engine.h"
#include "golden/tensors/tensor.h"

namespace halfulp::comparison {

// Zeros differ by their signs; every NaN equals every other.
std::uint64_t mismatches_of(const tensors::Tensor& got, const tensors::Tensor& made);

// The numbers rounded to another format, if it is another.
tensors::Tensor converted(const tensors::Tensor& tensor, const Quantizer& to, const Engine& engine);

}  // namespace halfulp::comparison

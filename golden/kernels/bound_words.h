// SPDX-License-Identifier: MIT
//
// What came of holding results against an error bound (within_bound.h), said to people.
#pragma once

#include <string>

#include "golden/kernels/within_bound.h"

namespace halfulp::kernels {

// shape: of the results.
std::string text_of(const tensors::Shape& shape, const BoundVerdict& found, BoundKind kind,
                    double failure);

}  // namespace halfulp::kernels

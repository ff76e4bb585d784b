// SPDX-License-Identifier: MIT
//
// Tensors of callers as those of the library (golden/tensors), and back.
#pragma once

#include <cstddef>

#include "capi/halfulp.h"
#include "golden/tensors/tensor.h"

namespace halfulp::capi {

// A copy. format: of the elements where the tensor names none. name: for errors, which are thrown
// where no memory has so many elements, and where a number or a code is none of the format.
tensors::Tensor tensor_of(const halfulp_tensor& tensor, const Format& format, const char* name);

// Throws Error where the result is of another shape or type than the caller's.
void require_result(const halfulp_result& result, const tensors::Shape& shape,
                    const Format& format);
void give(const tensors::Tensor& tensor, const halfulp_result& result);

}  // namespace halfulp::capi

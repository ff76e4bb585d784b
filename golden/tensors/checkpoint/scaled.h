// SPDX-License-Identifier: MIT
//
// The values of codes with scales, in the steps of those who read such checkpoints.
#pragma once

#include "golden/tensors/checkpoint/pairs.h"
#include "golden/tensors/value_encoder.h"

namespace halfulp::tensors {

// value = code * s, s being the scale, or scale * (scale over all), or scale / (scale over all).
// Each product and quotient is rounded once to the encoder's carrier (float32 unless the type needs
// float64), to nearest even, and the value once to the encoder's type. NaN in a code or a scale
// (E8M0's 255) makes NaN; zero times infinity too. It comes in whole rows.
PartedTensor values_of(const ScaledTensor& tensor, const ValueEncoder& encoder);

}  // namespace halfulp::tensors

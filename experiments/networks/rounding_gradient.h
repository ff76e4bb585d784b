// SPDX-License-Identifier: MIT
//
// What a gradient is multiplied by where the forward pass rounded: the derivative that a policy
// takes the rounding to have. Straight through, which is the usual one, is 1 (Bengio et al., arXiv
// 1308.3432); clipped is 1 where the number lies within the format's largest ones, else 0; `dge` is
// that of a smooth step between neighbours (arXiv 2501.17116, section 3.1, and its released code):
// with t in [0, 1] the place of the number between them, min(|2 t - 1|^(1/k - 1) / k, cap), and 0
// beyond the largest numbers. In a block format the number is x / scale; under the rule `ratio`,
// which puts the largest number of a block at the end of the format, what the rounding of the scale
// leaves beyond counts as the end.
#pragma once

#include "experiments/networks/arithmetic.h"
#include "experiments/networks/matrix.h"

namespace halfulp::experiments {

// place: of the forward pass; x: what was rounded there. Precondition: a record that asks for
// another derivative than 1 or 0 has one rule, a scalar format, of at most 16 bits for dge, for
// which it may be a block format of one level.
template <typename Real>
void multiply_by_derivative(PlaceNumber place, const Matrix<Real>& x, Arithmetic<Real>& arithmetic,
                            Matrix<Real>& gradient);

}  // namespace halfulp::experiments

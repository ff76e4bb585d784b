// SPDX-License-Identifier: MIT
//
// Ways in which operations are computed wrongly in the field: another rounding mode, subnormal
// numbers flushed, rounding twice through a wider format (jax-ml/ml_dtypes#401), a fused operation
// that rounds its product, the other rule of tininess, saturation, operands exchanged, bits of
// codes cut or carried wrongly, a negative zero where a format has none.
#pragma once

#include <string>
#include <vector>

#include "golden/checks/judge.h"

namespace halfulp::checks {

// Names of the known wrong ways that give what the case has, flags too; where there is none, of
// those that give its result, with ", but for the flags". Precondition: all of the case is known.
std::vector<std::string> wrong_ways(const vectors::Calculation& calculation,
                                    const Strictness& strictness, const vectors::Case& c);

}  // namespace halfulp::checks

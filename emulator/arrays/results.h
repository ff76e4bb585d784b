// SPDX-License-Identifier: MIT
//
// Exact results of arithmetic on arrays, as doubles rounded to odd, rounded once more: to the
// format of a plan with rounds_odd(). By vector lanes where the plan has a grid, by a table of
// steps where it has none, one by one until that table is made. NaN results are positive.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/arrays/plan.h"

namespace halfulp::emulator {

// draws: random bits an element, read in stochastic modes only. out may be exact; counts may be
// null.
void round_results(const CompiledPlan& plan, const double* exact, std::size_t count,
                   const std::uint64_t* draws, double* out, Counts* counts);
void encode_results(const CompiledPlan& plan, const double* exact, std::size_t count,
                    const std::uint64_t* draws, std::uint64_t* codes);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Functions in binary64 by the C library, with bounds that no library's last bits can cross: what
// both ends of the bounds are rounded to is the result, whatever the library; where they differ
// something exact is asked. So results stay the same on every machine. How much a library may err
// is measured (host_library.h); with one that errs more there are no bounds.
#pragma once

#include <cstddef>

#include "formats/operation.h"

namespace halfulp::emulator {

// low[i] <= f(a[i], b[i]) <= high[i], strictly where the result is not exact. NaN in both where no
// bounds are trusted: for operands that are not finite or zero or less than `flush_below`, beyond
// the ranges that candidate.cc states, and results out of 2^+-1000. Needs a StandardEnvironment.
// b is not read by functions of one operand. Ends next to 1 of functions that stay below it are
// 1 - 2^-53 at most, where f may be nearer: a rounding that turns so near does not round both ends
// alike, as they are farther apart.
struct Candidates {
  const double* a = nullptr;
  const double* b = nullptr;
  std::size_t count = 0;
  double flush_below = 0;
  double* low = nullptr;
  double* high = nullptr;
};
void candidates(Op op, const Candidates& c);

}  // namespace halfulp::emulator

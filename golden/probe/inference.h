// SPDX-License-Identifier: MIT
//
// The units of the family that give a device's answers. Shipped units are tried, and those that are
// put together: first the cores (hypotheses.h) that agree on one product beside C, then the
// structures of the best of them on the masks of large and small numbers. From every structure that
// agrees the search goes on from unit to neighbouring unit, one property at a time, to fewer
// misses. Nothing is concluded from an answer but by units that give it.
#pragma once

#include <span>
#include <vector>

#include "golden/probe/exam.h"

namespace halfulp::probe {

struct Fit {
  MatrixUnit unit;
  std::size_t misses = 0;
  bool operator==(const Fit&) const = default;
};

// Units with the fewest misses first, equal ones once; none where no unit has such operands. known:
// units to try besides those that are put together, such as the shipped ones.
std::vector<Fit> infer(const Exam& exam, std::span<const MatrixUnit> known);

// Those of the known units that have such operands, the fewest misses first.
std::vector<Fit> ranked(const Exam& exam, std::span<const MatrixUnit> known);

}  // namespace halfulp::probe

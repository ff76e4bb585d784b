// SPDX-License-Identifier: MIT
//
// The units left: those that give all answers of a device, as one that was found does. Where
// answers leave several properties open, the device may be a unit that differs in all of them, so
// that the neighbours of the unit found are not enough: from each the way goes on to its own
// neighbours, first from those that show themselves as another unit on drawn operands.
#pragma once

#include <vector>

#include "golden/probe/exam.h"

namespace halfulp::probe {

// Those that differ from `unit` in one property.
std::vector<MatrixUnit> neighbouring_rivals(const Exam& exam, const MatrixUnit& unit);
// Farther ones too: at most some hundreds of units other than `unit`, those nearest to it first.
std::vector<MatrixUnit> rivals(const Exam& exam, const MatrixUnit& unit);

}  // namespace halfulp::probe

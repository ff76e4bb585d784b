// SPDX-License-Identifier: MIT
//
// The picture of a blame: a row a part, with two intervals on one axis, how far the run is from
// full precision with that part alone in low precision and with it alone in full. A line stands at
// full precision and one at the policy: a part that costs much alone in low precision lies toward
// the policy's, one whose full precision helps lies toward full precision's. Colours are those of
// Okabe and Ito, as in reports, and marks are filled and open.
#pragma once

#include <string>

#include "experiments/blame/blame.h"

namespace halfulp::experiments {

// As an SVG file that stands alone.
std::string blame_picture(const Blame& blame);

}  // namespace halfulp::experiments

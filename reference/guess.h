// SPDX-License-Identifier: MIT
//
// A cheap guess at the rank of a number, from its leading bits. It only tells the search of
// round.cc where to start: nothing is believed of it, so nothing here can make a result wrong, only
// slow.
#pragma once

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// A rank of the format's finite range near the finite nonzero number x.
Rank guess_rank(const Format& format, const Real& x, bool negative);

}  // namespace halfulp::reference

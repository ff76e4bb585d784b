// SPDX-License-Identifier: MIT
//
// A dot product executed as the description of its unit says (formats/unit.h), one exact, once
// rounded operation after another. Nothing is computed by the processor's floating point.
#pragma once

#include "formats/engine.h"

namespace halfulp::reference {

void multiply(const View& a, const View& b, const DotPlan& unit, const Random& random,
              const MutableView& out);

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// A dot product executed as the description of its unit says (formats/engine.h), one exact, once
// rounded operation after another. Nothing is computed by the processor's floating point.
#pragma once

#include "formats/engine.h"

namespace halfulp::reference {

// flush_inputs of the accumulator applies to the running sum (in the accumulator's format) and to
// what is added to it (a rounded product in the product's format, elements in their carrier);
// flush_inputs of the product to the elements.
void multiply(const View& a, const View& b, const DotPlan& unit, const Random& random,
              const MutableView& out);

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Families of floating-point formats, and the parametric names that stand for their members (listed
// in catalogue.h).
#pragma once

#include <optional>
#include <string>

#include "formats/format.h"

namespace halfulp {

// IEEE 754-2019 3.3: the top exponent holds the infinity and every NaN.
Float ieee(int exponent_bits, int fraction_bits);
// Finite: the top exponent is ordinary, with `nan_codes` NaNs at its end.
Float finite(int exponent_bits, int fraction_bits, Code nan_codes);
// FNUZ: no infinity, one zero, and the code of -0 is the only NaN.
Float fnuz(int exponent_bits, int fraction_bits, std::int64_t bias);
// P3109 interim report 4.0: k bits, precision p, one zero and exactly one NaN, at the top where
// there is no sign.
Float p3109(int k, int p, bool sign, bool extended);
Float with_bias(Float f, std::int64_t bias);

// The format of a parametric name in lower case, or nothing where it is none. The format may still
// be out of range (validate); a P3109 or Tesla name outside its family throws Error.
std::optional<Format> parametric_format(const std::string& name);

}  // namespace halfulp

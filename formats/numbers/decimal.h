// SPDX-License-Identifier: MIT
//
// How decimals are written: in fixed notation, or with an exponent where that is shorter.
#pragma once

#include <cstdint>
#include <string>

#include "formats/numbers/value.h"

namespace halfulp {

// digits * 10^exponent
struct Decimal {
  Integer digits;  // > 0
  std::int64_t exponent = 0;
};

// Without zeros at the end; fixed notation wins ties of length.
std::string decimal_text(const Decimal& d);

// 10^n, n >= 0.
Integer power_of_ten(std::int64_t n);

}  // namespace halfulp

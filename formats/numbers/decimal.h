// SPDX-License-Identifier: MIT
//
// How decimals are written: in fixed notation, or with an exponent where that is shorter.
#pragma once

#include <cstdint>
#include <string>

#include "formats/format.h"
#include "formats/numbers/value.h"

namespace halfulp {

// digits * 10^exponent
struct Decimal {
  Integer digits;  // > 0
  std::int64_t exponent = 0;
};

// Without zeros at the end; fixed notation wins ties of length.
std::string decimal_text(const Decimal& d);

// shortest_text and value_text of codes.h for every format and number, by integers of any length;
// those begin with short_decimal.h.
std::string long_shortest_text(const Format& format, Code code);
std::string long_value_text(const Format& format, Code code);

// 10^n, n >= 0.
Integer power_of_ten(std::int64_t n);

}  // namespace halfulp

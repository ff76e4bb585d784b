// SPDX-License-Identifier: MIT
//
// Numbers of 64 bits as text and back: what codes.h and value.h do for all numbers, without memory
// from the heap. Where words do not decide, the answer is absent, and the long way has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace halfulp {

// shortest_text and value_text of codes.h, of a finite code of a float. Absent: another kind of
// format, fraction of more than 52 bits, far exponents, and what words do not decide.
std::optional<std::string> short_shortest_text(const Format& format, Code code);
std::optional<std::string> short_value_text(const Format& format, Code code);

// (-1)^negative * significand * 2^exponent; where it is not exact, bit 0 of the significand is set
// in the place of everything below, and there are at least 63 bits.
struct ShortNumber {
  bool negative = false, exact = true;
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;
};
// What parse_real of value.h reads; absent where it is no finite number of few digits and a near
// exponent, or no number at all.
std::optional<ShortNumber> parse_short(std::string_view text);

}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// What a number format is: a plain value that says how codes stand for numbers. The five questions
// every kind answers are in codes.h, the named formats in catalogue.h, the JSON form (same keys as
// these fields) in json.h.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace halfulp {

// A bit pattern, right-aligned. 128 bits hold every scalar format.
__extension__ using Code = unsigned __int128;
__extension__ using Rank = __int128;

// A binary floating-point format: [sign] exponent fraction, most significant first. The fields are
// those of one record that describes IEEE 754, OCP, FNUZ, P3109 and E8M0 formats alike: which codes
// at the top of each sign's range are NaN, whether the one below them is an infinity, whether the
// code 10...0 is a negative zero (else it is NaN).
struct Float {
  int exponent_bits = 0;
  int fraction_bits = 0;
  std::int64_t bias = 0;
  Code nan_codes = 0;         // a sign; IEEE 754 has 2^fraction_bits - 1
  bool infinity = true;       // a sign
  bool zero = true;           // without it code 0 is the least power of two (E8M0)
  bool negative_zero = true;  // signed formats only
  bool subnormals =
      true;  // without them exponent field 0 is an ordinary binade, its first code still zero
  bool sign = true;
  bool operator==(const Float&) const = default;
};

// Two's complement (or unsigned) fixed point: code * 2^-fraction_bits. Integers have no fraction
// bits.
struct Fixed {
  int bits = 0;
  int fraction_bits = 0;
  bool sign = true;
  bool symmetric = false;  // the lowest code is not used as a result; it still decodes
  bool operator==(const Fixed&) const = default;
};

struct Format {
  std::string name;  // canonical, or the text that described it
  std::variant<Float, Fixed> kind;
  bool operator==(const Format&) const = default;
};

// Throws Error (with the field as location) where the fields contradict each other or leave the
// supported range: at most 128 bits (127 unsigned), exponent_bits 1 to 20, |bias| <= 2^21.
void validate(const Format& format);

}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// The parts of a code as the definition of its format names them, from the most significant bit on:
//   float     sign | exponent | fraction
//   fixed     sign | integer | fraction (two's complement: the sign counts negatively)
//   affine    integer
//   posit     sign | regime | exponent | fraction, read from the code as it is, also of negative
//             numbers (Standard for Posit Arithmetic 2022, section 3.3)
//   takum     sign | direction | regime | characteristic | mantissa, likewise (Hunhold, arXiv
//             2404.18603, definition 2)
//   log       sign | integer | fraction, the last two of the logarithm
//   codebook  index
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace halfulp {

struct BitField {
  std::string_view name;
  std::string bits;  // of 0 and 1, not empty
};

// Together the fields hold bits(format) bits. Fields that this code has no room for are absent.
std::vector<BitField> bit_fields(const Format& format, Code code);

// "0|1111|101"
std::string field_text(const Format& format, Code code);

// All fields that codes of the format may have: "sign|regime|exponent|fraction".
std::string field_names(const Format& format);

}  // namespace halfulp

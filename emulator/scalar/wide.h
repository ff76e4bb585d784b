// SPDX-License-Identifier: MIT
//
// The words of exact results that 128 bits do not hold: 512 bits, or an integer of any length.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/operand.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

using WideWord = boost::multiprecision::number<
    boost::multiprecision::cpp_int_backend<512, 512, boost::multiprecision::unsigned_magnitude,
                                           boost::multiprecision::unchecked, void>,
    boost::multiprecision::et_off>;

template <>
inline constexpr int word_bits<WideWord> = 512;
template <>
inline constexpr int word_bits<Integer> = std::numeric_limits<int>::max();

inline Exact<Integer> exact_integer(const Operand& x) {
  return {x.negative, from_code<Integer>(x.significand), x.exponent};
}
template <typename Word>
Exact<Integer> exact_integer(const Exact<Word>& x) {
  if constexpr (std::is_same_v<Word, Code>) {
    return {x.negative, from_code<Integer>(x.significand), x.exponent};
  } else {
    return {x.negative, Integer(x.significand), x.exponent};
  }
}

// Of the words of at most 512 bits.
template <typename Word>
Exact<WideWord> widened(const Exact<Word>& x) {
  if constexpr (std::is_same_v<Word, WideWord>) {
    return x;
  } else {
    return {x.negative, from_code<WideWord>(x.significand), x.exponent};
  }
}

}  // namespace halfulp::emulator

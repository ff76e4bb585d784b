// SPDX-License-Identifier: MIT
//
// Where a number lies between two neighbours whose distance is no power of two: through exponent or
// regime bits of a tapered format, or between two numbers of a list.
#pragma once

#include "emulator/scalar/exact.h"
#include "emulator/scalar/target.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// v * 2^bits = count + remainder; `half` is the order of the remainder and 1/2.
struct Position {
  Code count = 0;
  int half = -1;
};

// v = (x - inner) / (outer - inner), exactly. Precondition: x lies between the two; bits <= 64.
Position position_between(Exact<Integer> x, const Exact<Integer>& inner,
                          const Exact<Integer>& outer, int bits);

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

}  // namespace halfulp::emulator

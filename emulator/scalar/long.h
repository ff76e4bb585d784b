// SPDX-License-Identifier: MIT
//
// Exact results that no word holds: of neighbours far apart, whose sum is longer than a word, and
// of decimal literals. What does not end within `bits` bits is jammed as in exact.h.
#pragma once

#include <cstdint>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/target.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// True where results of more than the widest word are needed.
inline bool needs_long(const Target& target) {
  return bits_needed(target) > word_bits<WideWord> - 4;
}

// Operands nonzero; that of the root positive. A zero sum has significand 0.
Exact<Integer> long_sum(const Exact<Integer>& a, const Exact<Integer>& b);
Exact<Integer> long_quotient(const Exact<Integer>& a, const Exact<Integer>& b, int bits);
Exact<Integer> long_root(const Exact<Integer>& a, int bits);

// x nonzero, with more bits than are needed where it does not end; rounded once.
Outcome round_long(const Target& target, Exact<Integer> x, std::uint64_t random);

}  // namespace halfulp::emulator

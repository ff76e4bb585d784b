// SPDX-License-Identifier: MIT
//
// What posits and takums have in common: rounding to them by building the encoding of a magnitude
// at full length and cutting it to the bits below the sign. The long encoding is
//     head: regime and exponent of a posit; direction, regime and characteristic of a takum
//     fraction: the significand without its leading one, as long as it is
// Codes are ordered as the numbers are, so the cut code and the next are the neighbours, and
// "nearest" turns where one further bit says so, wherever the cut goes. Two exceptions: nothing but
// zero rounds to zero by "nearest", and nothing to NaR.
#pragma once

#include <cstdint>

#include "emulator/scalar/exactly.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

// `count` bits of a head, `more` where a further one is set that 128 do not hold.
struct Head {
  Code bits = 0;
  int count = 0;
  bool more = false;
};
// Of numbers from 2^exponent on; the exponent is at least least_exponent and at most most_exponent.
using HeadOf = Head (*)(const Format& format, std::int64_t exponent);

// x nonzero, rounded once. For Word = Code, WideWord, Integer.
template <typename Word>
Outcome round_tapered(const Target& target, HeadOf head_of, const Exactly<Word>& x,
                      std::uint64_t random);

// The bits below the sign of the code of a positive x that lies within the range of exponents, cut
// toward zero. order: of what is cut off and half a unit of them.
struct TaperedCut {
  Code kept = 0;
  bool inexact = false;
  int order = -1;
};
TaperedCut cut_tapered(const Target& target, HeadOf head_of, const Exact<Code>& x);

void describe_tapered(int bits, Target& target);

// Negation of the number is negation of the code. number_of_body: what the bits below the sign
// stand for in a positive code.
using NumberOfBody = Operand (*)(const Format& format, Code body, int width);
Operand unpack_tapered(const Format& format, int bits, NumberOfBody number_of_body, Code code);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// A number being rounded. Cut to a word and jammed it tells on which side of every dyadic number it
// lies. Where "nearest" turns at a geometric mean, or neighbours are irrational, that is not
// enough, and what the number is in full stands beside.
#pragma once

#include "emulator/scalar/exact.h"
#include "emulator/scalar/operand.h"

namespace halfulp::emulator {

// number * factor + addend, number / divisor or the root of number; what is absent takes no part.
// Operands are finite or zero, a divisor is not zero and what is under a root not negative.
struct Expression {
  const Operand* number = nullptr;
  const Operand* factor = nullptr;
  const Operand* divisor = nullptr;
  const Operand* addend = nullptr;
  bool root = false;
};

struct Ratio;  // ratio.h

// A number in full is *expression where that is set, else *ratio where that is set, else `cut`. Its
// sign is that of the cut.
template <typename Word>
struct Exactly {
  Exact<Word> cut;
  const Expression* expression = nullptr;
  const Ratio* ratio = nullptr;

  [[nodiscard]] bool negative() const { return cut.negative; }
};

// The same number, its cut in another word.
template <typename To, typename From>
Exactly<To> with_cut(const Exact<To>& cut, const Exactly<From>& x) {
  return {cut, x.expression, x.ratio};
}

}  // namespace halfulp::emulator

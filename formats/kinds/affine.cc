// SPDX-License-Identifier: MIT
//
// Affine integers, as ONNX QuantizeLinear and its relatives define them: the integer n stands for
// (n - zero_point) * scale. The rank is n - zero_point, and a tie is even where it is, since the
// quotient is rounded before the zero point is added.
#include <bit>
#include <cmath>

#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

Fixed integer_of(const Affine& f) { return {.bits = f.bits, .sign = f.sign}; }

}  // namespace

int bits(const Affine& f) { return f.bits; }

Range finite_range(const Affine& f) {
  const Range n = finite_range(integer_of(f));
  return {.lowest = n.lowest - f.zero_point, .highest = n.highest - f.zero_point};
}

Value value_at(const Affine& f, Rank rank) {
  return product(value_at(Fixed{.bits = f.bits}, rank), from_double(f.scale));
}

Code code_at(const Affine& f, Rank rank) { return code_at(integer_of(f), rank + f.zero_point); }

Rank rank_of(const Affine& f, Code code) { return rank_of(integer_of(f), code) - f.zero_point; }

Value decode(const Affine& f, Code code) { return value_at(f, rank_of(f, code)); }

void validate(const Affine& f) {
  validate(integer_of(f));
  const Value scale = from_double(f.scale);
  if (!scale.is_finite() || scale.is_zero() || scale.negative)
    throw Error("a scale that is not a positive number", "scale", "give a positive number");
  const Range n = finite_range(integer_of(f));
  if (f.zero_point < n.lowest || f.zero_point > n.highest) {
    throw Error("zero point " + std::to_string(f.zero_point), "zero_point",
                "it must be one of the integers of the format");
  }
}

}  // namespace halfulp::kinds

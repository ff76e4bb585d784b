// SPDX-License-Identifier: MIT
//
// Floats: a grid, and below the least number of those without subnormals something else.
#include <variant>

#include "emulator/scalar/grid.h"
#include "emulator/scalar/round_below.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

void describe(const Format& format, Target& t) {
  const Float& f = std::get<Float>(format.kind);
  t.is_float = true;
  t.on_grid = true;
  t.sign = f.sign;
  t.zero = f.zero;
  t.subnormals = f.subnormals;
  t.bits = f.exponent_bits + f.fraction_bits + (f.sign ? 1 : 0);
  t.fraction_bits = f.fraction_bits;
  t.least_exponent = (f.subnormals ? 1 : 0) - f.bias;
  t.hidden = f.subnormals ? 0 : Code{1} << f.fraction_bits;
  const Code largest = ones(f.exponent_bits + f.fraction_bits) - f.nan_codes - (f.infinity ? 1 : 0);
  t.largest = {largest, f.sign ? largest : 0};
  t.most_exponent = most_exponent_of(t);
  if (f.subnormals) return;
  // Magnitude 1 where code 0 is zero, else magnitude 0; its exponent field is 0 unless t is.
  const Code least = f.zero ? 1 : 0;
  t.least_number = (Code{1} << f.fraction_bits) + (least & ones(f.fraction_bits));
  t.least_number_exponent =
      static_cast<std::int64_t>(least >> f.fraction_bits) - f.bias - f.fraction_bits;
}

// Every fraction but 0 is a NaN's, so that the fraction is told from the code.
bool has_nan_fractions(const Float& f) {
  return f.infinity && f.fraction_bits >= 1 && f.nan_codes == ones(f.fraction_bits);
}

Operand nan_of(const Float& f, bool negative, Code magnitude) {
  constexpr int length = word_bits<Code>;
  Operand x{.kind = Operand::Class::nan, .negative = negative};
  if (!has_nan_fractions(f)) return x;
  x.significand = magnitude << (length - f.fraction_bits);
  x.signalling = f.sign && f.fraction_bits >= 2 && x.significand >> (length - 1) == 0;
  return x;
}

// Word holds the code.
template <typename Word>
Operand unpack_in(const Float& f, Word code) {
  const int width = f.exponent_bits + f.fraction_bits;
  const Word hidden = Word{1} << f.fraction_bits;
  const Word top = (Word{1} << width) - 1;
  const Word magnitude = code & top;
  const bool negative = f.sign && ((code >> width) & 1) != 0;
  const bool lone_nan = negative && magnitude == 0 && f.zero && !f.negative_zero;
  // Of an infinity, or the largest number.
  const Word highest = top - static_cast<Word>(f.nan_codes);
  if (magnitude > highest || lone_nan) return nan_of(f, negative, magnitude);
  Operand x{.kind = Operand::Class::infinite, .negative = negative};
  if (f.infinity && magnitude == highest) return x;
  x.kind = Operand::Class::zero;
  if (magnitude == 0 && f.zero) return x;
  x.kind = Operand::Class::finite;
  const auto field = static_cast<std::int64_t>(magnitude >> f.fraction_bits);
  x.subnormal = field == 0 && f.subnormals;
  x.significand = (magnitude & (hidden - 1)) + (x.subnormal ? 0 : hidden);
  x.exponent = field + (x.subnormal ? 1 : 0) - f.bias - f.fraction_bits;
  return x;
}

Operand unpack(const Format& format, Code code) {
  const Float& f = std::get<Float>(format.kind);
  const bool is_short = f.exponent_bits + f.fraction_bits < 64;
  return is_short ? unpack_in(f, static_cast<std::uint64_t>(code)) : unpack_in(f, code);
}

// A negative number of an unsigned format without zero is answered by the grid.
template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  const bool has_neighbours = !x.negative() || target.sign || target.zero;
  if (!target.subnormals && has_neighbours && is_below_least(target, x.cut))
    return round_below_least(target, x, random);
  return round_to_grid(target, InUnits<Word>{x.cut, x}, random);
}

}  // namespace

const Scheme float_scheme{describe, unpack, round<Code>, round<WideWord>, round_by_wide_word};

}  // namespace halfulp::emulator

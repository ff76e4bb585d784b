// SPDX-License-Identifier: MIT
//
// Integers near numbers, remainders, exponents: shifts of significands and arithmetic modulo the
// divisor. Irrational numbers are cut to a jammed dyadic number, on the same side of all integers
// and middles.
#include <algorithm>
#include <array>
#include <utility>

#include "emulator/operations/exact_operand.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/neighbour.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

Integer to_integer(Code n) { return from_code<Integer>(n); }
Integer to_integer(Integer n) { return n; }

// Between the magnitudes kept and kept + 1; rest / 2^discarded above the lesser.
template <typename Word>
struct IntegerGap {
  const Operand& number;
  const Word& kept;
  const Word& rest;
  std::int64_t discarded;
  bool odd;
  bool negative;

  [[nodiscard]] int order() const { return compare_to_half(rest, discarded); }
  // Of x^2 and n (n + 1).
  [[nodiscard]] int order_in_logarithm() const {
    const Value v = exact_value(number);
    const Integer n = to_integer(kept);
    return halfulp::compare(product(v, v), integer_value(n * (n + 1)));
  }
  [[nodiscard]] Position position(int bits) const {
    return emulator::position(rest, discarded, bits);
  }
};

// The integer next to a magnitude below 2^discarded units of the integer part.
template <typename Word>
Word chosen_integer(const Operand& x, const Word& significand, std::int64_t discarded,
                    const Rounding& rounding, std::uint64_t random) {
  Word kept = 0;
  Word rest = significand;
  if (discarded < word_bits<Word>) {
    kept = significand >> static_cast<int>(discarded);
    rest -= Word(kept << static_cast<int>(discarded));
  }
  if (rest == 0) return kept;
  const IntegerGap<Word> gap{x, kept, rest, discarded, (kept & 1) != 0, x.negative};
  return kept + (goes_out(rounding, gap, random) ? 1 : 0);
}

ExactOperand signed_integer(const Integer& n, bool negative) {
  ExactOperand result;
  result.x.negative = negative;
  if (n.is_zero()) return result;
  if (bit_length(n) <= word_bits<Code>) {
    result.x.kind = Class::finite;
    result.x.significand = to_code(n);
    return result;
  }
  Value v = integer_value(n);
  v.negative = negative;
  result.x.kind = Class::finite;
  result.real = real(std::move(v));
  return result;
}

// Irrational: enough bits behind the point for a random position, and one jammed.
ExactOperand integer_near_irrational(const Operand& x, const Rounding& rounding,
                                     std::uint64_t random) {
  constexpr std::int64_t behind = 80;
  const Value v = exact_value(x);
  const std::int64_t bits = std::max<std::int64_t>(leading_exponent(x), 0) + behind;
  const Value cut = truncated(v, static_cast<int>(bits));
  Integer significand = cut.significand;
  std::int64_t exponent = cut.exponent;
  // Integer words have no fixed length, so the shift must not be endless.
  constexpr std::int64_t farthest = 400;
  if (exponent < -farthest) {
    significand = 1;
    exponent = -farthest;
  }
  return signed_integer(chosen_integer(x, significand, -exponent, rounding, random), x.negative);
}

// 2^power modulo m, m below 2^255.
WideWord power_of_two_modulo(std::int64_t power, const WideWord& m) {
  WideWord result = WideWord(1) % m;
  WideWord square = WideWord(2) % m;
  for (; power > 0; power >>= 1) {
    if ((power & 1) != 0) result = result * square % m;
    square = square * square % m;
  }
  return result;
}

// |x| and |y| are integers X and Y in units of the smaller exponent; t = X mod 2 Y has the
// remainder, and says whether floor(X / Y) is odd.
ExactOperand remainder_of_like(const Operand& x, const Operand& y) {
  const std::int64_t unit = std::min(x.exponent, y.exponent);
  const WideWord divisor = WideWord(from_code<WideWord>(y.significand))
                           << static_cast<int>(y.exponent - unit);
  const WideWord twice = divisor << 1;
  const WideWord power = power_of_two_modulo(x.exponent - unit, twice);
  const WideWord t = from_code<WideWord>(x.significand) % twice * power % twice;
  const bool odd = t >= divisor;
  const WideWord rest = odd ? WideWord(t - divisor) : t;
  const WideWord doubled = rest << 1;
  const bool up = doubled > divisor || (doubled == divisor && odd);
  const WideWord magnitude = up ? WideWord(divisor - rest) : rest;
  ExactOperand result;
  result.x = x;  // its irrational factor, and the sign of a zero
  result.x.subnormal = false;
  if (magnitude.is_zero()) {
    result.x.kind = Class::zero;
    return result;
  }
  const auto zeros = static_cast<int>(boost::multiprecision::lsb(magnitude));
  result.x.negative = x.negative != up;
  result.x.significand = to_code(WideWord(magnitude >> zeros));
  result.x.exponent = unit + zeros;
  return result;
}

}  // namespace

std::int64_t leading_exponent(const Operand& x) {
  if (x.is_irrational()) return halfulp::leading_exponent(exact_value(x));
  return x.exponent + bit_length(x.significand) - 1;
}

Operand operand_of(std::int64_t n) {
  Operand x;
  x.negative = n < 0;
  x.significand = static_cast<Code>(n < 0 ? -n : n);
  if (n != 0) x.kind = Class::finite;
  return x;
}

bool is_integer(const Operand& x) {
  if (x.kind == Class::zero) return true;
  if (x.is_irrational()) return false;
  if (x.exponent >= 0) return true;
  if (-x.exponent >= word_bits<Code>) return false;
  return (x.significand & ((Code{1} << static_cast<int>(-x.exponent)) - 1)) == 0;
}

Operand scaled(Operand x, const Operand& n) {
  constexpr std::int64_t farthest = std::int64_t{1} << 24;
  if (n.kind == Class::zero) return x;
  std::int64_t power = farthest;
  if (leading_exponent(n) < 24) {
    power =
        static_cast<std::int64_t>(n.exponent < 0 ? n.significand >> static_cast<int>(-n.exponent)
                                                 : n.significand << static_cast<int>(n.exponent));
  }
  x.exponent += n.negative ? -power : power;
  x.subnormal = false;
  return x;
}

ExactOperand integer_near(const Operand& x, const Rounding& rounding, std::uint64_t random) {
  constexpr std::int64_t farthest = 1024;
  ExactOperand result{.x = x, .real = {}};
  result.x.subnormal = false;
  if (x.is_irrational()) {
    return leading_exponent(x) >= farthest ? result : integer_near_irrational(x, rounding, random);
  }
  if (x.exponent >= 0) return result;
  result.x.significand = chosen_integer(x, x.significand, -x.exponent, rounding, random);
  result.x.exponent = 0;
  if (result.x.significand == 0) result.x.kind = Class::zero;
  return result;
}

ExactOperand remainder(const Operand& x, const Operand& y) {
  Operand twice = x;
  ++twice.exponent;
  Operand divisor = y;
  twice.negative = divisor.negative = false;
  if (compare(twice, divisor) < 0) {
    ExactOperand result{.x = x, .real = {}};
    result.x.subnormal = false;
    return result;
  }
  return remainder_of_like(x, y);
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Results of functions where a cut does not do: compared with irrational neighbours, or in the
// logarithm, or made of irrational operands (which are 2^t e^n: their significand is 1).
//
// What equals a number that it may be compared with is given as that: powers, logarithms of powers
// to their own base, roots. Everything else is known by bounds. Irrational operands that a function
// hardly moves stand beside themselves, at a 2^-512th, as they are numbers of formats themselves
// and bounds of dyadic numbers would have to be narrower than that.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/functions/functions.h"
#include "emulator/functions/multiple.h"
#include "emulator/functions/real_memory.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;

constexpr int unit_bits = 64;      // powers of operands
constexpr int turn_bits = 65;      // powers of formats and of their turns: of e halves of units
constexpr int longest = 512;       // odd parts beyond this equal nothing
constexpr int longest_power = 26;  // bits before the point of a power that formats reach

Integer to_integer(Rank n) {
  const auto magnitude = from_code<Integer>(static_cast<Code>(n < 0 ? -n : n));
  return n < 0 ? Integer(-magnitude) : magnitude;
}

// n / 2^bits as a count of 2^-80; nothing where it is none, or beyond every format.
constexpr int value_bits = 80;
std::optional<Power> power_of(const Integer& n, std::int64_t bits) {
  if (n.is_zero()) return Power{0};
  const Integer magnitude = abs(n);
  const std::int64_t shift = value_bits - bits;
  if (bit_length(magnitude) - bits > longest_power) return std::nullopt;
  if (shift < 0 && static_cast<std::int64_t>(mp::lsb(magnitude)) < -shift) return std::nullopt;
  const Integer count = shift < 0 ? Integer(magnitude >> static_cast<unsigned>(-shift))
                                  : Integer(magnitude << static_cast<unsigned>(shift));
  const auto result = static_cast<Power>(to_code(count));
  return n < 0 ? -result : result;
}

// odd * 2^(two / 2^64) * e^(natural / 2^64).
struct Parts {
  Integer odd, two, natural;
};
Parts parts_of(const Operand& x) {
  const Integer significand = from_code<Integer>(x.significand);
  const unsigned zeros = mp::lsb(significand);
  return {Integer(significand >> zeros),
          ((Integer(x.exponent) + zeros) << unit_bits) + Integer(x.two), to_integer(x.natural)};
}

std::optional<Value> value_of(const Integer& odd, const Integer& two, const Integer& natural,
                              std::int64_t bits) {
  const std::optional<Power> t = power_of(two, bits);
  const std::optional<Power> n = power_of(natural, bits);
  if (!t || !n) return std::nullopt;
  return product(integer_value(odd),
                 product(halfulp::power_of_two(*t, value_bits), power_of_e(*n, value_bits)));
}

// The operand, if dyadic and small, as an integer over 2^65.
std::optional<Integer> units_of(const Operand& x) {
  if (x.is_irrational() || x.exponent + bit_length(x.significand) > longest_power)
    return std::nullopt;
  const Integer n = from_code<Integer>(x.significand);
  const std::int64_t shift = x.exponent + turn_bits;
  if (shift < 0 && static_cast<std::int64_t>(mp::lsb(n)) < -shift) return std::nullopt;
  const Integer units = shift < 0 ? Integer(n >> static_cast<unsigned>(-shift))
                                  : Integer(n << static_cast<unsigned>(shift));
  return x.negative ? Integer(-units) : units;
}

std::optional<Real> as_real(const std::optional<Value>& v) {
  if (!v) return std::nullopt;
  return real(*v);
}

// x^(k / 2^f): as many square roots of the odd part as there are, one of them left to the Real.
std::optional<Real> exact_power(const Operand& x, const Operand& y) {
  constexpr std::int64_t largest = 128;
  if (y.is_irrational() || y.exponent > largest) return std::nullopt;
  Integer k = from_code<Integer>(y.significand);
  const unsigned zeros = mp::lsb(k);
  const std::int64_t f = -(y.exponent + zeros);
  k >>= zeros;
  if (f < 0) k <<= static_cast<unsigned>(-f);
  if (y.negative) k = -k;
  Parts parts = parts_of(x);
  std::int64_t left = std::max<std::int64_t>(f, 0);
  const std::int64_t roots = left;
  while (left > 0 && parts.odd != 1) {
    Integer rest;
    const Integer root = mp::sqrt(parts.odd, rest);
    if (!rest.is_zero()) break;
    parts.odd = root;
    --left;
  }
  if (parts.odd == 1) left = 0;
  if (left > 1) return std::nullopt;
  if (parts.odd != 1) {
    if (k < 0 || bit_length(parts.odd) * k > longest) return std::nullopt;
    parts.odd = mp::pow(parts.odd, static_cast<unsigned>(k));
  }
  const std::int64_t bits = unit_bits + roots - left;
  std::optional<Real> result =
      as_real(value_of(parts.odd, Integer(parts.two * k), Integer(parts.natural * k), bits));
  if (result) result->root = left == 1;
  return result;
}

std::optional<Real> exact_of_irrational(Op op, const Operand& x) {
  const Parts parts = parts_of(x);
  switch (op) {
    case Op::log:
      if (!parts.two.is_zero()) return std::nullopt;
      return real(scaled(integer_value(parts.natural), -unit_bits));
    case Op::log2:
      if (!parts.natural.is_zero()) return std::nullopt;
      return real(scaled(integer_value(parts.two), -unit_bits));
    case Op::cube_root: {
      if (parts.two % 3 != 0 || parts.natural % 3 != 0) return std::nullopt;
      std::optional<Value> root =
          value_of(1, Integer(parts.two / 3), Integer(parts.natural / 3), unit_bits);
      if (root) root->negative = x.negative;
      return as_real(root);
    }
    default:
      return std::nullopt;
  }
}

// Exact results other than those that a cut shows.
std::optional<Real> exact_function(Op op, std::span<const Operand> operands) {
  const Operand& x = operands[0];
  if (x.kind != Operand::Class::finite) return std::nullopt;
  if (op == Op::power) return exact_power(x, operands[1]);
  if (op == Op::exp || op == Op::exp2) {
    const std::optional<Integer> units = units_of(x);
    if (!units) return std::nullopt;
    return as_real(op == Op::exp ? value_of(1, 0, *units, turn_bits)
                                 : value_of(1, *units, 0, turn_bits));
  }
  return x.is_irrational() ? exact_of_irrational(op, x) : std::nullopt;
}

// --- Beside an irrational operand ----------------------------------------------------------------

constexpr std::int64_t beside_bits = 512;

// x and a little more, or less.
Real beside(const Value& x, bool above) {
  const Value little = make_value(above ? 1 : -1, leading_exponent(x) - beside_bits);
  if (x.is_dyadic()) return real(sum(x, little));
  return {.numerator = x, .addend = little};
}

std::optional<Real> beside_operand(Op op, const Operand& operand) {
  if (!operand.is_irrational()) return std::nullopt;
  const Value x = exact_value(operand);
  const std::int64_t exponent = leading_exponent(x);
  const bool odd_less = op == Op::sin || op == Op::atan || op == Op::tanh;
  const bool odd_more = op == Op::tan || op == Op::asin || op == Op::sinh;
  const bool activation = op == Op::silu || op == Op::gelu;
  if (exponent < -beside_bits / 2 && (odd_less || odd_more))
    return beside(x, odd_more != x.negative);
  if (exponent < -beside_bits && (op == Op::expm1 || op == Op::log1p))
    return beside(x, op == Op::expm1);
  if (exponent < -beside_bits && activation) return beside(scaled(x, -1), true);
  // What is missing is less than e^-512 of x.
  const bool large = exponent >= (op == Op::gelu ? 5 : 9) && !x.negative;
  if (large && (activation || op == Op::softplus)) return beside(x, op == Op::softplus);
  return std::nullopt;
}

// --- Bounds --------------------------------------------------------------------------------------

Value value_of(const Exact<Integer>& x, int step) {
  Value v;
  v.negative = x.negative;
  v.significand = x.significand + step;
  v.exponent = x.exponent;
  return v;
}

// Of a jammed number.
Bounds bounds_of(const Exact<Integer>& cut) {
  if (cut.negative) return {value_of(cut, 1), value_of(cut, -1)};
  return {value_of(cut, -1), value_of(cut, 1)};
}

Bounds hull(const Bounds& a, const Bounds& b) {
  return {compare(a.lower, b.lower) < 0 ? a.lower : b.lower,
          compare(a.upper, b.upper) > 0 ? a.upper : b.upper};
}

bool is_narrow(const Bounds& b, int bits) {
  if (b.lower.is_zero() || b.upper.is_zero() || b.lower.negative != b.upper.negative) return false;
  const Value width = sum(b.upper, negated(b.lower));
  const Value& lesser = b.lower.negative ? b.upper : b.lower;
  return width.is_zero() || leading_exponent(width) + 1 + bits <= leading_exponent(lesser);
}

Value value_of(mpfr_srcptr x) {
  const Exact<Integer> number = exact_of(x, true);
  return value_of(number, 0);
}

// True where the extremes over a short interval are at its ends.
bool is_monotonic_near(Op op, const Operand& x) {
  if (op == Op::sin || op == Op::cos) return leading_exponent(exact_value(x)) < 0;
  const bool dips = op == Op::gelu || op == Op::silu;  // between -2 and 0
  return !dips || !x.negative || leading_exponent(exact_value(x)) > 1;
}

// An operand as two dyadic ends, the lower magnitude first.
void set_ends(Ends& ends, const Operand& x, mpfr_prec_t w) {
  if (x.is_irrational()) {
    set(ends, x, w);
    if (x.negative) {
      mpfr_neg(ends.low, ends.low, MPFR_RNDN);
      mpfr_neg(ends.high, ends.high, MPFR_RNDN);
    }
  } else {
    set(ends.low, x);
    set(ends.high, x);
  }
}

// At a precision w, however wide.
Bounds bounds_at(Op op, std::span<const Operand> operands, int w) {
  Ends x(std::max(w, 128));
  Ends y(std::max(w, 128));
  set_ends(x, operands[0], w);
  set_ends(y, operands.back(), w);
  const auto at = [&](mpfr_srcptr a, mpfr_srcptr b) { return bounds_of(cut_of(op, a, b, w)); };
  Bounds bounds = at(x.low, y.low);
  if (operands.size() == 2)
    return hull(hull(bounds, at(x.low, y.high)), hull(at(x.high, y.low), at(x.high, y.high)));
  if (!operands[0].is_irrational()) return bounds;
  if (is_monotonic_near(op, operands[0])) return hull(bounds, at(x.high, y.high));
  // No derivative is larger than 2.
  Value width = sum(value_of(x.high), negated(value_of(x.low)));
  width.negative = false;
  width = scaled(width, 1);
  return {sum(bounds.lower, negated(width)), sum(bounds.upper, width)};
}

Bounds narrowed(Op op, std::span<const Operand> operands, int bits) {
  const WidestRange range;
  constexpr int most = 1 << 26;
  int extra = 0;
  if ((op == Op::sin || op == Op::cos || op == Op::tan) && operands[0].is_irrational())
    extra = static_cast<int>(std::max<std::int64_t>(0, leading_exponent(exact_value(operands[0]))));
  for (int w = bits + extra + 16; w <= most; w *= 2) {
    Bounds bounds = bounds_at(op, operands, w);
    if (is_narrow(bounds, bits)) return bounds;
  }
  throw Error("a function whose result cannot be bounded within 2^26 bits");
}

// The narrowest bounds so far serve again.
Real by_bounds(Op op, std::span<const Operand> operands) {
  struct Narrowest {
    Bounds bounds;
    int bits = 0;
  };
  constexpr int first = 192;  // enough for nearly every comparison
  const std::vector<Operand> own(operands.begin(), operands.end());
  const auto known = std::make_shared<Narrowest>(Narrowest{narrowed(op, own, first), first});
  Real result = real(known->bounds.lower);
  result.enclosure = std::make_shared<const BoundsOf>([op, own, known](int bits) {
    if (bits > known->bits) *known = {narrowed(op, own, bits), bits};
    return known->bounds;
  });
  return result;
}

bool is_finite(const Operand& x) { return x.kind == Operand::Class::finite; }

// Beyond every format nothing narrows. Exact numbers of 256 bits end in zeros.
std::optional<Real> cut_tells(Op op, std::span<const Operand> operands) {
  constexpr int bits = 256;
  constexpr std::int64_t farthest = (std::int64_t{1} << 24) - bits;
  if (std::any_of(operands.begin(), operands.end(),
                  [](const Operand& x) { return x.is_irrational(); })) {
    const WidestRange range;
    const Bounds rough = bounds_at(op, operands, bits);
    for (const Value& v : {rough.lower, rough.upper}) {
      if (v.is_zero() || leading_exponent(v) < -farthest || leading_exponent(v) > farthest)
        continue;
      return std::nullopt;
    }
    return real(rough.lower.is_zero() ? rough.upper : rough.lower);
  }
  const Exact<Integer> cut = cut_function(op, operands, bits);
  const bool far = cut.exponent < -farthest || cut.exponent > farthest;
  if (!far && mp::bit_test(cut.significand, 0)) return std::nullopt;
  return real(value_of(cut, 0));
}

// The leading bits of a magnitude.
Exact<Integer> cut_at(const Value& v, int bits) {
  const int cut = bit_length(v.significand) - bits;
  const Integer kept = cut > 0 ? Integer(v.significand >> static_cast<unsigned>(cut))
                               : Integer(v.significand << static_cast<unsigned>(-cut));
  return {v.negative, kept, v.exponent + cut};
}

// --- Results ------------------------------------------------------------------------------------

Real remembered(RealMemory* memory, Op op, std::span<const Operand> operands,
                const std::function<Real()>& make) {
  return memory == nullptr ? make() : memory->result(op, operands, make);
}

// The root of a^2 + b^2.
Real real_hypotenuse(std::span<const Operand> operands, RealMemory* memory) {
  const Value x = halfulp::absolute(exact_value(operands[0]));
  const Value y = halfulp::absolute(exact_value(operands[1]));
  const std::int64_t apart = leading_exponent(x) - leading_exponent(y);
  if (apart > beside_bits / 2 + 1 || apart < -beside_bits / 2 - 1)
    return beside(apart > 0 ? x : y, true);
  const Value a = product(x, x);
  const Value b = product(y, y);
  if (!same_irrational_factor(a, b)) {
    return remembered(memory, Op::hypotenuse, operands,
                      [&] { return by_bounds(Op::hypotenuse, operands); });
  }
  Real result = real(sum(a, b));
  result.root = true;
  return result;
}

Real not_exact(Op op, std::span<const Operand> operands) {
  if (std::optional<Real> known = cut_tells(op, operands)) return *known;
  return by_bounds(op, operands);
}

}  // namespace

std::optional<Exact<Integer>> cut_irrational(Op op, const Operand& x, int bits) {
  const std::span<const Operand> operands(&x, 1);
  if (op == Op::reciprocal_square_root || exact_function(op, operands) || beside_operand(op, x))
    return std::nullopt;
  const WidestRange range;
  constexpr int most = 2048;
  for (int w = bits + 34; w <= most; w *= 2) {
    const Bounds bounds = bounds_at(op, operands, w);
    if (bounds.lower.is_zero() || bounds.upper.is_zero()) continue;
    Exact<Integer> low = cut_at(bounds.lower, bits);
    const Exact<Integer> high = cut_at(bounds.upper, bits);
    const bool same = low.negative == high.negative && low.exponent == high.exponent &&
                      low.significand == high.significand;
    if (!same) continue;
    low.significand |= 1;
    return low;
  }
  return std::nullopt;
}

Real real_function(Op op, std::span<const Operand> operands, RealMemory* memory) {
  if (op == Op::hypotenuse) return real_hypotenuse(operands, memory);
  if (op == Op::reciprocal_square_root)
    return {.numerator = make_value(1), .denominator = exact_value(operands[0]), .root = true};
  if (std::optional<Real> exact = exact_function(op, operands)) return *exact;
  if (is_finite(operands[0])) {
    if (std::optional<Real> near = beside_operand(op, operands[0])) return *near;
  }
  return remembered(memory, op, operands, [&] { return not_exact(op, operands); });
}

}  // namespace halfulp::emulator

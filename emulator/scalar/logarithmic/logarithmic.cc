// SPDX-License-Identifier: MIT
//
// Rounding to logarithmic numbers and logarithmic takums. The codes of both are logarithms of at
// most 63 fraction bits and their turns have one bit more, so a magnitude is placed by 64 fraction
// bits of its logarithm and whether there is more. A logarithm known with a smaller error tells
// these, unless it may be on either side of a multiple of 2^-64: then the number is compared with
// the power at that multiple, exactly.
//
// Random bits choose in proportion to value: the number is compared with a point between its
// neighbours.
#include "emulator/scalar/logarithmic/logarithmic.h"

#include <algorithm>
#include <array>
#include <variant>

#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/neighbour.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/scheme.h"
#include "emulator/scalar/takum.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

constexpr int placed_bits = 64;
constexpr std::uint64_t half = std::uint64_t{1} << 63;

// whole + fraction / 2^64, and more.
struct Placed {
  std::int64_t whole = 0;
  std::uint64_t fraction = 0;
  bool more = false;
};

// A magnitude between the ranks `inner` and inner + 1, or equal to `inner`. order: of it and where
// "nearest" turns.
struct Neighbours {
  Code inner = 0;
  bool exact = false;
  bool beyond = false;
  int order = -1;
};

std::uint64_t high_word(Code n) { return static_cast<std::uint64_t>(n >> 64); }
std::uint64_t low_word(Code n) { return static_cast<std::uint64_t>(n); }

Placed placed(const Result& x, bool to_base_root_e) {
  const Logarithm l = to_base_root_e ? x.logarithm_root_e() : x.logarithm_2();
  if (l.error == 0) return {l.whole, high_word(l.fraction), low_word(l.fraction) != 0};
  const Logarithm error{.whole = 0, .fraction = l.error, .error = 0};
  const Logarithm low = sum(l, negated(error));
  const Logarithm high = sum(l, error);
  Placed place{high.whole, high_word(high.fraction), true};
  const bool certain = low.whole == high.whole && low_word(low.fraction) != 0 &&
                       high_word(low.fraction) == high_word(high.fraction);
  // Logarithms of takums are within +-256. Farther out some functions come nearer to a power of e
  // than can be told.
  constexpr std::int64_t farthest = 300;
  const bool far = to_base_root_e && (place.whole > farthest || place.whole < -farthest);
  if (certain || far) return place;
  const Power multiple = (static_cast<Power>(place.whole) << placed_bits) + place.fraction;
  const Value point = to_base_root_e ? power_of_e(multiple, placed_bits + 1)
                                     : halfulp::power_of_two(multiple, placed_bits);
  const int order = compare(x.magnitude(), point);
  place.more = order != 0;
  if (order < 0) {
    place.whole -= place.fraction == 0 ? 1 : 0;
    --place.fraction;
  }
  return place;
}

int compare_to_half(std::uint64_t fraction, bool more) {
  if (fraction != half) return fraction < half ? -1 : 1;
  return more ? 1 : 0;
}

int logarithm_bits(const Log& f) { return f.integer_bits + f.fraction_bits; }

// The lowest logarithm stands for zero and has rank 0; what is below it is nearer to zero.
Neighbours neighbours(const Log& f, const Placed& x) {
  const int below = placed_bits - f.fraction_bits;
  const Rank lowest = -(Rank{1} << (logarithm_bits(f) - 1));
  const Rank steps = static_cast<Rank>(x.whole) * (Rank{1} << f.fraction_bits) +
                     (below < placed_bits ? x.fraction >> below : 0);
  if (steps < lowest) return {};
  const std::uint64_t rest = x.fraction << f.fraction_bits;
  Neighbours n;
  n.inner = static_cast<Code>(steps - lowest);
  n.exact = rest == 0 && !x.more && n.inner != 0;
  n.order = compare_to_half(rest, x.more);
  n.beyond = n.inner >> logarithm_bits(f) != 0;
  return n;
}

// The logarithm is coded as a linear takum codes its exponent and its fraction.
Neighbours neighbours(const Target& target, const Placed& x) {
  if (x.whole > target.most_exponent) return {.beyond = true};
  if (x.whole < target.least_exponent) return {.order = 1};
  constexpr Code one = Code{1} << placed_bits;
  const Exact<Code> coded{false, ((one | x.fraction) << 1) | (x.more ? 1 : 0),
                          x.whole - placed_bits - 1};
  const TaperedCut cut = cut_takum(target, coded);
  Neighbours n{cut.kept, !cut.inexact && cut.kept != 0, false, cut.order};
  if (n.inner == 0) n.order = 1;
  n.beyond = n.inner == target.largest[0] && !n.exact;
  return n;
}

const Log* as_log(const Target& target) { return std::get_if<Log>(&target.quantizer->format.kind); }

Neighbours neighbours_of(const Target& target, const Result& x) {
  const Log* log = as_log(target);
  return log == nullptr ? neighbours(target, placed(x, true)) : neighbours(*log, placed(x, false));
}

// 2^(steps / 2^fraction_bits).
Operand operand_of_steps(const Log& f, Rank steps) {
  Operand x;
  x.kind = Operand::Class::finite;
  x.significand = 1;
  x.exponent = static_cast<std::int64_t>(steps >> f.fraction_bits);
  x.two = low_word(static_cast<Code>(steps) << 1 << (placed_bits - 1 - f.fraction_bits));
  return x;
}

// The linear takum of the code is 2^c (1 + m); the logarithm to base sqrt(e) is c + m.
Operand unpack_takum(const Format& format, Code code) {
  Operand x = takum_scheme.unpack(format, code);
  if (x.kind != Operand::Class::finite) return x;
  const int fraction_bits = bit_length(x.significand) - 1;
  const Code one = Code{1} << fraction_bits;
  const std::int64_t c = x.exponent + fraction_bits;
  const Rank steps =
      static_cast<Rank>(c) * static_cast<Rank>(one) + static_cast<Rank>(x.significand - one);
  x.natural = steps * (Rank{1} << (placed_bits - 1 - fraction_bits));
  x.significand = 1;
  x.exponent = 0;
  return x;
}

// A positive number; also one step beyond the largest logarithm.
Operand operand_of_rank(const Target& target, Code rank) {
  const Log* log = as_log(target);
  if (log == nullptr) return unpack_takum(target.quantizer->format, rank);
  return operand_of_steps(*log, static_cast<Rank>(rank) - (Rank{1} << (logarithm_bits(*log) - 1)));
}

// The point inner + (outer - inner) * k / 2^bits, 0 < k <= 2^bits; inner is zero where rank is 0.
struct Point {
  Code rank = 0;
  Code k = 0;
  int bits = 0;
  [[nodiscard]] Code rest() const { return (Code{1} << bits) - k; }
};

// The order of x and the point, where their errors let it be told.
// 1. What is far below the first step from zero is below the point.
// 2. All terms on the lowest exponent, each enlarged and lessened by its error.
int near_order(const Target& target, const Near& x, const Point& point) {
  const Near outer = near_number(operand_of_rank(target, point.rank + 1));
  if (point.rank == 0 && x.exponent + point.bits + 2 < outer.exponent) return -1;
  Near inner{};
  if (point.rank != 0) inner = near_number(operand_of_rank(target, point.rank));
  const std::int64_t lowest =
      point.rank == 0 ? std::min(x.exponent, outer.exponent) : std::min(x.exponent, inner.exponent);
  const auto term = [&](const Near& a, Code times, bool up) {
    const Code n = up ? a.mantissa + a.error : a.mantissa - a.error;
    WideWord word = from_code<WideWord>(n) + (up && n < a.mantissa ? WideWord(1) << 128 : 0);
    word *= from_code<WideWord>(times);
    return WideWord(word << static_cast<int>(a.exponent - lowest));
  };
  const auto at = [&](bool up) {
    const WideWord far = term(outer, point.k, up);
    return point.rank == 0 ? far : WideWord(far + term(inner, point.rest(), up));
  };
  const Code whole = Code{1} << point.bits;
  if (term(x, whole, true) < at(false)) return -1;
  return term(x, whole, false) > at(true) ? 1 : 0;
}

// The same, always. x = n / d or its root: the sign of n 2^bits - d (inner rest + outer k), squares
// in the place of the two under a root.
int exact_order(const Target& target, const Real& x, const Point& point) {
  if (x.enclosure) {
    return decide_by_bounds(
        x, [&](const Value& bound) { return exact_order(target, halfulp::real(bound), point); });
  }
  const auto value = [&](Code rank, Code times) {
    if (rank == 0) return zero_value();
    return halfulp::product(value_at(target.quantizer->format, static_cast<Rank>(rank)),
                            integer_value(from_code<Integer>(times)));
  };
  const auto negative_product = [](const Value& a, const Value& b) {
    return negated(halfulp::product(a, b));
  };
  const Value inner = value(point.rank, point.rest());
  const Value outer = value(point.rank + 1, point.k);
  if (!x.root) {
    const std::array<Value, 4> terms{scaled(x.numerator, point.bits), scaled(x.addend, point.bits),
                                     negative_product(inner, x.denominator),
                                     negative_product(outer, x.denominator)};
    return sign_of_sum(terms);
  }
  const std::array<Value, 4> terms{
      scaled(x.numerator, 2 * point.bits),
      negative_product(halfulp::product(inner, inner), x.denominator),
      negative_product(scaled(halfulp::product(inner, outer), 1), x.denominator),
      negative_product(halfulp::product(outer, outer), x.denominator)};
  return sign_of_sum(terms);
}

// With k = 2^R - random the farther neighbour is delivered from the point k / 2^R on (A), from
// (2 k - 1) / 2^(R + 1) on (B), or beyond that, and at it where k is even (C).
bool chance_goes_out(const Target& target, Code rank, const Result& x, std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  if (rounding.mode == Mode::stochastic_equal) return carries(rounding, {}, random);
  const Code k = (Code{1} << rounding.random_bits) - random;
  const Point point = rounding.mode == Mode::stochastic
                          ? Point{rank, k, rounding.random_bits}
                          : Point{rank, 2 * k - 1, rounding.random_bits + 1};
  int order = near_order(target, x.near(), point);
  if (order == 0) order = exact_order(target, x.magnitude(), point);
  if (order != 0) return order > 0;
  return rounding.mode != Mode::stochastic_c || (k & 1) == 0;
}

Operand unpack_log(const Format& format, Code code) {
  const Log& f = std::get<Log>(format.kind);
  const Code zero = Code{1} << (logarithm_bits(f) - 1);
  const Code logarithm = code & (2 * zero - 1);
  Operand x;
  const bool negative = f.sign && ((code >> logarithm_bits(f)) & 1) != 0;
  if (logarithm == zero) {
    if (negative) x.kind = Operand::Class::nan;
    return x;
  }
  const Rank steps = static_cast<Rank>(logarithm ^ zero) - static_cast<Rank>(zero);
  x = operand_of_steps(f, steps);
  x.negative = negative;
  return x;
}

void describe_log(const Format& format, Target& t) {
  const Log& log = std::get<Log>(format.kind);
  const Code highest = (Code{1} << logarithm_bits(log)) - 1;
  t.bits = halfulp::bits(format);
  t.sign = log.sign;
  t.largest = {highest, log.sign ? highest : 0};
  t.irrational = true;
}

void describe_takum(const Format& format, Target& t) {
  takum_scheme.describe(format, t);
  t.irrational = true;
}

template <typename Word>
Value value_of(const Exact<Word>& x) {
  const Exact<Integer> number = exact_integer(x);
  Value v = integer_value(number.significand);
  v.negative = number.negative;
  v.exponent = number.exponent;
  return v;
}

// A dyadic number, or a ratio or root of them.
template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  if (x.expression != nullptr) return round_logarithmic(target, Result(*x.expression), random);
  Real exact = real(value_of(x.cut));
  if (const Ratio* ratio = x.ratio) {
    exact = {.numerator = value_of(ratio->numerator),
             .denominator = value_of(ratio->denominator),
             .root = ratio->root};
    exact.numerator.negative = x.negative();
  }
  return round_logarithmic(target, Result(exact), random);
}

}  // namespace

const Scheme log_scheme{describe_log, unpack_log, round<Code>, round<WideWord>, round<Integer>};
const Scheme logarithmic_takum_scheme{describe_takum, unpack_takum, round<Code>, round<WideWord>,
                                      round<Integer>};

Outcome round_logarithmic(const Target& target, const Result& x, std::uint64_t random) {
  const bool sign_lost = x.negative() && drops_sign(*target.quantizer);
  const bool negative = x.negative() && !sign_lost;
  const std::uint8_t raised = sign_lost ? flags::overflow | flags::inexact : 0;
  const bool below = negative && !target.sign;
  const Neighbours n = neighbours_of(target, x);
  if (n.beyond)
    return below ? deliver_negative(target) : deliver_overflow(target, negative, raised);
  const Rounding& rounding = target.quantizer->rounding;
  bool out = false;
  if (is_stochastic(rounding.mode)) {
    out = !n.exact && chance_goes_out(target, n.inner, x, random);
  } else {
    out = !n.exact && goes_out(rounding.mode, n.order, (n.inner & 1) != 0, negative);
  }
  const Code rank = n.inner + (out ? 1 : 0);
  if (below && rank != 0) return deliver_negative(target);
  if (rank > target.largest[0]) return deliver_overflow(target, negative, raised);
  if (rank == 0) return deliver_underflow(target, negative, flags::inexact);
  const auto signed_rank = static_cast<Rank>(rank);
  return {code_at(target.quantizer->format, negative ? -signed_rank : signed_rank),
          static_cast<std::uint8_t>(raised | (n.exact ? 0 : flags::inexact))};
}

// The number is the one that "nearest" finds, as an element is much nearer to it than its
// neighbours.
Operand number_of(const Target& target, Carrier carrier, const Operand& element) {
  if (element.kind != Operand::Class::finite || (element.negative && !target.sign)) return element;
  const Result x({.number = &element});
  const Neighbours n = neighbours_of(target, x);
  const Code rank = n.beyond ? target.largest[0] : n.inner + (n.order > 0 && !n.exact ? 1 : 0);
  if (n.exact || rank == 0 || rank > target.largest[0]) return element;
  Operand number = operand_of_rank(target, rank);
  number.negative = element.negative;
  if (!number.is_irrational()) return element;  // where it is the number, it is exact
  const Near carried = near_rational(nearest(number, carrier == Carrier::binary32 ? 24 : 53));
  const Near given = near_rational(element);
  const bool same = carried.mantissa == given.mantissa && carried.exponent == given.exponent;
  return same ? number : element;
}

}  // namespace halfulp::emulator

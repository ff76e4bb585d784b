// SPDX-License-Identifier: MIT
#include "reference/round.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "reference/guess.h"

namespace halfulp::reference {
namespace {

// The largest rank in [lowest - 1, highest + 1] whose value is <= x, not zero; lowest - 1 stands
// for "below lowest" whatever its own value. Formats that saturate have no ranks beyond their ends,
// nor x there. The search starts around a guess, widens the bracket until it holds x and halves it.
Rank rank_at_or_below(const Real& x, const Format& format, bool negative) {
  const Range range = finite_range(format);
  if (!negative && compare(x, value_at(format, range.highest)) >= 0) {
    const bool beyond = !saturates(format) && compare(x, value_at(format, range.highest + 1)) >= 0;
    return beyond ? range.highest + 1 : range.highest;
  }
  // One sign only, since the ranks of a 128-bit format of both signs differ by more than a Rank
  // holds.
  const Rank lowest = saturates(format) && is_signed(format) ? range.lowest : range.lowest - 1;
  const Rank below = negative ? lowest : -1;
  const Rank above = negative ? 1 : range.highest;
  const auto at_or_below = [&](Rank rank) {
    return rank < above && (rank == below || compare(x, value_at(format, rank)) >= 0);
  };
  const auto twice = [](Rank step) { return step < (Rank{1} << 125) ? 2 * step : step; };
  Rank low = std::min(guess_rank(format, x, negative), above - 1);
  Rank high = low + 1;
  if (at_or_below(low)) {
    for (Rank step = 1; at_or_below(high); step = twice(step)) {
      low = high;
      high = above - high > step ? high + step : above;
    }
  } else {
    for (Rank step = 1; !at_or_below(low); step = twice(step)) {
      high = low;
      low = low - below > step ? low - step : below;
    }
  }
  while (high - low > 1) {  // invariant: at_or_below(low) and not at_or_below(high)
    const Rank middle = low + (high - low) / 2;
    (at_or_below(middle) ? low : high) = middle;
  }
  return low;
}

// The gap between two neighbours that are not both ranks of the format: nearest turns in the
// middle.
Gap gap_between(const Real& magnitude, Value inner, Value outer, bool inner_odd) {
  const int middle = compare(magnitude, scaled(sum(inner, outer), -1));
  return {std::move(inner), std::move(outer), inner_odd, inner_odd, middle};
}

bool is_logarithmic(const Format& format) {
  const auto* takum = std::get_if<Takum>(&format.kind);
  return std::holds_alternative<Log>(format.kind) || (takum != nullptr && takum->logarithmic);
}

Gap gap_of_ranks(const Real& magnitude, const Format& format, Rank inner, Rank outer) {
  const Value turn = absolute(boundary_above(format, inner < outer ? inner : outer));
  return {absolute(value_at(format, inner)),
          absolute(value_at(format, outer)),
          is_odd(format, inner),
          tie_goes_out(format, inner, outer),
          compare(magnitude, turn),
          is_logarithmic(format)};
}

// With p significant bits and no lower bound of the exponent, the number just below the least
// normal one: 2^emin - 2^(emin - p), in general the least normal number less half its last place,
// or less its last place where that number is not a power of two.
Value below_least_normal(const Format& format) {
  const auto& f = std::get<Float>(format.kind);
  const Value least = smallest_normal(format);
  const std::int64_t leading = leading_exponent(least);
  const bool power_of_two = compare(least, make_value(1, leading)) == 0;
  const std::int64_t last_place = leading - f.fraction_bits - (power_of_two ? 1 : 0);
  return sum(least, make_value(-1, last_place));
}

// Tiny is what is below the least number of full precision (IEEE 754-2019 7.5): only floats have
// one, and not where their exponents are all taken by subnormal numbers, infinities and NaNs.
bool has_normal_numbers(const Format& format) {
  return std::holds_alternative<Float>(format.kind) &&
         compare(largest_finite(format), smallest_normal(format)) >= 0;
}

void locate_tininess(Located& x, const Format& format) {
  if (!has_normal_numbers(format)) return;
  const Value least = smallest_normal(format);
  x.below_normal = compare(x.magnitude, least) < 0;
  if (!x.below_normal) return;
  Value below = below_least_normal(format);
  if (compare(x.magnitude, below) <= 0) return;
  const bool least_odd =
      std::get<Float>(format.kind).subnormals
          ? std::get<Float>(format.kind).fraction_bits == 0  // code 2^fraction_bits
          : has_zero(format);                                // code 1, or 0 without zero
  x.normal_gap = gap_between(x.magnitude, std::move(below), least, !least_odd);
}

// A format without zero: the neighbours of what is nearer to zero than its least number are half
// that number and that number.
void locate_under_least(Located& x, const Value& least) {
  x.place = Located::Place::under_least;
  x.outer = x.negative ? -1 : 0;
  if (compare(x.magnitude, scaled(least, -1)) <= 0) return;
  x.gap = gap_between(x.magnitude, scaled(least, -1), least, true);
}

// Formats that saturate have nothing beyond their ends.
bool is_beyond_an_end(const Real& x, const Format& format, bool negative) {
  const Range range = finite_range(format);
  return negative ? compare(x, value_at(format, range.lowest)) < 0
                  : compare(x, value_at(format, range.highest)) > 0;
}

// A codebook of both signs and no zero, and a number between the innermost two, ranks -1 and 0:
// magnitudes say nothing there, and the lower one counts as the one nearer to zero.
bool is_between_signs(const Real& x, const Format& format) {
  return !has_zero(format) && std::holds_alternative<Codebook>(format.kind) && is_signed(format) &&
         compare(x, value_at(format, -1)) > 0 && compare(x, value_at(format, 0)) < 0;
}

void locate_between_signs(Located& x, const Real& signed_x, const Format& format) {
  x.place = Located::Place::between;
  x.negative = false;
  x.magnitude = signed_x;
  x.inner = -1;
  x.outer = 0;
  x.gap = Gap{value_at(format, -1), value_at(format, 0), is_odd(format, -1),
              tie_goes_out(format, -1, 0), compare(signed_x, boundary_above(format, -1))};
}

void locate_finite(Located& x, const Real& signed_x, const Format& format) {
  const Range range = finite_range(format);
  if (saturates(format) && !(x.negative && !is_signed(format)) &&
      is_beyond_an_end(signed_x, format, x.negative)) {
    x.place = Located::Place::beyond;
    return;
  }
  if (x.negative && !is_signed(format) && !has_zero(format)) {
    x.place = Located::Place::negative;
    return;
  }
  locate_tininess(x, format);
  const bool list_of_both_signs =
      std::holds_alternative<Codebook>(format.kind) && is_signed(format);
  if (!has_zero(format) && !list_of_both_signs) {
    const Value least = value_at(format, 0);
    if (compare(x.magnitude, least) < 0) return locate_under_least(x, least);
  }
  const Rank lower = rank_at_or_below(signed_x, format, x.negative);
  const Value lower_value = value_at(format, lower);
  const int order = compare(signed_x, lower_value);
  if (order == 0 && lower >= range.lowest && lower <= range.highest) {
    x.place = Located::Place::exact;
    x.inner = lower;
    return;
  }
  const bool between = lower <= range.highest && (lower >= range.lowest || order > 0);
  if (!between) {
    const bool unsigned_negative = x.negative && !is_signed(format);
    x.place = unsigned_negative ? Located::Place::negative : Located::Place::beyond;
    return;
  }
  x.place = Located::Place::between;
  x.inner = x.negative ? lower + 1 : lower;
  x.outer = x.negative ? lower : lower + 1;
  x.gap = gap_of_ranks(x.magnitude, format, x.inner, x.outer);
}

// Order of |x| = n / d (or its root) and the point inner + (outer - inner) * k / 2^bits = (inner
// (2^bits - k) + outer k) / 2^bits: the sign of n 2^bits - d (inner (2^bits - k) + outer k). The
// square of the point takes its place under a root.
int compare_to_point(const Real& x, const Gap& gap, const Integer& k, int bits) {
  if (x.enclosure) {
    return decide_by_bounds(
        x, [&](const Value& bound) { return compare_to_point(real(bound), gap, k, bits); });
  }
  const Integer whole = Integer(1) << static_cast<unsigned>(bits);
  const Value near_part = product(gap.inner, integer_value(whole - k));
  const Value far_part = product(gap.outer, integer_value(k));
  if (!x.root) {
    const std::array<Value, 4> terms{scaled(x.numerator, bits), scaled(x.addend, bits),
                                     negated(product(near_part, x.denominator)),
                                     negated(product(far_part, x.denominator))};
    return sign_of_sum(terms);
  }
  // Between the signs the point may be negative, and no root is.
  const std::array<Value, 2> point{near_part, far_part};
  if (near_part.negative && sign_of_sum(point) < 0) return 1;
  const Value cross = scaled(product(near_part, far_part), 1);
  const std::array<Value, 4> terms{scaled(x.numerator, 2 * std::int64_t{bits}),
                                   negated(product(product(near_part, near_part), x.denominator)),
                                   negated(product(cross, x.denominator)),
                                   negated(product(product(far_part, far_part), x.denominator))};
  return sign_of_sum(terms);
}

// P3109's three variants. With v = (|x| - inner) / (outer - inner), N = random_bits, R = random and
// k = 2^N - R:
//   A  floor(v 2^N) + R >= 2^N                  <=>  v >= k / 2^N
//   B  floor(v 2^(N+1)) + 2R + 1 >= 2^(N+1)     <=>  v >= (2k - 1) / 2^(N+1)
//   C  nearest-even(v 2^N) + R >= 2^N           <=>  v > (2k - 1) / 2^(N+1), or equal and k even
bool chance_goes_out(const Real& magnitude, const Gap& gap, const Rounding& rounding,
                     std::uint64_t random) {
  if (rounding.mode == Mode::stochastic_equal) return (random & 1) != 0;
  const int bits = rounding.random_bits;
  const Integer k = (Integer(1) << static_cast<unsigned>(bits)) - random;
  if (rounding.mode == Mode::stochastic) return compare_to_point(magnitude, gap, k, bits) >= 0;
  const int order = compare_to_point(magnitude, gap, 2 * k - 1, bits + 1);
  if (rounding.mode == Mode::stochastic_b) return order >= 0;
  return order > 0 || (order == 0 && !boost::multiprecision::bit_test(k, 0));
}

// Order of |x| and the geometric mean of the neighbours: of x^2 and their product. With x = (n + a)
// / d that is the sign of n^2 + 2 n a + a^2 - d^2 product; under a root, n / d stands for x^2.
// Between the signs the turn is zero.
int compare_in_logarithm(const Real& x, const Gap& gap) {
  if (gap.logarithmic) return gap.middle;
  if (x.enclosure) {
    return decide_by_bounds(
        x, [&](const Value& bound) { return compare_in_logarithm(real(bound), gap); });
  }
  if (gap.inner.negative) return compare(x, zero_value());
  const Value mean_square = product(gap.inner, gap.outer);
  if (x.root) return compare(x.numerator, product(mean_square, x.denominator));
  const std::array<Value, 4> terms{
      product(x.numerator, x.numerator), scaled(product(x.numerator, x.addend), 1),
      product(x.addend, x.addend),
      negated(product(mean_square, product(x.denominator, x.denominator)))};
  return sign_of_sum(terms);
}

}  // namespace

bool goes_out(const Real& magnitude, bool negative, const Gap& gap, const Rounding& rounding,
              std::uint64_t random) {
  switch (rounding.mode) {
    case Mode::nearest_even:
      return gap.middle > 0 || (gap.middle == 0 && gap.tie_out);
    case Mode::nearest_odd:
      return gap.middle > 0 || (gap.middle == 0 && !gap.inner_odd);
    case Mode::nearest_away:
      return gap.middle >= 0;
    case Mode::nearest_zero:
      return gap.middle > 0;
    case Mode::nearest_up:
      return gap.middle > 0 || (gap.middle == 0 && !negative);
    case Mode::nearest_down:
      return gap.middle > 0 || (gap.middle == 0 && negative);
    case Mode::nearest_log: {
      const int order = compare_in_logarithm(magnitude, gap);
      return order > 0 || (order == 0 && gap.inner_odd);
    }
    case Mode::toward_zero:
      return false;
    case Mode::away_from_zero:
      return true;
    case Mode::toward_positive:
      return !negative;
    case Mode::toward_negative:
      return negative;
    case Mode::to_odd:
      return !gap.inner_odd;
    case Mode::stochastic:
    case Mode::stochastic_b:
    case Mode::stochastic_c:
    case Mode::stochastic_equal:
      return chance_goes_out(magnitude, gap, rounding, random);
  }
  return false;
}

namespace {

bool goes_out(const Located& x, const Gap& gap, const Rounding& rounding, std::uint64_t random) {
  return goes_out(x.magnitude, x.negative, gap, rounding, random);
}

bool is_tiny(const Located& x, Tininess rule, const Rounding& rounding, std::uint64_t random) {
  if (!x.below_normal) return false;
  if (rule == Tininess::before_rounding || !x.normal_gap) return true;
  return !goes_out(x, *x.normal_gap, rounding, random);
}

bool is_flushed(const Located& x, const Rounding& rounding, std::uint64_t random) {
  return rounding.flush_outputs && is_tiny(x, *rounding.flush_outputs, rounding, random);
}

// Of an inexact result that is not flushed.
std::uint8_t flags_of_inexact(const Located& x, const Rounding& rounding, std::uint64_t random) {
  const bool tiny = is_tiny(x, rounding.tininess, rounding, random);
  return tiny ? flags::underflow | flags::inexact : flags::inexact;
}

Outcome land(const Quantizer& q, Landing landing, bool negative, std::uint8_t raised) {
  return {code_of(q.format, landing, negative), raised};
}

constexpr std::uint8_t overflow_inexact = flags::overflow | flags::inexact;

Outcome decide_nan(const Located& x, const Quantizer& q) {
  const Landing landing = land_nan(q, x.negative);
  if (landing != Landing::nan) return land(q, landing, x.negative, flags::invalid);
  if (x.copied) return {copied_nan(q.format, x.nan.operands[0]), 0};
  const NanRule rule = q.rounding.nan;
  return {code_of(q.format, choose_nan(rule, x.nan)),
          raises_invalid(rule, x.nan) ? flags::invalid : std::uint8_t{0}};
}

Outcome decide_infinite(const Located& x, const Quantizer& q) {
  const Landing landing = land_infinity(q, x.negative);
  const bool sign_lost = x.negative && drops_sign(q);
  if (landing == Landing::infinity && !sign_lost) return land(q, landing, x.negative, 0);
  return land(q, landing, x.negative, landing == Landing::nan ? flags::invalid : overflow_inexact);
}

Outcome decide_zero(const Located& x, const Quantizer& q) {
  const bool negative = x.sign_by_mode ? q.rounding.mode == Mode::toward_negative : x.negative;
  if (has_zero(q.format)) return {zero_code(q.format, negative), 0};
  const Landing landing = land_no_zero(q, true);
  return land(q, landing, negative, landing == Landing::nan ? flags::invalid : flags::inexact);
}

Outcome decide_negative(const Located& x, const Quantizer& q) {
  return land(q, land_negative(q, false), x.negative, overflow_inexact);
}

Outcome decide_under_least(const Located& x, const Quantizer& q, std::uint64_t random) {
  if (is_flushed(x, q.rounding, random))
    return land(q, land_no_zero(q, false), x.negative, flags_of_flush(q.rounding));
  const bool out = x.gap && goes_out(x, *x.gap, q.rounding, random);
  return land(q, out ? Landing::smallest : land_no_zero(q, false), x.negative,
              flags_of_inexact(x, q.rounding, random));
}

Outcome decide_between(const Located& x, const Quantizer& q, std::uint64_t random) {
  const Rank rank = goes_out(x, *x.gap, q.rounding, random) ? x.outer : x.inner;
  const Range range = finite_range(q.format);
  if (rank < 0 && !is_signed(q.format)) return decide_negative(x, q);
  if (rank < range.lowest || rank > range.highest)
    return land(q, land_overflow(q, x.negative), x.negative, overflow_inexact);
  if (has_zero(q.format) && is_flushed(x, q.rounding, random))
    return {zero_code(q.format, x.negative), flags_of_flush(q.rounding)};
  const bool zero = has_zero(q.format) && rank == 0;
  return {zero ? zero_code(q.format, x.negative) : code_at(q.format, rank),
          flags_of_inexact(x, q.rounding, random)};
}

Outcome decide_exact(const Located& x, const Quantizer& q) {
  if (x.below_normal && q.rounding.flush_outputs)
    return {zero_code(q.format, x.negative), flags_of_flush(q.rounding)};
  return {code_at(q.format, x.inner), 0};
}

Outcome decide_place(const Located& x, const Quantizer& q, std::uint64_t random) {
  const bool is_number = x.place != Located::Place::nan && x.place != Located::Place::infinite &&
                         x.place != Located::Place::zero;
  if (is_number && x.negative && drops_sign(q)) {
    const Outcome outcome = decide(locate(x.magnitude, q.format), q, random);
    const bool zero = decode(q.format, outcome.code).is_zero();
    return {outcome.code, zero ? outcome.flags : overflow_inexact};
  }
  switch (x.place) {
    case Located::Place::nan:
      return decide_nan(x, q);
    case Located::Place::infinite:
      return decide_infinite(x, q);
    case Located::Place::zero:
      return decide_zero(x, q);
    case Located::Place::exact:
      return decide_exact(x, q);
    case Located::Place::between:
      return decide_between(x, q, random);
    case Located::Place::beyond:
      return land(q, land_overflow(q, x.negative), x.negative, overflow_inexact);
    case Located::Place::negative:
      return decide_negative(x, q);
    case Located::Place::under_least:
      return decide_under_least(x, q, random);
  }
  return {};
}

}  // namespace

Located locate(const Real& x, const Format& format) {
  Located located;
  located.negative = x.numerator.negative;
  if (x.numerator.is_nan()) {
    located.nan = {.conversion = true, .operands = {nan_operand(x.numerator)}, .count = 1};
  } else if (x.numerator.is_infinite()) {
    located.place = Located::Place::infinite;
  } else if (is_between_signs(x, format)) {
    locate_between_signs(located, x, format);
  } else if (x.numerator.is_zero()) {
    located.place = Located::Place::zero;
  } else {
    located.magnitude = absolute(x);
    locate_finite(located, x, format);
  }
  return located;
}

Outcome decide(const Located& x, const Quantizer& quantizer, std::uint64_t random) {
  Outcome outcome = decide_place(x, quantizer, random);
  outcome.flags |= x.flags;
  return outcome;
}

Outcome round(const Real& x, const Quantizer& quantizer, std::uint64_t random) {
  return decide(locate(x, quantizer.format), quantizer, random);
}

}  // namespace halfulp::reference

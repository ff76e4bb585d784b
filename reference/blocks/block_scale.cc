// SPDX-License-Identifier: MIT
#include "reference/blocks/block_scale.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>
#include <variant>

#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "reference/operations.h"
#include "reference/round.h"

namespace halfulp::reference {
namespace {

const Quantizer& binary32() {
  static const Quantizer q{.format = {"binary32", ieee(8, 23)}, .rounding = {}};
  return q;
}

// One step in binary32, to nearest even, with the special cases of IEEE 754.
Value step(const Real& x) { return decode(binary32().format, round(x, binary32(), 0).code); }

Value step(Op op, std::initializer_list<Value> operands) {
  const Outcome outcome = operate(op, {operands.begin(), operands.size()}, binary32(), 0);
  return decode(binary32().format, outcome.code);
}

Value times(const Value& a, const Value& b) { return step(Op::multiply, {a, b}); }
Value over(const Value& a, const Value& b) { return step(Op::divide, {a, b}); }
Value one_over(const Value& a) { return over(make_value(1), a); }
Value least_of(const Value& a, const Value& b) { return compare(a, b) < 0 ? a : b; }
Value largest_of(const Value& a, const Value& b) { return compare(a, b) > 0 ? a : b; }
Value power(std::int64_t exponent) { return make_value(1, exponent); }

Real nan_real() { return real(nan_value()); }
Real zero_real() { return real(zero_value()); }

bool is_ordinary(const Value& scale) { return scale.is_finite() && !scale.is_zero(); }

// u / v for a u >= 0 that is a quotient itself, and v > 0.
Real divided(Division division, const Real& u, const Value& v) {
  Real exact = u;
  exact.denominator = product(u.denominator, v);
  switch (division) {
    case Division::exact:
      return exact;
    case Division::binary32:
      return real(step(exact));
    case Division::binary32_reciprocal:
      break;
  }
  const Value reciprocal = one_over(v);
  if (!reciprocal.is_finite()) return real(times(u.numerator, reciprocal));
  Real steps = u;
  steps.numerator = product(u.numerator, reciprocal);
  return real(step(steps));
}

// floor(log2 a) of a positive number.
std::int64_t floor_log2(const Real& a) {
  const std::int64_t guess = leading_exponent(a.numerator) - leading_exponent(a.denominator);
  return compare(a, power(guess)) >= 0 ? guess : guess - 1;
}

std::int64_t ceil_log2(const Real& a) {
  const std::int64_t below = floor_log2(a);
  return compare(a, power(below)) == 0 ? below : below + 1;
}

// floor(log2 a) once a is rounded half up to `fraction_bits`: at the end of its binade, from half a
// step below the next power of two on, it becomes that.
std::int64_t rounded_floor_log2(const Real& a, std::int64_t fraction_bits) {
  const std::int64_t below = floor_log2(a);
  const Value turn = sum(power(below + 1), negated(power(below - fraction_bits - 1)));
  return compare(a, turn) >= 0 ? below + 1 : below;
}

std::int64_t fraction_bits(const Format& element) {
  if (const auto* f = std::get_if<Float>(&element.kind)) return f->fraction_bits;
  if (!std::holds_alternative<Fixed>(element.kind)) return 0;
  const Value largest = largest_finite(element);
  const auto* f = std::get_if<Fixed>(&element.kind);
  return leading_exponent(largest) + f->fraction_bits;
}

// m: the largest number of what the scale of a level multiplies.
Value largest_below(const BlockFormat& format, std::size_t level) {
  Value m = carried(largest_finite(format.element.format));
  for (std::size_t inner = level + 1; inner < format.levels.size(); ++inner) {
    const Level& scales = format.levels[inner];
    m = product(m, scales.largest_scale != 0 ? from_double(scales.largest_scale)
                                             : largest_finite(scales.scale.format));
  }
  return m;
}

// A sum of magnitudes, or a magnitude, over the scales around: max(numerator / count, least_amax) /
// S + epsilon.
Real over_scales(const Value& numerator, std::int64_t count, const Level& level, double epsilon,
                 const Value& around) {
  const Value divisor = product(make_value(count), around);
  const Value floor = product(make_value(count), from_double(level.least_amax));
  return {.numerator = sum(largest_of(numerator, floor), product(from_double(epsilon), divisor)),
          .denominator = divisor};
}

Real at_least(const Real& r, double least) {
  const bool less = r.numerator.is_finite() && compare(r, from_double(least)) < 0;
  return less ? real(from_double(least)) : r;
}

// 2^ceil(log2 q) of q = a / m, which a step in binary32 may have made 0 or infinite.
Real power_at_least(const Real& q) {
  if (q.numerator.is_infinite() || q.numerator.is_zero()) return q;
  return real(power(ceil_log2(q)));
}

Real asked_power(const BlockFormat& format, const Level& level, const Real& a, const Value& m) {
  if (a.numerator.is_zero()) return zero_real();
  const std::int64_t e = leading_exponent(m);
  switch (level.rule) {
    case ScaleRule::floor:
      return real(power(floor_log2(a) - e));
    case ScaleRule::ceil:
      return real(power(ceil_log2(a) - e));
    case ScaleRule::even:
      return real(power(rounded_floor_log2(a, fraction_bits(format.element.format)) - e));
    default:
      return power_at_least(divided(level.division, a, m));
  }
}

Real asked_range(const BlockFormat& format, const BlockContent& content, const Value& around) {
  const Range codes = finite_range(format.element.format);
  const Value steps = make_value(static_cast<std::int64_t>(codes.highest - codes.lowest));
  return {.numerator = sum(content.highest, negated(content.lowest)),
          .denominator = product(steps, around)};
}

// By the rule alone: elements are finite, or do not count.
Real asked_by_rule(const BlockFormat& format, const Surroundings& around,
                   const BlockContent& content) {
  const Level& level = format.levels[around.level];
  const Value m = largest_below(format, around.level);
  switch (level.rule) {
    case ScaleRule::ratio:
      return divided(level.division,
                     over_scales(content.largest, 1, level, level.epsilon, around.scale), m);
    case ScaleRule::largest:
      return over_scales(content.largest, 1, level, level.epsilon, around.scale);
    case ScaleRule::mean:
      return over_scales(content.total, std::max<std::int64_t>(content.finite, 1), level,
                         level.epsilon, around.scale);
    case ScaleRule::range:
      return asked_range(format, content, around.scale);
    case ScaleRule::given:
      return real(from_double(level.given));
    default:
      return asked_power(format, level, over_scales(content.largest, 1, level, 0, around.scale), m);
  }
}

// Transformer Engine: the encoding scale E of the outer level.
Value encoding_scale(const Value& largest, const Value& m) {
  const Value beyond = largest_finite(binary32().format);
  const Value ratio = largest.is_zero() ? zero_value() : least_of(over(m, largest), beyond);
  return ratio.is_zero() ? make_value(1) : ratio;
}

bool encodes(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::transformer_engine || arithmetic == Arithmetic::four_over_six;
}

Real asked_by_peer(const BlockFormat& format, const Surroundings& around,
                   const BlockContent& content, Scale& scale) {
  const Value& a = content.largest;
  const Value m = largest_below(format, around.level);  // M of the outer level, m of the inner
  const Format& inner = format.levels[1].scale.format;
  if (encodes(format.arithmetic) && around.level == 0) {
    scale.encoding = encoding_scale(a, m);
    scale.largest = a;
    return real(one_over(scale.encoding));
  }
  const Value most = largest_finite(binary32().format);
  if (format.arithmetic == Arithmetic::transformer_engine)
    return real(least_of(times(a, times(around.encoding, one_over(m))), most));
  if (format.arithmetic == Arithmetic::four_over_six) {
    const Value base = times(over(a, m), around.encoding);
    return real(least_of(around.second ? times(base, make_value(3, -1)) : base, most));
  }
  if (around.level == 0) return real(over(a, m));
  if (format.arithmetic == Arithmetic::torchao)
    return real(largest_of(over(over(a, m), around.scale), smallest_normal(inner)));
  const Value q = over(a, times(m, around.scale));
  return real(q.is_zero() ? q : largest_of(q, smallest_positive(inner)));
}

bool is_of_two_levels(Arithmetic arithmetic) {
  return arithmetic != Arithmetic::exact && arithmetic != Arithmetic::qpytorch;
}

// What special elements make of a block's scale, whatever the rule.
std::optional<Real> asked_by_special(SpecialBlock special, const Level& level,
                                     const BlockContent& content) {
  const bool nan_counts =
      special == SpecialBlock::nan || special == SpecialBlock::nan_else_saturate;
  if (content.nan && nan_counts) return nan_real();
  if (content.infinite && special == SpecialBlock::nan) return nan_real();
  if (special == SpecialBlock::ignore) {
    if (content.finite > 0) return std::nullopt;
    return content.infinite ? real(infinite_value()) : nan_real();
  }
  if (content.infinite) return real(largest_finite(level.scale.format));
  return std::nullopt;
}

Real asked(const BlockFormat& format, const Surroundings& around, const BlockContent& content,
           Scale& scale) {
  const Level& level = format.levels[around.level];
  if (level.rule == ScaleRule::given) return asked_by_rule(format, around, content);
  if (around.scale.is_nan()) return nan_real();
  if (const auto special = asked_by_special(format.special, level, content)) return *special;
  if (!is_ordinary(around.scale)) return zero_real();
  if (is_of_two_levels(format.arithmetic)) return asked_by_peer(format, around, content, scale);
  return at_least(asked_by_rule(format, around, content), level.least_scale);
}

Code code_for_zero(ZeroScale choice, const Quantizer& scale, std::uint64_t random) {
  const Format& format = scale.format;
  if (choice == ZeroScale::one) return round(real(make_value(1)), scale, random).code;
  if (choice == ZeroScale::zero && has_zero(format)) return zero_code(format, false);
  return code_of(format, Landing::smallest, false);
}

}  // namespace

bool zero_stays(const BlockFormat& format, std::size_t level) {
  return level == 1 && encodes(format.arithmetic);
}

void BlockContent::add(const Value& x) {
  nan = nan || x.is_nan();
  infinite = infinite || x.is_infinite();
  if (!x.is_finite()) return;
  ++finite;
  const Value magnitude = absolute(x);
  largest = largest_of(magnitude, largest);
  lowest = least_of(x, lowest);
  highest = largest_of(x, highest);
  total = sum(total, magnitude);
}

Scale scale_of(const BlockFormat& format, const Surroundings& around, const BlockContent& content,
               std::uint64_t random) {
  const Quantizer& q = format.levels[around.level].scale;
  Scale scale;
  const Real r = asked(format, around, content, scale);
  const bool zero = r.numerator.is_zero();
  if (!zero) scale.code = round(r, q, random).code;
  if (zero || decode(q.format, scale.code).is_zero()) {
    const ZeroScale choice = zero_stays(format, around.level) ? ZeroScale::zero : format.zero_scale;
    scale.code = code_for_zero(choice, q, random);
  }
  scale.value = decode(q.format, scale.code);
  return scale;
}

Value element_error(const BlockFormat& format, const Value& x, const Value& q, const Value& scale,
                    const Scale& outer) {
  Value difference;
  if (format.four_over_six.of == FourOverSix::Of::scaled) {
    static const Quantizer binary16{.format = {"binary16", ieee(5, 10)}, .rounding = {}};
    const Value operands[] = {q, scale};
    const Value h = decode(binary16.format, operate(Op::multiply, operands, binary16, 0).code);
    difference = step(Op::subtract, {h, times(x, outer.encoding)});
  } else {
    const Value back = over(times(times(q, scale), outer.largest), largest_below(format, 0));
    difference = step(Op::subtract, {back, x});
  }
  return absolute(difference);
}

Value measured(FourOverSix::Error measure, const Value& error) {
  return measure == FourOverSix::Error::squared ? times(error, error) : error;
}

Value joined_errors(FourOverSix::Error measure, const Value& sum, const Value& error) {
  const bool numbers = !sum.is_nan() && !error.is_nan();
  if (measure == FourOverSix::Error::largest && numbers) return largest_of(sum, error);
  return step(Op::add, {sum, error});
}

Value product_of_scales(const Value& a, const Value& b) {
  const Value operands[] = {a, b};
  return exact(Op::multiply, operands).value.numerator;
}

Value carried(const Value& number) {
  return number.is_dyadic() ? number : from_double(nearest_double(number));
}

namespace {

// The quotient in the steps of a peer; x is not NaN.
Value peer_quotient(const BlockFormat& format, const Value& x, const Divisors& by) {
  if (format.arithmetic == Arithmetic::torchao) return times(x, over(one_over(by.outer), by.inner));
  const Value scale = times(by.inner, by.outer);
  if (format.arithmetic == Arithmetic::modelopt) return over(x, scale);
  return times(x, least_of(one_over(scale), largest_finite(binary32().format)));
}

}  // namespace

Real quotient(const BlockFormat& format, const Value& x, const Divisors& by) {
  const Value& scale = by.scale;
  if (scale.is_nan()) return nan_real();
  if (x.is_nan()) return real(x);
  if (scale.is_zero() && !zero_stays(format, format.levels.size() - 1))
    return real(zero_value(x.negative));
  if (scale.is_infinite())
    return real(x.is_zero() ? x : Value{.negative = x.negative, .significand = 1});
  if (is_of_two_levels(format.arithmetic)) return real(peer_quotient(format, x, by));
  if (format.arithmetic == Arithmetic::qpytorch) {
    if (x.is_infinite()) return real(x);
    const Value six = make_value(6);
    const Value rebased = step({.numerator = sum(x, product(six, scale)), .denominator = scale});
    return real(rebased.is_infinite() ? rebased : sum(rebased, negated(six)));
  }
  switch (format.division) {
    case Division::exact:
      break;
    case Division::binary32:
      return real(over(x, scale));
    case Division::binary32_reciprocal:
      return real(times(x, one_over(scale)));
  }
  return {.numerator = x, .denominator = scale};
}

std::int64_t zero_point(const BlockFormat& format, const Value& lowest, const Value& scale) {
  if (!is_ordinary(scale)) return 0;
  Quantizer integer{.format = {"int64", Fixed{.bits = 64}}, .rounding = {}};
  integer.rounding.overflow = parse_overflow("saturate");
  const Code code = round({.numerator = lowest, .denominator = scale}, integer, 0).code;
  const Range codes = finite_range(format.element.format);
  const Rank unbounded = codes.lowest - rank_of(integer.format, code);
  return static_cast<std::int64_t>(std::clamp(unbounded, codes.lowest, codes.highest));
}

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
#include "golden/vectors/case_classes.h"

#include <algorithm>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "golden/vectors/class_reach.h"
#include "reference/round.h"

namespace halfulp::vectors {
namespace {

using reference::Located;

bool is_power_of_two(const Value& v) {
  return v.is_finite() && v.is_dyadic() && !v.is_zero() &&
         boost::multiprecision::msb(v.significand) == boost::multiprecision::lsb(v.significand);
}

// -1, 0, 1 as |x| is below, at, above the number.
int order(const Real& x, const Value& v) { return compare(absolute(x), v); }

// The exponent of the last place of a number in its format, subnormal numbers as the least normal.
std::int64_t last_place(const Format& format, const Value& v) {
  const std::int64_t least = leading_exponent(smallest_normal(format));
  return std::max(leading_exponent(v), least) - (precision_of(format) - 1);
}

}  // namespace

Classifier::Classifier(const Calculation& calculation)
    : calculation_(calculation),
      grid_(is_to_integral(calculation.op) ? find_format("int64") : calculation.output.format),
      precision_(precision_of(grid_)),
      nearness_(nearness_of(calculation, precision_)) {
  add_operand_classes();
  const bool dyadic = is_dyadic(grid_) &&
                      std::all_of(calculation.inputs.begin(), calculation.inputs.end(), is_dyadic);
  if (is_rounded(calculation.op) && dyadic) add_result_classes();
  add_numbered_classes();
}

void Classifier::add(std::string name, std::string what) {
  classes_.push_back({std::move(name), std::move(what)});
}

void Classifier::add_operand_classes() {
  const auto any = [&](const auto& has) {
    return std::any_of(calculation_.inputs.begin(), calculation_.inputs.end(), has);
  };
  const auto any_float = [&](const auto& has) {
    return any([&](const Format& f) { return as_float(f) != nullptr && has(*as_float(f)); });
  };
  if (any(has_zero)) add("zero", "an operand is a zero");
  if (any(has_negative_zero)) add("negative_zero", "an operand is -0");
  if (any_float([](const Float& f) { return f.subnormals && f.fraction_bits > 0; })) {
    add("least_subnormal", "an operand is the least subnormal number");
    add("greatest_subnormal", "an operand is the greatest subnormal number");
  }
  add("least_normal", "an operand is the least normal number");
  add("greatest_finite", "an operand is the greatest finite number");
  add("one", "an operand is 1");
  if (any_float([](const Float& f) { return f.fraction_bits > 0; })) {
    add("one_plus_ulp", "an operand is the number above 1");
    add("one_minus_ulp", "an operand is the number below 1");
    add("power_of_two", "an operand is a power of two");
    add("power_of_two_plus_ulp", "an operand is the number above a power of two");
    add("power_of_two_minus_ulp", "an operand is the number below a power of two");
    add("all_ones_fraction", "an operand has a fraction of ones");
    add("one_bit_fraction", "an operand has a fraction of one bit");
  }
  if (any(has_infinity)) add("infinity", "an operand is an infinity");
  if (any(has_nan)) add("quiet_nan", "an operand is a quiet NaN");
  if (any_float([](const Float& f) { return f.infinity && f.nan_codes > 2; })) {
    add("quiet_nan_payload", "an operand is a quiet NaN with a payload");
    add("signalling_nan", "an operand is a signalling NaN");
  }
}

void Classifier::add_result_classes() {
  const Op op = calculation_.op;
  const bool same = std::all_of(calculation_.inputs.begin(), calculation_.inputs.end(),
                                [&](const Format& f) { return f.kind == grid_.kind; });
  const bool converted = op == Op::convert || is_to_integer(op) || is_to_integral(op);
  const bool loses = loses_bits(calculation_);
  add("exact", "the result is exact and not zero");
  if (loses) {
    if (op != Op::square_root || !same)
      add("middle", "the exact result is in the middle of two numbers");
    add("below_middle", "... as little below the middle as it can be");
    add("above_middle", "... as little above it");
    add("below_number", "... as little below a number, and not it");
    add("above_number", "... as little above a number");
  }
  if (!converted || op == Op::convert) {
    add("below_binade", "it is next below a power of two");
    add("above_binade", "it is next above a power of two");
  }
  add_end_classes();
  if (op == Op::divide && has_zero(calculation_.inputs[1]))
    add("divide_by_zero", "a number is divided by zero");
  if (!converted && has_invalid(calculation_))
    add("invalid", "numbers and infinities have no result");
  if (calculation_.is_stochastic() && loses) {
    add("random_below", "the random word is the last at which the result does not turn");
    add("random_at", "... the first at which it turns");
    add("random_above", "... the one after that");
  }
}

void Classifier::add_end_classes() {
  const Op op = calculation_.op;
  if (has_overflow(calculation_)) {
    if (reaches_overflow_closely(calculation_) && loses_bits(calculation_)) {
      if (op != Op::divide)
        add("overflow_begins", "it is where rounding to nearest begins to overflow");
      add("below_overflow", "it lies between the greatest number and that place");
      add("above_overflow", "it lies less than half a spacing beyond that place");
    }
    add("far_overflow", "it is a spacing or more beyond the greatest number");
  }
  if (!has_tiny_results(calculation_) || !loses_bits(calculation_)) return;
  add("below_least_normal", "it lies less than a spacing below the least normal number");
  add("above_least_normal", "it lies less than a spacing above the least normal number");
  const bool reached = op != Op::divide || operand_precision(calculation_) > precision_;
  if (precision_ > 1 && reached)
    add("tiny_before_rounding", "it is tiny before rounding and not after it");
  add("half_least", "it is half the least number");
  add("below_half_least", "it lies below that, but above a quarter of the least number");
  add("above_half_least", "it lies between half the least number and the least");
}

void Classifier::add_numbered_classes() {
  const Op op = calculation_.op;
  const int p = precision_;
  if (is_comparison(op) || is_choice(op)) {
    add("equal", "the operands are equal");
    add("less", "the first is less");
    add("greater", "the first is greater");
    if (has_nan(calculation_.inputs.front())) add("unordered", "there is a NaN");
  }
  if (as_float(grid_) == nullptr || !is_arithmetic(op) || !loses_bits(calculation_)) return;
  if (is_sum(op) || op == Op::multiply)
    add("sticky", "behind the first bit that is lost, only the last one is set");
  if (!is_sum(op)) return;
  const std::vector<Format>& inputs = calculation_.inputs;
  if (op == Op::subtract || is_signed(inputs.back())) {
    add("zero_sum", "two numbers cancel");
    for (int lost = 1; lost <= p; ++lost)
      add("cancellation_" + std::to_string(lost), lost == 1 ? "so many leading bits cancel" : "");
  }
  if (op != Op::fused_multiply_add) return;
  // As far as the exponents of the formats go.
  const Value c = largest_finite(inputs[2]);
  const std::int64_t least = leading_exponent(smallest_positive(inputs[2])) -
                             leading_exponent(largest_result(calculation_));
  const std::int64_t largest = leading_exponent(c) - leading_exponent(least_result(calculation_));
  bool first = true;
  for (int distance = -(2 * p + 3); distance <= p + 3; ++distance) {
    if (distance < least || distance > largest) continue;
    add("alignment_" + std::to_string(distance),
        first ? "the addend's exponent less that of the product" : "");
    first = false;
  }
}

void Classifier::mark(Found& found, std::string_view name) const {
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (classes_[i].name != name || found.seen[i]) continue;
    found.seen[i] = true;
    ++(*found.counts)[i];
  }
}

void Classifier::mark_float(const Float& f, Code code, Found& found) const {
  const Code fraction_mask = (Code{1} << f.fraction_bits) - 1;
  const Code fraction = code & fraction_mask;
  const Code magnitude = code & ((Code{1} << (f.exponent_bits + f.fraction_bits)) - 1);
  const bool subnormal = f.subnormals && magnitude <= fraction_mask;
  if (f.fraction_bits == 0) return;
  if (subnormal && fraction == 1) mark(found, "least_subnormal");
  if (subnormal && fraction == fraction_mask) mark(found, "greatest_subnormal");
  if (fraction == fraction_mask) mark(found, "all_ones_fraction");
  if (fraction != 0 && (fraction & (fraction - 1)) == 0) mark(found, "one_bit_fraction");
  const Code one = static_cast<Code>(f.bias) << f.fraction_bits;
  if (magnitude == one + 1) mark(found, "one_plus_ulp");
  if (magnitude + 1 == one) mark(found, "one_minus_ulp");
  if (subnormal) return;
  if (fraction == 0) mark(found, "power_of_two");
  if (fraction == 1) mark(found, "power_of_two_plus_ulp");
  if (fraction == fraction_mask) mark(found, "power_of_two_minus_ulp");
}

void Classifier::mark_operand(const Format& format, Code code, Found& found) const {
  const Value v = decode(format, code);
  if (v.is_nan()) {
    mark(found, v.signalling ? "signalling_nan" : "quiet_nan");
    const bool payload = has_nan_fraction(format) && !v.signalling &&
                         compare(scaled(make_value(1), -1),
                                 {.significand = v.significand, .exponent = v.exponent}) != 0;
    if (payload) mark(found, "quiet_nan_payload");
    return;
  }
  if (v.is_infinite()) return mark(found, "infinity");
  if (v.is_zero()) {
    mark(found, "zero");
    if (v.negative) mark(found, "negative_zero");
    return;
  }
  const Value magnitude = absolute(v);
  if (compare(magnitude, smallest_normal(format)) == 0) mark(found, "least_normal");
  if (compare(magnitude, largest_finite(format)) == 0) mark(found, "greatest_finite");
  if (compare(magnitude, make_value(1)) == 0) mark(found, "one");
  if (const Float* f = as_float(format)) mark_float(*f, code, found);
}

// Where the exact result lies between two neighbours.
void Classifier::mark_gap(const Located& x, const Case& c, Found& found) const {
  const Value& inner = x.gap->inner;
  const Value& outer = x.gap->outer;
  if (!inner.is_dyadic() || !outer.is_dyadic()) return;
  const Value width = sum(outer, negated(inner));
  const Value near = scaled(width, -nearness_);
  const Value middle = scaled(sum(inner, outer), -1);
  const auto within = [&](const Value& a, const Value& b) {
    return order(x.magnitude, a) >= 0 && order(x.magnitude, b) <= 0;
  };
  const int side = order(x.magnitude, middle);
  if (side == 0) mark(found, "middle");
  if (side < 0 && within(sum(middle, negated(near)), middle)) mark(found, "below_middle");
  if (side > 0 && within(middle, sum(middle, near))) mark(found, "above_middle");
  if (within(inner, sum(inner, near))) mark(found, "above_number");
  if (within(sum(outer, negated(near)), outer)) mark(found, "below_number");
  if (!calculation_.is_stochastic()) return;
  const Rounding& rounding = calculation_.output.rounding;
  const std::uint64_t last = rounding.random_bits == 64
                                 ? ~std::uint64_t{0}
                                 : (std::uint64_t{1} << rounding.random_bits) - 1;
  const auto out = [&](std::uint64_t word) {
    return reference::goes_out(x.magnitude, x.negative, *x.gap, rounding, word);
  };
  const std::uint64_t word = c.random;
  const bool turned = out(word);
  if (!turned && word < last && out(word + 1)) mark(found, "random_below");
  if (turned && word > 0 && !out(word - 1)) mark(found, "random_at");
  if (turned && word > 1 && out(word - 1) && !out(word - 2)) mark(found, "random_above");
}

void Classifier::mark_binades(const Located& x, Found& found) const {
  if (x.place == Located::Place::between && x.gap) {
    if (is_power_of_two(x.gap->outer)) mark(found, "below_binade");
    if (is_power_of_two(x.gap->inner)) mark(found, "above_binade");
  }
  if (x.place != Located::Place::exact) return;
  const Range range = finite_range(grid_);
  const Rank outward = x.negative ? x.inner - 1 : x.inner + 1;
  const Rank inward = x.negative ? x.inner + 1 : x.inner - 1;
  if (outward >= range.lowest && outward <= range.highest &&
      is_power_of_two(absolute(value_at(grid_, outward))))
    mark(found, "below_binade");
  if (is_power_of_two(absolute(value_at(grid_, inward)))) mark(found, "above_binade");
}

// At both ends of the range.
void Classifier::mark_ends(const reference::Exact& x, const Located& at, Found& found) const {
  const Real& real = x.value;
  if (has_overflow(calculation_)) {
    const Range range = finite_range(grid_);
    const bool negative = at.negative && is_signed(grid_);
    const Value largest = absolute(value_at(grid_, negative ? range.lowest : range.highest));
    const Value begins =
        absolute(boundary_above(grid_, negative ? range.lowest - 1 : range.highest));
    const Value far = sum(largest, scaled(sum(begins, negated(largest)), 1));
    const int side = order(real, begins);
    if (side == 0) mark(found, "overflow_begins");
    if (side < 0 && order(real, largest) > 0) mark(found, "below_overflow");
    if (side > 0 && order(real, far) < 0) mark(found, "above_overflow");
    if (order(real, far) >= 0) mark(found, "far_overflow");
  }
  if (!has_tiny_results(calculation_)) return;
  const Value least = smallest_positive(grid_);
  const Value normal = smallest_normal(grid_);
  const Value half = scaled(least, -1);
  const int side = order(real, half);
  if (side == 0) mark(found, "half_least");
  if (side < 0 && order(real, scaled(least, -2)) > 0) mark(found, "below_half_least");
  if (side > 0 && order(real, least) < 0) mark(found, "above_half_least");
  if (order(real, normal) < 0 && order(real, sum(normal, negated(least))) > 0)
    mark(found, "below_least_normal");
  if (order(real, normal) > 0 && order(real, sum(normal, least)) < 0)
    mark(found, "above_least_normal");
}

void Classifier::mark_sticky(const std::vector<Value>& values, const Located& at,
                             Found& found) const {
  if (!at.gap || at.magnitude.root || compare(at.magnitude.denominator, make_value(1)) != 0) return;
  const std::vector<Format>& inputs = calculation_.inputs;
  std::int64_t unit = 0;
  if (is_product(calculation_.op)) {
    unit = last_place(inputs[0], values[0]) + last_place(inputs[1], values[1]);
    if (calculation_.op == Op::fused_multiply_add)
      unit = std::min(unit, last_place(inputs[2], values[2]));
  } else {
    unit = std::min(last_place(inputs[0], values[0]), last_place(inputs[1], values[1]));
  }
  const Value width = sum(at.gap->outer, negated(at.gap->inner));
  const std::int64_t lost = leading_exponent(width) - unit;
  constexpr std::int64_t fewest = 3;
  if (lost < fewest) return;
  // The bits that are lost, as an integer.
  const Value rest = sum(absolute(at.magnitude.numerator), negated(at.gap->inner));
  const std::int64_t shift = rest.exponent - unit;
  Integer bits = rest.significand;
  if (shift >= 0) {
    bits <<= static_cast<unsigned>(shift);
  } else {
    bits >>= static_cast<unsigned>(-shift);
  }
  const Integer behind = bits & ((Integer(1) << static_cast<unsigned>(lost - 1)) - 1);
  if (behind == 1) mark(found, "sticky");
}

// How the terms of a sum lie to each other, and the bits of sums and products that are lost.
void Classifier::mark_terms(const std::vector<Value>& values, const reference::Exact& x,
                            const Located& at, Found& found) const {
  const Op op = calculation_.op;
  const bool any_zero =
      std::any_of(values.begin(), values.end(), [](const Value& v) { return v.is_zero(); });
  if (any_zero || as_float(grid_) == nullptr || !(is_sum(op) || op == Op::multiply)) return;
  mark_sticky(values, at, found);
  if (!is_sum(op)) return;
  const bool fused = op == Op::fused_multiply_add;
  const std::int64_t first = leading_exponent(fused ? product(values[0], values[1]) : values[0]);
  const std::int64_t second = leading_exponent(fused ? values[2] : values[1]);
  if (fused) mark(found, "alignment_" + std::to_string(second - first));
  const Value& result = x.value.numerator;
  if (result.is_zero()) return mark(found, "zero_sum");
  const std::int64_t lost = std::max(first, second) - leading_exponent(result);
  if (lost > 0) mark(found, "cancellation_" + std::to_string(lost));
}

void Classifier::mark_result(const Case& c, const std::vector<Value>& values, Found& found) const {
  const Op op = calculation_.op;
  const bool keeps = is_to_integer(op) || is_to_integral(op);
  const reference::Exact x =
      keeps ? reference::Exact{.value = real(values.front())}
            : reference::exact(op, values, calculation_.output_of(c).rounding, c.random);
  const bool finite_operands =
      std::all_of(values.begin(), values.end(), [](const Value& v) { return v.is_finite(); });
  if ((x.flags & flags::divide_by_zero) != 0) mark(found, "divide_by_zero");
  if (x.value.numerator.is_nan() &&
      std::none_of(values.begin(), values.end(), [](const Value& v) { return v.is_nan(); }))
    mark(found, "invalid");
  if (!finite_operands || !x.value.numerator.is_finite() || x.value.denominator.is_zero()) return;
  const Located at = reference::locate(x, grid_);
  if (!x.value.numerator.is_zero()) {
    if (at.place == Located::Place::exact) mark(found, "exact");
    if (at.gap && at.place == Located::Place::between) mark_gap(at, c, found);
    mark_binades(at, found);
    mark_ends(x, at, found);
    if (precision_ > 1 && has_tiny_results(calculation_)) {
      Quantizer before = calculation_.output_of(c);
      Quantizer after = before;
      before.rounding.tininess = Tininess::before_rounding;
      after.rounding.tininess = Tininess::after_rounding;
      const auto raised = [&](const Quantizer& q) {
        return (reference::decide(at, q, c.random).flags & flags::underflow) != 0;
      };
      if (raised(before) && !raised(after)) mark(found, "tiny_before_rounding");
    }
  }
  mark_terms(values, x, at, found);
}

void Classifier::count(const Case& c, std::vector<std::uint64_t>& counts) const {
  Found found{.counts = &counts, .seen = std::vector<bool>(classes_.size(), false)};
  std::vector<Value> values;
  bool dyadic = is_dyadic(grid_);
  for (std::size_t i = 0; i < calculation_.inputs.size(); ++i) {
    mark_operand(calculation_.inputs[i], c.operands[i], found);
    values.push_back(decode(calculation_.inputs[i], c.operands[i]));
    dyadic = dyadic && is_dyadic(calculation_.inputs[i]);
  }
  const Op op = calculation_.op;
  if (is_comparison(op) || is_choice(op)) {
    const bool unordered = values[0].is_nan() || values[1].is_nan();
    if (unordered) return mark(found, "unordered");
    const int sign = compare(values[0], values[1]);
    return mark(found, sign == 0 ? "equal" : sign < 0 ? "less" : "greater");
  }
  if (is_rounded(op) && dyadic) mark_result(c, values, found);
}

}  // namespace halfulp::vectors

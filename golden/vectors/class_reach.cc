// SPDX-License-Identifier: MIT
#include "golden/vectors/class_reach.h"

#include <algorithm>

#include "formats/codes.h"

namespace halfulp::vectors {

const Float* as_float(const Format& format) { return std::get_if<Float>(&format.kind); }

int precision_of(const Format& format) {
  if (const Float* f = as_float(format)) return f->fraction_bits + 1;
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  return fixed != nullptr ? fixed->bits : 0;
}

bool is_sum(Op op) { return op == Op::add || op == Op::subtract || op == Op::fused_multiply_add; }
bool is_to_integral(Op op) {
  return op == Op::round_to_integral || op == Op::round_to_integral_exact;
}
bool is_product(Op op) { return op == Op::multiply || op == Op::fused_multiply_add; }
bool is_choice(Op op) { return op >= Op::min_num && op <= Op::maximum_magnitude_number; }

bool is_rounded(Op op) {
  return is_arithmetic(op) || op == Op::convert || is_to_integer(op) || is_to_integral(op);
}

namespace {
bool holds_all(const Format& to, const Format& from) {
  const Float* a = as_float(to);
  const Float* b = as_float(from);
  if (a == nullptr || b == nullptr) return to.kind == from.kind;
  return a->fraction_bits >= b->fraction_bits &&
         compare(largest_finite(to), largest_finite(from)) >= 0 &&
         compare(smallest_positive(to), smallest_positive(from)) <= 0;
}
}  // namespace

namespace {
bool is_integer_like(const Format& format) { return std::holds_alternative<Fixed>(format.kind); }
}  // namespace

Value least_result(const Calculation& calculation) {
  const std::vector<Format>& inputs = calculation.inputs;
  const Value a = smallest_positive(inputs.front());
  return is_product(calculation.op) ? product(a, smallest_positive(inputs[1])) : a;
}
Value largest_result(const Calculation& calculation) {
  const std::vector<Format>& inputs = calculation.inputs;
  const Value a = largest_finite(inputs.front());
  if (is_product(calculation.op)) return product(a, largest_finite(inputs[1]));
  const bool one = calculation.op == Op::convert || is_to_integer(calculation.op);
  return one ? a : scaled(a, 1);
}

bool has_tiny_results(const Calculation& calculation) {
  const Format& to = calculation.output.format;
  const Float* f = as_float(to);
  if (f == nullptr || !f->subnormals) return false;
  const Op op = calculation.op;
  if (op == Op::divide) return true;
  if (!is_product(op) && op != Op::convert) return false;
  return compare(least_result(calculation), scaled(smallest_positive(to), -1)) < 0;
}

bool has_overflow(const Calculation& calculation) {
  const Format& to = calculation.output.format;
  if (saturates(to) || !is_dyadic(to) || calculation.op == Op::square_root) return false;
  if (calculation.op == Op::divide) return true;
  const bool rounds = is_arithmetic(calculation.op) || calculation.op == Op::convert ||
                      is_to_integer(calculation.op);
  return rounds && compare(largest_result(calculation), largest_finite(to)) > 0;
}

int operand_precision(const Calculation& calculation) {
  int p = 0;
  for (const Format& format : calculation.inputs) p = std::max(p, precision_of(format));
  return p;
}

// Do results come between the largest number and a spacing beyond it? Numbers of an integer's
// format or of a float's may lie further apart than that. And no quotient of numbers of p bits lies
// between 2^e (1 - 2^-p) and 2^e.
bool reaches_overflow_closely(const Calculation& calculation) {
  const Format& to = calculation.output.format;
  const int p = operand_precision(calculation);
  if (calculation.op == Op::convert || is_to_integer(calculation.op))
    return p > precision_of(to) - (is_integer_like(to) ? 1 : 0);
  if (calculation.op != Op::divide || p > precision_of(to)) return true;
  const Value largest = largest_finite(to);
  const Value half = sum(boundary_above(to, finite_range(to).highest), negated(largest));
  return leading_exponent(sum(largest, scaled(half, 1))) == leading_exponent(largest);
}

bool loses_bits(const Calculation& calculation) {
  const Format& to = calculation.output.format;
  const Op op = calculation.op;
  const bool same = std::all_of(calculation.inputs.begin(), calculation.inputs.end(),
                                [&](const Format& f) { return f.kind == to.kind; });
  if (op == Op::convert) return !holds_all(to, calculation.inputs.front());
  if (!same || is_to_integral(op)) return true;
  if (is_integer_like(to)) return op != Op::add && op != Op::subtract;
  // Powers of two.
  return precision_of(to) != 1 || is_sum(op) || op == Op::square_root;
}

bool has_invalid(const Calculation& calculation) {
  const std::vector<Format>& inputs = calculation.inputs;
  switch (calculation.op) {
    case Op::add:
    case Op::subtract:
      return has_infinity(inputs[0]) && has_infinity(inputs[1]) && is_signed(inputs[0]);
    case Op::multiply:
    case Op::fused_multiply_add:
      return has_infinity(inputs[0]) || has_infinity(inputs[1]);
    case Op::divide:
      return has_zero(inputs[1]) || has_infinity(inputs[1]);
    default:
      return is_signed(inputs.front());
  }
}

int nearness_of(const Calculation& calculation, int precision) {
  const int p = precision_of(calculation.inputs.front());
  const auto* fixed = std::get_if<Fixed>(&calculation.output.format.kind);
  if (fixed != nullptr && is_product(calculation.op)) return std::max(1, fixed->fraction_bits);
  if (calculation.op == Op::square_root) return std::max(1, precision - 3);
  if (calculation.op == Op::convert) return std::max(1, p - precision - 1);
  if (is_to_integer(calculation.op) || is_to_integral(calculation.op)) return 2;
  return std::max(1, p - 1);
}

}  // namespace halfulp::vectors

// SPDX-License-Identifier: MIT
#include "reference/choice.h"

namespace halfulp::reference {
namespace {

enum class Kind { num, plain, number };  // of IEEE 754-2008; of 2019; of 2019 with numbers first

struct Extreme {
  Kind kind;
  bool maximum = false, magnitude = false;
};

Extreme extreme_of(Op op) {
  switch (op) {
    case Op::min_num:
      return {Kind::num};
    case Op::max_num:
      return {Kind::num, true};
    case Op::min_num_magnitude:
      return {Kind::num, false, true};
    case Op::max_num_magnitude:
      return {Kind::num, true, true};
    case Op::minimum:
      return {Kind::plain};
    case Op::maximum:
      return {Kind::plain, true};
    case Op::minimum_magnitude:
      return {Kind::plain, false, true};
    case Op::maximum_magnitude:
      return {Kind::plain, true, true};
    case Op::minimum_number:
      return {Kind::number};
    case Op::maximum_number:
      return {Kind::number, true};
    case Op::minimum_magnitude_number:
      return {Kind::number, false, true};
    default:
      return {Kind::number, true, true};
  }
}

// With -0 below +0 where the kind says so.
int order(const Extreme& extreme, const Value& a, const Value& b) {
  const int by_value = compare(a, b);
  if (by_value != 0 || extreme.kind == Kind::num) return by_value;
  return int{b.negative} - int{a.negative};
}

const Value& choose_number(const Extreme& extreme, const Value& a, const Value& b) {
  int a_against_b = 0;
  if (extreme.magnitude) a_against_b = compare(absolute(a), absolute(b));
  if (a_against_b == 0) a_against_b = order(extreme, a, b);
  const bool first = extreme.maximum ? a_against_b >= 0 : a_against_b <= 0;
  return first ? a : b;
}

}  // namespace

Comparison compare_operands(Op op, const Value& a, const Value& b) {
  const bool unordered = a.is_nan() || b.is_nan();
  const int order = unordered ? 0 : compare(a, b);
  Comparison result{.invalid = (a.is_nan() && a.signalling) || (b.is_nan() && b.signalling)};
  const auto answer = [&](bool holds, bool signalling) {
    result.holds = holds && !unordered;
    result.invalid = result.invalid || (signalling && unordered);
    return result;
  };
  switch (op) {
    case Op::equal:
    case Op::equal_signalling:
      return answer(order == 0, op == Op::equal_signalling);
    case Op::less:
    case Op::less_quiet:
      return answer(order < 0, op == Op::less);
    case Op::less_equal:
    case Op::less_equal_quiet:
      return answer(order <= 0, op == Op::less_equal);
    case Op::greater:
    case Op::greater_quiet:
      return answer(order > 0, op == Op::greater);
    case Op::greater_equal:
    case Op::greater_equal_quiet:
      return answer(order >= 0, op == Op::greater_equal);
    case Op::not_equal:
      result.holds = unordered || order != 0;
      return result;
    default:
      result.holds = unordered;
      return result;
  }
}

// a \ b        number                    quiet NaN             signalling NaN
// num          the extreme               the number            NaN, invalid
// plain        the extreme               NaN                   NaN, invalid
// number       the extreme               the number            the number, invalid
// and NaN where both are.
Choice choose(Op op, const Value& a, const Value& b) {
  const Extreme extreme = extreme_of(op);
  if (!a.is_nan() && !b.is_nan()) return {choose_number(extreme, a, b)};
  const bool signalling = (a.is_nan() && a.signalling) || (b.is_nan() && b.signalling);
  const bool both = a.is_nan() && b.is_nan();
  const bool number =
      !both && (extreme.kind == Kind::number || (extreme.kind == Kind::num && !signalling));
  if (number) return {a.is_nan() ? b : a, signalling};
  return {nan_value()};
}

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// Comparisons, minima and maxima. Two bits say what a predicate is true of: the operands' order is
// less, equal, greater or none (5.11), and a predicate is the set of orders for which it holds.
#include <algorithm>

#include "emulator/operations/exact_operand.h"
#include "emulator/scalar/logarithmic/irrational.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

int sign_of(const Operand& x) { return x.kind == Class::zero ? 0 : (x.negative ? -1 : 1); }

// Leading bits first, then the significands moved to one length.
int compare_magnitudes(const Operand& a, const Operand& b) {
  if (a.is_irrational() || b.is_irrational())
    return halfulp::compare(absolute(exact_value(a)), absolute(exact_value(b)));
  const std::int64_t top_a = leading_exponent(a);
  const std::int64_t top_b = leading_exponent(b);
  if (top_a != top_b) return top_a < top_b ? -1 : 1;
  constexpr int length = word_bits<Code>;
  const Code x = a.significand << (length - bit_length(a.significand));
  const Code y = b.significand << (length - bit_length(b.significand));
  return x < y ? -1 : (x > y ? 1 : 0);
}

Operand truth(bool holds) { return holds ? operand_of(1) : Operand{}; }

bool is_signalling(const Operand& x) { return x.kind == Class::nan && x.signalling; }

enum Orders : unsigned { less = 1, equal = 2, greater = 4, none = 8 };
struct Predicate {
  unsigned orders;
  bool signalling;
};

Predicate predicate_of(Op op) {
  switch (op) {
    case Op::equal:
      return {equal, false};
    case Op::equal_signalling:
      return {equal, true};
    case Op::not_equal:
      return {less | greater | none, false};
    case Op::less:
      return {less, true};
    case Op::less_quiet:
      return {less, false};
    case Op::less_equal:
      return {less | equal, true};
    case Op::less_equal_quiet:
      return {less | equal, false};
    case Op::greater:
      return {greater, true};
    case Op::greater_quiet:
      return {greater, false};
    case Op::greater_equal:
      return {greater | equal, true};
    case Op::greater_equal_quiet:
      return {greater | equal, false};
    default:
      return {none, false};
  }
}

bool is_one_of(Op op, std::initializer_list<Op> list) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

bool is_of_2008(Op op) { return op >= Op::min_num && op <= Op::max_num_magnitude; }
bool prefers_numbers(Op op) { return op >= Op::minimum_number; }

// Does a stand before b? Magnitudes first where the operation asks for them; zeros by sign but in
// the operations of 2008.
bool takes_first(Op op, const Operand& a, const Operand& b) {
  const bool maximum =
      is_one_of(op, {Op::max_num, Op::max_num_magnitude, Op::maximum, Op::maximum_magnitude,
                     Op::maximum_number, Op::maximum_magnitude_number});
  const bool magnitude = is_one_of(
      op, {Op::min_num_magnitude, Op::max_num_magnitude, Op::minimum_magnitude,
           Op::maximum_magnitude, Op::minimum_magnitude_number, Op::maximum_magnitude_number});
  int order = 0;
  if (magnitude) {
    Operand p = a;
    Operand q = b;
    p.negative = q.negative = false;
    order = compare(p, q);
  }
  if (order == 0) order = compare(a, b);
  if (order == 0 && !is_of_2008(op)) order = int{b.negative} - int{a.negative};
  return maximum ? order >= 0 : order <= 0;
}

}  // namespace

int compare(const Operand& a, const Operand& b) {
  const int sign_a = sign_of(a);
  const int sign_b = sign_of(b);
  if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
  if (sign_a == 0) return 0;
  int order = int{a.kind == Class::infinite} - int{b.kind == Class::infinite};
  if (order == 0 && a.kind == Class::finite) order = compare_magnitudes(a, b);
  return sign_a * order;
}

ExactOperand comparison(Op op, const Operand& a, const Operand& b) {
  const Predicate predicate = predicate_of(op);
  const bool any_nan = a.kind == Class::nan || b.kind == Class::nan;
  const int order = any_nan ? 0 : compare(a, b);
  const unsigned found = any_nan ? none : (order < 0 ? less : (order > 0 ? greater : equal));
  ExactOperand result{.x = truth((predicate.orders & found) != 0), .real = {}};
  if (is_signalling(a) || is_signalling(b) || (any_nan && predicate.signalling))
    result.flags = flags::invalid;
  return result;
}

ExactOperand extreme(Op op, const Operand& a, const Operand& b) {
  const bool nan_a = a.kind == Class::nan;
  const bool nan_b = b.kind == Class::nan;
  ExactOperand result;
  result.copied = true;
  if (!nan_a && !nan_b) {
    result.x = takes_first(op, a, b) ? a : b;
    return result;
  }
  const bool signalling = is_signalling(a) || is_signalling(b);
  const bool number = nan_a != nan_b && (prefers_numbers(op) || (is_of_2008(op) && !signalling));
  if (number) {
    result.x = nan_a ? b : a;
    if (signalling) result.flags = flags::invalid;
  } else {
    result.x.kind = Class::nan;
    result.copied = false;
  }
  return result;
}

}  // namespace halfulp::emulator

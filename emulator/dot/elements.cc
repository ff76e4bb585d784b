// SPDX-License-Identifier: MIT
//
// Dot products by the scalar path, one result and one rounding after the other. Operands know
// whether they are subnormal in the format or carrier that they come from, and operate() flushes
// them where the plan says so.
#include <algorithm>
#include <array>
#include <span>

#include "emulator/arrays/arrays.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/exact.h"
#include "emulator/kernels/orders.h"
#include "emulator/operations/operate.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;
using kernels::HWY_NAMESPACE::At;
using kernels::HWY_NAMESPACE::Walker;

// An arithmetic of one result (kernels/orders.h).
class ElementArithmetic {
 public:
  using Number = Operand;

  ElementArithmetic(const MatrixOperands& operands, const CompiledDot& unit, const Random& random)
      : operands_(operands), unit_(unit), random_(random) {
    if (unit.is_exact()) terms_.emplace(operands, unit, random);
  }

  void move(std::size_t row, std::size_t column, std::uint64_t first) {
    row_ = row;
    column_ = column;
    first_ = first;
    if (terms_) terms_->move(row, column, first);
  }

  static void zero(Operand& out) { out = {}; }
  static void copy(const Operand& x, Operand& out) { out = x; }
  static void negate(const Operand& x, Operand& out) {
    const bool finite = x.kind == Class::zero || x.kind == Class::finite;
    if (!finite) out = {};
    if (finite) out = x;
    out.negative = !out.negative;
  }
  void addend(Operand& out) const { out = load_operand(*operands_.addend, row_, column_); }

  void term(std::size_t node, std::size_t k, Operand& out) const {
    const CompiledPlan& plan = *unit_.sums[node];
    if (!unit_.product) {
      out = apply(Op::multiply, plan, {left(k), right(k)}, draw(plan, k, 0));
    } else {
      out = apply(Op::convert, plan, {rounded_product(k)}, draw(plan, k, 0));
    }
  }
  void plus_term(std::size_t node, std::size_t k, const Operand& x, Operand& out) const {
    const CompiledPlan& plan = *unit_.sums[node];
    if (unit_.product) {
      out = apply(Op::add, plan, {x, rounded_product(k)}, draw(plan, k, 0));
    } else {
      out = apply(Op::fused_multiply_add, plan, {left(k), right(k), x}, draw(plan, k, 0));
    }
  }
  void convert(const At& at, const Operand& x, Operand& out) const {
    out = apply(Op::convert, at, {x});
  }
  void add(const At& at, const Operand& x, const Operand& y, Operand& out) const {
    out = apply(Op::add, at, {x, y});
  }
  void subtract(const At& at, const Operand& x, const Operand& y, Operand& out) const {
    out = apply(Op::subtract, at, {x, y});
  }

  void at_once(std::size_t node, const TermList& terms, bool with_addend, Operand& out) {
    out = {};
    if (terms.first >= terms.end) return;
    const CompiledPlan& plan = *unit_.sums[node];
    sum_.clear();
    terms_->add_to(sum_, terms);
    if (with_addend) {
      Operand c;
      addend(c);
      if (c.subnormal && plan.rounding().flush_inputs) c.kind = Class::zero;
      sum_.add(c);
    }
    const Outcome outcome = sum_.rounded(plan.target(), draw(plan, terms.first, 0));
    out = unpack(plan.quantizer().format, outcome.code);
  }

 private:
  template <std::size_t count>
  static Operand apply(Op op, const CompiledPlan& plan, const Operand (&operands)[count],
                       std::uint64_t random) {
    std::array<Operand, count> taken;
    std::copy_n(operands, count, taken.begin());
    const Outcome outcome = operate(op, plan.target(), taken, random);
    return unpack(plan.quantizer().format, outcome.code);
  }
  template <std::size_t count>
  [[nodiscard]] Operand apply(Op op, const At& at, const Operand (&operands)[count]) const {
    const CompiledPlan& plan = *unit_.sums[at.node];
    return apply(op, plan, operands, draw(plan, at.k, at.draw));
  }
  [[nodiscard]] Operand rounded_product(std::size_t k) const {
    const CompiledPlan& plan = *unit_.product;
    return apply(Op::multiply, plan, {left(k), right(k)}, draw(plan, k, unit_.draws.product));
  }
  [[nodiscard]] std::uint64_t draw(const CompiledPlan& plan, std::size_t k,
                                   std::uint64_t number) const {
    const std::uint64_t index = first_ + unit_.draws.per_term * k + number;
    return plan.stochastic() ? random_.bits(index, plan.rounding().random_bits) : 0;
  }
  [[nodiscard]] Operand left(std::size_t k) const { return load_operand(operands_.a, row_, k); }
  [[nodiscard]] Operand right(std::size_t k) const { return load_operand(operands_.b, k, column_); }

  const MatrixOperands& operands_;
  const CompiledDot& unit_;
  const Random& random_;
  std::size_t row_ = 0, column_ = 0;
  std::uint64_t first_ = 0;
  std::optional<ExactTerms> terms_;
  ExactSum sum_;
};

void store_operand(const MutableView& out, std::size_t row, std::size_t column, Operand x) {
  if (x.kind == Class::nan) {
    x.negative = false;
    x.significand = 0;
  }
  store(out, row * out.columns + column, x);
}

}  // namespace

void multiply_by_element(const MatrixOperands& operands, const CompiledDot& unit,
                         const Random& random, const MutableView& out) {
  const std::size_t inner = operands.a.columns;
  const std::uint64_t of_result = unit.draws.per_term * std::max<std::size_t>(inner, 1);
  ElementArithmetic arithmetic(operands, unit, random);
  Walker<ElementArithmetic> walker(arithmetic, unit.tree);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      arithmetic.move(row, column, (row * out.columns + column) * of_result);
      Operand result;
      walker.run(inner, operands.addend.has_value(), result);
      store_operand(out, row, column, result);
    }
  }
}

}  // namespace halfulp::emulator

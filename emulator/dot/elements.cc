// SPDX-License-Identifier: MIT
//
// Dot products by the scalar path, one result and one rounding after the other. Operands know
// whether they are subnormal in the format or carrier that they come from, and operate() flushes
// them where the plan says so.
#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/exact.h"
#include "emulator/dot/exact_additions.h"
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
  // A number of the format of its sum or, of a sum that is not rounded, that sum.
  struct Number {
    Operand rounded;
    ExactItem exact;
  };

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

  static void zero(Number& out) { out = {}; }
  static void copy(const Number& x, Number& out) { out = x; }
  static void negate(const Number& x, Number& out) {
    const Operand operand = x.rounded;
    const bool finite = operand.kind == Class::zero || operand.kind == Class::finite;
    out.rounded = finite ? operand : Operand{};
    out.rounded.negative = !operand.negative;
  }
  void addend(Number& out) const { out.rounded = load_operand(*operands_.addend, row_, column_); }

  void term(std::size_t node, std::size_t k, Number& out) const {
    const CompiledPlan& plan = *unit_.sums[node];
    if (!unit_.product) {
      out.rounded = apply(Op::multiply, plan, {left(k), right(k)}, draw(plan, k, 0));
    } else {
      out.rounded = apply(Op::convert, plan, {rounded_product(k)}, draw(plan, k, 0));
    }
  }
  void plus_term(std::size_t node, std::size_t k, const Number& x, Number& out) const {
    const CompiledPlan& plan = *unit_.sums[node];
    const std::uint64_t bits = draw(plan, k, 0);
    if (unit_.product) {
      out.rounded = apply(Op::add, plan, {x.rounded, rounded_product(k)}, bits);
    } else {
      out.rounded = apply(Op::fused_multiply_add, plan, {left(k), right(k), x.rounded}, bits);
    }
  }
  void convert(const At& at, const Number& x, Number& out) const {
    out.rounded = apply(Op::convert, at, {x.rounded});
  }
  void add(const At& at, const Number& x, const Number& y, Number& out) const {
    out.rounded = apply(Op::add, at, {x.rounded, y.rounded});
  }
  void subtract(const At& at, const Number& x, const Number& y, Number& out) const {
    out.rounded = apply(Op::subtract, at, {x.rounded, y.rounded});
  }

  void add_terms(const At& at, const TermList& terms, const Number* s, Number& out) {
    if (terms_) return add_exact_terms(at, terms, s, out);
    items_.clear();
    for (std::size_t k = terms.first; k < terms.end; k += terms.step) {
      items_.push_back(exact_term(at.node, k));
      if (unit_.tree.sums[at.node].scaling) scale(at.node, k, items_.back());
    }
    add_items(at, s, out);
  }
  void add_parts(const At& at, const TermList& terms,
                 const std::vector<std::unique_ptr<Number>>& parts, const Number* s, Number& out) {
    items_.clear();
    const Sum& own = unit_.tree.sums[at.node];
    for (std::size_t i = 0; i < count_parts(own, terms); ++i) {
      const Number& part = *parts[i];
      const bool rounded = unit_.tree.sums[at.node + 1].rounded;
      ExactItem item = rounded ? rounded_item(at.node, at.node + 1, part.rounded) : part.exact;
      const TermList taken = part_of(own, terms, i);
      if (own.scaling && taken.first < taken.end) scale(at.node, taken.first, item);
      items_.push_back(std::move(item));
    }
    add_items(at, s, out);
  }

 private:
  // --- Additions at once.

  void add_exact_terms(const At& at, const TermList& terms, const Number* s, Number& out) {
    const CompiledPlan& plan = *unit_.sums[at.node];
    sum_.clear();
    terms_->add_to(sum_, terms);
    if (s != nullptr) {
      Operand c = s->rounded;
      if (c.subnormal && plan.rounding().flush_inputs) c.kind = Class::zero;
      sum_.add(c);
    }
    const Outcome outcome = sum_.rounded(plan.target(), draw(plan, terms.first, at.draw));
    out.rounded = unpack(plan.quantizer().format, outcome.code);
  }
  // The sum of items_ and s.
  void add_items(const At& at, const Number* s, Number& out) {
    if (s != nullptr) items_.push_back(rounded_item(at.node, at.node, s->rounded));
    const ExactTotal total =
        emulator::add(items_, s != nullptr, unit_.tree.sums[at.node].alignment);
    out = {};
    out.exact = total.sum;
    if (!unit_.sums[at.node]) return;
    const CompiledPlan& plan = *unit_.sums[at.node];
    const Outcome outcome = round_total(plan.target(), total, draw(plan, at.k, at.draw));
    out.rounded = unpack(plan.quantizer().format, outcome.code);
  }
  // A number of the format of sum `from`, as an operand of the step of `node`.
  [[nodiscard]] ExactItem rounded_item(std::size_t node, std::size_t from, Operand x) const {
    flush(node, x);
    return item_of(x, least_exponent(unit_.tree.sums[from].quantizer.format));
  }
  void flush(std::size_t node, Operand& x) const {
    const bool flushes = unit_.sums[node] && unit_.sums[node]->rounding().flush_inputs;
    if (flushes && x.subnormal) x.kind = Class::zero;
  }
  [[nodiscard]] ExactItem exact_term(std::size_t node, std::size_t k) const {
    if (unit_.product) {
      Operand p = rounded_product(k);
      flush(node, p);
      return item_of(p, least_exponent(unit_.product->quantizer().format));
    }
    ExactItem p = product_of(factor(node, left(k), unit_.tree.left),
                             factor(node, right(k), unit_.tree.right));
    if (unit_.tree.product_limit) limit_product(p, *unit_.tree.product_limit);
    return p;
  }
  [[nodiscard]] ExactItem factor(std::size_t node, Operand x,
                                 const std::optional<Format>& format) const {
    flush(node, x);
    ExactItem item = item_of(x, format ? least_exponent(*format) : std::nullopt);
    if (!format) item.exponent.reset();
    return item;
  }
  void scale(std::size_t node, std::size_t k, ExactItem& item) const {
    const Scaling& own = *unit_.tree.sums[node].scaling;
    const CompiledScaling& ready = unit_.scalings[node];
    const ScaleOperands& scales = operands_.scales[ready.place];
    const std::size_t block = k / static_cast<std::size_t>(own.block);
    const std::array factors{
        item_of(load_operand(scales.a, row_, block), least_exponent(own.left)),
        item_of(load_operand(scales.b, block, column_), least_exponent(own.right))};
    const bool counts = !own.exponent_of_scales || !item.exponent;
    const std::optional<std::int64_t> exponent = item.exponent;
    ExactItem product = product_of(factors[0], factors[1]);
    const std::optional<std::int64_t> of_scales = product.exponent;
    if (ready.product) product = rounded(*ready.product, product);
    item = product_of(item, product);
    if (ready.item) {
      item = rounded(*ready.item, item);
    } else if (!of_scales || (counts && !exponent)) {
      item.exponent.reset();
    } else {
      item.exponent = *of_scales + (counts ? *exponent : 0);
    }
  }
  [[nodiscard]] static ExactItem rounded(const CompiledPlan& plan, const ExactItem& x) {
    const Outcome outcome = round_total(plan.target(), {x, true}, 0);
    const Format& format = plan.quantizer().format;
    return item_of(unpack(format, outcome.code), least_exponent(format));
  }

  // --- Operations.

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
    return plan.stochastic() ? draw_bits(random_, unit_.draws, index, plan.rounding()) : 0;
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
  std::vector<ExactItem> items_;
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
  const std::uint64_t of_result = draws_per_result(unit.draws, inner);
  ElementArithmetic arithmetic(operands, unit, random);
  Walker<ElementArithmetic> walker(arithmetic, unit.tree);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      arithmetic.move(row, column, (row * out.columns + column) * of_result);
      ElementArithmetic::Number result;
      walker.run(inner, operands.addend.has_value(), result);
      store_operand(out, row, column, result.rounded);
    }
  }
}

}  // namespace halfulp::emulator

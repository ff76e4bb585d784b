// SPDX-License-Identifier: MIT
#include "reference/dot.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/alignment.h"
#include "reference/carrier.h"
#include "reference/engine_name.h"
#include "reference/operations.h"

namespace halfulp::reference {
namespace {

// A number, and the format that flushes it; without one, a sum that is not rounded, and the
// exponent by which it is aligned.
struct Number {
  Value value;
  const Format* format = nullptr;
  std::optional<std::int64_t> exponent = std::nullopt;
};

// A sum on its way to be added: which terms are in it.
struct PartialSum {
  Number number;
  TermList terms;
};

// The exact sum of any numbers, before it is rounded: infinities and NaN first, then numbers, then
// the sign of zero.
Exact exact_sum(std::span<const Value> terms) {
  const Value& first = terms.front();
  Exact result{.value = real(first.is_nan() ? nan_value() : first), .arithmetic = true};
  Value& total = result.value.numerator;
  bool zeros_of_one_sign = total.is_zero();
  for (const Value& term : terms.subspan(1)) {
    zeros_of_one_sign = zeros_of_one_sign && term.is_zero() && term.negative == total.negative;
    if (total.is_nan() || term.is_nan() ||
        (total.is_infinite() && term.is_infinite() && total.negative != term.negative)) {
      total = nan_value();
    } else if (total.is_finite()) {
      total = term.is_finite() ? sum(total, term) : term;
    }
  }
  result.sign_by_mode = total.is_zero() && !zeros_of_one_sign;
  return result;
}

// One result after the other. Q is the quantizer of a sum, and the numbers of its roundings are
// those of draws_of().
class Dot {
 public:
  Dot(const MatrixOperands& operands, const DotTree& tree, const Random& random,
      const DotObserver* observer)
      : operands_(operands),
        tree_(tree),
        random_(random),
        observer_(observer),
        draws_(draws_of(tree)),
        size_(operands.a.columns),
        places_(order_of_terms(tree, size_)) {}

  Value run(std::size_t row, std::size_t column, std::size_t columns) {
    row_ = row;
    column_ = column;
    first_ = (row * columns + column) * draws_per_result(draws_, size_);
    if (size_ == 0) return operands_.addend ? converted(0, addend(), {}, 0).value : zero_value();
    const bool last = adds_addend_last(tree_);
    const bool begins_with_addend = operands_.addend && !last;
    const Number total = sum(0, {0, size_, 1}, begins_with_addend);
    if (!operands_.addend || !last) return total.value;
    return step(Op::add, 0, {total, addend()}, {}, draws_.addend).value;
  }

 private:
  // --- What a step takes.

  [[nodiscard]] Number addend() const {
    const View& view = *operands_.addend;
    return {load(view, row_, column_), &format_of(view.carrier)};
  }
  [[nodiscard]] Number start(bool with_addend) const {
    return with_addend ? addend() : Number{zero_value(), &tree_.sums.back().quantizer.format};
  }
  [[nodiscard]] Number left(std::size_t k) const {
    return {load(operands_.a, row_, places_[k]), &format_of(operands_.a.carrier)};
  }
  [[nodiscard]] Number right(std::size_t k) const {
    return {load(operands_.b, places_[k], column_), &format_of(operands_.b.carrier)};
  }
  static Value flushed_by(const Quantizer& q, const Number& x) {
    return q.rounding.flush_inputs ? flushed(*x.format, x.value) : x.value;
  }

  // --- Steps.

  // The rounding at term k with number j; sum: none for the product's.
  Number round(std::optional<std::size_t> sum, const DotStep& step, const Exact& exact,
               std::uint64_t j) {
    const Quantizer& q = sum ? tree_.sums[*sum].quantizer : *tree_.product;
    DotStep done = step;
    if (is_stochastic(q.rounding.mode)) {
      const std::uint64_t index = first_ + draws_.per_term * step.terms.first + j;
      done.random = draw_bits(random_, draws_, index, q.rounding);
    }
    done.outcome = deliver(step.op, exact, q, done.random);
    done.rounded = decode(q.format, done.outcome.code);
    done.quantizer = &q;
    show(sum, done, exact.value);
    return {done.rounded, &q.format};
  }
  void show(std::optional<std::size_t> sum, DotStep& done, const Real& exact) const {
    if (observer_ == nullptr) return;
    done.row = row_;
    done.column = column_;
    done.sum = sum;
    done.exact = &exact;
    (*observer_)(done);
  }
  // Q(op of the operands).
  Number step(Op op, std::optional<std::size_t> sum, const std::vector<Number>& operands,
              const TermList& terms, std::uint64_t j) {
    const Quantizer& q = sum ? tree_.sums[*sum].quantizer : *tree_.product;
    std::vector<Value> values;
    for (const Number& x : operands) values.push_back(flushed_by(q, x));
    return round(sum, {.terms = terms, .op = op, .operands = values}, exact(op, values, q.rounding),
                 j);
  }
  Number converted(std::size_t node, const Number& x, const TermList& terms, std::uint64_t j) {
    return step(Op::convert, node, {x}, terms, j);
  }
  Number rounded_product(std::size_t k) {
    return step(Op::multiply, std::nullopt, {left(k), right(k)}, {k, k + 1, 1}, draws_.product);
  }
  // A product as it counts.
  [[nodiscard]] Value limited(const Value& p) const {
    if (!tree_.product_limit || !p.is_finite() || p.is_zero()) return p;
    return leading_exponent(p) >= *tree_.product_limit ? infinite_value(p.negative) : p;
  }

  // Q(p[k])
  Number term(std::size_t node, std::size_t k) {
    const TermList terms{k, k + 1, 1};
    if (tree_.product) return converted(node, rounded_product(k), terms, 0);
    return step(Op::multiply, node, {left(k), right(k)}, terms, 0);
  }
  // Q(p[k] + x)
  Number plus_term(std::size_t node, const Number& x, std::size_t k) {
    const TermList terms{k, k + 1, 1};
    if (tree_.product) return step(Op::add, node, {x, rounded_product(k)}, terms, 0);
    return step(Op::fused_multiply_add, node, {left(k), right(k), x}, terms, 0);
  }

  // --- Items: terms, or sums of parts.

  [[nodiscard]] std::size_t count_items(std::size_t node, const TermList& terms) const {
    const Sum& sum = tree_.sums[node];
    if (sum.of != Sum::Of::terms) return count_parts(sum, terms);
    return terms.end > terms.first ? (terms.end - terms.first - 1) / terms.step + 1 : 0;
  }
  [[nodiscard]] TermList item_terms(std::size_t node, const TermList& terms, std::size_t i) const {
    if (tree_.sums[node].of != Sum::Of::terms) return part_of(tree_.sums[node], terms, i);
    const std::size_t k = terms.first + i * terms.step;
    return {k, k + 1, 1};
  }
  // Q(item)
  Number item(std::size_t node, const TermList& terms) {
    if (tree_.sums[node].of == Sum::Of::terms) return term(node, terms.first);
    return converted(node, sum(node + 1, terms, false), terms, draws_.sums[node].item);
  }
  // Q(item + x)
  Number plus_item(std::size_t node, const Number& x, const TermList& terms) {
    if (tree_.sums[node].of == Sum::Of::terms) return plus_term(node, x, terms.first);
    return step(Op::add, node, {x, sum(node + 1, terms, false)}, terms, draws_.sums[node].item);
  }

  // --- Additions at once (alignment.h).

  // p[k] as it enters. q: what rounds the sum; flushes its factors.
  Item exact_item(const Quantizer& q, std::size_t k) {
    if (tree_.product) {
      const Value p = flushed_by(q, rounded_product(k));
      return {p, stored_exponent(tree_.product->format, p)};
    }
    const std::array factors{flushed_by(q, left(k)), flushed_by(q, right(k))};
    const Value p = limited(exact(Op::multiply, factors).value.numerator);
    return {p, tree_.left ? sum_of(stored_exponent(*tree_.left, factors[0]),
                                   stored_exponent(*tree_.right, factors[1]))
                          : std::nullopt};
  }
  static std::optional<std::int64_t> sum_of(std::optional<std::int64_t> x,
                                            std::optional<std::int64_t> y) {
    return x && y ? std::optional(*x + *y) : std::nullopt;
  }
  [[nodiscard]] Item part_item(std::size_t node, const Quantizer& q, const TermList& terms) {
    const Number part = sum(node + 1, terms, false);
    if (part.format == nullptr) return {part.value, part.exponent};
    const Value value = flushed_by(q, part);
    return {value, stored_exponent(*part.format, value)};
  }

  // The item times the scales of its first term.
  void scale(std::size_t node, std::size_t first, Item& item) const {
    const Scaling& own = *tree_.sums[node].scaling;
    const std::size_t block = first / static_cast<std::size_t>(own.block);
    const ScaleOperands& scales = operands_.scales[scaled_sums_before(node)];
    const std::array factors{load(scales.a, row_, block), load(scales.b, block, column_)};
    const Value product = stepped(own.product, factors);
    item.value = stepped(own.item, std::array{item.value, product});
    const std::optional<std::int64_t> of_scales =
        sum_of(stored_exponent(own.left, factors[0]), stored_exponent(own.right, factors[1]));
    if (own.item) {
      item.exponent = stored_exponent(own.item->format, item.value);
    } else {
      const bool alone = own.exponent_of_scales && item.exponent;
      item.exponent = alone ? of_scales : sum_of(item.exponent, of_scales);
    }
  }
  [[nodiscard]] std::size_t scaled_sums_before(std::size_t node) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < node; ++i) count += tree_.sums[i].scaling ? 1 : 0;
    return count;
  }
  // The product of two factors, rounded where there is what rounds it.
  static Value stepped(const std::optional<Quantizer>& q, std::span<const Value> factors) {
    const Exact result = exact(Op::multiply, factors);
    if (!q) return result.value.numerator;
    return decode(q->format, deliver(Op::multiply, result, *q, 0).code);
  }

  // All items of the terms, and s, which is what rounds or, of a sum that is not rounded, absent.
  Number addition(std::size_t node, const TermList& terms, const Number* running) {
    const Sum& own = tree_.sums[node];
    const Quantizer& q = own.quantizer;
    std::vector<Item> items;
    for (std::size_t i = 0; i < count_items(node, terms); ++i) {
      const TermList part = item_terms(node, terms, i);
      items.push_back(own.of == Sum::Of::terms ? exact_item(q, part.first)
                                               : part_item(node, q, part));
      if (own.scaling && part.first < part.end) scale(node, part.first, items.back());
    }
    if (running != nullptr) {
      const Value s = flushed_by(q, *running);
      items.push_back({s, stored_exponent(q.format, s)});
    }
    if (items.empty()) return start(false);
    const Addition added =
        own.alignment ? align(items, running != nullptr, *own.alignment) : unaligned(items);
    Exact total = exact_sum(added.addends);
    if (own.alignment) total.value.numerator = cut_sum(total.value.numerator, *own.alignment);
    std::vector<Value> entering;
    std::vector<std::optional<std::int64_t>> exponents;
    for (const Item& item : items) {
      entering.push_back(item.value);
      exponents.push_back(item.exponent);
    }
    DotStep done{.terms = terms,
                 .op = Op::add,
                 .operands = entering,
                 .addends = added.addends,
                 .exponents = exponents,
                 .exponent = added.exponent};
    if (own.rounded)
      return round(node, done, total, own.of == Sum::Of::terms ? 0 : draws_.sums[node].item);
    done.rounded = total.value.numerator;
    show(node, done, total.value);
    return {done.rounded, nullptr, added.exponent};
  }

  // --- Sums.

  Number sum(std::size_t node, const TermList& terms, bool with_addend) {
    switch (tree_.sums[node].joining) {
      case Joining::in_sequence:
        return adds_at_once(tree_, node) ? together(node, terms, with_addend)
                                         : in_sequence(node, terms, with_addend);
      case Joining::pairwise:
        return pairwise(node, terms);
      case Joining::halves:
        return halves(node, terms);
      case Joining::compensated:
        return compensated(node, terms, with_addend);
      case Joining::at_once:
        break;
    }
    return at_once(node, terms, with_addend);
  }

  Number in_sequence(std::size_t node, const TermList& terms, bool with_addend) {
    Number s = start(with_addend);
    for (std::size_t i = 0; i < count_items(node, terms); ++i)
      s = plus_item(node, s, item_terms(node, terms, i));
    return s;
  }

  Number add(std::size_t node, const PartialSum& a, const PartialSum& b) {
    return step(Op::add, node, {a.number, b.number}, b.terms, draws_.sums[node].sum);
  }

  Number pairwise(std::size_t node, const TermList& terms) {
    std::vector<PartialSum> level;
    for (std::size_t i = 0; i < count_items(node, terms); ++i) {
      const TermList own = item_terms(node, terms, i);
      level.push_back({item(node, own), own});
    }
    if (level.empty()) return start(false);
    while (level.size() > 1) {
      std::vector<PartialSum> above;
      for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
        const PartialSum& a = level[i];
        const PartialSum& b = level[i + 1];
        above.push_back({add(node, a, b), {a.terms.first, b.terms.end, a.terms.step}});
      }
      if (level.size() % 2 == 1) above.push_back(level.back());
      level = std::move(above);
    }
    return level[0].number;
  }

  Number halves(std::size_t node, const TermList& terms) {
    std::vector<PartialSum> items;
    for (std::size_t i = 0; i < count_items(node, terms); ++i) {
      const TermList own = item_terms(node, terms, i);
      items.push_back({sum(node + 1, own, false), own});
    }
    while (items.size() > 1) {
      const std::size_t half = items.size() / 2;
      for (std::size_t i = 0; i < half; ++i) items[i].number = add(node, items[i], items[i + half]);
      items.resize(half);
    }
    return items[0].number;
  }

  Number compensated(std::size_t node, const TermList& terms, bool with_addend) {
    const SumDraws& draws = draws_.sums[node];
    Number s = start(with_addend);
    Number c = start(false);
    for (std::size_t i = 0; i < count_items(node, terms); ++i) {
      const TermList own = item_terms(node, terms, i);
      const Number y = plus_item(node, {negated(c.value), c.format}, own);
      const Number t = step(Op::add, node, {s, y}, own, draws.sum);
      const Number change = step(Op::subtract, node, {t, s}, own, draws.difference);
      c = step(Op::subtract, node, {change, y}, own, draws.correction);
      if (!c.value.is_finite()) c.value = zero_value();
      s = t;
    }
    return s;
  }

  // Additions of so many items one after the other.
  Number together(std::size_t node, const TermList& terms, bool with_addend) {
    const Sum& own = tree_.sums[node];
    const std::size_t count = count_items(node, terms);
    const auto size = static_cast<std::size_t>(own.together);
    Number s = start(with_addend);
    for (std::size_t i = 0; i < count; i += size) {
      const TermList first = item_terms(node, terms, i);
      const TermList last = item_terms(node, terms, std::min(i + size, count) - 1);
      s = addition(node, {first.first, last.end, terms.step}, &s);
    }
    return s;
  }

  Number at_once(std::size_t node, const TermList& terms, bool with_addend) {
    if (!with_addend) return addition(node, terms, nullptr);
    const Number c = addend();
    return addition(node, terms, &c);
  }

  const MatrixOperands& operands_;
  const DotTree& tree_;
  const Random& random_;
  const DotObserver* observer_;
  TreeDraws draws_;
  std::size_t size_;
  std::vector<std::size_t> places_;
  std::size_t row_ = 0, column_ = 0;
  std::uint64_t first_ = 0;
};

void multiply_each(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                   const MutableView& out, const DotObserver* observer) {
  require_engine(plan.engine, engine_name);
  require_shapes(operands, plan.tree, out);
  require_fits(plan.tree.sums.front().quantizer.format, out.carrier);
  Dot dot(operands, plan.tree, random, observer);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const Value result = dot.run(row, column, out.columns);
      store(out, row, column, result.is_nan() ? nan_value() : result);
    }
  }
}

}  // namespace

void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                  const MutableView& out) {
  multiply_each(operands, plan, random, out, nullptr);
}

void observe_multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                          const MutableView& out, const DotObserver& observer) {
  multiply_each(operands, plan, random, out, &observer);
}

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
#include "golden/kernels/bound_walker.h"

#include <algorithm>
#include <utility>

namespace halfulp::kernels {
namespace {

// The exact sum, with the errors of both.
Bounded added(const Bounded& x, const Bounded& y) {
  Bounded total = x;
  total.magnitude = sum_up(x.magnitude, y.magnitude);
  total.lsb = std::min(x.lsb, y.lsb);
  total.exponent = std::max(x.exponent, y.exponent);
  total.add_errors(y);
  return total;
}

// The exact product of two factors; exact factors are within their gaps.
Bounded multiplied(const BoundFactor& x, const BoundFactor& y) {
  Bounded p;
  if (std::isinf(x.magnitude) || std::isinf(y.magnitude)) {
    p.magnitude = std::numeric_limits<double>::infinity();
    return p;
  }
  p.certain = sum_up(product_up(x.gap, sum_up(y.magnitude, y.gap)), product_up(x.magnitude, y.gap));
  if (x.magnitude == 0 || y.magnitude == 0) return p;
  p.lsb = std::int64_t{x.lsb} + y.lsb;
  p.exponent = std::int64_t{x.exponent} + y.exponent;
  // Below 2^53 units a double holds the product.
  constexpr int significant = 53;
  const double exact = x.magnitude * y.magnitude;
  const bool held = p.lsb > -1000 && std::ilogb(exact) < p.lsb + significant - 1;
  p.magnitude = held ? exact : product_up(x.magnitude, y.magnitude);
  return p;
}

BoundTree::Node node_of(const DotTree& tree, std::size_t i) {
  const Sum& sum = tree.sums[i];
  BoundTree::Node node;
  node.at_once = adds_at_once(tree, i);
  if (sum.rounded) node.rounding.emplace(sum.quantizer);
  if (sum.scaling && sum.scaling->product) node.scales.emplace(*sum.scaling->product);
  if (sum.scaling && sum.scaling->item) node.item.emplace(*sum.scaling->item);
  for (std::size_t k = 0; k < i; ++k) node.scaling += tree.sums[k].scaling ? 1 : 0;
  return node;
}

}  // namespace

BoundTree::BoundTree(const DotTree& of) : tree(of) {
  if (tree.product) product.emplace(*tree.product);
  for (std::size_t i = 0; i < tree.sums.size(); ++i) nodes.push_back(node_of(tree, i));
}

Bounded BoundWalker::result(const std::optional<BoundFactor>& c) const {
  Bounded addend;
  if (c) {
    addend.magnitude = c->magnitude;
    addend.certain = c->gap;
    addend.lsb = c->lsb;
    addend.exponent = tree_.nodes.front().rounding->stored_exponent(c->magnitude);
  }
  const Bounded* const given = c ? &addend : nullptr;
  const TermList all{0, a_.terms.size(), 1};
  if (a_.terms.empty()) return c ? tree_.nodes.front().rounding->round(addend) : Bounded{};
  if (!c || !adds_addend_last(tree_.tree)) return sum(0, all, given);
  const Bounded total = sum(0, all, nullptr);
  return tree_.nodes.front().rounding->round(added(total, addend), addend.magnitude);
}

// --- Items.

Bounded BoundWalker::exact_product(std::size_t k) const {
  Bounded p = multiplied(a_.terms[k], b_.terms[k]);
  const std::optional<std::int64_t>& limit = tree_.tree.product_limit;
  if (limit && p.magnitude > 0 && std::ilogb(p.magnitude) >= *limit)
    p.magnitude = std::numeric_limits<double>::infinity();
  return p;
}
Bounded BoundWalker::product(std::size_t k) const {
  if (!tree_.product) return exact_product(k);
  return tree_.product->round(multiplied(a_.terms[k], b_.terms[k]));
}

std::size_t BoundWalker::count_items(std::size_t node, const TermList& terms) const {
  const Sum& sum = tree_.tree.sums[node];
  if (sum.of != Sum::Of::terms) return count_parts(sum, terms);
  return terms.end > terms.first ? (terms.end - terms.first - 1) / terms.step + 1 : 0;
}
TermList BoundWalker::item_terms(std::size_t node, const TermList& terms, std::size_t i) const {
  if (tree_.tree.sums[node].of != Sum::Of::terms) return part_of(tree_.tree.sums[node], terms, i);
  const std::size_t k = terms.first + i * terms.step;
  return {k, k + 1, 1};
}
// As it enters its sum, scaled.
Bounded BoundWalker::item(std::size_t node, const TermList& terms) const {
  const Sum& own = tree_.tree.sums[node];
  Bounded x = own.of == Sum::Of::terms ? product(terms.first) : sum(node + 1, terms, nullptr);
  return own.scaling && terms.first < terms.end ? scaled(node, terms.first, x) : x;
}

Bounded BoundWalker::scaled(std::size_t node, std::size_t first, Bounded item) const {
  const Node& own = tree_.nodes[node];
  const Scaling& scaling = *tree_.tree.sums[node].scaling;
  const std::size_t block = first / static_cast<std::size_t>(scaling.block);
  Bounded scale = multiplied(a_.scales[own.scaling][block], b_.scales[own.scaling][block]);
  const std::int64_t of_scales = scale.exponent;
  if (own.scales) scale = own.scales->round(scale);
  if (std::isinf(scale.magnitude) || std::isinf(item.magnitude)) {
    item.magnitude = std::numeric_limits<double>::infinity();
    return item;
  }
  // The exact item is within its errors of this one: so is its product with an exact scale.
  const double exact_item = sum_up(item.magnitude, sum_up(item.certain, item.rounding));
  scale.scale_errors(exact_item);
  item.scale_errors(scale.magnitude);
  item.add_errors(scale);
  const bool zero = item.magnitude == 0 || scale.magnitude == 0;
  item.magnitude = product_up(item.magnitude, scale.magnitude);
  item.lsb = zero ? Bounded::of_zero : item.lsb + scale.lsb;
  const bool has_exponent = item.exponent != Bounded::none;
  if (scaling.exponent_of_scales && has_exponent) {
    item.exponent = of_scales;
  } else {
    item.exponent =
        has_exponent && of_scales != Bounded::none ? item.exponent + of_scales : Bounded::none;
  }
  return own.item ? own.item->round(item) : item;
}

// --- Sums.

Bounded BoundWalker::sum(std::size_t node, const TermList& terms, const Bounded* c) const {
  const std::size_t count = count_items(node, terms);
  switch (tree_.tree.sums[node].joining) {
    case Joining::in_sequence:
      return in_sequence(node, terms, c);
    case Joining::pairwise:
      return pairwise(node, terms);
    case Joining::halves:
      return halves(node, terms);
    case Joining::compensated:
      return compensated(node, terms, c);
    case Joining::at_once:
      break;
  }
  return addition(node, terms, 0, count, c, false);
}

Bounded BoundWalker::addition(std::size_t node, const TermList& terms, std::size_t begin,
                              std::size_t end, const Bounded* running, bool held) const {
  const Sum& own = tree_.tree.sums[node];
  std::vector<Bounded> items;
  items.reserve(end - begin + 1);
  for (std::size_t i = begin; i < end; ++i) items.push_back(item(node, item_terms(node, terms, i)));
  if (running != nullptr) {
    items.push_back(*running);
    if (tree_.nodes[node].rounding)
      items.back().exponent = tree_.nodes[node].rounding->stored_exponent(running->magnitude);
  }
  std::int64_t exponent = Bounded::none;
  for (const Bounded& x : items) exponent = std::max(exponent, x.exponent);
  if (own.alignment && own.alignment->least_exponent)
    exponent = std::max(exponent, *own.alignment->least_exponent);
  Bounded total;
  double others = 0;  // what is added to s
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_running = running != nullptr && i + 1 == items.size();
    if (own.alignment && exponent != Bounded::none) {
      const Alignment& alignment = *own.alignment;
      const int kept =
          is_running ? alignment.running_bits.value_or(alignment.bits) : alignment.bits;
      items[i] = cut(items[i], exponent - kept, alignment.downward);
    }
    if (!is_running) others = sum_up(others, items[i].magnitude);
    total = added(total, items[i]);
  }
  if (own.alignment && own.alignment->sum_bits && total.magnitude > 0 &&
      !std::isinf(total.magnitude)) {
    const std::int64_t leading = std::max<std::int64_t>(
        std::ilogb(total.magnitude), own.alignment->least_exponent.value_or(Bounded::none));
    total = cut(total, leading - *own.alignment->sum_bits, own.alignment->downward);
  }
  const Node& rounds = tree_.nodes[node];
  if (rounds.rounding)
    return held && running != nullptr ? rounds.rounding->round(total, others)
                                      : rounds.rounding->round(total);
  total.exponent = exponent;
  return total;
}

Bounded BoundWalker::in_sequence(std::size_t node, const TermList& terms, const Bounded* c) const {
  const std::size_t count = count_items(node, terms);
  const Node& own = tree_.nodes[node];
  Bounded s = c != nullptr ? *c : Bounded{};
  bool held = c == nullptr;  // C is not rounded before it enters
  const auto together = static_cast<std::size_t>(tree_.tree.sums[node].together);
  for (std::size_t i = 0; i < count; i += own.at_once ? together : 1) {
    if (own.at_once) {
      s = addition(node, terms, i, std::min(i + together, count), &s, held);
    } else {
      const Bounded x = item(node, item_terms(node, terms, i));
      s = held ? own.rounding->round(added(s, x), x.magnitude) : own.rounding->round(added(s, x));
    }
    held = true;
  }
  return s;
}

Bounded BoundWalker::pairwise(std::size_t node, const TermList& terms) const {
  const BoundRounding& rounding = *tree_.nodes[node].rounding;
  std::vector<Bounded> level;
  for (std::size_t i = 0; i < count_items(node, terms); ++i)
    level.push_back(rounding.round(item(node, item_terms(node, terms, i))));
  if (level.empty()) return {};
  while (level.size() > 1) {
    std::vector<Bounded> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      const Bounded& x = level[i];
      const Bounded& y = level[i + 1];
      above.push_back(rounding.round(added(x, y), std::min(x.magnitude, y.magnitude)));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level[0];
}

Bounded BoundWalker::halves(std::size_t node, const TermList& terms) const {
  std::vector<Bounded> items;
  for (std::size_t i = 0; i < count_items(node, terms); ++i)
    items.push_back(item(node, item_terms(node, terms, i)));
  while (items.size() > 1) {
    const std::size_t half = items.size() / 2;
    for (std::size_t i = 0; i < half; ++i)
      items[i] = tree_.nodes[node].rounding->round(added(items[i], items[i + half]));
    items.resize(half);
  }
  return items[0];
}

// With y = Q(item - c), t = Q(s + y), z = Q(t - s), c = Q(z - y) and errors d1 to d4 of the four:
// c = d2 + d3 + d4, and t - c = (s - c before) + item + d1 - d3 - d4. So the sum s - c errs by d1,
// d3 and d4 of every step, and s by |c| more.
Bounded BoundWalker::compensated(std::size_t node, const TermList& terms, const Bounded* c) const {
  const BoundRounding& rounding = *tree_.nodes[node].rounding;
  Bounded s = c != nullptr ? *c : Bounded{};
  Bounded difference = s;  // s - c, for its errors
  double correction = 0;   // magnitude of c
  const auto known = [](double magnitude, std::int64_t lsb) {
    return Bounded{.magnitude = magnitude, .lsb = lsb};
  };
  for (std::size_t i = 0; i < count_items(node, terms); ++i) {
    const Bounded x = item(node, item_terms(node, terms, i));
    const std::int64_t lsb = std::min(s.lsb, x.lsb);
    const Bounded y = rounding.round(known(sum_up(x.magnitude, correction), lsb));
    const Bounded t = rounding.round(known(sum_up(s.magnitude, y.magnitude), lsb));
    const double second = sum_up(t.certain, t.rounding);
    const Bounded z = rounding.round(known(sum_up(y.magnitude, second), lsb));
    const double third = sum_up(z.certain, z.rounding);
    const Bounded rest = rounding.round(known(sum_up(second, third), lsb));
    difference.add_errors(x);
    for (const Bounded* error : {&y, &z, &rest}) difference.add_errors(*error);
    correction = rest.magnitude;
    s.magnitude = t.magnitude;
    s.lsb = lsb;
    if (std::isinf(y.magnitude) || std::isinf(z.magnitude)) s.magnitude = y.magnitude;
  }
  s.certain = sum_up(difference.certain, correction);
  s.rounding = difference.rounding;
  s.squares = difference.squares;
  s.exponent = rounding.stored_exponent(s.magnitude);
  return s;
}

}  // namespace halfulp::kernels

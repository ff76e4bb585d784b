// SPDX-License-Identifier: MIT
//
// The orders of summation (formats/dot_tree.h), written once, over an arithmetic: of operands one
// by one, of lanes of doubles that are rounded, or of the processor's own numbers in registers. An
// arithmetic has
//
//   Number                           one number of every result that is computed at once
//   zero(out), copy(x, out)          +0
//   addend(out)                      C
//   negate(x, out)                   -x, and -0 where x is infinite or NaN
//   term(node, k, out)               Q(p[k]), Q being the quantizer of the node-th sum of the tree
//   plus_term(node, k, x, out)       Q(p[k] + x)
//   convert(at, x, out)              Q(x)
//   add(at, x, y, out)               Q(x + y)
//   subtract(at, x, y, out)          Q(x - y)
//   add_terms(at, terms, s, out)             the sum at once of the terms and, unless it is null,
//   *s add_parts(at, terms, parts, s, out)      the same of the sums of the parts of the terms
//
// where out may be x, y or *s, and `at` says which rounding it is.
//
// Included once for every instruction set (foreach_target.h), hence the guard that toggles.
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "formats/dot_tree.h"

#if defined(HALFULP_EMULATOR_KERNELS_ORDERS_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_ORDERS_H
#undef HALFULP_EMULATOR_KERNELS_ORDERS_H
#else
#define HALFULP_EMULATOR_KERNELS_ORDERS_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {

// A rounding: by the quantizer of the node-th sum, drawing as number `draw` of those at term k.
struct At {
  std::size_t node = 0;
  std::uint64_t draw = 0;
  std::size_t k = 0;
};

// Goes through a tree. Numbers that wait are kept, so that nothing is allocated from the second
// result on.
template <class Arithmetic>
class Walker {
 public:
  using Number = typename Arithmetic::Number;

  Walker(Arithmetic& arithmetic, const DotTree& tree)
      : arithmetic_(arithmetic), tree_(tree), draws_(draws_of(tree)), kept_(tree.sums.size()) {}

  void run(std::size_t terms, bool has_addend, Number& out) {
    const bool last = adds_addend_last(tree_);
    if (terms > 0) {
      sum(0, {0, terms, 1}, has_addend && !last, out);
      if (!has_addend || !last) return;
      Number c;
      arithmetic_.addend(c);
      arithmetic_.add(At{0, draws_.addend, 0}, out, c, out);
    } else if (has_addend) {
      arithmetic_.addend(out);
      arithmetic_.convert(At{0, 0, 0}, out, out);
    } else {
      arithmetic_.zero(out);
    }
  }

 private:
  // Of a sum. By pointers, as the code of std::vector is not of this instruction set, and compilers
  // fail where it moves vectors.
  struct Kept {
    struct Waiting {
      Number number;
      std::size_t first = 0;  // its first term
    };
    std::vector<std::unique_ptr<Waiting>> waiting;
    std::vector<std::unique_ptr<Number>> parts;
  };

  [[nodiscard]] bool is_of_terms(std::size_t node) const { return node + 1 == tree_.sums.size(); }

  HWY_NOINLINE void sum(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    switch (tree_.sums[node].joining) {
      case Joining::in_sequence:
        if (adds_at_once(tree_, node)) return together(node, terms, with_addend, out);
        return is_of_terms(node) ? terms_in_sequence(node, terms, with_addend, out)
                                 : parts_in_sequence(node, terms, with_addend, out);
      case Joining::pairwise:
        return pairwise(node, terms, out);
      case Joining::halves:
        return halves(node, terms, out);
      case Joining::compensated:
        return compensated(node, terms, with_addend, out);
      case Joining::at_once:
        return at_once(node, terms, with_addend, out);
    }
  }

  // Calls take(terms) of every item.
  template <typename Take>
  HWY_INLINE void for_each_item(std::size_t node, const TermList& terms, const Take& take) {
    if (is_of_terms(node)) {
      for (std::size_t k = terms.first; k < terms.end; k += terms.step) take(TermList{k, k + 1, 1});
      return;
    }
    const Sum& sum = tree_.sums[node];
    const std::size_t count = count_parts(sum, terms);
    for (std::size_t i = 0; i < count; ++i) take(part_of(sum, terms, i));
  }
  // out = Q(item)
  void item(std::size_t node, const TermList& terms, Number& out) {
    if (is_of_terms(node)) return arithmetic_.term(node, terms.first, out);
    sum(node + 1, terms, false, out);
    arithmetic_.convert(At{node, draws_.sums[node].item, terms.first}, out, out);
  }
  // out = Q(item + x)
  void plus_item(std::size_t node, const TermList& terms, const Number& x, Number& out) {
    if (is_of_terms(node)) return arithmetic_.plus_term(node, terms.first, x, out);
    Number part;
    sum(node + 1, terms, false, part);
    arithmetic_.add(At{node, draws_.sums[node].item, terms.first}, x, part, out);
  }
  HWY_INLINE void start(bool with_addend, Number& out) {
    with_addend ? arithmetic_.addend(out) : arithmetic_.zero(out);
  }

  void terms_in_sequence(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    Number total;
    start(with_addend, total);
    for (std::size_t k = terms.first; k < terms.end; k += terms.step)
      arithmetic_.plus_term(node, k, total, total);
    arithmetic_.copy(total, out);
  }

  void parts_in_sequence(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    Number total;
    start(with_addend, total);
    for_each_item(node, terms,
                  [&](const TermList& part) HWY_ATTR { plus_item(node, part, total, total); });
    arithmetic_.copy(total, out);
  }

  // s, and so many items, again and again.
  void together(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    const Sum& own = tree_.sums[node];
    const std::size_t of_item = is_of_terms(node) ? 1 : static_cast<std::size_t>(own.size);
    const std::size_t step = static_cast<std::size_t>(own.together) * of_item * terms.step;
    Number total;
    start(with_addend, total);
    for (std::size_t k = terms.first; k < terms.end; k += step) {
      const TermList group{k, terms.end - k < step ? terms.end : k + step, terms.step};
      add_group(node, group, &total, total);
    }
    arithmetic_.copy(total, out);
  }

  void at_once(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    if (!with_addend) return add_group(node, terms, nullptr, out);
    Number c;
    arithmetic_.addend(c);
    add_group(node, terms, &c, out);
  }

  void add_group(std::size_t node, const TermList& terms, const Number* s, Number& out) {
    if (s == nullptr && terms.first >= terms.end) return arithmetic_.zero(out);
    const Sum& own = tree_.sums[node];
    const At at{node, is_of_terms(node) ? 0 : draws_.sums[node].item, terms.first};
    if (is_of_terms(node)) return arithmetic_.add_terms(at, terms, s, out);
    const std::size_t count = count_parts(own, terms);
    std::vector<std::unique_ptr<Number>>& parts = kept_[node].parts;
    while (parts.size() < count) parts.push_back(std::unique_ptr<Number>(new Number));
    for (std::size_t i = 0; i < count; ++i) sum(node + 1, part_of(own, terms, i), false, *parts[i]);
    arithmetic_.add_parts(at, terms, parts, s, out);
  }

  // Sums of 2^i items wait, the longest first, until there is another of their length; at the end
  // they are added from the shortest on. These are the sums of going level by level.
  void pairwise(std::size_t node, const TermList& terms, Number& out) {
    using Waiting = typename Kept::Waiting;
    std::vector<std::unique_ptr<Waiting>>& waiting = kept_[node].waiting;
    std::size_t depth = 0;
    std::size_t count = 0;
    const auto add_to_former = [&](std::size_t last) HWY_ATTR {
      const Waiting& right = *waiting[last];
      Number& left = waiting[last - 1]->number;
      arithmetic_.add(At{node, draws_.sums[node].sum, right.first}, left, right.number, left);
    };
    for_each_item(node, terms, [&](const TermList& own) HWY_ATTR {
      if (depth == waiting.size()) waiting.push_back(std::unique_ptr<Waiting>(new Waiting));
      waiting[depth]->first = own.first;
      item(node, own, waiting[depth++]->number);
      for (std::size_t n = ++count; n % 2 == 0; n /= 2) add_to_former(--depth);
    });
    while (depth > 1) add_to_former(--depth);
    depth == 1 ? arithmetic_.copy(waiting[0]->number, out) : arithmetic_.zero(out);
  }

  void halves(std::size_t node, const TermList& terms, Number& out) {
    std::vector<std::unique_ptr<Number>>& parts = kept_[node].parts;
    const Sum& own = tree_.sums[node];
    const std::size_t count = count_parts(own, terms);
    while (parts.size() < count) parts.push_back(std::unique_ptr<Number>(new Number));
    for (std::size_t i = 0; i < count; ++i) sum(node + 1, part_of(own, terms, i), false, *parts[i]);
    for (std::size_t half = count / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i)
        arithmetic_.add(At{node, 0, i + half}, *parts[i], *parts[i + half], *parts[i]);
    }
    arithmetic_.copy(*parts[0], out);
  }

  void compensated(std::size_t node, const TermList& terms, bool with_addend, Number& out) {
    const SumDraws& draws = draws_.sums[node];
    Number s;
    Number minus_c;
    Number y;
    Number t;
    start(with_addend, s);
    arithmetic_.zero(minus_c);
    arithmetic_.negate(minus_c, minus_c);
    for_each_item(node, terms, [&](const TermList& own) HWY_ATTR {
      plus_item(node, own, minus_c, y);
      arithmetic_.add(At{node, draws.sum, own.first}, s, y, t);
      arithmetic_.subtract(At{node, draws.difference, own.first}, t, s, s);
      arithmetic_.subtract(At{node, draws.correction, own.first}, s, y, s);
      arithmetic_.negate(s, minus_c);
      arithmetic_.copy(t, s);
    });
    arithmetic_.copy(s, out);
  }

  Arithmetic& arithmetic_;
  const DotTree& tree_;
  TreeDraws draws_;
  std::vector<Kept> kept_;
};

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_ORDERS_H

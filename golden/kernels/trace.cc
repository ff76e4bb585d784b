// SPDX-License-Identifier: MIT
#include "golden/kernels/trace.h"

#include <algorithm>
#include <array>

#include "reference/dot.h"

namespace halfulp::kernels {
namespace {

using reference::DotStep;

class Tracer {
 public:
  Tracer(const DotTree& tree, std::size_t terms)
      : tree_(tree), places_(order_of_terms(tree, terms)) {}

  TraceStep step_of(const DotStep& step) {
    TraceStep traced;
    traced.op = step.op;
    traced.at_once = !step.addends.empty();
    traced.items = traced.at_once ? added_items(step) : operands(step);
    traced.what = words_of(step, traced);
    traced.exponent = step.exponent;
    if (traced.at_once) traced.alignment = tree_.sums[*step.sum].alignment;
    traced.exact = *step.exact;
    if (step.quantizer != nullptr) traced.quantizer = *step.quantizer;
    traced.outcome = step.outcome;
    traced.rounded = step.rounded;
    traced.random = step.random;
    return traced;
  }

 private:
  // --- Names.

  [[nodiscard]] std::string product_name(std::size_t k) const {
    return factor_name("a", k) + " " + factor_name("b", k);
  }
  [[nodiscard]] std::string factor_name(const std::string& matrix, std::size_t k) const {
    return matrix + "[" + std::to_string(places_[k]) + "]";
  }
  [[nodiscard]] std::string list_name(const TermList& terms) const {
    std::vector<std::size_t> all;
    for (std::size_t k = terms.first; k < terms.end; k += terms.step) all.push_back(places_[k]);
    if (all.empty()) return "no terms";
    const std::string first = std::to_string(all.front());
    const std::string last = std::to_string(all.back());
    if (all.size() == 1) return "term " + first;
    const auto gap = [](std::size_t x, std::size_t y) { return y != x + 1; };
    if (std::ranges::adjacent_find(all, gap) == all.end()) return "terms " + first + " to " + last;
    constexpr std::size_t most_named = 4;
    std::string text = "terms " + first;
    for (std::size_t i = 1; i < std::min(all.size(), most_named); ++i)
      text += ", " + std::to_string(all[i]);
    return all.size() > most_named ? text + ", ... " + last : text;
  }
  // What the terms are to the node-th sum: a product, or the sum of them.
  [[nodiscard]] std::string item_name(std::size_t node, const TermList& terms) const {
    return tree_.sums[node].of == Sum::Of::terms ? product_name(terms.first) : list_name(terms);
  }
  // What a sum has before the terms: the outermost begins with C.
  static std::string running_name(std::size_t node, const TermList& terms) {
    return node == 0 && terms.first == 0 ? "C" : "s";
  }

  // --- Items.

  [[nodiscard]] std::vector<TraceItem> added_items(const DotStep& step) const {
    const Sum& own = tree_.sums[*step.sum];
    const bool of_terms = own.of == Sum::Of::terms;
    std::vector<TraceItem> items;
    for (std::size_t i = 0; i < step.operands.size(); ++i) {
      TraceItem item{.name = "",
                     .value = step.operands[i],
                     .exponent = step.exponents[i],
                     .added = step.addends[i]};
      const TermList part = of_terms ? term(step.terms, i) : part_of(own, step.terms, i);
      const bool is_item =
          of_terms ? part.first < step.terms.end : i < count_parts(own, step.terms);
      if (is_item) {
        item.name = item_name(*step.sum, part);
        if (of_terms) item.term = places_[part.first];
      } else {
        item.name = own.joining == Joining::at_once ? "C" : running_name(*step.sum, step.terms);
      }
      items.push_back(std::move(item));
    }
    return items;
  }
  static TermList term(const TermList& terms, std::size_t i) {
    const std::size_t k = terms.first + i * terms.step;
    return {k, k + 1, 1};
  }

  // The names of the operands of a step that is no addition at once, in their order.
  [[nodiscard]] std::vector<std::string> operand_names(const DotStep& step) {
    const TermList& terms = step.terms;
    const std::string a = terms.first < terms.end ? factor_name("a", terms.first) : "";
    const std::string b = terms.first < terms.end ? factor_name("b", terms.first) : "";
    if (step.op == Op::multiply) return {a, b};
    if (terms.first == terms.end) {
      if (step.op == Op::convert) return {"C"};
      return {"s", "C"};
    }
    const std::string item = item_name(*step.sum, terms);
    if (step.op == Op::convert) return {item};
    const std::string before = tree_.sums[*step.sum].joining == Joining::compensated
                                   ? "-c"
                                   : running_name(*step.sum, terms);
    if (step.op == Op::fused_multiply_add) return {a, b, before};
    switch (tree_.sums[*step.sum].joining) {
      case Joining::pairwise:
        return {"sum before", "sum of " + list_name(terms)};
      case Joining::halves:
        return {"left half", "right half"};
      default:
        return {before, item};
    }
  }
  // Those of a compensated sum, whose steps come in fours: y, t, t - s, c.
  [[nodiscard]] std::vector<std::string> compensated_names(const DotStep& step) {
    constexpr std::size_t steps = 4;
    switch (compensated_steps_++ % steps) {
      case 1:
        return {running_name(*step.sum, step.terms), "y"};
      case 2:
        return {"t", running_name(*step.sum, step.terms)};
      case 3:
        return {"t - s", "y"};
      default:
        return operand_names(step);
    }
  }
  [[nodiscard]] std::vector<TraceItem> operands(const DotStep& step) {
    const bool compensated =
        step.sum && tree_.sums[*step.sum].joining == Joining::compensated && !is_alone(step);
    const std::vector<std::string> names =
        compensated ? compensated_names(step) : operand_names(step);
    std::vector<TraceItem> items;
    for (std::size_t i = 0; i < names.size(); ++i)
      items.push_back({.name = names[i], .value = step.operands[i]});
    return items;
  }
  // A product that enters a sum, or C without terms.
  static bool is_alone(const DotStep& step) {
    return step.op == Op::convert || step.op == Op::multiply;
  }

  // --- Steps.

  [[nodiscard]] std::string words_of(const DotStep& step, const TraceStep& traced) const {
    const std::vector<TraceItem>& items = traced.items;
    if (traced.at_once) {
      const bool with_running = items.back().name == "C" || items.back().name == "s";
      return (with_running ? items.back().name + " + " : "") + list_name(step.terms);
    }
    switch (step.op) {
      case Op::multiply:
        return items[0].name + " " + items[1].name;
      case Op::fused_multiply_add:
        return items[2].name + " + " + items[0].name + " " + items[1].name;
      case Op::subtract:
        return items[0].name + " - " + items[1].name;
      case Op::convert:
        return items[0].name;
      default:
        return items[0].name + " + " + items[1].name;
    }
  }

  const DotTree& tree_;
  std::vector<std::size_t> places_;
  std::size_t compensated_steps_ = 0;
};

}  // namespace

Trace trace_of(const UnitDot& dot, const MatrixUnit& unit, const DotCodes& codes,
               const Random& random) {
  Trace trace;
  Tracer tracer(unit.tree, whole_instructions(unit, codes.a.size()));
  trace.result = dot.observed(
      codes, random, [&](const DotStep& step) { trace.steps.push_back(tracer.step_of(step)); });
  return trace;
}

std::optional<std::size_t> first_difference(const Trace& one, const Trace& other) {
  const std::size_t both = std::min(one.steps.size(), other.steps.size());
  for (std::size_t i = 0; i < both; ++i) {
    const TraceStep& x = one.steps[i];
    const TraceStep& y = other.steps[i];
    if (x.what != y.what || !identical(x.rounded, y.rounded)) return i;
  }
  return one.steps.size() == other.steps.size() ? std::nullopt : std::optional(both);
}

}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
#include "formats/dot_tree.h"

#include <algorithm>
#include <bit>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

bool is_power_of_two(std::int64_t n) {
  return n > 0 && std::has_single_bit(static_cast<std::uint64_t>(n));
}

void validate_parts(const Sum& sum, bool innermost, const std::string& where) {
  if ((sum.of == Sum::Of::terms) != innermost)
    throw Error(innermost ? "the innermost sum is not one of terms"
                          : "a sum of terms, and another one within",
                where + "/of", "terms stand in the last sum alone");
  if (sum.of == Sum::Of::terms ? sum.size != 0 : sum.size < 1)
    throw Error(innermost ? "a number of parts of a sum of terms" : "no number of parts",
                where + "/size",
                "give the terms of a run, or how many strands there are; a sum of terms has none");
}

void validate_strands(const Sum& sum, const std::string& where) {
  if (sum.of == Sum::Of::strands && is_stochastic(sum.quantizer.rounding.mode))
    throw Error("a sum of strands that draws random bits", where + "/quantizer",
                "choose a mode that is not stochastic");
  if (sum.joining != Joining::halves) return;
  if (sum.of != Sum::Of::strands || !is_power_of_two(sum.size))
    throw Error("halves of other parts than one, two, four, eight, ... strands", where + "/joining",
                "\"pairwise\" takes any number of any parts");
}

// What an exact sum takes must be integers times powers of two.
void require_dyadic(const std::optional<Quantizer>& quantizer, const std::string& where) {
  if (!quantizer || is_dyadic(quantizer->format)) return;
  throw Error("exact sums of numbers of \"" + quantizer->format.name + "\", which are irrational",
              where + "/joining",
              "leave the product's format out, so that products enter exactly, or join otherwise");
}

std::optional<Quantizer> rounding_of(const Sum& sum) {
  return sum.rounded ? std::optional(sum.quantizer) : std::nullopt;
}

bool within(std::int64_t n, std::int64_t lowest, std::int64_t highest) {
  return n >= lowest && n <= highest;
}

void validate_alignment(const Sum& sum, const DotTree& tree, const std::string& where) {
  const Alignment& own = *sum.alignment;
  const std::string place = where + "/alignment";
  const std::string hint = "give a number from 0 to " + std::to_string(dot_limits::bits);
  if (!within(own.bits, 0, dot_limits::bits))
    throw Error("no number of bits", place + "/bits", hint);
  if (!within(own.running_bits.value_or(0), 0, dot_limits::bits))
    throw Error("no number of bits", place + "/running_bits", hint);
  if (!within(own.sum_bits.value_or(0), 0, dot_limits::bits))
    throw Error("no number of bits", place + "/sum_bits", hint);
  if (!within(own.least_exponent.value_or(0), -dot_limits::exponent, dot_limits::exponent))
    throw Error("an exponent beyond every format", place + "/least_exponent",
                "give one of at most " + std::to_string(dot_limits::exponent));
  if (!tree.product && (!tree.left || !tree.right))
    throw Error("aligned products of unknown formats", place,
                "give \"left\" and \"right\", whose exponents count");
}

void validate_scaling(const Sum& sum, const std::string& where) {
  if (!within(sum.scaling->block, 1, dot_limits::terms))
    throw Error("scales of no number of terms", where + "/scaling/block", "give it, such as 32");
  if (!is_dyadic(sum.scaling->left) || !is_dyadic(sum.scaling->right))
    throw Error("scales that are irrational", where + "/scaling", "choose another format");
  for (const auto& step : {sum.scaling->product, sum.scaling->item}) {
    require_dyadic(step, where + "/scaling");
    if (step && is_stochastic(step->rounding.mode))
      throw Error("scaling that draws random bits", where + "/scaling",
                  "choose a mode that is not stochastic");
  }
}

void validate_at_once(const DotTree& tree, std::size_t node, const std::string& where) {
  const Sum& sum = tree.sums[node];
  if (sum.joining == Joining::in_sequence && sum.of == Sum::Of::strands)
    throw Error("strands in a sequence of additions at once", where + "/of",
                "join them \"at_once\", or give runs");
  if (sum.joining != Joining::in_sequence && sum.joining != Joining::at_once)
    throw Error("several numbers added at once in this joining", where + "/joining",
                "only \"in_sequence\" and \"at_once\" take together, aligned, scaled or unrounded "
                "items");
  require_dyadic(sum.of == Sum::Of::terms ? tree.product : rounding_of(tree.sums[node + 1]), where);
  if (sum.joining == Joining::in_sequence) require_dyadic(sum.quantizer, where);
  if (sum.alignment) validate_alignment(sum, tree, where);
  if (sum.scaling) validate_scaling(sum, where);
}

void validate_together(const Sum& sum, const std::string& where) {
  if (!within(sum.together, 1, dot_limits::terms))
    throw Error("an addition of no number of items", where + "/together", "give at least 1");
  if (sum.together != 1 && sum.joining != Joining::in_sequence)
    throw Error("a number of items that are added together, and no sequence", where + "/together",
                "leave it out: \"at_once\" takes all items");
}

void validate_rounded(const DotTree& tree, std::size_t node, const std::string& where) {
  const Sum& sum = tree.sums[node];
  if (sum.rounded) return;
  if (node == 0 || sum.joining != Joining::at_once)
    throw Error("a sum that is not rounded", where + "/rounded",
                "only a sum made at once, within another, may be exact");
  if (sum.quantizer != Quantizer{})
    throw Error("a quantizer of a sum that is not rounded", where + "/quantizer", "leave it out");
}

void validate_order(const DotTree& tree, const std::string& where) {
  std::vector<bool> seen(tree.order.size());
  for (const std::int64_t k : tree.order) {
    const bool is_place = within(k, 0, static_cast<std::int64_t>(seen.size()) - 1);
    if (!is_place || seen[static_cast<std::size_t>(k)])
      throw Error("an order that does not have every place once", where + "/order",
                  "list 0 to " + std::to_string(seen.size()) + " less 1, each once");
    seen[static_cast<std::size_t>(k)] = true;
  }
}

void validate_limit(const DotTree& tree, const std::string& where) {
  if (!tree.product_limit) return;
  const std::string place = where + "/product_limit";
  if (!within(*tree.product_limit, -dot_limits::exponent, dot_limits::exponent))
    throw Error("a limit beyond every product", place, "leave it out");
  if (tree.product || !adds_at_once(tree, tree.sums.size() - 1))
    throw Error("a limit of products that a format rounds", place,
                "leave it out, or add exact products at once");
}

// Strands are parts however few the terms are, so that no bound on the terms bounds their sum.
void validate_number_of_strands(const DotTree& tree, const std::string& where) {
  constexpr std::int64_t most = 65536;
  std::int64_t strands = 1;
  for (std::size_t i = 0; i < tree.sums.size(); ++i) {
    if (tree.sums[i].of != Sum::Of::strands) continue;
    if (tree.sums[i].size > most / strands)
      throw Error("more than " + std::to_string(most) + " strands",
                  where + "/sums/" + std::to_string(i) + "/size", "use fewer, or runs");
    strands *= tree.sums[i].size;
  }
}

}  // namespace

void validate(const DotTree& tree, const std::string& where) {
  if (tree.sums.empty())
    throw Error("a dot product without a sum", where + "/sums", "give at least the sum of terms");
  // Whoever walks a tree stands as deep in it as its sums do.
  constexpr std::size_t most_sums = 64;
  if (tree.sums.size() > most_sums)
    throw Error(std::to_string(tree.sums.size()) + " sums inside each other", where + "/sums",
                "at most " + std::to_string(most_sums) + " are possible");
  for (std::size_t i = 0; i < tree.sums.size(); ++i) {
    const Sum& sum = tree.sums[i];
    const std::string place = where + "/sums/" + std::to_string(i);
    validate_parts(sum, i + 1 == tree.sums.size(), place);
    validate_together(sum, place);
    validate_rounded(tree, i, place);
    validate_strands(sum, place);
    if (adds_at_once(tree, i)) validate_at_once(tree, i, place);
  }
  validate_number_of_strands(tree, where);
  validate_order(tree, where);
  validate_limit(tree, where);
}

bool adds_addend_last(const DotTree& tree) {
  const Joining joining = tree.sums.front().joining;
  return joining == Joining::pairwise || joining == Joining::halves;
}

bool adds_at_once(const DotTree& tree, std::size_t node) {
  const Sum& sum = tree.sums[node];
  const bool unrounded_items = node + 1 < tree.sums.size() && !tree.sums[node + 1].rounded;
  return sum.joining == Joining::at_once || sum.together != 1 || sum.alignment || sum.scaling ||
         unrounded_items;
}

bool draws_bits(const DotTree& tree) {
  const auto draws = [](const Quantizer& quantizer) {
    return is_stochastic(quantizer.rounding.mode);
  };
  return (tree.product && draws(*tree.product)) ||
         std::ranges::any_of(tree.sums, [&](const Sum& sum) { return draws(sum.quantizer); });
}

bool is_aligned(const DotTree& tree) {
  return std::ranges::any_of(tree.sums, [](const Sum& sum) { return sum.alignment.has_value(); });
}

std::optional<std::int64_t> least_exponent(const Format& format) {
  if (!std::holds_alternative<Float>(format.kind)) return std::nullopt;
  return leading_exponent(smallest_normal(format));
}

std::vector<std::size_t> order_of_terms(const DotTree& tree, std::size_t n) {
  std::vector<std::size_t> places;
  places.reserve(n);
  const std::size_t period = std::max<std::size_t>(tree.order.size(), 1);
  for (std::size_t first = 0; first < n; first += period) {
    for (std::size_t i = 0; i < period; ++i) {
      const std::size_t k =
          first + (tree.order.empty() ? 0 : static_cast<std::size_t>(tree.order[i]));
      if (k < n) places.push_back(k);
    }
  }
  return places;
}

TreeDraws draws_of(const DotTree& tree) {
  TreeDraws draws;
  draws.sums.resize(tree.sums.size());
  std::uint64_t next = 0;
  const auto note = [&](const Rounding& rounding) {
    const bool is_drawn = is_stochastic(rounding.mode);
    if (is_drawn) draws.bits = std::max(draws.bits, rounding.random_bits);
    return is_drawn;
  };
  if (note(tree.sums.back().quantizer.rounding)) ++next;
  if (tree.product && note(tree.product->rounding)) draws.product = next++;
  for (std::size_t i = tree.sums.size(); i-- > 0;) {
    const Sum& sum = tree.sums[i];
    if (!note(sum.quantizer.rounding)) continue;
    SumDraws& own = draws.sums[i];
    if (sum.of == Sum::Of::runs) own.item = next++;
    if (sum.joining == Joining::pairwise || sum.joining == Joining::compensated) own.sum = next++;
    if (sum.joining == Joining::compensated) {
      own.difference = next++;
      own.correction = next++;
    }
  }
  if (adds_addend_last(tree) && note(tree.sums.front().quantizer.rounding)) draws.addend = next++;
  draws.per_term = std::bit_ceil(std::max<std::uint64_t>(next, 1));
  return draws;
}

std::uint64_t draws_per_result(const TreeDraws& draws, std::size_t n) {
  constexpr std::uint64_t multiple = 16;
  const std::uint64_t all = draws.per_term * std::max<std::uint64_t>(n, 1);
  return (all + multiple - 1) / multiple * multiple;
}

std::uint64_t draws_per_result(const DotTree& tree, std::size_t n) {
  return draws_per_result(draws_of(tree), n);
}

std::uint64_t draw_bits(const Random& random, const TreeDraws& draws, std::uint64_t index,
                        const Rounding& rounding) {
  return random.bits(index, draws.bits) >> (draws.bits - rounding.random_bits);
}

std::size_t count_parts(const Sum& sum, const TermList& terms) {
  const auto size = static_cast<std::size_t>(sum.size);
  if (sum.of == Sum::Of::strands) return size;
  if (terms.end <= terms.first) return 0;
  const std::size_t count = (terms.end - terms.first + terms.step - 1) / terms.step;
  return (count - 1) / size + 1;
}

TermList part_of(const Sum& sum, const TermList& terms, std::size_t i) {
  const auto size = static_cast<std::size_t>(sum.size);
  if (sum.of == Sum::Of::strands)
    return {terms.first + i * terms.step, terms.end, size * terms.step};
  const std::size_t first = terms.first + i * size * terms.step;
  const std::size_t left = (terms.end - first + terms.step - 1) / terms.step;
  if (left <= size) return {first, terms.end, terms.step};
  return {first, first + size * terms.step, terms.step};
}

}  // namespace halfulp

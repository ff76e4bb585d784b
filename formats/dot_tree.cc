// SPDX-License-Identifier: MIT
#include "formats/dot_tree.h"

#include <algorithm>
#include <bit>

#include "formats/codes.h"
#include "formats/error.h"

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

void validate_at_once(const Sum& sum, const DotTree& tree, const std::string& where) {
  if (sum.of != Sum::Of::terms)
    throw Error("sums added at once", where + "/joining", "only terms are");
  if (tree.product && !is_dyadic(tree.product->format))
    throw Error(
        "exact sums of numbers of \"" + tree.product->format.name + "\", which are irrational",
        where + "/joining",
        "leave the product's format out, so that products enter exactly, or join otherwise");
}

}  // namespace

void validate(const DotTree& tree, const std::string& where) {
  if (tree.sums.empty())
    throw Error("a dot product without a sum", where + "/sums", "give at least the sum of terms");
  for (std::size_t i = 0; i < tree.sums.size(); ++i) {
    const Sum& sum = tree.sums[i];
    const std::string place = where + "/sums/" + std::to_string(i);
    validate_parts(sum, i + 1 == tree.sums.size(), place);
    validate_strands(sum, place);
    if (sum.joining == Joining::at_once) validate_at_once(sum, tree, place);
  }
}

bool adds_addend_last(const DotTree& tree) {
  const Joining joining = tree.sums.front().joining;
  return joining == Joining::pairwise || joining == Joining::halves;
}

TreeDraws draws_of(const DotTree& tree) {
  TreeDraws draws;
  draws.sums.resize(tree.sums.size());
  std::uint64_t next = 2;
  for (std::size_t i = tree.sums.size(); i-- > 0;) {
    const Sum& sum = tree.sums[i];
    if (sum.of == Sum::Of::strands) continue;
    SumDraws& own = draws.sums[i];
    if (sum.of == Sum::Of::runs) own.item = next++;
    if (sum.joining == Joining::pairwise || sum.joining == Joining::compensated) own.sum = next++;
    if (sum.joining == Joining::compensated) {
      own.difference = next++;
      own.correction = next++;
    }
  }
  const bool outermost_draws = tree.sums.front().of != Sum::Of::strands;
  if (adds_addend_last(tree) && outermost_draws) draws.addend = next++;
  draws.per_term = std::bit_ceil(next);
  return draws;
}

std::uint64_t draws_per_term(const DotTree& tree) { return draws_of(tree).per_term; }

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

// SPDX-License-Identifier: MIT
#include "golden/kernels/tree_words.h"

#include <algorithm>

#include "formats/rounding.h"

namespace halfulp::kernels {
namespace {

// The plural is that of the first word: "4 sums of 16 neighbours".
std::string count_of(std::int64_t n, const std::string& one) {
  std::string words = one;
  if (n != 1) words.insert(std::min(words.find(' '), words.size()), "s");
  return std::to_string(n) + " " + words;
}

std::string ordinal(std::int64_t n) {
  const bool teen = n % 100 / 10 == 1;
  const char* const ending = teen          ? "th"
                             : n % 10 == 1 ? "st"
                             : n % 10 == 2 ? "nd"
                             : n % 10 == 3 ? "rd"
                                           : "th";
  return std::to_string(n) + ending;
}

std::string items_of(const DotTree& tree, std::size_t node) {
  const Sum& own = tree.sums[node];
  switch (own.of) {
    case Sum::Of::terms:
      return "term";
    case Sum::Of::runs:
      return "sum of " + count_of(own.size, "neighbour");
    case Sum::Of::strands:
      break;
  }
  return "sum of every " + ordinal(own.size) + " term";
}

std::string alignment_words(const Alignment& alignment) {
  const std::string direction = alignment.downward ? "downward" : "toward zero";
  std::string text = "cut " + direction + " " + std::to_string(alignment.bits) +
                     " bits below the largest exponent";
  if (alignment.least_exponent)
    text += " (at least " + std::to_string(*alignment.least_exponent) + ")";
  if (alignment.running_bits) text += ", s " + std::to_string(*alignment.running_bits) + " bits";
  if (alignment.drops_running) text += ", s being zero where all of it is more than a bit lower";
  if (alignment.sum_bits)
    text += "; of the sum " + std::to_string(*alignment.sum_bits) +
            " bits below its leading one are kept";
  return text;
}

std::string scaling_words(const Scaling& scaling) {
  std::string text = ", times a scale of " + scaling.left.name + " every " +
                     count_of(scaling.block, "term") + " of a and of b";
  if (scaling.product) text += ", their product in " + words_of(*scaling.product);
  if (scaling.item) text += ", rounded to " + words_of(*scaling.item);
  if (scaling.exponent_of_scales) text += ", whose exponents alone count";
  return text;
}

std::string joining_words(const DotTree& tree, std::size_t node) {
  const Sum& own = tree.sums[node];
  const std::string items = items_of(tree, node);
  switch (own.joining) {
    case Joining::in_sequence:
      if (own.together == 1) return "s = s + each " + items;
      return "s = s + " + count_of(own.together, items) + ", again and again";
    case Joining::pairwise:
      return "neighbours of each " + items + " added in pairs, level by level";
    case Joining::halves:
      return "half of " + count_of(own.size, items) + " added to the other, again and again";
    case Joining::compensated:
      return "compensated sum of each " + items;
    case Joining::at_once:
      break;
  }
  return "each " + items + ", all at once";
}

}  // namespace

std::string words_of(const Quantizer& quantizer) {
  const Rounding& rounding = quantizer.rounding;
  std::string text = quantizer.format.name + ", " + std::string(name_of(rounding.mode));
  if (!rounding.overflow.directed) text += ", overflow always to infinity";
  if (rounding.flush_inputs) text += ", subnormal operands as zeros";
  if (rounding.flush_outputs) text += ", subnormal results to zero";
  return text;
}

std::vector<std::string> words_of(const DotTree& tree) {
  std::vector<std::string> lines;
  if (!tree.order.empty()) {
    std::string order = "terms in the order";
    for (const std::int64_t k : tree.order) order += " " + std::to_string(k);
    lines.push_back(order);
  }
  lines.push_back(tree.product ? "products rounded: " + words_of(*tree.product) : "products exact");
  if (tree.product_limit)
    lines.back() += ", infinite from 2^" + std::to_string(*tree.product_limit) + " on";
  for (std::size_t node = tree.sums.size(); node-- > 0;) {
    const Sum& own = tree.sums[node];
    std::string line = joining_words(tree, node);
    if (own.scaling) line += scaling_words(*own.scaling);
    if (own.alignment) line += ", " + alignment_words(*own.alignment);
    line += own.rounded ? "; rounded: " + words_of(own.quantizer) : "; not rounded";
    lines.push_back(line);
  }
  lines.push_back(adds_addend_last(tree)                          ? "C is added last"
                  : tree.sums.front().joining == Joining::at_once ? "C is one more item"
                                                                  : "s begins with C");
  return lines;
}

std::string words_of(const UnitOperand& operand) {
  std::string text = operand.format.name;
  if (operand.as) text += " cut to " + operand.as->name;
  if (operand.subnormals == UnitOperand::Subnormals::positive_zero) text += ", subnormals as +0";
  if (operand.subnormals == UnitOperand::Subnormals::signed_zero)
    text += ", subnormals as zeros of their sign";
  return text;
}

}  // namespace halfulp::kernels

// SPDX-License-Identifier: MIT
#include "golden/kernels/unit_dot.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "reference/dot.h"
#include "reference/engine.h"

namespace halfulp::kernels {
namespace {

void require_lengths(const MatrixUnit& unit, const DotCodes& codes) {
  if (codes.a.size() != codes.b.size())
    throw Error(std::to_string(codes.a.size()) + " numbers of a and " +
                    std::to_string(codes.b.size()) + " of b",
                "", "a dot product takes as many of both");
  std::size_t scaled = 0;
  for (const Sum& sum : unit.tree.sums) {
    if (!sum.scaling) continue;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    const std::size_t needed = (codes.a.size() + block - 1) / block;
    const bool given = scaled < codes.a_scales.size() && scaled < codes.b_scales.size() &&
                       codes.a_scales[scaled].size() == needed &&
                       codes.b_scales[scaled].size() == needed;
    if (!given)
      throw Error("other scales than the unit \"" + unit.name + "\" takes", "",
                  "give one every " + std::to_string(block) + " terms, of a and of b");
    ++scaled;
  }
  if (codes.a_scales.size() != scaled || codes.b_scales.size() != scaled)
    throw Error("scales that the unit \"" + unit.name + "\" does not take", "", "leave them out");
}

}  // namespace

std::size_t whole_instructions(const MatrixUnit& unit, std::size_t terms) {
  const auto size = static_cast<std::size_t>(unit.terms);
  return terms == 0 ? 0 : ((terms - 1) / size + 1) * size;
}

UnitDot::UnitDot(const MatrixUnit& unit, const Engine& engine)
    : unit_(unit),
      engine_(engine),
      plan_(engine.prepare_dot(unit.tree, {})),
      a_(unit.a),
      b_(unit.b),
      c_(unit.c),
      result_(unit) {
  for (const Sum& sum : unit.tree.sums) {
    if (!sum.scaling) continue;
    scales_.push_back({OperandReader({.format = sum.scaling->left}),
                       OperandReader({.format = sum.scaling->right}),
                       static_cast<std::size_t>(sum.scaling->block)});
  }
}

UnitDot::Numbers UnitDot::numbers_of(const DotCodes& codes) const {
  require_lengths(unit_, codes);
  const std::size_t terms = whole_instructions(unit_, codes.a.size());
  Numbers all{.a = std::vector<double>(terms),
              .b = std::vector<double>(terms),
              .c = {c_(codes.c)},
              .scales = {},
              .operands = {}};
  std::ranges::transform(codes.a, all.a.begin(), a_);
  std::ranges::transform(codes.b, all.b.begin(), b_);
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    const std::size_t blocks = (terms + scales_[i].block - 1) / scales_[i].block;
    std::vector<double>& left = all.scales.emplace_back(blocks, 1.0);
    std::ranges::transform(codes.a_scales[i], left.begin(), scales_[i].left);
    std::vector<double>& right = all.scales.emplace_back(blocks, 1.0);
    std::ranges::transform(codes.b_scales[i], right.begin(), scales_[i].right);
  }
  all.operands = {view_of(all.a.data(), 1, terms), view_of(all.b.data(), terms, 1),
                  view_of(all.c.data(), 1, 1)};
  for (std::size_t i = 0; i < all.scales.size(); i += 2) {
    all.operands.scales.push_back({view_of(all.scales[i].data(), 1, all.scales[i].size()),
                                   view_of(all.scales[i + 1].data(), all.scales[i + 1].size(), 1)});
  }
  return all;
}

Code UnitDot::operator()(const DotCodes& codes, const Random& random) const {
  const Numbers numbers = numbers_of(codes);
  double result = 0;
  engine_.multiply_add(numbers.operands, plan_, random, view_of(&result, 1, 1));
  return code_of_result(result, codes);
}

Code UnitDot::observed(const DotCodes& codes, const Random& random,
                       const std::function<void(const reference::DotStep&)>& observer) const {
  const Numbers numbers = numbers_of(codes);
  const DotPlan plan = reference::engine().prepare_dot(unit_.tree, {});
  double result = 0;
  reference::observe_multiply_add(numbers.operands, plan, random, view_of(&result, 1, 1), observer);
  return code_of_result(result, codes);
}

Code UnitDot::code_of_result(double result, const DotCodes& codes) const {
  return std::isnan(result) ? nan_of(codes) : result_(result);
}

// Where NaN keeps the fraction of an operand: of an instruction the first that is NaN, its factors
// in the order of the terms before what was there before (Intel 64 and IA-32 Architectures Software
// Developer's Manual, VDPBF16PS).
Code UnitDot::nan_of(const DotCodes& codes) const {
  const NanRule rule = unit_.tree.sums.front().quantizer.rounding.nan;
  if (!keeps_fraction(rule)) return result_(std::nan(""));
  NanCause cause{.operands = {nan_operand(decode(unit_.c.format, codes.c))}, .count = 1};
  const auto size = static_cast<std::size_t>(unit_.terms);
  const auto take = [&cause](const Format& format, Code code) {
    const NanOperand operand = nan_operand(decode(format, code));
    if (operand.is_nan) cause.operands[0] = operand;
    return operand.is_nan;
  };
  for (std::size_t first = 0; first < codes.a.size(); first += size) {
    const std::size_t end = std::min(first + size, codes.a.size());
    for (std::size_t k = first; k < end; ++k) {
      if (take(unit_.a.format, codes.a[k]) || take(unit_.b.format, codes.b[k])) break;
    }
  }
  return code_of(unit_.d, choose_nan(rule, cause));
}

}  // namespace halfulp::kernels

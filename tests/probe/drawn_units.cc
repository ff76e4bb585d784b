// SPDX-License-Identifier: MIT
#include "tests/probe/drawn_units.h"

#include <algorithm>
#include <array>

#include "formats/catalogue.h"
#include "formats/error.h"

namespace halfulp::probe {
namespace {

using sampling::Stream;

template <typename T, std::size_t n>
const T& pick(const std::array<T, n>& all, Stream& stream) {
  return all[stream.below(n)];
}
std::int64_t power_of_two(std::int64_t least, std::int64_t most, Stream& stream) {
  std::int64_t power = least;
  while (power < most && stream.bits(1) != 0) power *= 2;
  return power;
}
bool one_in(std::uint64_t n, Stream& stream) { return stream.below(n) == 0; }

void draw_operands(MatrixUnit& unit, Stream& stream) {
  const std::array factors{"float8_e4m3fn", "float8_e5m2", "binary16", "bfloat16", "tf32"};
  const std::string a = pick(factors, stream);
  if (a == "tf32") {
    unit.a.format = unit.b.format = find_format("binary32");
    unit.a.as = unit.b.as = find_format("tf32");
  } else {
    unit.a.format = unit.b.format = find_format(a);
    if (a == "float8_e4m3fn" && one_in(3, stream)) unit.b.format = find_format("float8_e5m2");
  }
  const bool narrow = a.starts_with("float8") || a == "binary16";
  unit.d = find_format(narrow && one_in(3, stream)            ? "binary16"
                       : a == "bfloat16" && one_in(4, stream) ? "bfloat16"
                                                              : "binary32");
  unit.c.format = unit.d;
  using Subnormals = UnitOperand::Subnormals;
  constexpr std::array ways{Subnormals::keep, Subnormals::keep, Subnormals::positive_zero,
                            Subnormals::signed_zero};
  if (one_in(3, stream)) unit.a.subnormals = unit.b.subnormals = pick(ways, stream);
  if (one_in(3, stream)) unit.c.subnormals = pick(ways, stream);
}

Quantizer draw_sum(const MatrixUnit& unit, Stream& stream) {
  Quantizer sum{.format = unit.d, .rounding = {}};
  if (unit.d.name == "binary32" && one_in(4, stream))
    sum.format = find_format("e8m" + std::to_string(9 + stream.below(14)));
  constexpr std::array modes{Mode::nearest_even, Mode::nearest_even,    Mode::toward_zero,
                             Mode::toward_zero,  Mode::toward_negative, Mode::toward_positive,
                             Mode::nearest_away, Mode::to_odd};
  sum.rounding.mode = pick(modes, stream);
  sum.rounding.overflow.directed = !one_in(2, stream);
  if (one_in(4, stream))
    sum.rounding.flush_outputs =
        one_in(2, stream) ? Tininess::after_rounding : Tininess::before_rounding;
  constexpr std::array nans{NanRule::nvidia, NanRule::arm, NanRule::keep_sign};
  sum.rounding.nan = pick(nans, stream);
  return sum;
}

Alignment draw_alignment(const MatrixUnit& unit, Stream& stream) {
  Alignment alignment{.bits = 8 + static_cast<int>(stream.below(28))};
  alignment.downward = one_in(4, stream);
  if (one_in(2, stream))
    alignment.least_exponent = unit.d.name == "binary16"
                                   ? -14 - static_cast<int>(stream.below(14))
                                   : -126 - static_cast<int>(stream.below(12));
  return alignment;
}

Sum sum_of_terms(const Quantizer& sum, std::int64_t together) {
  return {.joining = Joining::in_sequence, .quantizer = sum, .together = together};
}
Sum sum_of_runs(const Quantizer& sum, std::int64_t size) {
  return {.joining = Joining::in_sequence, .quantizer = sum, .of = Sum::Of::runs, .size = size};
}
Sum unrounded(int bits) {
  return {.joining = Joining::at_once,
          .quantizer = {},
          .alignment = Alignment{.bits = bits},
          .rounded = false};
}

// In the terms' own order, in pairs turned about, or the first and second half of every four.
std::vector<std::int64_t> draw_order(Stream& stream) {
  switch (stream.below(6)) {
    case 0:
      return {1, 0};
    case 1:
      return {0, 1, 4, 5, 2, 3, 6, 7};
    case 2: {
      std::vector<std::int64_t> even_first;
      for (std::int64_t k = 0; k < 16; k += 2) even_first.push_back(k);
      for (std::int64_t k = 1; k < 16; k += 2) even_first.push_back(k);
      return even_first;
    }
    default:
      return {};
  }
}

DotTree draw_tree(const MatrixUnit& unit, Stream& stream) {
  const Quantizer sum = draw_sum(unit, stream);
  const bool full = sum.format.name == unit.d.name;
  switch (stream.below(full ? 8 : 3)) {
    case 0:
    case 1:
    case 2: {  // together with C, aligned
      DotTree tree{.product = {},
                   .sums = {sum_of_terms(sum, 1 + static_cast<std::int64_t>(stream.below(32)))}};
      if (one_in(2, stream)) tree.sums[0].together = power_of_two(1, 32, stream);
      tree.sums[0].alignment = draw_alignment(unit, stream);
      if ((tree.sums[0].together & (tree.sums[0].together - 1)) == 0)
        tree.order = draw_order(stream);
      return tree;
    }
    case 3: {  // exact, or a chain
      DotTree tree{.product = {}, .sums = {sum_of_terms(sum, power_of_two(1, 16, stream))}};
      if (tree.sums[0].together == 1 && one_in(2, stream)) tree.product = sum;
      tree.order = draw_order(stream);
      return tree;
    }
    case 4: {  // parts from +0, aligned or exact, added to C
      const std::int64_t size = power_of_two(4, 32, stream);
      DotTree tree{
          .product = {},
          .sums = {sum_of_runs(sum, size), sum_of_terms(sum, power_of_two(1, size, stream))}};
      if (one_in(2, stream)) tree.sums[1].alignment = draw_alignment(unit, stream);
      return tree;
    }
    case 5: {  // pairs
      DotTree tree{.product = {},
                   .sums = {sum_of_runs(sum, power_of_two(2, 16, stream)),
                            {.joining = Joining::pairwise, .quantizer = sum}}};
      if (one_in(2, stream)) tree.product = sum;
      return tree;
    }
    case 6: {  // strands
      const std::int64_t strands = power_of_two(2, 8, stream);
      Sum halves{
          .joining = Joining::halves, .quantizer = sum, .of = Sum::Of::strands, .size = strands};
      DotTree tree{.product = {}, .sums = {halves, sum_of_terms(sum, 1)}};
      if (one_in(2, stream))
        tree.sums.insert(tree.sums.begin(),
                         sum_of_runs(sum, power_of_two(2 * strands, 32, stream)));
      return tree;
    }
    default: {  // C aligned with the sum of the terms
      const int precision = unit.d.name == "binary32" ? 24 : unit.d.name == "binary16" ? 11 : 8;
      Sum outer = sum_of_runs(sum, power_of_two(2, 32, stream));
      const int running = precision + static_cast<int>(stream.below(4));
      const int kept = running + static_cast<int>(stream.below(10));
      outer.alignment = Alignment{.bits = kept + 1,
                                  .running_bits = running,
                                  .sum_bits = kept,
                                  .downward = one_in(2, stream)};
      outer.alignment->drops_running = one_in(3, stream);
      return {.product = {}, .sums = {outer, unrounded(running)}};
    }
  }
}

}  // namespace

MatrixUnit draw_unit(Stream& stream) {
  for (;;) {
    MatrixUnit unit;
    unit.name = "drawn";
    draw_operands(unit, stream);
    unit.tree = draw_tree(unit, stream);
    if (!unit.tree.product && one_in(6, stream))
      unit.tree.product_limit = unit.d.name == "binary16" ? 16 : 128;
    unit.tree.left = unit.a.as.value_or(unit.a.format);
    unit.tree.right = unit.b.as.value_or(unit.b.format);
    try {
      validate(unit);
    } catch (const Error&) {
      continue;
    }
    return unit;
  }
}

}  // namespace halfulp::probe

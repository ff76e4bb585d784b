// SPDX-License-Identifier: MIT
//
// Error bounds of drawn trees: sums of every joining inside each other, aligned and cut in every
// way, scaled, in formats and roundings of every kind. No result is beyond its bound.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "golden/kernels/within_bound.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using sampling::Stream;
using tensors::Tensor;

template <std::size_t size>
Format draw_format(const std::array<const char*, size>& names, Stream& stream) {
  return find_format(names[stream.below(size)]);
}

Quantizer draw_quantizer(Stream& stream) {
  constexpr std::array names{"binary32", "binary16", "bfloat16", "e8m13", "e6m9", "binary64"};
  constexpr std::array modes{Mode::nearest_even,    Mode::nearest_away,    Mode::toward_zero,
                             Mode::toward_negative, Mode::toward_positive, Mode::away_from_zero,
                             Mode::to_odd,          Mode::nearest_log};
  Quantizer q{.format = draw_format(names, stream), .rounding = {}};
  q.rounding.mode = modes[stream.below(modes.size())];
  if (stream.below(6) == 0) q.rounding.flush_outputs = Tininess::after_rounding;
  return q;
}

Alignment draw_alignment(Stream& stream) {
  Alignment alignment{.bits = static_cast<int>(stream.below(30))};
  if (stream.below(3) == 0) alignment.running_bits = static_cast<int>(stream.below(30));
  if (stream.below(3) == 0) alignment.sum_bits = static_cast<int>(stream.below(30));
  if (stream.below(3) == 0)
    alignment.least_exponent = static_cast<std::int64_t>(stream.below(60)) - 50;
  alignment.downward = stream.below(3) == 0;
  alignment.drops_running = stream.below(4) == 0;
  return alignment;
}

Sum draw_sum(bool innermost, Stream& stream) {
  constexpr std::array joinings{Joining::in_sequence, Joining::pairwise, Joining::compensated,
                                Joining::at_once, Joining::halves};
  Sum sum{.joining = joinings[stream.below(innermost ? 4 : 5)],
          .quantizer = draw_quantizer(stream)};
  if (!innermost) {
    sum.of = stream.below(3) == 0 ? Sum::Of::strands : Sum::Of::runs;
    sum.size = 1 + static_cast<std::int64_t>(stream.below(12));
  }
  if (sum.joining == Joining::halves) {
    sum.of = Sum::Of::strands;
    sum.size = std::int64_t{2} << stream.below(3);
  }
  const bool may_be_aligned =
      sum.joining == Joining::at_once || sum.joining == Joining::in_sequence;
  if (may_be_aligned && stream.below(3) != 0) sum.alignment = draw_alignment(stream);
  if (sum.joining == Joining::in_sequence && stream.bits(1) != 0)
    sum.together = 1 + static_cast<std::int64_t>(stream.below(9));
  return sum;
}

constexpr std::array operand_formats{"float8_e4m3fn", "float8_e5m2", "bfloat16", "float4_e2m1fn",
                                     "binary16"};

Scaling draw_scaling(Stream& stream) {
  constexpr std::array names{"float8_e8m0fnu", "float8_e4m3fn", "binary32"};
  Scaling scaling{.block = 1 + static_cast<std::int64_t>(stream.below(16)),
                  .left = draw_format(names, stream),
                  .right = draw_format(names, stream)};
  if (stream.below(4) == 0) scaling.product = draw_quantizer(stream);
  if (stream.below(4) == 0) scaling.item = draw_quantizer(stream);
  scaling.exponent_of_scales = stream.bits(1) != 0;
  return scaling;
}

MatrixUnit draw_unit(Stream& stream) {
  MatrixUnit unit;
  unit.name = "drawn";
  unit.a.format = draw_format(operand_formats, stream);
  unit.b.format = draw_format(operand_formats, stream);
  unit.c.format = find_format("binary32");
  if (stream.below(4) == 0) unit.a.subnormals = UnitOperand::Subnormals::signed_zero;
  DotTree& tree = unit.tree;
  tree.left = unit.a.format;
  tree.right = unit.b.format;
  if (stream.below(4) == 0) tree.product = draw_quantizer(stream);
  for (std::size_t outer = stream.below(3); outer > 0; --outer)
    tree.sums.push_back(draw_sum(false, stream));
  tree.sums.push_back(draw_sum(true, stream));
  if (tree.sums.back().joining == Joining::at_once && tree.sums.size() > 1 &&
      adds_at_once(tree, tree.sums.size() - 2) && stream.bits(1) != 0) {
    tree.sums.back().rounded = false;
    tree.sums.back().quantizer = {};
  }
  if (adds_at_once(tree, tree.sums.size() - 1) && stream.below(3) == 0)
    tree.sums.back().scaling = draw_scaling(stream);
  unit.d = tree.sums.front().quantizer.format;
  return unit;
}

// Finite codes of the format, many of exponents near each other, some zeros.
Tensor draw_codes(const Format& format, const tensors::Shape& shape, Stream& stream) {
  std::vector<std::uint64_t> codes(tensors::element_count(shape));
  for (std::uint64_t& code : codes) {
    do {
      code = stream.bits(bits(format));
      if (stream.below(3) != 0) {
        // About 1.
        const double near = (1 + static_cast<double>(stream.below(64)) / 64) *
                            std::ldexp(1, static_cast<int>(stream.below(12)) - 6);
        const Quantizer q{.format = format, .rounding = {}};
        const Engine& engine = emulator::engine();
        double x = stream.bits(1) != 0 && is_signed(format) ? -near : near;
        engine.round(view_of(std::span<const double>(&x, 1)), engine.prepare(q), {},
                     view_of(std::span<double>(&x, 1)), nullptr);
        if (std::isfinite(x)) code = static_cast<std::uint64_t>(encode(format, from_double(x)));
      }
      if (stream.below(20) == 0 && has_zero(format)) code = 0;
    } while (!decode(format, code).is_finite());
  }
  return tensors::from_codes({"", tensors::element_type(format), shape}, codes);
}

TEST(DrawnBounds, HoldForTreesOfEveryShape) {
  Stream stream(17);
  std::size_t valid = 0;
  std::uint64_t bounded = 0;
  for (std::size_t i = 0; i < sampling::draws(700); ++i) {
    const MatrixUnit unit = draw_unit(stream);
    try {
      validate(unit);
    } catch (const Error&) {
      continue;
    }
    ++valid;
    const auto terms = static_cast<std::int64_t>(1 + stream.below(48));
    const Tensor a = draw_codes(unit.a.format, {3, terms}, stream);
    const Tensor b = draw_codes(unit.b.format, {terms, 3}, stream);
    const Tensor c = draw_codes(unit.c.format, {3, 3}, stream);
    ProductOperands operands{.a = &a, .b = &b};
    if (stream.bits(1) != 0) operands.c = &c;
    Tensor left;
    Tensor right;
    if (const std::optional<Scaling>& scaling = unit.tree.sums.back().scaling; scaling) {
      const std::int64_t blocks = (terms + scaling->block - 1) / scaling->block;
      left = draw_codes(scaling->left, {3, blocks}, stream);
      right = draw_codes(scaling->right, {3, blocks}, stream);
      operands.a_scales = {&left};
      operands.b_scales = {&right};
    }
    const Tensor got = multiply(unit, {}, emulator::engine(), operands, {});
    const BoundVerdict found = judge(got, unit, {}, emulator::engine(), operands, {});
    bounded += found.results - found.unbounded;
    ASSERT_EQ(found.beyond, 0) << to_json(unit.tree).dump() << "\n"
                               << found.first.front().error << " of " << found.first.front().bound;
  }
  EXPECT_GT(valid, 300);
  EXPECT_GT(bounded, 1500);
}

}  // namespace
}  // namespace halfulp::kernels

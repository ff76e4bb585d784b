// SPDX-License-Identifier: MIT
//
// Products by matrix units whose one sum adds groups of aligned terms and is rounded without draws
// (kernels/aligned_tiles.cc): most units of NVIDIA.
#include <cmath>
#include <variant>
#include <vector>

#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/kernels/tiles.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

bool aligns_all_alike(const Alignment& alignment) {
  return !alignment.sum_bits && !alignment.drops_running &&
         alignment.running_bits.value_or(alignment.bits) == alignment.bits;
}

// Lanes round to it, and a sum that has become NaN stays so.
bool fits(const CompiledPlan& plan) {
  const Format& format = plan.quantizer().format;
  return lanes_can(plan) && plan.grid64() != nullptr && !plan.stochastic() &&
         std::holds_alternative<Float>(format.kind) && has_zero(format) && has_nan(format);
}

struct Powers {
  std::vector<double> numbers, powers;

  Powers(const View& view, double least)
      : numbers(doubles_of(view, false)), powers(numbers.size()) {
    kernels::stored_powers(numbers.data(), numbers.size(), std::exp2(least), powers.data());
  }
};

}  // namespace

bool fits_aligned_tiles(const CompiledDot& unit) {
  const DotTree& tree = unit.tree;
  if (!unit.fits_lanes || tree.sums.size() != 1 || tree.product || tree.product_limit) return false;
  const Sum& sum = tree.sums.front();
  return sum.joining == Joining::in_sequence && sum.of == Sum::Of::terms && sum.rounded &&
         sum.alignment && !sum.scaling && aligns_all_alike(*sum.alignment) &&
         fits(*unit.sums.front());
}

bool multiply_by_aligned_tiles(const MatrixOperands& operands, const CompiledDot& unit,
                               const MutableView& out) {
  const kernels::Shape shape{.rows = out.rows, .inner = operands.a.columns, .columns = out.columns};
  if (shape.rows < 2 || shape.inner == 0) return false;
  const Powers a(operands.a, unit.least_left);
  const Powers b(operands.b, unit.least_right);
  if (!are_numbers_of(unit.left.get(), a.numbers, shape.inner, shape.inner) ||
      !are_numbers_of(unit.right.get(), b.numbers, shape.columns, shape.columns))
    return false;
  const Sum& sum = unit.tree.sums.front();
  const Alignment& alignment = *sum.alignment;
  std::vector<double> c;
  if (operands.addend) c = doubles_of(*operands.addend, false);
  std::vector<double> results(shape.rows * shape.columns);
  const auto least = alignment.least_exponent;
  const auto left =
      kernels::multiply_aligned(shape,
                                {.a = a.numbers.data(),
                                 .a_powers = a.powers.data(),
                                 .b = b.numbers.data(),
                                 .b_powers = b.powers.data(),
                                 .c = operands.addend ? c.data() : nullptr,
                                 .out = results.data()},
                                {.grid = &unit.sums.front()->arithmetic_grid(),
                                 .together = static_cast<std::size_t>(sum.together),
                                 .bits = alignment.bits,
                                 .least = least ? std::exp2(static_cast<double>(*least)) : 0.0,
                                 .least_running = std::exp2(unit.least_exponents.front()),
                                 .downward = alignment.downward});
  for (const kernels::TilePlace& at : left) {
    MatrixOperands tile{part_of(operands.a, at.row, 0, at.rows, shape.inner),
                        part_of(operands.b, 0, at.column, shape.inner, at.columns),
                        {}};
    if (operands.addend)
      tile.addend = part_of(*operands.addend, at.row, at.column, at.rows, at.columns);
    MutableView place =
        view_of(results.data() + at.row * shape.columns + at.column, at.rows, at.columns);
    place.stride = shape.columns;
    multiply_by_lanes(tile, unit, {}, place);
  }
  // C may be where the results go.
  for (std::size_t i = 0; i < results.size(); ++i)
    store_result(out, i / out.columns, i % out.columns, results[i]);
  return true;
}

}  // namespace halfulp::emulator

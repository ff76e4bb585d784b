// SPDX-License-Identifier: MIT
//
// Products in sequence whose every step is exact in binary64 before a grid rounds it
// (kernels/tiles.h), which the numbers at hand decide: a step adds a product, a multiple of 2^u
// below 2^m, to a number of the sum's format or C, so that all bits lie between the least of the
// last ones and twice the larger magnitude. 53 of them are enough.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <variant>
#include <vector>

#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/dot/native_matrix.h"
#include "emulator/kernels/tiles.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

// Numbers of a format are multiples of 2^least of at most 2^most.
struct Range {
  int least = 0, most = 0;
};

Range range_of(const Format& format) {
  return {static_cast<int>(leading_exponent(smallest_positive(format))),
          static_cast<int>(leading_exponent(largest_finite(format))) + 1};
}

// Rounded by lanes; a sum that has become NaN stays so.
bool fits(const CompiledPlan& plan) {
  const Format& format = plan.quantizer().format;
  return lanes_can(plan) && plan.grid64() != nullptr && plan.fits(Carrier::binary32) &&
         std::holds_alternative<Float>(format.kind) && has_zero(format) &&
         plan.rounding().mode != Mode::toward_negative &&
         (has_nan(format) || !has_infinity(format));
}

kernels::GridDraws draws_of(const Random& random, const TreeDraws& draws, std::size_t terms) {
  return {.source = kernels::unit_source(random),
          .first = random.offset,
          .per_result = draws_per_result(draws, terms),
          .per_term = draws.per_term,
          .product = draws.product,
          .bits = std::max(draws.bits, 1)};
}

// The results' indices do not pass 2^64.
bool has_indices(const Random& random, const TreeDraws& draws) {
  return draws.bits == 0 || random.offset < std::uint64_t{1} << 63;
}

// Whether no sum can pass the largest number, however its steps round. A step of a magnitude s
// makes at most (s + |p|) (1 + 2^-t) + q of it, q being the least number; so n steps from |c| on
// make at most (|c| + sum |p| + n q) (1 + 2^-t)^n < (...) exp(n 2^-t). Of a row sum |p| is at most
// the sum of its magnitudes times those of the largest numbers of b's rows. The bound's own
// roundings are far below the tenth that is left.
bool stays_finite(const NativeMatrix<float>& a, const NativeMatrix<float>& b,
                  const kernels::Shape& shape, double addend, const CompiledPlan& sum) {
  std::vector<double> largest(shape.inner, 0.0);
  for (std::size_t k = 0; k < shape.inner; ++k) {
    const float* row = b.data() + k * b.stride();
    for (std::size_t j = 0; j < shape.columns; ++j)
      largest[k] = std::max(largest[k], static_cast<double>(std::fabs(row[j])));
  }
  double most = 0;
  for (std::size_t i = 0; i < shape.rows; ++i) {
    const float* row = a.data() + i * a.stride();
    double total = 0;
    for (std::size_t k = 0; k < shape.inner; ++k)
      total += static_cast<double>(std::fabs(row[k])) * largest[k];
    most = std::max(most, total);
  }
  const kernels::Grid<std::uint64_t>& grid = sum.arithmetic_grid();
  const auto steps = static_cast<double>(shape.inner);
  const double least = std::ldexp(
      1.0, static_cast<int>(leading_exponent(smallest_positive(sum.quantizer().format))));
  const double growth = std::exp(steps * std::ldexp(1.0, -grid.fraction_bits));
  return (addend + most + steps * least) * growth * 1.1 <
         std::bit_cast<double>(grid.limit.positive);
}

}  // namespace

bool fits_grid_tiles(const CompiledDot& unit) {
  const DotTree& tree = unit.tree;
  if (tree.sums.size() != 1 || tree.product_limit ||
      tree.sums.front().joining != Joining::in_sequence || adds_at_once(tree, 0))
    return false;
  if (!fits(*unit.sums.front())) return false;
  return !unit.product || (fits(*unit.product) && unit.product->arithmetic_grid().kind ==
                                                      unit.sums.front()->arithmetic_grid().kind);
}

bool multiply_by_grids(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random, const MutableView& out) {
  const kernels::Shape shape{.rows = out.rows, .inner = operands.a.columns, .columns = out.columns};
  const CompiledPlan& sum = *unit.sums.front();
  if (shape.inner == 0 || !has_indices(random, unit.draws)) return false;
  const NativeMatrix<float> a(operands.a);
  const NativeMatrix<float> b(operands.b);
  std::optional<NativeMatrix<float>> c;
  if (operands.addend) c.emplace(*operands.addend);
  if (!a.exact() || !b.exact() || (c && !c->exact())) return false;
  // 1. All are finite, and every step has at most 53 bits.
  const kernels::Survey left = kernels::survey(a.data(), shape.rows, shape.inner, a.stride());
  const kernels::Survey right = kernels::survey(b.data(), shape.inner, shape.columns, b.stride());
  kernels::Survey addend;
  if (c) addend = kernels::survey(c->data(), shape.rows, shape.columns, c->stride());
  if (std::max({left.most_exponent, right.most_exponent, addend.most_exponent}) > 127) return false;
  const Range numbers = range_of(sum.quantizer().format);
  int least =
      std::min({left.least_exponent + right.least_exponent, numbers.least, addend.least_exponent});
  int most = std::max(
      {left.most_exponent + right.most_exponent + 2, numbers.most, addend.most_exponent + 1});
  if (unit.product) {
    const Range products = range_of(unit.product->quantizer().format);
    least = std::min(least, products.least);
    most = std::max(most, products.most);
  }
  if (most + 1 - least > std::numeric_limits<double>::digits) return false;
  const double largest_addend = c ? std::ldexp(1.0, addend.most_exponent + 1) : 0.0;
  // 2. In registers.
  std::vector<float> results(out.rows * out.columns);
  const std::vector<double> factors =
      doubles_of({a.data(), Carrier::binary32, shape.rows, shape.inner, a.stride()}, false);
  kernels::multiply_by_grid(shape,
                            {.a = factors.data(),
                             .b = b.data(),
                             .c = c ? c->data() : nullptr,
                             .out = results.data(),
                             .a_stride = shape.inner,
                             .b_stride = b.stride(),
                             .c_stride = c ? c->stride() : 0,
                             .out_stride = out.columns},
                            {.product = unit.product ? &unit.product->arithmetic_grid() : nullptr,
                             .sum = &sum.arithmetic_grid(),
                             .exact_below = least == numbers.least,
                             .stays_finite = stays_finite(a, b, shape, largest_addend, sum),
                             .draws = draws_of(random, unit.draws, shape.inner)});
  for (std::size_t i = 0; i < results.size(); ++i)
    store_result(out, i / out.columns, i % out.columns, static_cast<double>(results[i]));
  return true;
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Which way a matrix product goes. Arithmetic that is a carrier's own goes to the kernels as it is,
// whichever description it comes from; other roundings to lanes that are results (lanes.cc); exact
// sums, and what lanes cannot do, to the scalar path (elements.cc).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/segments.h"
#include "emulator/dot/additions.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/dot/native_matrix.h"
#include "emulator/environment.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/tiles.h"
#include "formats/catalogue/families.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// --- Preparation.

// True where the processor's arithmetic in the carrier is this rounding: to nearest even,
// subnormals kept, beyond the largest to infinity. Which NaN a result is does not matter to dot
// products, nor do rules for what the format has.
bool is_native(const Quantizer& q, Carrier carrier) {
  const Rounding& r = q.rounding;
  const bool stops = r.overflow.infinite == Overflow::Infinite::largest ||
                     r.overflow.infinite == Overflow::Infinite::largest_with_negative_zero;
  return q.format.kind == Kind(carrier == Carrier::binary32 ? ieee(8, 23) : ieee(11, 52)) &&
         r.mode == Mode::nearest_even && r.overflow.finite == Overflow::Finite::infinity &&
         !stops && !r.flush_inputs && !r.flush_outputs;
}

bool is_one_sequence(const DotTree& tree) {
  return tree.sums.size() == 1 && tree.sums.front().joining == Joining::in_sequence;
}

std::optional<Carrier> native_carrier(const DotTree& tree) {
  if (tree.product_limit || (!tree.product && !is_one_sequence(tree))) return std::nullopt;
  for (std::size_t node = 0; node < tree.sums.size(); ++node) {
    if (adds_at_once(tree, node)) return std::nullopt;
  }
  for (const Carrier carrier : {Carrier::binary32, Carrier::binary64}) {
    const auto fits = [carrier](const Sum& sum) { return is_native(sum.quantizer, carrier); };
    if ((!tree.product || is_native(*tree.product, carrier)) &&
        std::ranges::all_of(tree.sums, fits))
      return carrier;
  }
  return std::nullopt;
}

bool fits_lanes(const CompiledDot& unit) {
  const auto fits = [](const auto& plan) { return !plan || lanes_can(*plan); };
  const auto fits_scaling = [&fits](const CompiledScaling& scaling) {
    return fits(scaling.product) && fits(scaling.item);
  };
  return fits(unit.product) && std::ranges::all_of(unit.sums, fits) &&
         std::ranges::all_of(unit.scalings, fits_scaling) && additions_fit_doubles(unit.tree);
}

double least_of(const std::optional<Format>& format) {
  const auto least = format ? least_exponent(*format) : std::nullopt;
  return least ? static_cast<double>(*least) : -std::numeric_limits<double>::max();
}

// Calls plan_of(quantizer) for a plan.
template <typename PlanOf>
void prepare_scalings(CompiledDot& ready, const PlanOf& plan_of) {
  std::size_t place = 0;
  for (const Sum& sum : ready.tree.sums) {
    CompiledScaling& made = ready.scalings.emplace_back();
    if (!sum.scaling) continue;
    made.place = place++;
    made.least_left = least_of(sum.scaling->left);
    made.least_right = least_of(sum.scaling->right);
    if (sum.scaling->product) made.product = plan_of(*sum.scaling->product);
    if (!sum.scaling->item) continue;
    made.item = plan_of(*sum.scaling->item);
    made.least_item = least_of(sum.scaling->item->format);
  }
}

void prepare_alignments(CompiledDot& ready) {
  const DotTree& tree = ready.tree;
  ready.aligned = is_aligned(tree);
  ready.least_left = least_of(tree.left);
  ready.least_right = least_of(tree.right);
  if (tree.product) ready.least_product_exponent = least_of(tree.product->format);
  for (const Sum& sum : tree.sums) {
    ready.least_exponents.push_back(
        least_of(sum.rounded ? std::optional(sum.quantizer.format) : std::nullopt));
  }
  ready.product_limit = tree.product_limit ? std::ldexp(1.0, static_cast<int>(*tree.product_limit))
                                           : std::numeric_limits<double>::infinity();
}

// --- Native arithmetic.

// Sums of exact products are sums of products that are rounded where no product is rounded.
bool products_are_exact(const kernels::Shape& shape, const kernels::Matrices<float>& m) {
  // A row tells of most matrices that they are not such.
  for (const std::size_t rows : {std::size_t{1}, std::max(shape.rows, shape.inner)}) {
    const kernels::Survey a =
        kernels::survey(m.a, std::min(rows, shape.rows), shape.inner, m.a_stride);
    const kernels::Survey b =
        kernels::survey(m.b, std::min(rows, shape.inner), shape.columns, m.b_stride);
    if (a.precision + b.precision > 24 || a.least_exponent + b.least_exponent < -149 ||
        a.most_exponent + b.most_exponent + 2 > 128)
      return false;
  }
  return true;
}
bool products_are_exact(const kernels::Shape& /*shape*/, const kernels::Matrices<double>& /*m*/) {
  return false;
}

// False where exact products are asked for, and the processor's are not.
template <typename Real>
bool multiply_natively(const DotTree& tree, const kernels::Shape& shape,
                       const kernels::Matrices<Real>& m) {
  const bool in_tiles = shape.rows >= 4 && shape.columns >= 8;
  if (!is_one_sequence(tree) || shape.inner == 0 || (tree.product && !in_tiles)) {
    if (tree.product) kernels::multiply(tree, shape, m);
    return tree.product.has_value();
  }
  if (!tree.product) {
    return kernels::multiply_in_sequence(shape, m, true) ||
           (products_are_exact(shape, m) && kernels::multiply_in_sequence(shape, m, false));
  }
  return (products_are_exact(shape, m) && kernels::multiply_in_sequence(shape, m, true)) ||
         kernels::multiply_in_sequence(shape, m, false);
}

// False, and nothing done, where an operand is no number of Real: its product is to be rounded from
// what it is.
template <typename Real>
bool multiply_natively(const MatrixOperands& operands, const DotTree& tree,
                       const MutableView& out) {
  const NativeMatrix<Real> left(operands.a);
  NativeMatrix<Real> right(operands.b);
  std::optional<NativeMatrix<Real>> addend;
  if (operands.addend) addend.emplace(*operands.addend);
  if (!left.exact() || !right.exact() || (addend && !addend->exact())) return false;
  if (operands.b.columns == 1) right.make_neighbours(operands.b.rows);
  std::vector<Real> results;
  kernels::Matrices<Real> m{.a = left.data(),
                            .b = right.data(),
                            .c = addend ? addend->data() : nullptr,
                            .out = static_cast<Real*>(out.data),
                            .a_stride = left.stride(),
                            .b_stride = right.stride(),
                            .c_stride = addend ? addend->stride() : 0,
                            .out_stride = out.stride};
  if (out.carrier != carrier_of<Real>) {
    results.resize(out.rows * out.columns);
    m.out = results.data();
    m.out_stride = out.columns;
  }
  if (!multiply_natively(tree, {out.rows, operands.a.columns, out.columns}, m)) return false;
  for (std::size_t i = 0; i < results.size(); ++i)
    store_result(out, i / out.columns, i % out.columns, static_cast<double>(results[i]));
  return true;
}

bool multiply_natively(const MatrixOperands& operands, const CompiledDot& ready,
                       const MutableView& out) {
  if (!ready.native) return false;
  return *ready.native == Carrier::binary64 ? multiply_natively<double>(operands, ready.tree, out)
                                            : multiply_natively<float>(operands, ready.tree, out);
}

// A matrix whose columns, or rows, are those of another in the order in which terms are taken.
class InOrder {
 public:
  InOrder(const View& view, const std::vector<std::size_t>& places, bool of_columns) : view_(view) {
    const std::size_t bytes = view.carrier == Carrier::binary32 ? sizeof(float) : sizeof(double);
    numbers_.resize(view.rows * view.columns * bytes);
    for (std::size_t r = 0; r < view.rows; ++r) {
      for (std::size_t c = 0; c < view.columns; ++c) {
        const std::size_t from =
            of_columns ? r * view.stride + places[c] : places[r] * view.stride + c;
        std::memcpy(numbers_.data() + (r * view.columns + c) * bytes,
                    static_cast<const std::byte*>(view.data) + from * bytes, bytes);
      }
    }
    view_.data = numbers_.data();
    view_.stride = view.columns;
  }
  [[nodiscard]] const View& view() const { return view_; }

 private:
  View view_;
  std::vector<std::byte> numbers_;
};

void multiply_in_order(const MatrixOperands& operands, const CompiledDot& ready,
                       const Random& random, const MutableView& out) {
  if (multiply_natively(operands, ready, out) || multiply_by_tiles(operands, ready, out)) return;
  if (ready.fits_exact_tiles && multiply_exactly(operands, ready, random, out)) return;
  if (ready.fits_grid_tiles && multiply_by_grids(operands, ready, random, out)) return;
  if (ready.fits_aligned_tiles && multiply_by_aligned_tiles(operands, ready, out)) return;
  if (ready.fits_lanes && multiply_by_lanes(operands, ready, random, out)) return;
  multiply_by_element(operands, ready, random, out);
}

}  // namespace

bool CompiledDot::is_exact() const {
  const Sum& own = tree.sums.back();
  return adds_at_once(tree, tree.sums.size() - 1) && own.rounded && !own.alignment &&
         !own.scaling && !tree.product_limit;
}

DotPlan prepare_dot(const DotTree& tree, const Preparation& preparation) {
  validate(tree);
  // Sums and products are rounded from binary64, whatever holds the factors.
  Preparation of_results = preparation;
  of_results.carrier = Carrier::binary64;
  std::vector<std::shared_ptr<const CompiledPlan>> plans;
  const auto plan_of = [&plans, &of_results](const Quantizer& quantizer) {
    for (const auto& plan : plans) {
      if (plan->quantizer() == quantizer) return plan;
    }
    prepare(quantizer, {});
    plans.push_back(std::make_shared<const CompiledPlan>(quantizer, of_results));
    return plans.back();
  };
  auto ready = std::make_shared<CompiledDot>();
  ready->tree = tree;
  ready->tree.order.clear();
  ready->draws = draws_of(tree);
  if (tree.product) ready->product = plan_of(*tree.product);
  for (const Sum& sum : tree.sums)
    ready->sums.push_back(sum.rounded ? plan_of(sum.quantizer) : nullptr);
  if (tree.left) ready->left = plan_of({.format = *tree.left, .rounding = {}});
  if (tree.right) ready->right = plan_of({.format = *tree.right, .rounding = {}});
  prepare_scalings(*ready, plan_of);
  prepare_alignments(*ready);
  ready->native = native_carrier(tree);
  ready->tiles = tile_plan(ready->tree, is_native(tree.sums.front().quantizer, Carrier::binary32));
  ready->fits_lanes = fits_lanes(*ready);
  ready->fits_grid_tiles = fits_grid_tiles(*ready);
  ready->fits_aligned_tiles = fits_aligned_tiles(*ready);
  ready->fits_exact_tiles = ready->is_exact() && tree.sums.size() == 1 && !tree.product &&
                            tree.sums.front().joining == Joining::at_once &&
                            lanes_can(*ready->sums.front());
  return {.tree = tree, .engine = engine_name, .compiled = ready};
}

void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                  const MutableView& out) {
  require_shapes(operands, plan.tree, out);
  require_engine(plan.engine, engine_name);
  const auto& ready = *static_cast<const CompiledDot*>(plan.compiled.get());
  require_fits(*ready.sums.front(), out.carrier);
  const StandardEnvironment environment;
  if (plan.tree.order.empty()) return multiply_in_order(operands, ready, random, out);
  const std::vector<std::size_t> places = order_of_terms(plan.tree, operands.a.columns);
  const InOrder a(operands.a, places, true);
  const InOrder b(operands.b, places, false);
  multiply_in_order({a.view(), b.view(), operands.addend, operands.scales}, ready, random, out);
}

void store_result(const MutableView& out, std::size_t row, std::size_t column, double number) {
  const std::size_t place = row * out.stride + column;
  if (number != number) number = std::bit_cast<double>(std::uint64_t{0x7ff8} << 48);
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = static_cast<float>(number);
  } else {
    static_cast<double*>(out.data)[place] = number;
  }
}

View part_of(const View& view, std::size_t row, std::size_t column, std::size_t rows,
             std::size_t columns) {
  const std::size_t place = row * view.stride + column;
  View part = view;
  part.data = view.carrier == Carrier::binary32
                  ? static_cast<const void*>(static_cast<const float*>(view.data) + place)
                  : static_cast<const void*>(static_cast<const double*>(view.data) + place);
  part.rows = rows;
  part.columns = columns;
  return part;
}

std::vector<double> doubles_of(const View& view, bool transposed, bool flush) {
  std::vector<double> numbers(view.rows * view.columns);
  std::vector<double> row(view.columns);
  for (std::size_t r = 0; r < view.rows; ++r) {
    double* into = transposed ? row.data() : numbers.data() + r * view.columns;
    widen(view, {.row = r, .column = 0, .index = 0, .count = view.columns}, flush, into);
    if (!transposed) continue;
    for (std::size_t c = 0; c < view.columns; ++c) numbers[c * view.rows + r] = row[c];
  }
  return numbers;
}

}  // namespace halfulp::emulator

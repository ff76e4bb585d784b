// SPDX-License-Identifier: MIT
//
// Which way a matrix product goes. Arithmetic that is a carrier's own goes to the kernels as it is,
// whichever description it comes from; other roundings to lanes that are results (lanes.cc); exact
// sums, and what lanes cannot do, to the scalar path (elements.cc).
#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/segments.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/environment.h"
#include "emulator/kernels/kernels.h"
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

std::optional<Carrier> native_carrier(const DotTree& tree) {
  if (!tree.product || tree.sums.back().joining == Joining::at_once) return std::nullopt;
  for (const Carrier carrier : {Carrier::binary32, Carrier::binary64}) {
    const auto fits = [carrier](const Sum& sum) { return is_native(sum.quantizer, carrier); };
    if (is_native(*tree.product, carrier) && std::ranges::all_of(tree.sums, fits)) return carrier;
  }
  return std::nullopt;
}

bool fits_lanes(const CompiledDot& unit) {
  const auto fits = [](const auto& plan) { return lanes_can(*plan); };
  return (!unit.product || lanes_can(*unit.product)) && std::ranges::all_of(unit.sums, fits) &&
         !unit.is_exact();
}

// --- Native arithmetic.

// A matrix in Real, without copying where it is that already; `exact` tells whether it holds the
// same numbers.
template <typename Real>
class NativeMatrix {
 public:
  explicit NativeMatrix(const View& view) : stride_(view.stride) {
    if (view.carrier == carrier_of<Real>) {
      data_ = static_cast<const Real*>(view.data);
      return;
    }
    stride_ = view.columns;
    if constexpr (sizeof(Real) == 8) {
      copy_ = doubles_of(view, false);
    } else {
      narrow(view);
    }
    data_ = copy_.data();
  }

  // A single column is read in order where its elements are neighbours.
  void make_neighbours(std::size_t rows) {
    if (stride_ == 1) return;
    std::vector<Real> column(rows);
    for (std::size_t r = 0; r < rows; ++r) column[r] = data_[r * stride_];
    copy_ = std::move(column);
    stride_ = 1;
    data_ = copy_.data();
  }

  [[nodiscard]] bool exact() const { return exact_; }
  [[nodiscard]] const Real* data() const { return data_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }

 private:
  void narrow(const View& view) {
    const auto* from = static_cast<const double*>(view.data);
    copy_.resize(view.rows * view.columns);
    for (std::size_t r = 0; r < view.rows && exact_; ++r) {
      for (std::size_t c = 0; c < view.columns; ++c) {
        const double x = from[r * view.stride + c];
        const Real narrow = static_cast<Real>(x);
        copy_[r * view.columns + c] = narrow;
        exact_ = exact_ && (narrow == x || x != x);
      }
    }
  }

  std::vector<Real> copy_;
  const Real* data_ = nullptr;
  std::size_t stride_;
  bool exact_ = true;
};

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
  kernels::multiply(tree, {.rows = out.rows, .inner = operands.a.columns, .columns = out.columns},
                    m);
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

void require_shapes(const MatrixOperands& x, const MutableView& out) {
  HALFULP_REQUIRE(x.a.columns == x.b.rows && x.a.rows == out.rows && x.b.columns == out.columns,
                  "multiply: shapes do not match");
  HALFULP_REQUIRE(!x.addend || (x.addend->rows == out.rows && x.addend->columns == out.columns),
                  "multiply: the addend is not as large as the result");
}

}  // namespace

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
  ready->draws = draws_of(tree);
  if (tree.product) ready->product = plan_of(*tree.product);
  for (const Sum& sum : tree.sums) ready->sums.push_back(plan_of(sum.quantizer));
  ready->native = native_carrier(tree);
  ready->fits_lanes = fits_lanes(*ready);
  return {.tree = tree, .engine = engine_name, .compiled = ready};
}

void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                  const MutableView& out) {
  require_shapes(operands, out);
  require_engine(plan.engine, engine_name);
  const auto& ready = *static_cast<const CompiledDot*>(plan.compiled.get());
  require_fits(*ready.sums.front(), out.carrier);
  const StandardEnvironment environment;
  if (multiply_natively(operands, ready, out)) return;
  if (ready.fits_lanes) return multiply_by_lanes(operands, ready, random, out);
  multiply_by_element(operands, ready, random, out);
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

// SPDX-License-Identifier: MIT
//
// Matrix products over a dot unit. Native arithmetic goes to the kernels as it is; dot products
// with an accumulator to lanes that are outputs (dot_lanes.cc), exact sums to a long integer
// (dot_exact.cc), and what neither can do to the scalar path (dot.cc).
#include <array>
#include <memory>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/dot/dot.h"
#include "emulator/environment.h"
#include "emulator/kernels/kernels.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Of `Real`, without copying where the view is of it already.
template <typename Real>
class Operands {
 public:
  explicit Operands(const View& view, bool as_column) : stride_(view.stride) {
    constexpr Carrier own = sizeof(Real) == 4 ? Carrier::binary32 : Carrier::binary64;
    if constexpr (sizeof(Real) == 8) {
      if (view.carrier != own) {
        copy_ = doubles_of(view, false);
        stride_ = view.columns;
        data_ = copy_.data();
        return;
      }
    }
    data_ = static_cast<const Real*>(view.data);
    // A single column is read in order where its elements are neighbours.
    if (!as_column || view.columns != 1 || view.stride == 1) return;
    copy_.resize(view.rows);
    for (std::size_t r = 0; r < view.rows; ++r) copy_[r] = data_[r * view.stride];
    stride_ = 1;
    data_ = copy_.data();
  }

  [[nodiscard]] const Real* data() const { return data_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }

 private:
  std::vector<Real> copy_;
  const Real* data_ = nullptr;
  std::size_t stride_;
};

template <typename Real>
void multiply_natively(const View& a, const View& b, Order order, const MutableView& out) {
  constexpr Carrier own = sizeof(Real) == 4 ? Carrier::binary32 : Carrier::binary64;
  const Operands<Real> left(a, false);
  const Operands<Real> right(b, true);
  std::vector<Real> results;
  kernels::Matrices<Real> m{.a = left.data(),
                            .b = right.data(),
                            .out = static_cast<Real*>(out.data),
                            .a_stride = left.stride(),
                            .b_stride = right.stride(),
                            .out_stride = out.stride};
  if (out.carrier != own) {
    results.resize(out.rows * out.columns);
    m.out = results.data();
    m.out_stride = out.columns;
  }
  const kernels::Shape shape{.rows = out.rows, .inner = a.columns, .columns = out.columns};
  if (order == Order::sequential) {
    kernels::multiply_sequential(shape, m);
  } else {
    kernels::multiply_eight_sums(shape, m);
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    store_result(out, i / out.columns, i % out.columns, static_cast<double>(results[i]));
  }
}

void require_carriers(const View& a, const View& b, const DotUnit& unit, const CompiledDot& ready,
                      const MutableView& out) {
  if (unit.accumulator) {
    HALFULP_REQUIRE(ready.result().fits(out.carrier),
                    "multiply: the result's carrier does not hold every number of " +
                        result_quantizer(unit).format.name);
    return;
  }
  const bool exact = unit.native == Carrier::binary64
                         ? out.carrier == Carrier::binary64
                         : a.carrier == Carrier::binary32 && b.carrier == Carrier::binary32;
  HALFULP_REQUIRE(exact,
                  "multiply: native arithmetic is no wider than its operands' carrier and no "
                  "wider than the result's");
}

}  // namespace

DotPlan prepare_dot(const DotUnit& unit) {
  validate(unit);
  const auto plan_of = [](const std::optional<Quantizer>& quantizer) {
    if (!quantizer) return std::unique_ptr<CompiledPlan>();
    prepare(*quantizer);
    return std::make_unique<CompiledPlan>(*quantizer);
  };
  auto ready = std::make_shared<CompiledDot>();
  ready->order = unit.order;
  ready->chunk = static_cast<std::size_t>(unit.chunk);
  ready->draws = draws_per_term(unit);
  ready->product = plan_of(unit.product);
  ready->accumulator = plan_of(unit.accumulator);
  ready->outer = plan_of(unit.outer);
  return {.unit = unit, .compiled = ready};
}

void multiply(const View& a, const View& b, const DotPlan& plan, const Random& random,
              const MutableView& out) {
  HALFULP_REQUIRE(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns,
                  "multiply: shapes do not match");
  HALFULP_REQUIRE(plan.compiled != nullptr, "a dot plan of another engine, or of none");
  const auto& ready = *static_cast<const CompiledDot*>(plan.compiled.get());
  require_carriers(a, b, plan.unit, ready, out);
  const StandardEnvironment environment;
  if (!ready.accumulator) {
    if (plan.unit.native == Carrier::binary64) {
      multiply_natively<double>(a, b, plan.unit.order, out);
    } else {
      multiply_natively<float>(a, b, plan.unit.order, out);
    }
  } else if (ready.order == Order::exact) {
    multiply_exactly(a, b, ready, random, out);
  } else if (fits_lanes(ready)) {
    multiply_by_lanes(a, b, ready, random, out);
  } else {
    multiply_by_element(a, b, ready, random, out);
  }
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Matrix products over a dot unit. Native arithmetic goes to the kernels as it is. An emulated
// accumulator runs k in order; its lanes are outputs: columns of the result, or rows where there
// are more of those (the transposed problem, in which every product is the same). A step computes
// accumulator + product to odd and rounds it (kernels/operate.cc, kernels/round.cc); elements that
// the lanes mark, and units that they cannot do, take the scalar path.
#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <vector>

#include "emulator/environment.h"
#include "emulator/internal/arrays.h"
#include "emulator/internal/blocks.h"
#include "emulator/internal/operate.h"
#include "emulator/internal/random_bits.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Sums deliver the positive NaN of the carrier, whatever NaN the accumulator's format has.
Operand without_payload(Operand x) {
  if (x.kind != Operand::Class::nan) return x;
  x.negative = false;
  x.significand = 0;
  return x;
}

struct CompiledDot {
  std::unique_ptr<CompiledPlan> product, accumulator;
};

std::uint64_t draw_one(const CompiledPlan& plan, const Random& random, std::uint64_t index) {
  return plan.stochastic() ? random.bits(index, plan.rounding().random_bits) : 0;
}

// One step of one output by the scalar path. index: of the sum's draw.
class ScalarStep {
 public:
  ScalarStep(const CompiledDot& unit, const Random& random) : unit_(unit), random_(random) {}

  [[nodiscard]] Operand operator()(Operand left, Operand right, Operand total,
                                   std::uint64_t index) const {
    const CompiledPlan& accumulator = *unit_.accumulator;
    const CompiledPlan& entry = unit_.product ? *unit_.product : accumulator;
    flush(entry, left);
    flush(entry, right);
    const std::uint64_t bits = draw_one(accumulator, random_, index);
    Outcome sum;
    if (unit_.product) {
      std::array<Operand, 2> factors{left, right};
      const Outcome product =
          operate(Op::multiply, entry.target(), factors, draw_one(entry, random_, index + 1));
      std::array<Operand, 2> terms{total, unpack(entry.quantizer().format, product.code)};
      sum = operate(Op::add, accumulator.target(), terms, bits);
    } else {
      std::array<Operand, 3> terms{left, right, total};
      sum = operate(Op::fused_multiply_add, accumulator.target(), terms, bits);
    }
    return unpack(accumulator.quantizer().format, sum.code);
  }

 private:
  // By the operand's carrier, once; operate() flushes by the format of what it is given.
  static void flush(const CompiledPlan& plan, Operand& x) {
    if (plan.rounding().flush_inputs && x.subnormal) x.kind = Operand::Class::zero;
    x.subnormal = false;
  }

  const CompiledDot& unit_;
  const Random& random_;
};

void store(const MutableView& out, std::size_t row, std::size_t column, double number) {
  const std::size_t place = row * out.stride + column;
  if (number != number) number = std::bit_cast<double>(std::uint64_t{0x7ff8} << 48);
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = static_cast<float>(number);
  } else {
    static_cast<double*>(out.data)[place] = number;
  }
}

void multiply_by_element(const View& a, const View& b, const CompiledDot& unit,
                         const Random& random, const MutableView& out) {
  const ScalarStep step(unit, random);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const std::uint64_t first = (row * out.columns + column) * a.columns * 2;
      Operand total;
      for (std::size_t k = 0; k < a.columns; ++k) {
        total = step(load_operand(a, row, k), load_operand(b, k, column), total, first + 2 * k);
      }
      emulator::store(out, row * out.columns + column, without_payload(total));
    }
  }
}

// A matrix as doubles, transposed or not, row after row without gaps.
std::vector<double> doubles_of(const View& view, bool transposed) {
  std::vector<double> numbers(view.rows * view.columns);
  std::vector<double> row(view.columns);
  for (std::size_t r = 0; r < view.rows; ++r) {
    double* into = transposed ? row.data() : numbers.data() + r * view.columns;
    widen(view, {.row = r, .column = 0, .index = 0, .count = view.columns}, false, into);
    if (!transposed) continue;
    for (std::size_t c = 0; c < view.columns; ++c) numbers[c * view.rows + r] = row[c];
  }
  return numbers;
}

// The lanes of one outer row: at most draw_block outputs, all steps.
class LaneAccumulator {
 public:
  LaneAccumulator(const CompiledDot& unit, const Random& random)
      : unit_(unit),
        random_(random),
        step_(unit, random),
        zero_sum_negative_(unit.accumulator->rounding().mode == Mode::toward_negative) {}

  // factors: inner numbers; lanes: inner rows of lane_stride; draws_: of step 0, moving on by 2.
  void run(std::span<const double> factors, const double* lanes, std::size_t lane_stride,
           Draws draws) {
    count_ = draws.count;
    padded_ = (count_ + padding - 1) / padding * padding;
    std::fill_n(sums_.data(), padded_, 0.0);
    std::fill_n(lane_.data(), padded_, 0.0);
    for (const double factor : factors) {
      std::copy_n(lanes, count_, lane_.data());
      step(factor, lane_.data(), draws);
      lanes += lane_stride;
      draws.first += 2;
    }
  }

  [[nodiscard]] const double* sums() const { return sums_.data(); }

 private:
  void step(double factor, const double* lane, const Draws& draws) {
    std::fill_n(factor_.data(), padded_, factor);
    marked_.clear();
    if (unit_.product) {
      to_odd(Op::multiply, factor_.data(), lane, lane, products_.data());
      round(*unit_.product, draws, 1, products_.data(), products_.data());
      to_odd(Op::add, sums_.data(), products_.data(), lane, exact_.data());
    } else {
      to_odd(Op::fused_multiply_add, factor_.data(), lane, sums_.data(), exact_.data());
    }
    for (Marked& mark : marked_) {
      mark.total = step_(unpack_double(factor), unpack_double(lane[mark.place]),
                         unpack_double(sums_[mark.place]), draws.first + mark.place * draws.stride);
    }
    round(*unit_.accumulator, draws, 0, exact_.data(), sums_.data());
    for (const Marked& mark : marked_) sums_[mark.place] = double_of(without_payload(mark.total));
  }

  // Lanes that come out as NaN are for the scalar path; zeros take their place.
  void to_odd(Op op, const double* a, const double* b, const double* c, double* out) {
    const kernels::OddOptions options{.op = op, .zero_sum_negative = zero_sum_negative_};
    if (!kernels::operate_to_odd(options, a, b, c, padded_, out)) return;
    for (std::size_t i = 0; i < count_; ++i) {
      if (out[i] == out[i]) continue;
      out[i] = 0;
      marked_.push_back({.place = i, .total = {}});
    }
  }

  void round(const CompiledPlan& plan, Draws draws, std::uint64_t move, const double* in,
             double* out) {
    draws.first += move;
    if (plan.stochastic()) draw(random_, plan.rounding().random_bits, draws, bits_.data());
    kernels::round(in, padded_, plan.arithmetic_grid(), bits_.data(), out, nullptr);
  }

  struct Marked {
    std::size_t place = 0;
    Operand total;
  };

  const CompiledDot& unit_;
  const Random& random_;
  ScalarStep step_;
  bool zero_sum_negative_;
  // Whole vectors of any target, so that few lanes cost no copies at the end of an array.
  static constexpr std::size_t padding = 8;
  std::size_t count_ = 0;
  std::size_t padded_ = 0;
  std::array<double, draw_block> factor_, lane_, products_, exact_, sums_;
  std::array<std::uint64_t, draw_block> bits_{};
  std::vector<Marked> marked_;
};

void multiply_by_lanes(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                       const MutableView& out) {
  const bool rows_are_lanes = out.rows > out.columns;
  const std::size_t inner = a.columns;
  const std::size_t lanes = rows_are_lanes ? out.rows : out.columns;
  const std::size_t outer = rows_are_lanes ? out.columns : out.rows;
  const std::vector<double> factors = doubles_of(rows_are_lanes ? b : a, rows_are_lanes);
  const std::vector<double> columns = doubles_of(rows_are_lanes ? a : b, rows_are_lanes);
  const std::uint64_t lane_draws = 2 * inner * (rows_are_lanes ? out.columns : 1);
  const std::uint64_t outer_draws = 2 * inner * (rows_are_lanes ? 1 : out.columns);
  LaneAccumulator accumulator(unit, random);
  for (std::size_t i = 0; i < outer; ++i) {
    for (std::size_t lane = 0; lane < lanes; lane += draw_block) {
      const std::size_t count = std::min(draw_block, lanes - lane);
      accumulator.run(
          std::span(factors).subspan(i * inner, inner), columns.data() + lane, lanes,
          {.first = i * outer_draws + lane * lane_draws, .stride = lane_draws, .count = count});
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t at = lane + k;
        store(out, rows_are_lanes ? at : i, rows_are_lanes ? i : at, accumulator.sums()[k]);
      }
    }
  }
}

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
    store(out, i / out.columns, i % out.columns, static_cast<double>(results[i]));
  }
}

void require_carriers(const View& a, const View& b, const DotUnit& unit, const CompiledDot& ready,
                      const MutableView& out) {
  if (unit.accumulator) {
    HALFULP_REQUIRE(ready.accumulator->fits(out.carrier),
                    "multiply: the result's carrier does not hold every number of " +
                        unit.accumulator->format.name);
    return;
  }
  const bool exact = unit.native == Carrier::binary64
                         ? out.carrier == Carrier::binary64
                         : a.carrier == Carrier::binary32 && b.carrier == Carrier::binary32;
  HALFULP_REQUIRE(exact,
                  "multiply: native arithmetic is no wider than its operands' carrier and no "
                  "wider than the result's");
}

bool lanes_can(const CompiledPlan& plan) {
  return plan.rounds_odd() && !plan.rounding().flush_inputs;
}

}  // namespace

DotPlan prepare_dot(const DotUnit& unit) {
  const auto plan_of = [](const std::optional<Quantizer>& quantizer) {
    if (!quantizer) return std::unique_ptr<CompiledPlan>();
    prepare(*quantizer);
    return std::make_unique<CompiledPlan>(*quantizer);
  };
  auto ready = std::make_shared<CompiledDot>();
  ready->product = plan_of(unit.product);
  ready->accumulator = plan_of(unit.accumulator);
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
  } else if (lanes_can(*ready.accumulator) && (!ready.product || lanes_can(*ready.product))) {
    multiply_by_lanes(a, b, ready, random, out);
  } else {
    multiply_by_element(a, b, ready, random, out);
  }
}

}  // namespace halfulp::emulator

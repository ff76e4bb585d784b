// SPDX-License-Identifier: MIT
#include "emulator/dot/lanes.h"

#include <algorithm>
#include <span>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/results.h"
#include "emulator/dot/dot.h"
#include "emulator/kernels/orders.h"
#include "emulator/operations/operate.h"

namespace halfulp::emulator {

bool lanes_can(const CompiledPlan& plan) {
  return plan.rounds_odd() && !plan.rounding().flush_inputs;
}

void Lanes::resize(std::size_t count) {
  count_ = count;
  padded_ = (count + padding - 1) / padding * padding;
}

std::uint64_t Lanes::draw_one(const CompiledPlan& plan, const Draws& draws,
                              std::size_t place) const {
  const std::uint64_t index = draws.first + place * draws.stride;
  return plan.stochastic() ? random_.bits(index, plan.rounding().random_bits) : 0;
}

// exact_ into out, then what has been marked.
void Lanes::round(const CompiledPlan& plan, const Draws& draws, double* out) {
  if (plan.stochastic()) draw(random_, plan.rounding().random_bits, draws, bits_.data());
  round_results(plan, exact_.data(), padded_, bits_.data(), out, nullptr);
  for (const Marked& mark : marked_) out[mark.place] = mark.number;
}

// Lanes that come out as NaN are for the scalar path; zeros take their place.
void Lanes::operate(Op op, const CompiledPlan& plan, const Draws& draws,
                    const std::array<const double*, 3>& in, double* out) {
  marked_.clear();
  const kernels::OddOptions options{
      .op = op, .zero_sum_negative = plan.rounding().mode == Mode::toward_negative};
  if (kernels::operate_to_odd(options, in[0], in[1], in[2], padded_, exact_.data())) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (exact_[i] == exact_[i]) continue;
      std::array<Operand, 3> operands;
      for (std::size_t j = 0; j < 3; ++j) operands[j] = unpack_double(in[j][i]);
      const std::span<Operand> taken(operands.data(), static_cast<std::size_t>(arity(op)));
      const Outcome outcome = emulator::operate(op, plan.target(), taken, draw_one(plan, draws, i));
      marked_.push_back({i, double_of(unpack(plan.quantizer().format, outcome.code))});
      exact_[i] = 0;
    }
  }
  round(plan, draws, out);
}

void Lanes::convert(const CompiledPlan& plan, const Draws& draws, const double* in, double* out) {
  marked_.clear();
  std::copy_n(in, padded_, exact_.data());
  for (std::size_t i = 0; i < count_; ++i) {
    if (exact_[i] == exact_[i]) continue;
    const Outcome outcome =
        round_operand(plan.target(), unpack_double(exact_[i]), draw_one(plan, draws, i));
    marked_.push_back({i, double_of(unpack(plan.quantizer().format, outcome.code))});
    exact_[i] = 0;
  }
  round(plan, draws, out);
}

namespace {

using kernels::HWY_NAMESPACE::At;
using kernels::HWY_NAMESPACE::Walker;

// An arithmetic of at most draw_segment results (kernels/orders.h): columns of a row, or rows of a
// column. Every rounding is of numbers that binary64 holds, computed to odd and rounded
// (kernels/operate.cc, kernels/round.cc).
class LaneArithmetic {
 public:
  // Up to padded() of them count.
  struct Number {
    Lanes::Numbers lanes;
    [[nodiscard]] const double* data() const { return lanes.data(); }
    double* data() { return lanes.data(); }
  };
  // What the results have in common and what they do not: term k is factors[k] times the numbers
  // from columns + k * stride on. addends: as many as there are lanes, or null. draws: of term 0.
  struct Operands {
    const double* factors = nullptr;
    const double* columns = nullptr;
    std::size_t stride = 0;
    const double* addends = nullptr;
    Draws draws;
  };

  LaneArithmetic(const CompiledDot& unit, const Random& random) : unit_(unit), lanes_(random) {}

  void move(const Operands& operands) {
    operands_ = operands;
    lanes_.resize(operands.draws.count);
    zero(column_);
  }

  void zero(Number& out) const { std::fill_n(out.data(), lanes_.padded(), 0.0); }
  void copy(const Number& x, Number& out) const {
    std::copy_n(x.data(), lanes_.padded(), out.data());
  }
  void negate(const Number& x, Number& out) const {
    for (std::size_t i = 0; i < lanes_.padded(); ++i) {
      const bool finite = x.data()[i] - x.data()[i] == 0;
      out.data()[i] = finite ? -x.data()[i] : -0.0;
    }
  }
  void addend(Number& out) const {
    zero(out);
    std::copy_n(operands_.addends, operands_.draws.count, out.data());
  }

  void term(std::size_t node, std::size_t k, Number& out) {
    load_term(k);
    if (!unit_.product) return operate(Op::multiply, At{node, 0, k}, factor_, column_, out);
    round_product(k);
    convert(At{node, 0, k}, product_, out);
  }
  void plus_term(std::size_t node, std::size_t k, const Number& x, Number& out) {
    load_term(k);
    const At at{node, 0, k};
    if (unit_.product) {
      round_product(k);
      return operate(Op::add, at, x, product_, out);
    }
    lanes_.operate(Op::fused_multiply_add, *unit_.sums[node], draws(k, 0),
                   {factor_.data(), column_.data(), x.data()}, out.data());
  }
  void convert(const At& at, const Number& x, Number& out) {
    lanes_.convert(*unit_.sums[at.node], draws(at.k, at.draw), x.data(), out.data());
  }
  void add(const At& at, const Number& x, const Number& y, Number& out) {
    operate(Op::add, at, x, y, out);
  }
  void subtract(const At& at, const Number& x, const Number& y, Number& out) {
    operate(Op::subtract, at, x, y, out);
  }
  // Of exact sums, which do not come here.
  void at_once(std::size_t /*node*/, const TermList& /*terms*/, bool /*with_addend*/,
               Number& out) const {
    zero(out);
  }

 private:
  [[nodiscard]] Draws draws(std::size_t k, std::uint64_t number) const {
    const Draws& first = operands_.draws;
    return {first.first + k * unit_.draws.per_term + number, first.stride, first.count};
  }
  void operate(Op op, const At& at, const Number& x, const Number& y, Number& out) {
    lanes_.operate(op, *unit_.sums[at.node], draws(at.k, at.draw), {x.data(), y.data(), y.data()},
                   out.data());
  }
  void load_term(std::size_t k) {
    std::fill_n(factor_.data(), lanes_.padded(), operands_.factors[k]);
    std::copy_n(operands_.columns + k * operands_.stride, operands_.draws.count, column_.data());
  }
  void round_product(std::size_t k) {
    lanes_.operate(Op::multiply, *unit_.product, draws(k, unit_.draws.product),
                   {factor_.data(), column_.data(), column_.data()}, product_.data());
  }

  const CompiledDot& unit_;
  Lanes lanes_;
  Operands operands_;
  Number factor_, column_, product_;
};

}  // namespace

// Lanes are columns of the result, or rows where there are more of those (the transposed problem,
// in which every product is the same).
void multiply_by_lanes(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random, const MutableView& out) {
  const bool rows_are_lanes = out.rows > out.columns;
  const std::size_t inner = operands.a.columns;
  const std::size_t lanes = rows_are_lanes ? out.rows : out.columns;
  const std::size_t outer = rows_are_lanes ? out.columns : out.rows;
  const View& of_outer = rows_are_lanes ? operands.b : operands.a;
  const View& of_lanes = rows_are_lanes ? operands.a : operands.b;
  const std::vector<double> factors = doubles_of(of_outer, rows_are_lanes);
  const std::vector<double> columns = doubles_of(of_lanes, rows_are_lanes);
  std::vector<double> addends;
  if (operands.addend) addends = doubles_of(*operands.addend, rows_are_lanes);
  const std::uint64_t of_result = unit.draws.per_term * std::max<std::size_t>(inner, 1);
  const std::uint64_t lane_draws = of_result * (rows_are_lanes ? out.columns : 1);
  const std::uint64_t outer_draws = of_result * (rows_are_lanes ? 1 : out.columns);
  LaneArithmetic arithmetic(unit, random);
  Walker<LaneArithmetic> walker(arithmetic, unit.tree);
  LaneArithmetic::Number results;
  for (std::size_t i = 0; i < outer; ++i) {
    for (std::size_t lane = 0; lane < lanes; lane += draw_segment) {
      const std::size_t count = std::min(draw_segment, lanes - lane);
      const Draws draws{i * outer_draws + lane * lane_draws, lane_draws, count};
      arithmetic.move({.factors = factors.data() + i * inner,
                       .columns = columns.data() + lane,
                       .stride = lanes,
                       .addends = operands.addend ? addends.data() + i * lanes + lane : nullptr,
                       .draws = draws});
      walker.run(inner, operands.addend.has_value(), results);
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t at = lane + k;
        store_result(out, rows_are_lanes ? at : i, rows_are_lanes ? i : at, results.data()[k]);
      }
    }
  }
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Dot products whose lanes are results: columns of the result, or rows where there are more of
// those (the transposed problem, in which every product is the same). Every rounding is of numbers
// that binary64 holds, computed to odd and rounded (kernels/operate.cc, kernels/round.cc).
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/results.h"
#include "emulator/dot/dot.h"
#include "emulator/operations/operate.h"

namespace halfulp::emulator {

bool lanes_can(const CompiledPlan& plan) {
  return plan.rounds_odd() && !plan.rounding().flush_inputs;
}

bool fits_lanes(const CompiledDot& unit) {
  const auto fits = [](const auto& plan) { return !plan || lanes_can(*plan); };
  return fits(unit.accumulator) && fits(unit.product) && fits(unit.outer);
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

using Numbers = Lanes::Numbers;

// The lanes of one outer row: at most draw_block outputs, all terms.
class LaneDot {
 public:
  LaneDot(const CompiledDot& unit, const Random& random)
      : unit_(unit), accumulator_(*unit.accumulator), lanes_(random) {}

  // factors: as many numbers as there are terms; columns: as many rows of column_stride; draws: of
  // the first term. Answers draws.count results.
  const double* run(std::span<const double> factors, const double* columns,
                    std::size_t column_stride, const Draws& draws) {
    lanes_.resize(draws.count);
    factors_ = factors;
    columns_ = columns;
    column_stride_ = column_stride;
    draws_ = draws;
    switch (unit_.order) {
      case Order::pairwise:
        return pairwise();
      case Order::chunked:
        return chunked();
      case Order::compensated:
        return compensated();
      default:
        sequential(0, factors.size());
        return sum_.data();
    }
  }

 private:
  [[nodiscard]] Draws draws(std::size_t k, std::uint64_t move) const {
    return {draws_.first + k * unit_.draws + move, draws_.stride, draws_.count};
  }
  void clear(Numbers& numbers) { std::fill_n(numbers.data(), lanes_.padded(), 0.0); }

  // A(a op b)
  void apply(Op op, std::size_t k, std::uint64_t move, const Numbers& a, const Numbers& b,
             Numbers& out) {
    lanes_.operate(op, accumulator_, draws(k, move), {a.data(), b.data(), b.data()}, out.data());
  }
  void load_term(std::size_t k) {
    std::fill_n(factor_.data(), lanes_.padded(), factors_[k]);
    std::copy_n(columns_ + k * column_stride_, draws_.count, column_.data());
  }
  void round_product(std::size_t k) {
    lanes_.operate(Op::multiply, *unit_.product, draws(k, 1),
                   {factor_.data(), column_.data(), column_.data()}, product_.data());
  }
  // out = A(p[k])
  void term(std::size_t k, Numbers& out) {
    load_term(k);
    if (!unit_.product) return apply(Op::multiply, k, 0, factor_, column_, out);
    round_product(k);
    lanes_.convert(accumulator_, draws(k, 0), product_.data(), out.data());
  }
  // out = A(p[k] + addend)
  void plus_term(std::size_t k, const Numbers& addend, Numbers& out) {
    load_term(k);
    if (unit_.product) {
      round_product(k);
      return apply(Op::add, k, 0, addend, product_, out);
    }
    lanes_.operate(Op::fused_multiply_add, accumulator_, draws(k, 0),
                   {factor_.data(), column_.data(), addend.data()}, out.data());
  }

  // Into sum_.
  void sequential(std::size_t begin, std::size_t end) {
    clear(sum_);
    std::fill_n(column_.data(), lanes_.padded(), 0.0);
    for (std::size_t k = begin; k < end; ++k) plus_term(k, sum_, sum_);
  }

  const double* chunked() {
    const CompiledPlan& outer = unit_.result();
    clear(total_);
    for (std::size_t begin = 0, end = 0; begin < factors_.size(); begin = end) {
      end = begin + std::min(unit_.chunk, factors_.size() - begin);
      sequential(begin, end);
      lanes_.operate(Op::add, outer, draws(begin, 2), {total_.data(), sum_.data(), sum_.data()},
                     total_.data());
    }
    return total_.data();
  }

  // As in dot.cc.
  const double* pairwise() {
    clear(column_);
    std::size_t depth = 0;
    const auto add_last_two = [&] {
      --depth;
      apply(Op::add, waiting_[depth].begin, 2, waiting_[depth - 1].sum, waiting_[depth].sum,
            waiting_[depth - 1].sum);
    };
    for (std::size_t k = 0; k < factors_.size(); ++k) {
      if (depth == waiting_.size()) waiting_.emplace_back();
      waiting_[depth].begin = k;
      term(k, waiting_[depth++].sum);
      for (std::size_t n = k + 1; n % 2 == 0; n /= 2) add_last_two();
    }
    while (depth > 1) add_last_two();
    if (depth == 1) return waiting_[0].sum.data();
    clear(sum_);
    return sum_.data();
  }

  const double* compensated() {
    clear(column_);
    clear(sum_);
    clear(minus_c_);
    for (std::size_t i = 0; i < lanes_.padded(); ++i) minus_c_[i] = -0.0;
    for (std::size_t k = 0; k < factors_.size(); ++k) {
      plus_term(k, minus_c_, y_);
      apply(Op::add, k, 2, sum_, y_, total_);
      apply(Op::subtract, k, 3, total_, sum_, change_);
      apply(Op::subtract, k, 4, change_, y_, change_);
      for (std::size_t i = 0; i < lanes_.padded(); ++i) {
        const bool finite = change_[i] - change_[i] == 0;
        minus_c_[i] = finite ? -change_[i] : -0.0;
      }
      std::copy_n(total_.data(), lanes_.padded(), sum_.data());
    }
    return sum_.data();
  }

  struct Waiting {
    Numbers sum{};
    std::size_t begin = 0;  // its first term
  };

  const CompiledDot& unit_;
  const CompiledPlan& accumulator_;
  Lanes lanes_;
  std::span<const double> factors_;
  const double* columns_ = nullptr;
  std::size_t column_stride_ = 0;
  Draws draws_;
  Numbers factor_{}, column_{}, product_{}, sum_{}, total_{}, y_{}, change_{}, minus_c_{};
  std::vector<Waiting> waiting_;
};

}  // namespace

void multiply_by_lanes(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                       const MutableView& out) {
  const bool rows_are_lanes = out.rows > out.columns;
  const std::size_t inner = a.columns;
  const std::size_t lanes = rows_are_lanes ? out.rows : out.columns;
  const std::size_t outer = rows_are_lanes ? out.columns : out.rows;
  const std::vector<double> factors = doubles_of(rows_are_lanes ? b : a, rows_are_lanes);
  const std::vector<double> columns = doubles_of(rows_are_lanes ? a : b, rows_are_lanes);
  const std::uint64_t of_result = unit.draws * inner;
  const std::uint64_t lane_draws = of_result * (rows_are_lanes ? out.columns : 1);
  const std::uint64_t outer_draws = of_result * (rows_are_lanes ? 1 : out.columns);
  LaneDot dot(unit, random);
  for (std::size_t i = 0; i < outer; ++i) {
    for (std::size_t lane = 0; lane < lanes; lane += draw_block) {
      const std::size_t count = std::min(draw_block, lanes - lane);
      const double* results = dot.run(
          std::span(factors).subspan(i * inner, inner), columns.data() + lane, lanes,
          {.first = i * outer_draws + lane * lane_draws, .stride = lane_draws, .count = count});
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t at = lane + k;
        store_result(out, rows_are_lanes ? at : i, rows_are_lanes ? i : at, results[k]);
      }
    }
  }
}

}  // namespace halfulp::emulator

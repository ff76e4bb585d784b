// SPDX-License-Identifier: MIT
#include "emulator/dot/lanes.h"

#include <algorithm>
#include <span>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/results.h"
#include "emulator/kernels/kernels.h"
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
  if (!plan.stochastic()) return 0;
  return random_.bits(index, drawn_) >> (drawn_ - plan.rounding().random_bits);
}

// exact_ into out, then what has been marked. What is rounded one by one is not padded.
void Lanes::round(const CompiledPlan& plan, const Draws& draws, double* out) {
  if (plan.stochastic()) {
    draw(random_, drawn_, draws, bits_.data());
    const int left_over = drawn_ - plan.rounding().random_bits;
    if (left_over > 0)
      for (std::size_t i = 0; i < draws.count; ++i) bits_[i] >>= left_over;
  }
  const std::size_t rounded = plan.grid64() != nullptr ? padded_ : count_;
  round_results(plan, exact_.data(), rounded, bits_.data(), out, nullptr);
  std::fill(out + rounded, out + padded_, 0.0);
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

}  // namespace halfulp::emulator

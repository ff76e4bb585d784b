// SPDX-License-Identifier: MIT
//
// How QuotientBlocks (quotient.h) finds the scales of a row of blocks on lanes of doubles: the
// largest magnitudes, what the rule asks for (their quotient by the element's largest number and by
// the scales around), that rounded to the scale's format, and what elements are divided by. A step
// that cannot be decided on lanes delivers NaN; then every comparison below is false and the block
// goes the exact way.
#include <bit>
#include <cmath>
#include <limits>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/results.h"
#include "emulator/blocks/peer_steps.h"
#include "emulator/blocks/quotient.h"
#include "emulator/blocks/quotient_steps.h"
#include "emulator/scalar/exact.h"

namespace halfulp::emulator {
namespace {

using How = Former::How;

constexpr double largest_binary32 = 0x1.fffffep127;

}  // namespace

// Largest magnitudes as doubles; NaN where a block holds an infinity or NaN.
void QuotientBlocks::find_largest(std::size_t first, std::size_t count) {
  const bool flush = plan_.element().rounding().flush_inputs;
  const Partition& cut = scales_.innermost();
  if (transfer_.in.carrier == Carrier::binary32) {
    const auto found = floats_.find(transfer_.in, cut, first, count, flush);
    for (std::size_t k = 0; k < count; ++k) {
      largest_[k] = static_cast<double>(std::bit_cast<float>(found[k]));
    }
  } else {
    const auto found = doubles_.find(transfer_.in, cut, first, count, flush);
    for (std::size_t k = 0; k < count; ++k) largest_[k] = std::bit_cast<double>(found[k]);
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (std::isinf(largest_[k])) largest_[k] = std::numeric_limits<double>::quiet_NaN();
  }
}

// What blocks of one level around share.
void QuotientBlocks::read_around(std::size_t block) {
  const Operand& around = scales_.around(block);
  if (&around == around_) return;
  around_ = &around;
  const double none = std::numeric_limits<double>::quiet_NaN();
  const CompiledLevel& level = plan_.level(plan_.levels() - 1);
  const Operand& m = level.multiplied();
  outer_scale_ = double_in_range(around).value_or(none);
  Operand divisor = around;
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      divisor = encoding_step(scales_.largest_around(block),
                              {&plan_.level(0), &plan_.level(plan_.levels() - 1)});
      break;
    case Arithmetic::torchao:
      divisor = m;
      break;
    case Arithmetic::modelopt:
      divisor = binary32(Op::multiply, m, around);
      break;
    default:
      if (level.level().rule == ScaleRule::largest) break;
      divisor = level.level().division == Division::binary32_reciprocal
                    ? binary32(Op::divide, one_operand(), m)
                    : product_of(m, around);
  }
  divisor_ = double_in_range(divisor).value_or(none);
}

// What is asked of the scales, to odd or in binary32, from the largest magnitudes.
void QuotientBlocks::asked_on_lanes(std::size_t first, std::size_t count) {
  const bool shared = scales_.share_around(first, first + count - 1);
  for (std::size_t k = 0; k < count; ++k) {
    if (k == 0 || !shared) read_around(first + k);
    by_[k] = divisor_;
    outer_[k] = outer_scale_;
  }
  const Level& level = plan_.level(plan_.levels() - 1).level();
  const auto clamp = [&](double least, double most) {
    for (std::size_t k = 0; k < count; ++k) asked_[k] = std::clamp(asked_[k], least, most);
  };
  const auto least_number = [&](const Operand& x) { return double_of(x); };
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      step32(Op::multiply, largest_.data(), by_.data(), count, asked_.data());
      return clamp(0, largest_binary32);
    case Arithmetic::torchao:
      step32(Op::divide, largest_.data(), by_.data(), count, asked_.data());
      step32(Op::divide, asked_.data(), outer_.data(), count, asked_.data());
      return clamp(least_number(plan_.level(1).least_normal()),
                   std::numeric_limits<double>::infinity());
    case Arithmetic::modelopt:
      step32(Op::divide, largest_.data(), by_.data(), count, asked_.data());
      for (std::size_t k = 0; k < count; ++k) {
        if (asked_[k] == 0) by_[k] = std::numeric_limits<double>::quiet_NaN();
      }
      return clamp(least_number(plan_.level(1).least()), std::numeric_limits<double>::infinity());
    default:
      break;
  }
  const bool multiplies =
      level.rule == ScaleRule::ratio && level.division == Division::binary32_reciprocal;
  const bool exact = level.rule == ScaleRule::largest || level.division == Division::exact;
  const Op op = multiplies ? Op::multiply : Op::divide;
  (exact ? step_to_odd : step32)(op, largest_.data(), by_.data(), count, asked_.data());
}

void QuotientBlocks::round_scales(std::size_t first, std::size_t count) {
  const CompiledPlan& scale = plan_.level(plan_.levels() - 1).plan();
  if (scale.stochastic()) {
    draw(scales_.draws(), scale.rounding().random_bits, {scales_.first_draw() + first, 1, count},
         draws_.data());
  }
  if (transfer_.codes != nullptr) {
    kernels::encode(asked_.data(), count, scale.arithmetic_grid(), draws_.data(), codes_.data());
    std::vector<Code>& codes = transfer_.codes->scales.back();
    for (std::size_t k = 0; k < count; ++k) codes[first + k] = codes_[k];
  }
  kernels::round(asked_.data(), count, scale.arithmetic_grid(), draws_.data(), scale_.data(),
                 nullptr);
}

// What elements are divided (multiplied) by, from the scales.
void QuotientBlocks::divisors_on_lanes(std::size_t count) {
  static constexpr Doubles ones = [] {
    Doubles all{};
    all.fill(1);
    return all;
  }();
  for (std::size_t k = 0; k < count; ++k) total_[k] = outer_[k] * scale_[k];
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      step32(Op::multiply, scale_.data(), outer_.data(), count, by_.data());
      step32(Op::divide, ones.data(), by_.data(), count, by_.data());
      for (std::size_t k = 0; k < count; ++k) by_[k] = std::min(by_[k], largest_binary32);
      return;
    case Arithmetic::torchao:
      step32(Op::divide, ones.data(), outer_.data(), count, by_.data());
      step32(Op::divide, by_.data(), scale_.data(), count, by_.data());
      return;
    case Arithmetic::modelopt:
      step32(Op::multiply, scale_.data(), outer_.data(), count, by_.data());
      return;
    default:
      break;
  }
  if (quotients_.how == How::multiply32) {
    step32(Op::divide, ones.data(), total_.data(), count, by_.data());
  } else {
    by_ = total_;
  }
}

// A block of zeros stays one, whatever its scale, unless a divisor in binary32 may be zero, or its
// reciprocal infinite: 0 / 0 and 0 times infinity are NaN.
bool QuotientBlocks::keeps_zeros(double outer) const {
  if (!quotients_.zero_block || outer != outer) return false;
  if (quotients_.how == How::divide || quotients_.zero_block->scale == 0) return true;
  constexpr double least_divisor = 0x1p-127;
  return outer >= least_divisor && outer * quotients_.zero_block->scale >= least_divisor;
}

// 1. A block of which a step is undecided, NaN, is not for lanes: no comparison with NaN holds.
// 2. The scale of a block that stays zeros counts as one.
void QuotientBlocks::scales_on_lanes(std::size_t first, std::size_t count) {
  exact_.clear();
  asked_on_lanes(first, count);
  std::array<bool, draw_segment> decided;
  for (std::size_t k = 0; k < count; ++k) decided[k] = by_[k] == by_[k];
  round_scales(first, count);
  divisors_on_lanes(count);
  for (std::size_t k = 0; k < count; ++k) {
    const bool ready =
        decided[k] && asked_[k] == asked_[k] && in_range(total_[k]) && in_range(by_[k]);
    lane_scales_[k] = {.total = total_[k], .by = by_[k], .on_lanes = ready};
    if (largest_[k] == 0 && keeps_zeros(outer_[k])) {
      lane_scales_[k] = {.total = 1, .by = 1, .on_lanes = true};
      if (transfer_.codes != nullptr)
        transfer_.codes->scales.back()[first + k] = quotients_.zero_block->code;
    }
  }
}

void QuotientBlocks::exact_scales(std::size_t first, std::size_t count) {
  exact_.clear();
  for (std::size_t k = 0; k < count; ++k) {
    exact_.push_back(scales_.exact(first + k));
    const auto total = double_in_range(exact_[k].total);
    const auto by = double_in_range(exact_[k].former.by);
    lane_scales_[k] = {.total = total.value_or(1),
                       .by = by.value_or(1),
                       .on_lanes = total && by && exact_[k].former.how == quotients_.how &&
                                   (exact_[k].ordinary || !is_narrow_)};
  }
}

}  // namespace halfulp::emulator

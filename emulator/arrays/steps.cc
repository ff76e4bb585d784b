// SPDX-License-Identifier: MIT
#include "emulator/arrays/steps.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "emulator/arrays/arrays.h"

namespace halfulp::emulator {
namespace {

template <typename Bits>
using RealOf = std::conditional_t<sizeof(Bits) == 4, float, double>;

template <typename Bits>
constexpr Bits infinity_of = std::bit_cast<Bits>(std::numeric_limits<RealOf<Bits>>::infinity());
template <typename Bits>
constexpr Bits quiet_nan_of = std::bit_cast<Bits>(std::numeric_limits<RealOf<Bits>>::quiet_NaN());
template <typename Bits>
constexpr Bits sign_of = Bits{1} << (8 * sizeof(Bits) - 1);

template <typename Bits>
typename Steps<Bits>::Step step_at(const CompiledPlan& plan, Bits pattern) {
  typename Steps<Bits>::Step step;
  const auto number = std::bit_cast<RealOf<Bits>>(pattern);
  const Operand x = load_number(plan, view_of(std::span(&number, 1)), 0, 0);
  Counts counts;
  const Outcome outcome = Elements(plan.target(), Random{}, &counts).round(x, 0);
  RealOf<Bits> value = 0;
  store(view_of(std::span(&value, 1)), 0, delivered(plan, outcome, nan_is_negative(plan, x)));
  step.value = std::bit_cast<Bits>(value);
  step.code = static_cast<std::uint16_t>(outcome.code);
  step.saturated = static_cast<std::uint8_t>(counts.saturated);
  step.flushed = static_cast<std::uint8_t>(counts.flushed);
  step.inexact = static_cast<std::uint8_t>(counts.inexact);
  return step;
}

// The patterns before which a run may end wherever the result turns, in increasing order. Between
// two of them the result turns in one place at most: the format's numbers are among them, on both
// sides of zero where a negative number is delivered as its magnitude.
template <typename Bits>
std::vector<Bits> fixed_points(const CompiledPlan& plan) {
  std::vector<Bits> points;
  for (const Bits sign : {Bits{0}, sign_of<Bits>}) {
    points.push_back(sign);
    points.push_back(sign | 1);
    points.push_back(sign | infinity_of<Bits>);
    points.push_back((sign | infinity_of<Bits>)+1);
    points.push_back(sign | quiet_nan_of<Bits>);
  }
  for (const double number :
       plan.decoded(sizeof(Bits) == 4 ? Carrier::binary32 : Carrier::binary64)) {
    if (!std::isfinite(number)) continue;
    const Bits point = std::bit_cast<Bits>(static_cast<RealOf<Bits>>(number));
    points.push_back(point);
    if (drops_sign(plan.quantizer())) points.push_back(point ^ sign_of<Bits>);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace

template <typename Bits>
void Steps<Bits>::add(Bits begin, const Step& step) {
  if (!steps_.empty() && steps_.back() == step) return;
  begins_.push_back(begin);
  steps_.push_back(step);
}

// The turns in (low, high]; the last step added is that of low. Most often there is one, in the
// middle: its other side is asked at once, where bisection would ask as many times as a pattern has
// bits.
template <typename Bits>
void Steps<Bits>::find_turns(const CompiledPlan& plan, Bits low, Bits high, const Step& at_high) {
  if (steps_.back() == at_high) return;
  if (high - low == 1) return add(high, at_high);
  const Bits middle = low + (high - low) / 2;
  const Step at_middle = step_at(plan, middle);
  if (at_middle == at_high) {
    find_turns(plan, low, middle - 1, step_at(plan, middle - 1));
    return add(middle, at_middle);
  }
  find_turns(plan, low, middle, at_middle);
  add(middle + 1, step_at(plan, middle + 1));
  find_turns(plan, middle + 1, high, at_high);
}

template <typename Bits>
Steps<Bits>::Steps(const CompiledPlan& plan) {
  const std::vector<Bits> points = fixed_points<Bits>(plan);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Bits last = (i + 1 < points.size() ? points[i + 1] : Bits{0}) - 1;
    add(points[i], step_at(plan, points[i]));
    if (last == points[i]) continue;
    add(points[i] + 1, step_at(plan, points[i] + 1));
    find_turns(plan, points[i] + 1, last, step_at(plan, last));
  }
  constexpr std::size_t buckets = std::size_t{1} << bucket_bits;
  first_.reserve(buckets + 1);
  std::uint32_t run = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const auto least = static_cast<Bits>(Bits{static_cast<Bits>(bucket)} << bucket_shift);
    while (run + 1 < begins_.size() && begins_[run + 1] <= least) ++run;
    first_.push_back(run);
  }
  first_.push_back(static_cast<std::uint32_t>(begins_.size() - 1));
}

template class Steps<std::uint32_t>;
template class Steps<std::uint64_t>;

}  // namespace halfulp::emulator

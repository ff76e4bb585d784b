// SPDX-License-Identifier: MIT
#include "emulator/arrays/steps.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/elements.h"
#include "emulator/scalar/logarithmic/logarithmic.h"
#include "formats/codes.h"

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

// The patterns before which a run may end wherever the result turns, in increasing order. Between
// two of them the result turns in one place at most: the format's numbers are among them, on both
// sides of zero where a negative number is delivered as its magnitude.
template <typename Bits>
std::vector<Bits> fixed_points(const Quantizer& quantizer) {
  std::vector<Bits> points;
  for (const Bits sign : {Bits{0}, sign_of<Bits>}) {
    points.push_back(sign);
    points.push_back(sign | 1);
    points.push_back(sign | infinity_of<Bits>);
    points.push_back((sign | infinity_of<Bits>)+1);
    points.push_back(sign | quiet_nan_of<Bits>);
  }
  for (const double number : carried_numbers(quantizer.format, carrier_of<Bits>)) {
    if (!std::isfinite(number)) continue;
    const Bits point = std::bit_cast<Bits>(static_cast<RealOf<Bits>>(number));
    points.push_back(point);
    if (drops_sign(quantizer)) points.push_back(point ^ sign_of<Bits>);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace

template <typename Bits>
class Rounder {
 public:
  explicit Rounder(const Target& target)
      : target_(target), irrational_(!is_dyadic(target.quantizer->format)) {}

  [[nodiscard]] typename Steps<Bits>::Step operator()(Bits pattern) const {
    const auto number = std::bit_cast<RealOf<Bits>>(pattern);
    Operand x = load_operand(view_of(std::span(&number, 1)), 0, 0);
    if (irrational_) x = number_of(target_, carrier_of<Bits>, x);
    Counts counts;
    const Outcome outcome = Elements(target_, Random{}, &counts).round(x, 0);
    const Quantizer& quantizer = *target_.quantizer;
    RealOf<Bits> value = 0;
    store(view_of(std::span(&value, 1)), 0,
          delivered(quantizer.format, outcome, nan_is_negative(quantizer.rounding, x)));
    return {.value = std::bit_cast<Bits>(value),
            .code = static_cast<std::uint16_t>(outcome.code),
            .saturated = static_cast<std::uint8_t>(counts.saturated),
            .flushed = static_cast<std::uint8_t>(counts.flushed),
            .inexact = static_cast<std::uint8_t>(counts.inexact)};
  }

 private:
  const Target& target_;
  bool irrational_;
};

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
void Steps<Bits>::find_turns(const Rounder<Bits>& rounder, Bits low, Bits high,
                             const Step& at_high) {
  if (steps_.back() == at_high) return;
  if (high - low == 1) return add(high, at_high);
  const Bits middle = low + (high - low) / 2;
  const Step at_middle = rounder(middle);
  if (at_middle == at_high) {
    find_turns(rounder, low, middle - 1, rounder(middle - 1));
    return add(middle, at_middle);
  }
  find_turns(rounder, low, middle, at_middle);
  add(middle + 1, rounder(middle + 1));
  find_turns(rounder, middle + 1, high, at_high);
}

template <typename Bits>
Steps<Bits>::Steps(const Target& target) {
  const Rounder<Bits> rounder(target);
  const std::vector<Bits> points = fixed_points<Bits>(*target.quantizer);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Bits last = (i + 1 < points.size() ? points[i + 1] : Bits{0}) - 1;
    add(points[i], rounder(points[i]));
    if (last == points[i]) continue;
    add(points[i] + 1, rounder(points[i] + 1));
    find_turns(rounder, points[i] + 1, last, rounder(last));
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

template <typename Bits>
std::vector<typename Steps<Bits>::Change> Steps<Bits>::changes() const {
  std::vector<Change> all;
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    if (all.empty() || all.back().value != steps_[i].value)
      all.push_back({.begin = begins_[i], .value = steps_[i].value});
  }
  return all;
}

std::uint32_t rounded_pattern(const Target& target, std::uint32_t pattern) {
  return Rounder<std::uint32_t>(target)(pattern).value;
}

template class Steps<std::uint32_t>;
template class Steps<std::uint64_t>;

}  // namespace halfulp::emulator

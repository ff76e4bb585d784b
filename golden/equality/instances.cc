// SPDX-License-Identifier: MIT
#include "golden/equality/instances.h"

#include <array>

namespace halfulp::equality {
namespace {

// Half of the time a peer's overflow rule, else every axis by itself.
template <typename Below>
Overflow draw_overflow(const Below& below) {
  if (below(2) != 0) return overflow_presets()[below(overflow_presets().size())].rule;
  Overflow rule;
  rule.finite = static_cast<Overflow::Finite>(below(2));
  rule.infinite = static_cast<Overflow::Infinite>(below(4));
  rule.missing_infinity = static_cast<Overflow::Missing>(below(2));
  rule.directed = below(2) != 0;
  rule.negative = static_cast<Overflow::Negative>(below(4));
  rule.missing_nan = static_cast<Overflow::Nan>(below(5));
  rule.to_odd = static_cast<Overflow::ToOdd>(below(3));
  rule.missing_zero = static_cast<Overflow::NoZero>(below(3));
  return rule;
}

// Either generator, by the toss of a coin at the instance's number.
Generator toss_generator(const Random& dice, std::size_t number) {
  constexpr std::uint64_t coins = std::uint64_t{1} << 40;
  return dice.bits(coins + number, 1) != 0 ? Generator::splitmix64 : Generator::philox4x32_10;
}

}  // namespace

std::vector<Instance> instances_of(const Format& format, std::uint64_t number,
                                   const std::vector<Mode>& modes) {
  constexpr std::array<int, 14> widths{32, 8, 1, 16, 24, 2, 23, 12, 3, 31, 33, 48, 64, 7};
  const Random dice{.seed = draw_seed + 1, .stream = number};
  std::uint64_t next = 0;
  const auto below = [&](std::uint64_t bound) { return dice.word(next++) % bound; };
  std::vector<Instance> instances;
  for (const Mode mode : modes) {
    Instance instance{.quantizer = {.format = format, .rounding = {}}, .extremes = true};
    instance.quantizer.rounding.mode = mode;
    instance.quantizer.rounding.random_bits = widths[below(widths.size())];
    instance.generator = toss_generator(dice, instances.size());
    instances.push_back(instance);
  }
  for (int i = 0; i < variations; ++i) {
    Rounding rounding;
    rounding.mode = modes[below(modes.size())];
    rounding.random_bits = widths[below(widths.size())];
    rounding.overflow = draw_overflow(below);
    rounding.tininess = below(2) != 0 ? Tininess::before_rounding : Tininess::after_rounding;
    rounding.flush_inputs = below(4) == 0;
    if (below(4) == 0) rounding.flush_outputs = static_cast<Tininess>(below(2));
    rounding.flush_inexact = below(2) != 0;
    rounding.nan = static_cast<NanRule>(below(nan_presets().size()));
    instances.push_back({.quantizer = {.format = format, .rounding = rounding},
                         .generator = toss_generator(dice, instances.size())});
  }
  return instances;
}

}  // namespace halfulp::equality

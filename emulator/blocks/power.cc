// SPDX-License-Identifier: MIT
#include "emulator/blocks/power.h"

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <utility>

#include "emulator/operations/operate.h"
#include "emulator/scalar/exact.h"

namespace halfulp::emulator {
namespace {

using kernels::Grid;
using kernels::MovingGrid;
using kernels::Signs;

template <typename Bits>
struct Shape {
  static constexpr int fraction_bits = PowerRule<Bits>::fraction_bits;
  static constexpr int bias = sizeof(Bits) == 4 ? 127 : 1023;
  static constexpr Bits sign = Bits{1} << (8 * sizeof(Bits) - 1);
  static constexpr Bits infinity = static_cast<Bits>(2 * bias + 1) << fraction_bits;
};

template <typename Bits>
bool is_nonzero_number(Bits pattern) {
  const Bits magnitude = pattern & ~Shape<Bits>::sign;
  return magnitude != 0 && magnitude < Shape<Bits>::infinity;
}

template <typename Bits>
Signs<Bits> moves_of(const Signs<Bits>& signs) {
  const auto all = static_cast<Bits>(~Bits{0});
  return {.positive = is_nonzero_number(signs.positive) ? all : Bits{0},
          .negative = is_nonzero_number(signs.negative) ? all : Bits{0}};
}

// A pattern of the carrier for a of this power and fraction, as the pattern of binary64 that
// Extent has.
template <typename Bits>
std::uint64_t extent_pattern(int power, Bits fraction) {
  const int wider = 52 - Shape<Bits>::fraction_bits;
  return (static_cast<std::uint64_t>(power + 1023) << 52) | (std::uint64_t{fraction} << wider);
}

// k for such an a.
template <typename Bits>
std::int64_t power_for(const CompiledLevel& level, int power, Bits fraction) {
  Extent extent;
  extent.finite = true;
  extent.largest = extent_pattern(power, fraction);
  return level.asked_power(extent, one_operand()).exponent;
}

// From which fraction on k is one more; 2^fraction_bits where it never is. Found by halving.
template <typename Bits>
Bits turn_of(const CompiledLevel& level, int power) {
  const std::int64_t first = power_for<Bits>(level, power, 0);
  Bits low = 0;  // k is `first` there
  Bits high = Bits{1} << Shape<Bits>::fraction_bits;
  while (high - low > 1) {
    const Bits middle = low + (high - low) / 2;
    (power_for<Bits>(level, power, middle) == first ? low : high) = middle;
  }
  return high;
}

// The scales 2^k from `range.least` on that the level holds exactly, as far as they follow each
// other.
std::vector<Code> codes_of_powers(const CompiledLevel& level, Powers& range) {
  std::vector<Code> codes;
  for (int k = range.least; k <= range.most; ++k) {
    Operand power = one_operand();
    power.exponent = k;
    const Outcome outcome = round_operand(level.plan().target(), power, 0);
    if (outcome.flags == 0) {
      codes.push_back(outcome.code);
    } else if (!codes.empty()) {
      break;
    } else {
      range.least = k + 1;
    }
  }
  range.most = range.least + static_cast<int>(codes.size()) - 1;
  return codes;
}

bool asks_for_powers(ScaleRule rule) {
  return rule == ScaleRule::floor || rule == ScaleRule::ceil || rule == ScaleRule::even ||
         rule == ScaleRule::rceil;
}

void set_fast_way(const kernels::ArrayEncoding* encoding, PowerRule<std::uint32_t>& rule) {
  auto moved = kernels::moved_rounding_of(rule.grid, encoding);
  if (!moved || moved->most_power < moved->least_power) return;
  constexpr int fraction_bits = PowerRule<std::uint32_t>::fraction_bits;
  rule.least_moved = static_cast<std::uint32_t>(moved->least_power) << fraction_bits;
  rule.moved_span = static_cast<std::uint32_t>(moved->most_power - moved->least_power)
                    << fraction_bits;
  rule.moved = std::move(moved);
}

template <typename Bits>
std::unique_ptr<const PowerRule<Bits>> power_rule(const BlockFormat& format,
                                                  const CompiledLevel& level,
                                                  const Grid<Bits>* grid,
                                                  const kernels::ArrayEncoding* encoding) {
  const bool plain = format.levels.size() == 1 && format.arithmetic == Arithmetic::exact &&
                     format.division == Division::exact;
  if (!plain || grid == nullptr || !asks_for_powers(level.level().rule)) return nullptr;
  if (level.has_floors()) return nullptr;
  const Operand& m = level.multiplied();
  if (m.kind != Operand::Class::finite || m.negative) return nullptr;
  constexpr int fraction_bits = Shape<Bits>::fraction_bits;
  // Where a / m is near one, binary32 is far from its ends.
  const auto near_m = static_cast<int>(m.exponent) + bit_length(m.significand) - 1;
  constexpr int binary32_reach = 120;
  if (std::abs(near_m) > Shape<Bits>::bias - 1) return nullptr;
  const auto origin = static_cast<int>(near_m - power_for<Bits>(level, near_m, 0));

  auto rule = std::make_unique<PowerRule<Bits>>();
  rule->addend = (Bits{1} << fraction_bits) - turn_of<Bits>(level, near_m);
  rule->origin = static_cast<Bits>(origin + Shape<Bits>::bias) << fraction_bits;
  Powers range = powers_of(*grid);
  if (level.level().division != Division::exact) {
    range.least = std::max(range.least, -binary32_reach);
    range.most = std::min(range.most, binary32_reach);
  }
  range.least = std::max(range.least, 1 - Shape<Bits>::bias - origin);
  range.most = std::min(range.most, Shape<Bits>::bias - origin);
  rule->codes = codes_of_powers(level, range);
  if (rule->codes.empty()) return nullptr;
  rule->least_power = range.least;
  // sum in [(least + origin + bias) << F, (most + 1 + origin + bias) << F), p normal and finite.
  const auto place = [&](int power) {
    return static_cast<Bits>(power + origin + Shape<Bits>::bias) << fraction_bits;
  };
  rule->least =
      std::max<Bits>(place(range.least), rule->addend + (Bits{1} << fraction_bits)) - rule->addend;
  const Bits most = std::min<Bits>(place(range.most + 1) - rule->addend, Shape<Bits>::infinity) - 1;
  if (most < rule->least) return nullptr;
  rule->span = most - rule->least;
  rule->grid = moving_grid(*grid);
  if constexpr (sizeof(Bits) == 4) set_fast_way(encoding, *rule);
  const Scale zero = level.choose({.finite = true}, one_operand(), 0);
  const bool ordinary =
      zero.number.kind == Operand::Class::zero || zero.number.kind == Operand::Class::finite;
  if (ordinary && !level.plan().stochastic()) rule->zero_block = zero.code;
  return rule;
}

}  // namespace

template <typename Bits>
MovingGrid<Bits> moving_grid(const Grid<Bits>& grid) {
  MovingGrid<Bits> moving;
  moving.grid = grid;
  for (Signs<Bits>* signs : {&moving.grid.overflow, &moving.grid.infinity, &moving.grid.nan}) {
    for (Bits* pattern : {&signs->positive, &signs->negative}) {
      // The NaN of arithmetic.
      const bool nan = (*pattern & ~Shape<Bits>::sign) > Shape<Bits>::infinity;
      if (nan) *pattern = Shape<Bits>::infinity | (Bits{1} << (Shape<Bits>::fraction_bits - 1));
    }
  }
  moving.moves = {.overflow = moves_of(moving.grid.overflow),
                  .infinity = moves_of(moving.grid.infinity),
                  .nan = moves_of(moving.grid.nan)};
  return moving;
}

template <typename Bits>
Powers powers_of(const Grid<Bits>& grid) {
  constexpr int fraction_bits = Shape<Bits>::fraction_bits;
  const auto field = [](Bits pattern) {
    return static_cast<int>((pattern & ~Shape<Bits>::sign) >> fraction_bits);
  };
  int most = std::max(field(grid.limit.positive), field(grid.limit.negative));
  for (const Signs<Bits>& signs : {grid.overflow, grid.infinity, grid.nan}) {
    for (const Bits pattern : {signs.positive, signs.negative}) {
      if (is_nonzero_number(pattern)) most = std::max(most, field(pattern));
    }
  }
  return {.least = 1 - field(grid.least_number), .most = 2 * Shape<Bits>::bias - most};
}

template MovingGrid<std::uint32_t> moving_grid(const Grid<std::uint32_t>& grid);
template MovingGrid<std::uint64_t> moving_grid(const Grid<std::uint64_t>& grid);
template Powers powers_of(const Grid<std::uint32_t>& grid);
template Powers powers_of(const Grid<std::uint64_t>& grid);

std::unique_ptr<const PowerRule<std::uint32_t>> power_rule32(const BlockFormat& format,
                                                             const CompiledLevel& level,
                                                             const CompiledPlan& element) {
  return power_rule(format, level, element.grid32(), element.encoding32());
}

std::unique_ptr<const PowerRule<std::uint64_t>> power_rule64(const BlockFormat& format,
                                                             const CompiledLevel& level,
                                                             const CompiledPlan& element) {
  return power_rule(format, level, element.grid64(), nullptr);
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
#include "emulator/blocks/plan.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/plan.h"
#include "emulator/blocks/narrow.h"
#include "emulator/blocks/peer_steps.h"
#include "emulator/blocks/quotient_steps.h"
#include "emulator/scalar/exact.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

using How = Former::How;

constexpr int double_precision = 53;

Former::How how_of(const BlockFormat& format) {
  switch (format.arithmetic) {
    case Arithmetic::transformer_engine:
    case Arithmetic::four_over_six:
    case Arithmetic::torchao:
      return How::multiply32;
    case Arithmetic::modelopt:
      return How::divide32;
    case Arithmetic::qpytorch:
      return How::shifted;
    case Arithmetic::exact:
      break;
  }
  if (format.division == Division::exact) return How::divide;
  return format.division == Division::binary32 ? How::divide32 : How::multiply32;
}

// That the numbers of a format have at most.
int significant_bits(const Target& target) {
  const Kind& kind = target.quantizer->format.kind;
  if (const auto* list = std::get_if<Codebook>(&kind)) {
    int most = 0;
    for (const double x : list->values) {
      const Code significand = unpack_double(x).significand;
      if (significand == 0) continue;
      most = std::max(most, bit_length(significand) - trailing_zeros(significand));
    }
    return most;
  }
  return target.fraction_bits + target.further_bits + (target.is_float ? 1 : 0);
}

bool scales_fit_lanes(const CompiledBlock& plan) {
  const CompiledLevel& innermost = plan.level(plan.levels() - 1);
  const Level& level = innermost.level();
  const bool by_grid = innermost.plan().grid64() != nullptr;
  if (!by_grid || !innermost.plan().rounds_odd() || level.epsilon != 0) return false;
  if (innermost.has_floors() || plan.format().arithmetic == Arithmetic::four_over_six) return false;
  if (has_scale_steps(plan.format().arithmetic)) return true;
  if (level.rule == ScaleRule::largest) return true;
  if (level.rule != ScaleRule::ratio) return false;
  return level.division != Division::binary32_reciprocal || plan.levels() == 1;
}

// n - z of integers n of so many bits and any zero point z has one bit more, and a sign.
std::shared_ptr<const CompiledPlan> wide_integers(int bits, const Rounding& rounding) {
  // A zero point may leave no negative numbers, whose magnitudes then are rounded.
  const bool magnitudes = rounding.overflow.negative == Overflow::Negative::magnitude;
  if (rounding.overflow.finite != Overflow::Finite::largest || rounding.mode == Mode::to_odd ||
      magnitudes)
    return nullptr;
  auto integers = std::make_shared<const CompiledPlan>(
      Quantizer{.format = {"", Fixed{.bits = bits + 2, .sign = true}}, .rounding = rounding});
  return integers->rounds_odd() ? integers : nullptr;
}

int significant_bits(const Operand& x) {
  return bit_length(x.significand) - trailing_zeros(x.significand);
}

// Scales that are largest magnitudes over a divisor that the blocks around share.
std::optional<kernels::RatioRounding> ratio_of(const CompiledBlock& plan) {
  const std::size_t inner = plan.levels() - 1;
  const CompiledLevel& level = plan.level(inner);
  const bool ratio =
      level.level().rule == ScaleRule::ratio && level.level().division == Division::exact;
  const bool exact = plan.format().arithmetic == Arithmetic::exact;
  if (!exact || !(ratio || level.level().rule == ScaleRule::largest)) return {};
  int divisor_bits = ratio ? significant_bits(level.multiplied()) : 0;
  for (std::size_t i = 0; i < inner; ++i)
    divisor_bits += significant_bits(plan.level(i).plan().target());
  return kernels::ratio_rounding_of(level.plan().arithmetic_grid(), divisor_bits);
}

// What of the format lanes can do.
QuotientPlan quotient_plan(const CompiledBlock& plan) {
  QuotientPlan quotients;
  quotients.how = how_of(plan.format());
  quotients.elements =
      plan.element().rounds_odd() && !plan.zero_points() && quotients.how != How::shifted;
  if (plan.zero_points() && quotients.how == How::divide)
    quotients.integers = wide_integers(plan.element().target().bits, plan.element().rounding());
  int of_scales = 0;
  for (std::size_t i = 0; i < plan.levels(); ++i) {
    of_scales += significant_bits(plan.level(i).plan().target());
  }
  quotients.exact_products =
      of_scales + significant_bits(plan.element().target()) <= double_precision;
  constexpr int turn_bits = 8;
  if (quotients.elements && quotients.how == How::divide &&
      of_scales + turn_bits <= double_precision) {
    quotients.narrow = narrow_table(plan.format().element);
  }
  const auto* const grid = plan.element().grid32();
  if (quotients.narrow && grid != nullptr)
    quotients.narrow_quotients =
        kernels::narrow_by_quotients(moving_grid(*grid), plan.element().encoding32(), of_scales);
  if (quotients.narrow_quotients && quotients.narrow_quotients->width == 4)
    quotients.halves = kernels::halves_rounding_of(*quotients.narrow_quotients);
  quotients.scales = scales_fit_lanes(plan);
  if (quotients.scales && quotients.narrow) quotients.ratio = ratio_of(plan);
  const CompiledLevel& innermost = plan.level(plan.levels() - 1);
  // Zeros stay zeros on the lanes: their formats have one.
  const bool zeros = quotients.scales && quotients.elements;
  if (!zeros || innermost.plan().stochastic()) return quotients;
  const bool least = plan.format().arithmetic == Arithmetic::torchao;
  const Operand asked = least ? innermost.least_normal() : Operand{};
  const Scale zero = innermost.choose({.finite = true}, one_operand(), 0, &asked);
  const auto number = zero.number.kind == Operand::Class::zero ? std::optional<double>(0)
                                                               : double_in_range(zero.number);
  if (number) quotients.zero_block = {.code = zero.code, .scale = *number};
  return quotients;
}

}  // namespace

std::optional<double> double_in_range(const Operand& x) {
  if (x.kind != Operand::Class::finite || x.negative) return {};
  const int length = bit_length(x.significand);
  const std::int64_t leading = x.exponent + length - 1;
  if (length - trailing_zeros(x.significand) > double_precision) return {};
  if (leading < -400 || leading >= 400) return {};
  return double_of(x);
}

// Elements are quotients, in binary64.
CompiledBlock::CompiledBlock(const BlockFormat& format, const Preparation& preparation)
    : format_(format), element_(format.element, {.elements = preparation.elements}) {
  for (std::size_t i = 0; i < format_.levels.size(); ++i) {
    levels_.push_back(std::make_unique<CompiledLevel>(format_, i));
  }
  zero_points_ = format_.levels.back().rule == ScaleRule::range;
  power32_ = power_rule32(format_, level(0), element_);
  power64_ = power_rule64(format_, level(0), element_);
  quotients_ = quotient_plan(*this);
  constexpr std::uint64_t pays = 1 << 14;
  for (const Level& level : format_.levels) {
    const bool listed = preparation.elements >= pays;
    scale_numbers_.push_back(listed ? numbers_of_codes(level.scale.format) : std::vector<double>{});
  }
}

kernels::ScaleNumbers numbers_under(const std::vector<double>& list, double around) {
  kernels::ScaleNumbers numbers;
  numbers.fill(std::nan(""));
  std::ranges::transform(list, numbers.begin(), [=](double x) { return x * around; });
  return numbers;
}

std::vector<double> numbers_of_codes(const Format& format) {
  constexpr int most_bits = 8;
  if (bits(format) > most_bits) return {};
  std::vector<double> numbers = carried_numbers(format, Carrier::binary64);
  for (double& x : numbers) {
    if (!in_range(x)) x = std::nan("");
  }
  return numbers;
}

BlockPlan prepare_block(const BlockFormat& format, const Preparation& preparation) {
  validate(format);
  const auto in_range = [](const Quantizer& quantizer) {
    return quantizer.rounding.random_bits >= 1 && quantizer.rounding.random_bits <= 64;
  };
  HALFULP_REQUIRE(in_range(format.element), "prepare_block: random_bits is 1 to 64");
  for (const Level& level : format.levels) {
    HALFULP_REQUIRE(in_range(level.scale), "prepare_block: random_bits is 1 to 64");
  }
  return {.format = format,
          .engine = engine_name,
          .compiled = std::make_shared<CompiledBlock>(format, preparation)};
}

const CompiledBlock& compiled(const BlockPlan& plan) {
  require_engine(plan.engine, engine_name);
  return *static_cast<const CompiledBlock*>(plan.compiled.get());
}

}  // namespace halfulp::emulator

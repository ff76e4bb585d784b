// SPDX-License-Identifier: MIT
#include "emulator/arrays/plan.h"

#include <algorithm>
#include <bit>

#include "emulator/arrays/carried.h"
#include "emulator/arrays/gridless.h"
#include "emulator/functions/kept.h"
#include "emulator/kernels/array_functions.h"
#include "emulator/scalar/exact.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {

namespace {

using kernels::Grid;
using kernels::RoundingKind;
using kernels::Signs;

template <typename Bits>
struct CarrierShape {
  static constexpr int fraction_bits = sizeof(Bits) == 4 ? 23 : 52;
  static constexpr std::int64_t bias = sizeof(Bits) == 4 ? 127 : 1023;
};

template <typename Bits>
Bits pattern_of(const Operand& x) {
  if constexpr (sizeof(Bits) == 4) {
    return std::bit_cast<Bits>(float_of(x));
  } else {
    return std::bit_cast<Bits>(double_of(x));
  }
}

// The rule of a mode in the terms of Grid.
template <typename Bits>
void set_mode(Mode mode, Grid<Bits>& grid) {
  const auto rule = [&](RoundingKind kind, int odd, int negative, int always) {
    grid.kind = kind;
    grid.tie_odd = static_cast<Bits>(odd);
    grid.tie_negative = static_cast<Bits>(negative);
    grid.tie_always = static_cast<Bits>(always);
  };
  switch (mode) {
    case Mode::nearest_even:
      return rule(RoundingKind::nearest, 1, 0, 0);
    case Mode::nearest_away:
      return rule(RoundingKind::nearest, 0, 0, 1);
    case Mode::nearest_zero:
      return rule(RoundingKind::nearest, 0, 0, 0);
    case Mode::nearest_up:
      return rule(RoundingKind::nearest, 0, 1, 1);
    case Mode::nearest_down:
      return rule(RoundingKind::nearest, 0, 1, 0);
    case Mode::nearest_odd:
      return rule(RoundingKind::nearest, 1, 0, 1);
    case Mode::toward_zero:
      return rule(RoundingKind::directed, 0, 0, 0);
    case Mode::toward_positive:
      return rule(RoundingKind::directed, 0, 1, 1);
    case Mode::toward_negative:
      return rule(RoundingKind::directed, 0, 1, 0);
    case Mode::away_from_zero:
      return rule(RoundingKind::directed, 0, 0, 1);
    case Mode::to_odd:
      return rule(RoundingKind::directed, 1, 0, 1);
    case Mode::stochastic:
      return rule(RoundingKind::stochastic, 0, 0, 0);
    case Mode::stochastic_b:
    case Mode::stochastic_c:
      grid.tie_parity = mode == Mode::stochastic_c ? 1 : 0;
      return rule(RoundingKind::stochastic_tie, 0, 0, 0);
    case Mode::stochastic_equal:
      return rule(RoundingKind::equal, 0, 0, 0);
    case Mode::nearest_log:
      break;  // turns at no point that lanes could compare with
  }
}

// What the scalar path delivers in each situation, as patterns and as codes.
template <typename Bits>
void set_replacements(const Target& target, Grid<Bits>& grid) {
  const Format& format = target.quantizer->format;
  bool nan_negative = false;
  const auto set = [&](bool negative, const Outcome& outcome, Signs<Bits>& patterns,
                       Signs<Bits>& codes) {
    Operand x = unpack(format, outcome.code);
    if (x.kind == Operand::Class::nan) x.negative = nan_negative;
    (negative ? patterns.negative : patterns.positive) = pattern_of<Bits>(x);
    (negative ? codes.negative : codes.positive) = static_cast<Bits>(outcome.code);
  };
  for (const bool negative : {false, true}) {
    const bool below = negative && !target.sign;
    nan_negative = negative;
    set(negative, below ? deliver_negative(target) : deliver_overflow(target, negative, 0),
        grid.overflow, grid.code_overflow);
    set(negative, deliver_infinity(target, negative), grid.infinity, grid.code_infinity);
    Operand nan;
    nan.kind = Operand::Class::nan;
    nan.negative = negative;
    nan_negative = choose_nan(target.quantizer->rounding.nan, conversion_of(nan)).negative;
    set(negative, deliver_nan(target, conversion_of(nan)), grid.nan, grid.code_nan);
    const Code rank = target.largest[negative ? 1 : 0];
    Operand largest;
    if (rank != 0) largest = unpack(format, code_of_rank(target, rank, negative));
    largest.negative = false;
    (negative ? grid.limit.negative : grid.limit.positive) = pattern_of<Bits>(largest);
    (negative ? grid.code_limit.negative : grid.code_limit.positive) = static_cast<Bits>(rank);
  }
}

// Fixed point is a float all of whose numbers are subnormal; F fraction bits are enough, as beyond
// them every number of the carrier is on the grid.
template <typename Bits>
std::optional<Grid<Bits>> make_grid(const Target& target) {
  using Shape = CarrierShape<Bits>;
  const Rounding& rounding = target.quantizer->rounding;
  constexpr int width = static_cast<int>(8 * sizeof(Bits));
  const bool wide_random = is_stochastic(rounding.mode) && rounding.random_bits > width;
  if (!target.on_grid || !target.zero || !target.subnormals || rounding.flush_outputs ||
      wide_random || target.turns_in_logarithm || drops_sign(*target.quantizer))
    return {};
  const std::int64_t spacing = target.least_exponent - target.fraction_bits;
  Grid<Bits> grid;
  grid.fraction_bits = std::min(target.fraction_bits, Shape::fraction_bits);
  const std::int64_t least_field = spacing + grid.fraction_bits + Shape::bias;
  if (least_field < 1) return {};
  grid.least_field = static_cast<Bits>(least_field);
  grid.spare_bits = static_cast<Bits>(Shape::fraction_bits - grid.fraction_bits);
  Operand least;
  least.kind = Operand::Class::finite;
  least.significand = 1;
  least.exponent = spacing;
  grid.least_number = pattern_of<Bits>(least);
  grid.parity_of_binade = target.fraction_bits == 0 ? 1 : 0;
  grid.random_bits = std::min(rounding.random_bits, width);
  grid.flush_inputs = rounding.flush_inputs;
  grid.negative_zero = has_negative_zero(target.quantizer->format);
  if (!target.is_float) {
    grid.code_mask = static_cast<Bits>((Code{1} << target.bits) - 1);
  } else if (target.sign) {
    grid.code_sign = static_cast<Bits>(Code{1} << (target.bits - 1));
  }
  set_mode(rounding.mode, grid);
  set_replacements(target, grid);
  if (keeps_fraction(rounding.nan) && has_nan_fraction(target.quantizer->format)) {
    const Bits fraction = (Bits{1} << target.fraction_bits) - 1;
    grid.nan_fraction = fraction << (Shape::fraction_bits - target.fraction_bits);
  }
  const bool simple =
      target.is_float && target.sign && grid.negative_zero && grid.parity_of_binade == 0;
  if (simple && rounding.mode == Mode::nearest_even) grid.kind = RoundingKind::nearest_even_simple;
  if (simple && rounding.mode == Mode::stochastic) grid.kind = RoundingKind::stochastic_simple;
  return grid;
}

std::unique_ptr<const kernels::DecodeTable> make_decode_table(const Format& format) {
  std::vector<std::uint32_t> patterns(std::size_t{1} << bits(format));
  for (std::size_t code = 0; code < patterns.size(); ++code)
    patterns[code] = pattern_of<std::uint32_t>(unpack(format, code));
  return std::make_unique<const kernels::DecodeTable>(kernels::decode_table_of(patterns));
}

// For exact results of arithmetic: no operand is flushed any more, and NaN carries no sign.
template <typename Bits>
std::optional<Grid<Bits>> for_results(std::optional<Grid<Bits>> grid) {
  if (!grid) return grid;
  constexpr Bits sign = Bits{1} << (8 * sizeof(Bits) - 1);
  constexpr Bits infinity = ((sign >> CarrierShape<Bits>::fraction_bits) - 1)
                            << CarrierShape<Bits>::fraction_bits;
  grid->flush_inputs = false;
  for (Signs<Bits>* signs : {&grid->overflow, &grid->infinity, &grid->nan}) {
    const Bits positive_nan = signs->negative & ~sign;
    if (positive_nan > infinity) signs->negative = positive_nan;
  }
  return grid;
}

// Whether all results of operations that are NaN are the same one.
bool has_one_nan(const Rounding& rounding) {
  return rounding.nan != NanRule::x86 && rounding.nan != NanRule::arm_propagate;
}

template <typename Bits>
void set_one_nan(const Target& target, Grid<Bits>& grid) {
  Operand nan = unpack(target.quantizer->format, deliver_nan(target, NanCause{}).code);
  if (nan.kind == Operand::Class::nan)
    nan.negative = choose_nan(target.quantizer->rounding.nan, NanCause{}).negative;
  const Bits pattern = pattern_of<Bits>(nan);
  grid.nan = {pattern, pattern};
  grid.nan_fraction = 0;
}

// Of operations without random bits on operands that are not flushed.
std::optional<kernels::ArrayOperation> operation_of(
    const Target& target, const std::optional<Grid<std::uint32_t>>& grid) {
  const Rounding& rounding = target.quantizer->rounding;
  if (!grid || !has_one_nan(rounding) || rounding.flush_inputs || is_stochastic(rounding.mode))
    return {};
  Grid<std::uint32_t> results = *for_results(grid);
  set_one_nan(target, results);
  return kernels::array_operation_of(results);
}

}  // namespace

CompiledPlan::CompiledPlan(const Quantizer& quantizer, const Preparation& preparation)
    : quantizer_(quantizer),
      target_(target_of(quantizer_)),
      stochastic_(is_stochastic(quantizer.rounding.mode)),
      irrational_(!is_dyadic(quantizer.format)),
      fits_binary32_(halfulp::fits_binary32(quantizer.format)),
      fits_binary64_(halfulp::fits_binary64(quantizer.format)),
      keeps_fractions_(keeps_fraction(quantizer.rounding.nan) &&
                       has_nan_fraction(quantizer.format)),
      kept_(kept_in(preparation.caches)) {
  if (fits_binary32_) grid32_ = make_grid<std::uint32_t>(target_);
  const int width = packed_bits(quantizer_.format);
  if (grid32_) rounding32_ = kernels::array_rounding_of(*grid32_);
  if (grid32_) stochastic32_ = kernels::stochastic_rounding_of(*grid32_);
  if (grid32_) encoding32_ = kernels::array_encoding_of(*grid32_, width);
  operation32_ = operation_of(target_, grid32_);
  if (fits_binary64_) grid64_ = make_grid<std::uint64_t>(target_);
  arithmetic_grid_ = for_results(grid64_);
  // Significand, random bits, and two more that rounding to odd needs.
  constexpr int double_precision = 53;
  const int precision = target_.fraction_bits + (target_.is_float ? 1 : 0);
  const int looked_at = stochastic_ ? quantizer.rounding.random_bits + 1 : 0;
  rounds_odd_ = grid64_ ? precision + looked_at + 2 <= double_precision : rounds_odd_by_steps();
  if (grid64_) function_bits_ = bits_of_functions(looked_at);
  if (function_bits_ != 0) {
    function_grid_ = arithmetic_grid_;
    set_one_nan(target_, *function_grid_);
  }
  if (grid64_ && quantizer.rounding.flush_inputs && target_.is_float) {
    Operand normal;
    normal.kind = Operand::Class::finite;
    normal.significand = 1;
    normal.exponent = target_.least_exponent;
    flush_below_ = double_of(normal);
  }
  if (fits_binary32_) posit32_ = posit_rounding_of(target_);
  if (!wants_steps(preparation.carrier, preparation.elements)) return;
  if (preparation.carrier == Carrier::binary32) {
    steps32_ = std::make_unique<const Steps<std::uint32_t>>(target_);
    staircase32_ = staircase_of(*steps32_);
  } else {
    steps64_ = std::make_unique<const Steps<std::uint64_t>>(target_);
  }
}

const kernels::DecodeTable* CompiledPlan::decode_table() const {
  const bool has_one = fits_binary32_ && !irrational_ && (target_.bits == 8 || target_.bits == 4);
  if (!has_one) return nullptr;
  std::call_once(decode_table_made_,
                 [this] { decode_table_ = make_decode_table(quantizer_.format); });
  return decode_table_.get();
}

// Lanes deliver what is beyond 2^+-200 as something that is beyond it as well (array_functions.h).
int CompiledPlan::bits_of_functions(int looked_at) const {
  constexpr std::int64_t farthest = 190;
  const int precision = target_.fraction_bits + (target_.is_float ? 1 : 0);
  const int needed = std::max(precision + looked_at + 2, kernels::least_odd_bits);
  const bool near = target_.least_exponent - target_.fraction_bits - looked_at >= -farthest &&
                    target_.most_exponent <= farthest;
  const bool serves = near && needed <= kernels::most_odd_bits && has_one_nan(rounding()) &&
                      !rounding().flush_inputs;
  return serves ? needed : 0;
}

// Zeros stand in the places of what lanes cannot do.
bool CompiledPlan::rounds_odd_by_steps() const {
  constexpr int double_precision = 53;
  const Rounding& rounding = quantizer_.rounding;
  return has_steps() && fits_binary64_ && !irrational_ && target_.zero && !rounding.flush_inputs &&
         !target_.turns_in_logarithm && bits_needed(target_) <= double_precision;
}

// A table costs about as many roundings as are asked for here; turns between irrational numbers are
// not in the middle of patterns.
bool CompiledPlan::wants_steps(Carrier carrier, std::uint64_t elements) const {
  if (grid64_ || !has_steps() || !fits(carrier)) return false;
  const bool there = carrier == Carrier::binary32 ? steps32_ != nullptr : steps64_ != nullptr;
  const std::uint64_t roundings_a_code = irrational_ ? 64 : 16;
  return !there && elements >= roundings_a_code << target_.bits;
}

Plan prepare(const Quantizer& quantizer, const Preparation& preparation) {
  validate(quantizer.format);
  HALFULP_REQUIRE(quantizer.rounding.random_bits >= 1 && quantizer.rounding.random_bits <= 64,
                  "prepare: random_bits is 1 to 64");
  return {.quantizer = quantizer,
          .engine = engine_name,
          .compiled = std::make_shared<CompiledPlan>(quantizer, preparation)};
}

const CompiledPlan& compiled(const Plan& plan) {
  require_engine(plan.engine, engine_name);
  return *static_cast<const CompiledPlan*>(plan.compiled.get());
}

}  // namespace halfulp::emulator

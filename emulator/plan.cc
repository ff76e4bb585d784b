// SPDX-License-Identifier: MIT
#include "emulator/internal/plan.h"

#include <algorithm>
#include <bit>

#include "emulator/internal/exact.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {

CompiledPlan::CompiledPlan(const Quantizer& quantizer)
    : quantizer_(quantizer),
      target_(target_of(quantizer_)),
      stochastic_(is_stochastic(quantizer.rounding.mode)),
      fits_binary32_(halfulp::fits_binary32(quantizer.format)),
      fits_binary64_(halfulp::fits_binary64(quantizer.format)) {}

Plan prepare(const Quantizer& quantizer) {
  validate(quantizer.format);
  HALFULP_REQUIRE(quantizer.rounding.random_bits >= 1 && quantizer.rounding.random_bits <= 64,
                  "prepare: random_bits is 1 to 64");
  return {.quantizer = quantizer, .compiled = std::make_shared<CompiledPlan>(quantizer)};
}

const CompiledPlan& compiled(const Plan& plan) {
  HALFULP_REQUIRE(plan.compiled != nullptr, "a plan of another engine, or of none");
  return *static_cast<const CompiledPlan*>(plan.compiled.get());
}

// 1. The carrier's exponent of the last place, at least that of its subnormals.
// 2. The significand aligned to it: exact, as the format fits.
// 3. The exponent field is added, the hidden bit counting as one.
double double_of(const Operand& x) {
  const std::uint64_t sign = std::uint64_t{x.negative} << 63;
  constexpr std::uint64_t infinity = std::uint64_t{0x7ff} << 52;
  if (x.kind == Operand::Class::zero) return std::bit_cast<double>(sign);
  if (x.kind == Operand::Class::infinite) return std::bit_cast<double>(sign | infinity);
  if (x.kind == Operand::Class::nan) {
    return std::bit_cast<double>(sign | infinity | (std::uint64_t{1} << 51));
  }
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  const std::int64_t last_place = std::max<std::int64_t>(leading - 52, -1074);
  const auto shift = static_cast<int>(x.exponent - last_place);
  const Code aligned = shift >= 0 ? x.significand << shift : x.significand >> -shift;
  const auto field = static_cast<std::uint64_t>(last_place + 1074) << 52;
  return std::bit_cast<double>((static_cast<std::uint64_t>(aligned) + field) | sign);
}

float float_of(const Operand& x) {
  const std::uint32_t sign = std::uint32_t{x.negative} << 31;
  constexpr std::uint32_t infinity = std::uint32_t{0xff} << 23;
  if (x.kind == Operand::Class::zero) return std::bit_cast<float>(sign);
  if (x.kind == Operand::Class::infinite) return std::bit_cast<float>(sign | infinity);
  if (x.kind == Operand::Class::nan) {
    return std::bit_cast<float>(sign | infinity | (std::uint32_t{1} << 22));
  }
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  const std::int64_t last_place = std::max<std::int64_t>(leading - 23, -149);
  const auto shift = static_cast<int>(x.exponent - last_place);
  const Code aligned = shift >= 0 ? x.significand << shift : x.significand >> -shift;
  const auto field = static_cast<std::uint32_t>(last_place + 149) << 23;
  return std::bit_cast<float>((static_cast<std::uint32_t>(aligned) + field) | sign);
}

}  // namespace halfulp::emulator

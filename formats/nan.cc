// SPDX-License-Identifier: MIT
#include "formats/nan.h"

#include <span>
#include <variant>

#include "formats/codes.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

constexpr int code_bits = 128;
constexpr Code quiet_bit = Code{1} << (code_bits - 1);

const Float* with_nan_fraction(const Format& format) {
  const Float* f = std::get_if<Float>(&format.kind);
  return f != nullptr && kinds::has_nan_fraction(*f) ? f : nullptr;
}

std::span<const NanOperand> operands_of(const NanCause& cause) {
  return std::span(cause.operands).first(cause.conversion ? 1 : cause.count);
}

const NanOperand* first_nan(std::span<const NanOperand> operands) {
  for (const NanOperand& x : operands) {
    if (x.is_nan) return &x;
  }
  return nullptr;
}

// Arm: signalling ones before quiet ones, and the addend of a fused operation before its factors
// (FPProcessNaNs and FPProcessNaNs3 of the Arm Architecture Reference Manual).
const NanOperand* arm_nan(std::span<const NanOperand> operands) {
  const std::size_t count = operands.size();
  for (const bool signalling : {true, false}) {
    for (std::size_t i = 0; i < count; ++i) {
      const NanOperand& x = operands[count == 3 ? (i + 2) % 3 : i];
      if (x.is_nan && x.signalling == signalling) return &x;
    }
  }
  return nullptr;
}

Nan quieted(const NanOperand& x) {
  return {.negative = x.negative, .fraction = x.fraction | quiet_bit};
}

}  // namespace

NanOperand nan_operand(const Value& x) {
  NanOperand operand{.is_nan = x.is_nan(), .negative = x.negative, .signalling = x.signalling};
  if (x.is_nan() && !x.significand.is_zero()) {
    const Integer aligned = x.significand << static_cast<unsigned>(code_bits + x.exponent);
    operand.fraction = (static_cast<Code>(static_cast<std::uint64_t>(aligned >> 64)) << 64) |
                       static_cast<std::uint64_t>(aligned & ~std::uint64_t{0});
  }
  return operand;
}

Nan choose_nan(NanRule rule, const NanCause& cause) {
  const std::span<const NanOperand> operands = operands_of(cause);
  switch (rule) {
    case NanRule::keep_sign:
      return {.negative = cause.conversion && operands[0].negative};
    case NanRule::x86: {
      const NanOperand* nan = first_nan(operands);
      return nan != nullptr ? quieted(*nan) : Nan{.negative = true};
    }
    case NanRule::arm_propagate: {
      const NanOperand* nan = arm_nan(operands);
      const bool default_nan = nan == nullptr || (cause.infinite_times_zero && !nan->signalling);
      return default_nan ? Nan{} : quieted(*nan);
    }
    case NanRule::arm:
    case NanRule::riscv:
      return {};
    case NanRule::nvidia:
      return {.all_ones = true};
    case NanRule::gfloat:
      return {.negative = true, .all_ones = true};
  }
  return {};
}

bool raises_invalid(NanRule rule, const NanCause& cause) {
  const std::span<const NanOperand> operands = operands_of(cause);
  for (const NanOperand& x : operands) {
    if (x.is_nan && x.signalling) return true;
  }
  if (cause.conversion) return false;
  if (first_nan(operands) == nullptr) return true;
  return cause.infinite_times_zero && rule != NanRule::x86;
}

bool keeps_fraction(NanRule rule) { return rule == NanRule::x86 || rule == NanRule::arm_propagate; }

bool has_nan_fraction(const Format& format) { return with_nan_fraction(format) != nullptr; }

Code code_of(const Format& format, const Nan& nan) {
  const Float* f = with_nan_fraction(format);
  if (f == nullptr) return nan_code(format, nan.negative);
  const Code all = (Code{1} << f->fraction_bits) - 1;
  const Code kept = (nan.fraction | quiet_bit) >> (code_bits - f->fraction_bits);
  const Code sign = nan.negative && f->sign ? Code{1} << (kinds::bits(*f) - 1) : 0;
  return sign | (kinds::infinity_magnitude(*f) + (nan.all_ones ? all : kept));
}

Code copied_nan(const Format& format, const NanOperand& nan) {
  const Float* f = with_nan_fraction(format);
  if (f == nullptr) return nan_code(format, nan.negative);
  const Code kept = nan.fraction >> (code_bits - f->fraction_bits);
  if (kept == 0) return code_of(format, Nan{.negative = nan.negative});
  const Code sign = nan.negative && f->sign ? Code{1} << (kinds::bits(*f) - 1) : 0;
  return sign | (kinds::infinity_magnitude(*f) + kept);
}

}  // namespace halfulp

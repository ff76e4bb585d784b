// SPDX-License-Identifier: MIT
//
// What a code stands for, as plain numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "emulator/scalar/exact.h"
#include "formats/nan.h"
#include "formats/operation.h"

namespace halfulp::emulator {

struct Operand {
  enum class Class : std::uint8_t { zero, finite, infinite, nan };
  Class kind = Class::zero;
  bool negative = false;
  bool signalling = false;
  bool subnormal = false;  // finite: below the full precision of its format
  Code significand = 0;    // finite: nonzero; NaN: its fraction field from the top of 128 bits down
  std::int64_t exponent = 0;
  // The further factor 2^(two / 2^64) * e^(natural / 2^64) of numbers of logarithmic formats.
  std::uint64_t two = 0;
  Rank natural = 0;

  [[nodiscard]] bool is_irrational() const { return two != 0 || natural != 0; }
};

// A dyadic number.
template <typename Word>
Exact<Word> exact(const Operand& x) {
  return {x.negative, from_code<Word>(x.significand), x.exponent};
}

inline NanOperand nan_operand(const Operand& x) {
  const bool is_nan = x.kind == Operand::Class::nan;
  return {is_nan, x.negative, x.signalling, is_nan ? x.significand : Code{0}};
}
inline NanCause conversion_of(const Operand& x) {
  return {.conversion = true, .operands = {nan_operand(x)}, .count = 1};
}
// The operands' NaNs, in the order of the operation.
NanCause cause_of(Op op, std::span<const Operand> operands);
bool infinite_times_zero(const Operand& a, const Operand& b);

Operand unpack_double(double x);
Operand unpack_float(float x);

}  // namespace halfulp::emulator

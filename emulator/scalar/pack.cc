// SPDX-License-Identifier: MIT
#include "emulator/scalar/pack.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "emulator/scalar/exact.h"

namespace halfulp::emulator {
namespace {

// 1. The carrier's exponent of the last place, at least that of its subnormals.
// 2. The significand aligned to it: exact, as the number fits.
// 3. The exponent field is added, the hidden bit counting as one.
template <typename Bits>
Bits pack(const Operand& x) {
  constexpr int width = static_cast<int>(8 * sizeof(Bits));
  constexpr int fraction_bits = width == 32 ? 23 : 52;
  constexpr std::int64_t least_place = width == 32 ? -149 : -1074;
  constexpr Bits infinity = ((Bits{1} << (width - 1 - fraction_bits)) - 1) << fraction_bits;
  const Bits sign = Bits{x.negative} << (width - 1);
  if (x.kind == Operand::Class::zero) return sign;
  if (x.kind == Operand::Class::infinite) return sign | infinity;
  if (x.kind == Operand::Class::nan) {
    const auto fraction = static_cast<Bits>(x.significand >> (128 - fraction_bits));
    return sign | infinity | fraction | (Bits{1} << (fraction_bits - 1));
  }
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  const std::int64_t last_place = std::max<std::int64_t>(leading - fraction_bits, least_place);
  const auto shift = static_cast<int>(x.exponent - last_place);
  const Code aligned = shift >= 0 ? x.significand << shift : x.significand >> -shift;
  const auto field = static_cast<Bits>(last_place - least_place) << fraction_bits;
  return (static_cast<Bits>(aligned) + field) | sign;
}

}  // namespace

double pack_double(const Operand& x) { return std::bit_cast<double>(pack<std::uint64_t>(x)); }
float pack_float(const Operand& x) { return std::bit_cast<float>(pack<std::uint32_t>(x)); }

}  // namespace halfulp::emulator

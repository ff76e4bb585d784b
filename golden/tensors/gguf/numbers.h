// SPDX-License-Identifier: MIT
//
// The steps of which GGUF's block types are made: binary16 in bytes, and C's conversions from float
// to integers with what the standard leaves open filled in as x86 does, on every machine. Source:
// ggml 0.13.1, ggml-impl.h and ggml-quants.c.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace halfulp::tensors::gguf {

// Rounded once, to nearest even; beyond the largest number infinite; NaN keeps its sign.
inline std::uint16_t half_of(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  const auto sign = static_cast<std::uint16_t>(bits >> 16U & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  constexpr std::uint32_t infinity = 0x7f800000U;
  constexpr std::uint32_t beyond = 0x477ff000U;  // 65520, halfway to what would come next
  constexpr std::uint32_t least_normal = 0x38800000U;
  constexpr std::uint16_t half_infinity = 0x7c00;
  constexpr std::uint16_t half_nan = 0x7e00;
  if (magnitude > infinity) return sign | half_nan;
  if (magnitude >= beyond) return sign | half_infinity;
  if (magnitude < least_normal) {
    // The sum's last bit is 2^-24, the step of the subnormal numbers.
    constexpr float step = 0.5F;
    const float sum = std::bit_cast<float>(magnitude) + step;
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(sum) -
                                             std::bit_cast<std::uint32_t>(step));
  }
  constexpr std::uint32_t exponents = (127U - 15U) << 23U;
  const std::uint32_t up = 0xfffU + (magnitude >> 13U & 1U);
  return sign | static_cast<std::uint16_t>((magnitude - exponents + up) >> 13U);
}

inline float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t magnitude = half & 0x7fffU;
  constexpr std::uint32_t half_infinity = 0x7c00;
  constexpr std::uint32_t least_normal = 0x0400;
  if (magnitude >= half_infinity)
    return std::bit_cast<float>(sign | 0x7f800000U | (magnitude & 0x3ffU) << 13U);
  if (magnitude < least_normal) {
    const float number = static_cast<float>(magnitude) * 0x1p-24F;
    return sign != 0 ? -number : number;
  }
  return std::bit_cast<float>(sign | ((magnitude << 13U) + ((127U - 15U) << 23U)));
}

inline void store_half(float number, std::uint8_t* bytes) {
  const std::uint16_t half = half_of(number);
  bytes[0] = static_cast<std::uint8_t>(half);
  bytes[1] = static_cast<std::uint8_t>(half >> 8U);
}

inline float load_half(const std::uint8_t* bytes) {
  return float_of_half(static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8U));
}

// (int)number: toward zero; the least integer for NaN and for what no int holds.
inline std::int32_t converted(float number) {
  constexpr float beyond = 0x1p31F;
  if (!(number >= -beyond && number < beyond)) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(number);
}
// (int8_t)number, as a number of more bits.
inline int converted_to_8(float number) {
  const int byte = static_cast<std::uint8_t>(converted(number));
  return byte < 128 ? byte : byte - 256;
}

// To nearest even by adding 1.5 * 2^23, as ggml does it: exact below 2^22 in magnitude, other bits
// of the sum beyond. NaN gives 0.
inline std::int32_t nearest(float number) {
  if (std::isnan(number)) return 0;
  constexpr float shift = 12582912.0F;
  const auto bits = std::bit_cast<std::uint32_t>(number + shift);
  return static_cast<std::int32_t>(bits & 0x007fffffU) - 0x00400000;
}

}  // namespace halfulp::tensors::gguf

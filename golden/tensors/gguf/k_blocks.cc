// SPDX-License-Identifier: MIT
//
// Blocks of 256 numbers:
//   Q2_K  16 runs of 16: (d * s) * q - dmin * m, q of 2 bits, s and m of 4
//   Q3_K  16 runs of 16: (d * (s - 32)) * (q - 4), q of 3 bits, s of 6
//   Q4_K  8 runs of 32: (d * s) * q - dmin * m, q of 4 bits, s and m of 6
//   Q5_K  the same, q of 5 bits
//   Q6_K  16 runs of 16: (d * s) * (q - 32), q of 6 bits, s an int8
//   Q8_K  d * q, d in binary32, q an int8; the sums of 16 q stand behind
#include "golden/tensors/gguf/k_blocks.h"

#include <bit>

#include "formats/files/bytes.h"
#include "golden/tensors/gguf/blocks.h"
#include "golden/tensors/gguf/numbers.h"

namespace halfulp::tensors::gguf {

void pack_two_bits(const KCodes& codes, unsigned shift, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < k_count / 4; ++i) bytes[i] = 0;
  for (std::size_t i = 0; i < k_count; ++i)
    bytes[i / 128 * 32 + i % 32] |=
        static_cast<std::uint8_t>((codes[i] >> shift & 3U) << i / 32 % 4 * 2);
}

void add_two_bits(const std::uint8_t* bytes, unsigned shift, KCodes& codes) {
  for (std::size_t i = 0; i < k_count; ++i)
    codes[i] |=
        static_cast<std::uint8_t>((bytes[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3U) << shift);
}

void pack_four_bits(const KCodes& codes, std::size_t group, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < k_count / 2; ++i) {
    const std::size_t low = i / (group / 2) * group + i % (group / 2);
    bytes[i] = static_cast<std::uint8_t>((codes[low] & 15U) | (codes[low + group / 2] & 15U) << 4U);
  }
}

KCodes four_bits(const std::uint8_t* bytes, std::size_t group) {
  KCodes codes{};
  for (std::size_t i = 0; i < k_count / 2; ++i) {
    const std::size_t low = i / (group / 2) * group + i % (group / 2);
    codes[low] = bytes[i] & 15U;
    codes[low + group / 2] = bytes[i] >> 4U;
  }
  return codes;
}

void pack_one_bit(const KCodes& codes, unsigned bit, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < k_count / 8; ++i) bytes[i] = 0;
  for (std::size_t i = 0; i < k_count; ++i)
    bytes[i % 32] |= static_cast<std::uint8_t>((codes[i] >> bit & 1U) << i / 32);
}

void add_one_bit(const std::uint8_t* bytes, unsigned bit, KCodes& codes) {
  for (std::size_t i = 0; i < k_count; ++i)
    codes[i] |= static_cast<std::uint8_t>((bytes[i % 32] >> i / 32 & 1U) << bit);
}

std::array<std::uint8_t, 16> sixteen_scales(const std::uint8_t* bytes) {
  std::array<std::uint8_t, 16> scales{};
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const unsigned low = bytes[i % 8] >> i / 8 * 4 & 15U;
    const unsigned high = bytes[8 + i % 4] >> i / 4 * 2 & 3U;
    scales[i] = static_cast<std::uint8_t>(low | high << 4U);
  }
  return scales;
}

void pack_sixteen_scales(const std::array<std::uint8_t, 16>& scales, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < 12; ++i) bytes[i] = 0;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    bytes[i % 8] |= static_cast<std::uint8_t>((scales[i] & 15U) << i / 8 * 4);
    bytes[8 + i % 4] |= static_cast<std::uint8_t>((scales[i] >> 4U & 3U) << i / 4 * 2);
  }
}

ScalesAndMinima eight_scales(const std::uint8_t* bytes) {
  ScalesAndMinima of{};
  for (std::size_t i = 0; i < 4; ++i) {
    of.scales[i] = bytes[i] & 63U;
    of.minima[i] = bytes[4 + i] & 63U;
    of.scales[4 + i] = static_cast<std::uint8_t>((bytes[8 + i] & 15U) | bytes[i] >> 6U << 4U);
    of.minima[4 + i] = static_cast<std::uint8_t>(bytes[8 + i] >> 4U | bytes[4 + i] >> 6U << 4U);
  }
  return of;
}

void pack_eight_scales(const ScalesAndMinima& of, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned scale = of.scales[4 + i];
    const unsigned minimum = of.minima[4 + i];
    bytes[i] = static_cast<std::uint8_t>(of.scales[i] | scale >> 4U << 6U);
    bytes[4 + i] = static_cast<std::uint8_t>(of.minima[i] | minimum >> 4U << 6U);
    bytes[8 + i] = static_cast<std::uint8_t>((scale & 15U) | (minimum & 15U) << 4U);
  }
}

void dequantize_q2_k(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block + q2_k.d);
  const float dmin = load_half(block + q2_k.d + 2);
  KCodes codes{};
  add_two_bits(block + q2_k.low, 0, codes);
  for (std::size_t i = 0; i < k_count; ++i) {
    const std::uint8_t scale = block[q2_k.scales + i / 16];
    const float step = d * static_cast<float>(scale & 15U);
    const float minimum = dmin * static_cast<float>(scale >> 4U);
    numbers[i] = step * static_cast<float>(codes[i]) - minimum;
  }
}

void dequantize_q3_k(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block + q3_k.d);
  const std::array<std::uint8_t, 16> scales = sixteen_scales(block + q3_k.scales);
  KCodes codes{};
  add_two_bits(block + q3_k.low, 0, codes);
  add_one_bit(block + q3_k.high, 2, codes);
  for (std::size_t i = 0; i < k_count; ++i) {
    const float step = d * static_cast<float>(scales[i / 16] - 32);
    numbers[i] = step * static_cast<float>(codes[i] - 4);
  }
}

namespace {

void give_with_minima(const std::uint8_t* block, const KCodes& codes, float* numbers) {
  const float d = load_half(block + q4_k.d);
  const float dmin = load_half(block + q4_k.d + 2);
  const ScalesAndMinima of = eight_scales(block + q4_k.scales);
  for (std::size_t i = 0; i < k_count; ++i) {
    const float step = d * static_cast<float>(of.scales[i / 32]);
    const float minimum = dmin * static_cast<float>(of.minima[i / 32]);
    numbers[i] = step * static_cast<float>(codes[i]) - minimum;
  }
}

}  // namespace

void dequantize_q4_k(const std::uint8_t* block, float* numbers) {
  give_with_minima(block, four_bits(block + q4_k.low, 64), numbers);
}

void dequantize_q5_k(const std::uint8_t* block, float* numbers) {
  KCodes codes = four_bits(block + q5_k.low, 64);
  add_one_bit(block + q5_k.high, 4, codes);
  give_with_minima(block, codes, numbers);
}

void dequantize_q6_k(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block + q6_k.d);
  KCodes codes = four_bits(block + q6_k.low, 128);
  add_two_bits(block + q6_k.high, 4, codes);
  for (std::size_t i = 0; i < k_count; ++i) {
    const auto scale = static_cast<std::int8_t>(block[q6_k.scales + i / 16]);
    const float step = d * static_cast<float>(scale);
    numbers[i] = step * static_cast<float>(codes[i] - 32);
  }
}

void dequantize_q8_k(const std::uint8_t* block, float* numbers) {
  const auto d = std::bit_cast<float>(static_cast<std::uint32_t>(load_little(block, 4)));
  for (std::size_t i = 0; i < k_count; ++i)
    numbers[i] = d * static_cast<float>(static_cast<std::int8_t>(block[4 + i]));
}

}  // namespace halfulp::tensors::gguf

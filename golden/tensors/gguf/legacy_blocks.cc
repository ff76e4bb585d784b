// SPDX-License-Identifier: MIT
//
// Blocks of 32 numbers: a scale d in binary16 (and a minimum m), then the codes. Codes of 4 bits
// lie as the numbers 0 to 15 in the low halves of 16 bytes and 16 to 31 in the high ones; the fifth
// bits are a little-endian word before them.
//   Q4_0, Q5_0  d * (q - n / 2): d is the number of the largest magnitude, with its sign, over -n/2
//   Q4_1, Q5_1  d * q + m: d is the range over n - 1
//   Q8_0, Q8_1  d * q: d is the largest magnitude over 127; Q8_1 keeps d * (sum of q) beside it
// Numbers are multiplied by 1 / d before d is rounded to binary16.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "formats/files/bytes.h"
#include "golden/tensors/gguf/blocks.h"
#include "golden/tensors/gguf/numbers.h"

namespace halfulp::tensors::gguf {
namespace {

constexpr std::size_t count = 32;
constexpr std::size_t half_count = count / 2;
using Codes = std::array<std::uint8_t, count>;

float reciprocal(float d) { return d != 0 ? 1.0F / d : 0.0F; }

void pack(const Codes& codes, std::uint8_t* low_bits) {
  for (std::size_t i = 0; i < half_count; ++i)
    low_bits[i] = static_cast<std::uint8_t>((codes[i] & 15U) | (codes[i + half_count] & 15U) << 4U);
}

Codes unpacked(const std::uint8_t* low_bits) {
  Codes codes{};
  for (std::size_t i = 0; i < half_count; ++i) {
    codes[i] = low_bits[i] & 15U;
    codes[i + half_count] = low_bits[i] >> 4U;
  }
  return codes;
}

void pack_fifth_bits(const Codes& codes, std::uint8_t* word) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < count; ++i) bits |= std::uint32_t{codes[i] >> 4U & 1U} << i;
  store_little(bits, word, sizeof bits);
}

void add_fifth_bits(const std::uint8_t* word, Codes& codes) {
  const std::uint64_t bits = load_little(word, 4);
  for (std::size_t i = 0; i < count; ++i)
    codes[i] |= static_cast<std::uint8_t>((bits >> i & 1U) << 4U);
}

// d * (q - middle)
void give_signed(const std::uint8_t* d, const Codes& codes, int middle, float* numbers) {
  const float scale = load_half(d);
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = static_cast<float>(codes[i] - middle) * scale;
}

// d * q + m
void give_above(const std::uint8_t* d, const Codes& codes, float* numbers) {
  const float scale = load_half(d);
  const float least = load_half(d + 2);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(codes[i]) * scale + least;
}

// The codes of d * (q - middle), and d. NaN is never the largest.
Codes signed_codes(const float* numbers, int middle, std::uint8_t* d) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::fabs(largest) < std::fabs(numbers[i])) largest = numbers[i];
  }
  const float scale = largest / static_cast<float>(-middle);
  const float inverse = reciprocal(scale);
  store_half(scale, d);
  Codes codes{};
  for (std::size_t i = 0; i < count; ++i) {
    const float place = numbers[i] * inverse;
    const int code = converted_to_8(place + (static_cast<float>(middle) + 0.5F));
    codes[i] = static_cast<std::uint8_t>(std::min(2 * middle - 1, code));
  }
  return codes;
}

// The codes of d * q + m up to `most`, with d and m.
Codes codes_above(const float* numbers, int most, std::uint8_t* d) {
  float low = std::numeric_limits<float>::max();
  float high = -low;
  for (std::size_t i = 0; i < count; ++i) {
    if (numbers[i] < low) low = numbers[i];
    if (numbers[i] > high) high = numbers[i];
  }
  const float scale = (high - low) / static_cast<float>(most);
  const float inverse = reciprocal(scale);
  store_half(scale, d);
  store_half(low, d + 2);
  Codes codes{};
  for (std::size_t i = 0; i < count; ++i) {
    const float place = (numbers[i] - low) * inverse;
    codes[i] = static_cast<std::uint8_t>(std::min(most, converted_to_8(place + 0.5F)));
  }
  return codes;
}

// Of 8 bits: the scale before it is rounded. A NaN is forgotten at the next number.
float eight_bit_codes(const float* numbers, std::uint8_t* codes) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(numbers[i]);
    largest = largest > magnitude ? largest : magnitude;
  }
  const float scale = largest / 127.0F;
  const float inverse = reciprocal(scale);
  for (std::size_t i = 0; i < count; ++i)
    codes[i] = static_cast<std::uint8_t>(converted(std::round(numbers[i] * inverse)));
  return scale;
}

void give_eight_bits(float scale, const std::uint8_t* codes, float* numbers) {
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = static_cast<float>(static_cast<std::int8_t>(codes[i])) * scale;
}

}  // namespace

void dequantize_q4_0(const std::uint8_t* block, float* numbers) {
  give_signed(block, unpacked(block + 2), 8, numbers);
}

void dequantize_q4_1(const std::uint8_t* block, float* numbers) {
  give_above(block, unpacked(block + 4), numbers);
}

void dequantize_q5_0(const std::uint8_t* block, float* numbers) {
  Codes codes = unpacked(block + 6);
  add_fifth_bits(block + 2, codes);
  give_signed(block, codes, 16, numbers);
}

void dequantize_q5_1(const std::uint8_t* block, float* numbers) {
  Codes codes = unpacked(block + 8);
  add_fifth_bits(block + 4, codes);
  give_above(block, codes, numbers);
}

void dequantize_q8_0(const std::uint8_t* block, float* numbers) {
  give_eight_bits(load_half(block), block + 2, numbers);
}

void dequantize_q8_1(const std::uint8_t* block, float* numbers) {
  give_eight_bits(load_half(block), block + 4, numbers);
}

void quantize_q4_0(const float* numbers, std::uint8_t* block) {
  pack(signed_codes(numbers, 8, block), block + 2);
}

void quantize_q4_1(const float* numbers, std::uint8_t* block) {
  pack(codes_above(numbers, 15, block), block + 4);
}

void quantize_q5_0(const float* numbers, std::uint8_t* block) {
  const Codes codes = signed_codes(numbers, 16, block);
  pack_fifth_bits(codes, block + 2);
  pack(codes, block + 6);
}

void quantize_q5_1(const float* numbers, std::uint8_t* block) {
  const Codes codes = codes_above(numbers, 31, block);
  pack_fifth_bits(codes, block + 4);
  pack(codes, block + 8);
}

void quantize_q8_0(const float* numbers, std::uint8_t* block) {
  store_half(eight_bit_codes(numbers, block + 2), block);
}

void quantize_q8_1(const float* numbers, std::uint8_t* block) {
  const float scale = eight_bit_codes(numbers, block + 4);
  int sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<std::int8_t>(block[4 + i]);
  store_half(scale, block);
  store_half(static_cast<float>(sum) * scale, block + 2);
}

}  // namespace halfulp::tensors::gguf

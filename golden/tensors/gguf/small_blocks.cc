// SPDX-License-Identifier: MIT
//
// FP4 under scales of 8 bits, ternary and binary numbers.
//   MXFP4  32 numbers: a power of two e, then FP4 codes; low halves of the bytes first
//   NVFP4  64 numbers: four scales in E4M3 without sign, then 4 x 16 FP4 codes, low halves first
//   TQ1_0  256 numbers d * (t - 1): five t of base 3 a byte (four in the last 4 bytes), then d
//   TQ2_0  256 numbers d * (t - 1): four t of 2 bits a byte, then d
//   Q1_0   128 numbers d or -d: d, the mean magnitude, then a bit each, set where x >= 0
// FP4 is kept as twice its number times half the scale. Of several FP4 codes as near, the lowest
// wins: of positive numbers the smaller, of negative ones too; zeros are +0.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "golden/tensors/gguf/blocks.h"
#include "golden/tensors/gguf/numbers.h"

namespace halfulp::tensors::gguf {
namespace {

constexpr std::array<std::int8_t, 16> doubled{0, 1,  2,  3,  4,  6,  8,  12,
                                              0, -1, -2, -3, -4, -6, -8, -12};

std::uint8_t nearest_fp4(float number, float half_scale) {
  std::size_t best = 0;
  float least = std::fabs(static_cast<float>(doubled[0]) * half_scale - number);
  for (std::size_t code = 1; code < doubled.size(); ++code) {
    const float error = std::fabs(static_cast<float>(doubled[code]) * half_scale - number);
    if (error < least) {
      best = code;
      least = error;
    }
  }
  return static_cast<std::uint8_t>(best);
}

// `count` numbers, those of the first half in the low halves of the bytes.
void give_fp4(const std::uint8_t* codes, float half_scale, std::size_t count, float* numbers) {
  for (std::size_t i = 0; i < count / 2; ++i) {
    numbers[i] = static_cast<float>(doubled[codes[i] & 15U]) * half_scale;
    numbers[i + count / 2] = static_cast<float>(doubled[codes[i] >> 4U]) * half_scale;
  }
}

void fp4_codes(const float* numbers, float half_scale, std::size_t count, std::uint8_t* codes) {
  for (std::size_t i = 0; i < count / 2; ++i)
    codes[i] = static_cast<std::uint8_t>(nearest_fp4(numbers[i], half_scale) |
                                         nearest_fp4(numbers[i + count / 2], half_scale) << 4U);
}

// Largest magnitude; NaN is none.
float largest_magnitude(const float* numbers, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (largest < std::fabs(numbers[i])) largest = std::fabs(numbers[i]);
  }
  return largest;
}

// 2^(e - 128); 255 is a number here.
float half_power_of_two(std::uint8_t e) {
  return e < 2 ? std::bit_cast<float>(0x00200000U << e)
               : std::bit_cast<float>(static_cast<std::uint32_t>(e - 1) << 23U);
}

// Does log2(2^k * (1 - t)), rounded to binary32, become k? That is where -log2(1 - t) is less than
// half the distance from k to the number below it; 0 has numbers of every size below it. Of the
// series of the logarithm three terms are enough: t is below 2^-17, and no t near this bound.
bool rounds_up_to(int k, double t) {
  if (k == 0) return false;
  constexpr double ln2 = 0.6931471805599453;
  const int magnitude = std::abs(k);
  int binade = 0;
  while (magnitude >> (binade + 1) != 0) ++binade;
  const bool at_its_start = magnitude == 1 << binade;
  const int step = binade - 23 - (k > 0 && at_its_start ? 1 : 0);
  return (t + t * t / 2 + t * t * t / 3) / ln2 < std::ldexp(0.5, step);
}

// floor(log2(number)), log2 rounded to binary32 before the floor is taken, so that numbers a little
// below a power of two have its exponent. Precondition: positive and finite.
int floor_of_rounded_logarithm(float number) {
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(number), &exponent);  // [0.5, 1)
  return rounds_up_to(exponent, 1 - fraction) ? exponent : exponent - 1;
}

// E4M3 without sign: half up, at most 448, subnormals of 2^-9; NaN and negative numbers are 0.
std::uint8_t scale_code(float scale) {
  constexpr float largest = 448;
  constexpr int bias = 7;
  if (!(scale > 0)) return 0;
  const float number = scale > largest ? largest : scale;
  const auto bits = std::bit_cast<std::uint32_t>(number);
  const int exponent = static_cast<int>(bits >> 23U) - 127 + bias;
  constexpr std::uint8_t most = 0x7e;
  if (exponent <= 0) return static_cast<std::uint8_t>(std::min(7, converted(number * 512 + 0.5F)));
  if (exponent >= 15) return most;
  const std::uint32_t code = static_cast<std::uint32_t>(exponent) << 3U | (bits >> 20U & 7U);
  const std::uint32_t rounded = code + (bits >> 19U & 1U);
  return rounded >= 15U << 3U ? most : static_cast<std::uint8_t>(rounded);
}

// Half the number of a scale's code, whose top bit counts for the exponent; 127 is 0.
float half_scale_of(std::uint8_t code) {
  constexpr std::uint8_t none = 0x7f;
  if (code == none) return 0;
  const int exponent = code >> 3U & 15U;
  const auto fraction = static_cast<float>(code & 7U);
  return exponent == 0 ? fraction * 0x1p-10F : std::ldexp(1 + fraction / 8, exponent - 8);
}

// Ternary codes 0 to 2 of x / d, d being the largest magnitude; a NaN is forgotten at the next.
constexpr std::size_t ternary_count = 256;
std::array<std::uint8_t, ternary_count> ternary_codes(const float* numbers, std::uint8_t* d) {
  float largest = 0;
  for (std::size_t i = 0; i < ternary_count; ++i) {
    const float magnitude = std::fabs(numbers[i]);
    largest = largest > magnitude ? largest : magnitude;
  }
  store_half(largest, d);
  const float inverse = largest != 0 ? 1.0F / largest : 0.0F;
  std::array<std::uint8_t, ternary_count> codes{};
  for (std::size_t i = 0; i < ternary_count; ++i)
    codes[i] = static_cast<std::uint8_t>(
        static_cast<std::uint32_t>(converted(std::round(numbers[i] * inverse))) + 1U);
  return codes;
}

// Groups of TQ1_0: in each byte `digits` numbers that stand `bytes` apart.
struct TernaryGroup {
  std::size_t first, bytes, digits, at;  // number; how many; a byte; where the bytes begin
};
constexpr std::array<TernaryGroup, 3> ternary_groups{
    {{0, 32, 5, 0}, {160, 16, 5, 32}, {240, 4, 4, 48}}};
constexpr std::size_t tq1_d = 52, tq2_d = 64;

}  // namespace

void dequantize_mxfp4(const std::uint8_t* block, float* numbers) {
  give_fp4(block + 1, half_power_of_two(block[0]), 32, numbers);
}

void quantize_mxfp4(const float* numbers, std::uint8_t* block) {
  constexpr std::size_t count = 32;
  const float largest = largest_magnitude(numbers, count);
  block[0] = 0;
  // The exponent of an infinity, which no integer holds, is 0 as well.
  if (largest > 0 && std::isfinite(largest))
    block[0] = static_cast<std::uint8_t>(floor_of_rounded_logarithm(largest) - 2 + 127);
  fp4_codes(numbers, half_power_of_two(block[0]), count, block + 1);
}

void dequantize_nvfp4(const std::uint8_t* block, float* numbers) {
  for (std::size_t run = 0; run < 4; ++run)
    give_fp4(block + 4 + 8 * run, half_scale_of(block[run]), 16, numbers + 16 * run);
}

void quantize_nvfp4(const float* numbers, std::uint8_t* block) {
  for (std::size_t run = 0; run < 4; ++run) {
    const float* of_run = numbers + 16 * run;
    block[run] = scale_code(largest_magnitude(of_run, 16) / 6.0F);
    fp4_codes(of_run, half_scale_of(block[run]), 16, block + 4 + 8 * run);
  }
}

void dequantize_tq1_0(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block + tq1_d);
  for (const TernaryGroup& group : ternary_groups) {
    for (std::size_t i = 0; i < group.bytes; ++i) {
      std::uint8_t byte = block[group.at + i];
      for (std::size_t digit = 0; digit < group.digits; ++digit) {
        // The byte is a fraction of 256: its next digit is what a multiplication by 3 carries.
        const int t = byte * 3 >> 8;
        numbers[group.first + digit * group.bytes + i] = static_cast<float>(t - 1) * d;
        byte = static_cast<std::uint8_t>(byte * 3);
      }
    }
  }
}

void quantize_tq1_0(const float* numbers, std::uint8_t* block) {
  const auto codes = ternary_codes(numbers, block + tq1_d);
  for (const TernaryGroup& group : ternary_groups) {
    for (std::size_t i = 0; i < group.bytes; ++i) {
      std::uint8_t number = 0;
      for (std::size_t digit = 0; digit < 5; ++digit) {
        const std::uint8_t t =
            digit < group.digits ? codes[group.first + digit * group.bytes + i] : 0;
        number = static_cast<std::uint8_t>(number * 3 + t);
      }
      block[group.at + i] = static_cast<std::uint8_t>((number * 256 + 242) / 243);
    }
  }
}

void dequantize_tq2_0(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block + tq2_d);
  for (std::size_t i = 0; i < ternary_count; ++i) {
    const std::size_t byte = i / 128 * 32 + i % 32;
    const int t = block[byte] >> (i / 32 % 4 * 2) & 3;
    numbers[i] = static_cast<float>(t - 1) * d;
  }
}

void quantize_tq2_0(const float* numbers, std::uint8_t* block) {
  const auto codes = ternary_codes(numbers, block + tq2_d);
  for (std::size_t i = 0; i < tq2_d; ++i) block[i] = 0;
  for (std::size_t i = 0; i < ternary_count; ++i)
    block[i / 128 * 32 + i % 32] |= static_cast<std::uint8_t>((codes[i] & 3U) << i / 32 % 4 * 2);
}

void dequantize_q1_0(const std::uint8_t* block, float* numbers) {
  const float d = load_half(block);
  for (std::size_t i = 0; i < 128; ++i) numbers[i] = (block[2 + i / 8] >> i % 8 & 1) != 0 ? d : -d;
}

void quantize_q1_0(const float* numbers, std::uint8_t* block) {
  float sum = 0;
  for (std::size_t i = 0; i < 128; ++i) sum += std::fabs(numbers[i]);
  store_half(sum / 128.0F, block);
  for (std::size_t i = 0; i < 16; ++i) block[2 + i] = 0;
  for (std::size_t i = 0; i < 128; ++i)
    block[2 + i / 8] |= static_cast<std::uint8_t>((numbers[i] >= 0 ? 1U : 0U) << i % 8);
}

}  // namespace halfulp::tensors::gguf

// SPDX-License-Identifier: MIT
//
// Where the parts of a block of 256 numbers stand. A number's code is in the low bits of one byte
// of `low` and, where codes have more, in bits of one byte of `high`; scales of runs are of 6 bits
// in 12 bytes in two ways. Source: ggml 0.13.1, ggml-common.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halfulp::tensors::gguf {

inline constexpr std::size_t k_count = 256;
using KCodes = std::array<std::uint8_t, k_count>;

// Where in the block: d, the scales of runs, low bits, high bits; and of the minima dmin, which
// stands behind d.
struct KLayout {
  std::size_t d, scales, low, high;
};
inline constexpr KLayout q2_k{80, 0, 16, 0};
inline constexpr KLayout q3_k{108, 96, 32, 0};
inline constexpr KLayout q4_k{0, 4, 16, 0};
inline constexpr KLayout q5_k{0, 4, 48, 16};
inline constexpr KLayout q6_k{208, 192, 0, 128};

// Two bits of each code, from bit `shift` on: of each 128 numbers, those that stand 32 apart share
// a byte.
void pack_two_bits(const KCodes& codes, unsigned shift, std::uint8_t* bytes);
void add_two_bits(const std::uint8_t* bytes, unsigned shift, KCodes& codes);
// Codes of 4 bits: of each 64 numbers (Q6_K: 128), those that stand half as far apart share a byte.
void pack_four_bits(const KCodes& codes, std::size_t group, std::uint8_t* bytes);
KCodes four_bits(const std::uint8_t* bytes, std::size_t group);
// One bit each: number i has bit i / 32 of byte i % 32.
void pack_one_bit(const KCodes& codes, unsigned bit, std::uint8_t* bytes);
void add_one_bit(const std::uint8_t* bytes, unsigned bit, KCodes& codes);

// 16 scales of 6 bits (Q3_K): the low 4 bits of scale i in the low halves of the first 8 bytes, of
// 8 + i in the high ones; the high 2 bits of scale i in byte 8 + i mod 4.
std::array<std::uint8_t, 16> sixteen_scales(const std::uint8_t* bytes);
void pack_sixteen_scales(const std::array<std::uint8_t, 16>& scales, std::uint8_t* bytes);
// 8 scales and 8 minima of 6 bits (Q4_K, Q5_K): the first four each have a byte, whose upper 2 bits
// are the upper ones of the last four; their low 4 bits share the last four bytes.
struct ScalesAndMinima {
  std::array<std::uint8_t, 8> scales, minima;
};
ScalesAndMinima eight_scales(const std::uint8_t* bytes);
void pack_eight_scales(const ScalesAndMinima& of, std::uint8_t* bytes);

}  // namespace halfulp::tensors::gguf

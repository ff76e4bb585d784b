// SPDX-License-Identifier: MIT
//
// Arrays of packed codes of 8 and 4 bits, from binary32 and to it, for those formats that allow it.
// What is decided of a format is decided once, at preparation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "emulator/kernels/kernels.h"
#include "emulator/kernels/magic.h"

namespace halfulp::emulator::kernels {

// What NaN becomes.
enum class NanCode : std::uint8_t {
  as_overflow,  // what numbers too large do
  odd,          // a code with its sign
  one
};

// Nearest-even into floats with a sign and a negative zero, whose overflows have the last code
// before the sign or the one behind the limit's.
struct ArrayEncoding {
  int width = 8;               // of a code: 8 or 4
  std::uint32_t clamp = 0;     // magnitudes are no larger than this
  Magic<std::uint32_t> magic;  // its least and raise
  std::uint32_t spare_bits = 0;
  float raise = 0;              // of codes (array_codes.cc)
  std::uint32_t offset = 0;     // of ranks (block_round.cc)
  std::uint32_t nan_above = 0;  // patterns of magnitudes for which nan stands
  std::uint32_t nan = 0;
  NanCode nan_code = NanCode::odd;
};
std::optional<ArrayEncoding> array_encoding_of(const Grid<std::uint32_t>& grid, int width);

// The bits behind the last code of a byte are zero. Floating-point arithmetic.
void encode(const float* in, std::size_t count, const ArrayEncoding& encoding, std::uint8_t* codes);

// The numbers of all codes of 8 bits or 4, as patterns.
struct DecodeTable {
  int width = 8;
  std::array<std::uint32_t, 256> patterns{};
  // True where the higher 16 bits of a pattern are all, and the code's sign is the number's.
  bool short_and_odd = false;
  std::array<std::uint8_t, 128> low{}, high{};  // bytes 2 and 3 of the patterns then
};
DecodeTable decode_table_of(std::span<const std::uint32_t> patterns);

void decode(const std::uint8_t* codes, std::size_t count, const DecodeTable& table, float* out);

// Numbers times the scale of their block, each product rounded once; NaN results are positive and
// quiet. False, and nothing written, where other kernels do it: there are no such instructions, a
// block or the last one has no whole vectors, or scales of 8-bit codes are no floats. Precondition:
// products are doubles. Floating-point arithmetic.
bool decode_blocks(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   const Scales& scales, float* out);

// What each code of a scale of at most eight bits is worth, times the scales around it: NaN where
// exact arithmetic has to decide, and for codes that there are not.
using ScaleNumbers = std::array<double, 256>;
// Under every scale, the numbers of all codes of four bits, rounded once. Precondition: products
// are doubles. Only for the kernels that take it, of the same instruction set. Floating-point
// arithmetic.
struct ScaledHalves {
  alignas(64) float numbers[256][16];
};
void scale_halves(const DecodeTable& table, const ScaleNumbers& scales, ScaledHalves& scaled);

// Scales of blocks by their codes. halves: of a table of four bits; null where all scales are
// floats, or NaN, and those stand in `factors`.
struct ScaleCodes {
  const Code* codes = nullptr;
  Code mask = 0;  // the bits of a code, at most 255
  std::size_t block = 1;
  std::array<float, 256> factors{};
  std::array<std::uint8_t, 256> nan{};  // 1 where a scale is NaN
  const ScaledHalves* halves = nullptr;
};
// Their factors, and which are NaN; whether all others are floats.
bool set_factors(const ScaleNumbers& numbers, ScaleCodes& scales);
// As decode_blocks, of blocks of 16 or 32 elements: whether any block is under NaN, into which
// something is written; nothing where other kernels do it.
std::optional<bool> decode_scaled(const std::uint8_t* codes, std::size_t count,
                                  const DecodeTable& table, const ScaleCodes& scales, float* out);

}  // namespace halfulp::emulator::kernels

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

// Nearest-even into floats with a sign and a negative zero, whose overflows have the last code
// before the sign or the one behind the limit's.
struct ArrayEncoding {
  int width = 8;               // of a code: 8 or 4
  std::uint32_t clamp = 0;     // magnitudes are no larger than this
  Magic<std::uint32_t> magic;  // its least and raise
  std::uint32_t spare_bits = 0;
  std::uint32_t offset = 0;     // of ranks (array_codes.cc)
  std::uint32_t nan_above = 0;  // patterns of magnitudes for which nan stands
  std::uint32_t nan = 0;
  std::uint32_t nan_sign = 0;  // its bit of the sign
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

}  // namespace halfulp::emulator::kernels

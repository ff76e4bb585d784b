// SPDX-License-Identifier: MIT
//
// Codes in packed arrays: least significant bits first in little-endian bytes, whatever the byte
// order of the machine. A block starts on a byte: its first index is a multiple of 8.
#pragma once

#include <cstdint>
#include <span>

#include "formats/format.h"

namespace halfulp::emulator {

// width: 4, 6, 8, 16, 32, 64 or 128. The bits behind the last code of a byte are zero.
void pack_codes(std::span<const std::uint32_t> codes, int width, std::uint8_t* bytes);
void pack_codes(std::span<const std::uint64_t> codes, int width, std::uint8_t* bytes);
void pack_codes(std::span<const Code> codes, int width, std::uint8_t* bytes);
void unpack_codes(const std::uint8_t* bytes, int width, std::span<std::uint64_t> codes);
void unpack_codes(const std::uint8_t* bytes, int width, std::span<Code> codes);
// The same from a code of any index on, into bytes whose bits from there on are zero. bytes: those
// of index 0.
void pack_codes_at(std::span<const std::uint32_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes);
void pack_codes_at(std::span<const std::uint8_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes);
void pack_codes_at(std::span<const std::uint64_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes);
void unpack_codes_at(const std::uint8_t* bytes, int width, std::size_t index,
                     std::span<std::uint64_t> codes);

}  // namespace halfulp::emulator

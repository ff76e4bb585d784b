// SPDX-License-Identifier: MIT
#include "emulator/arrays/packing.h"

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator {
namespace {

template <typename Stored, typename Bits>
void store_bytes(std::span<const Bits> codes, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = static_cast<Stored>(codes[i]);
    for (std::size_t byte = 0; byte < sizeof(Stored); ++byte) {
      bytes[i * sizeof(Stored) + byte] = static_cast<std::uint8_t>(code >> (8 * byte));
    }
  }
}

template <typename Stored, typename Bits>
void load_bytes(const std::uint8_t* bytes, std::span<Bits> codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    Stored code = 0;
    for (std::size_t byte = 0; byte < sizeof(Stored); ++byte) {
      code = static_cast<Stored>(code | Stored{bytes[i * sizeof(Stored) + byte]} << (8 * byte));
    }
    codes[i] = static_cast<Bits>(code);
  }
}

// 4 or 6 bits: codes gathered in a word, from which whole bytes leave.
template <typename Bits>
void store_bits(std::span<const Bits> codes, int width, std::uint8_t* bytes) {
  std::uint64_t waiting = 0;
  int held = 0;
  for (const Bits code : codes) {
    waiting |= static_cast<std::uint64_t>(code) << held;
    for (held += width; held >= 8; held -= 8, waiting >>= 8) {
      *bytes++ = static_cast<std::uint8_t>(waiting);
    }
  }
  if (held > 0) *bytes = static_cast<std::uint8_t>(waiting);
}

template <typename Bits>
void load_bits(const std::uint8_t* bytes, int width, std::span<Bits> codes) {
  std::uint64_t waiting = 0;
  int held = 0;
  for (Bits& code : codes) {
    for (; held < width; held += 8) waiting |= std::uint64_t{*bytes++} << held;
    code = waiting & ((std::uint64_t{1} << width) - 1);
    waiting >>= width;
    held -= width;
  }
}

template <typename Bits>
void pack(std::span<const Bits> codes, int width, std::uint8_t* bytes) {
  switch (width) {
    case 8:
      return store_bytes<std::uint8_t, Bits>(codes, bytes);
    case 16:
      return store_bytes<std::uint16_t, Bits>(codes, bytes);
    case 32:
      return store_bytes<std::uint32_t, Bits>(codes, bytes);
    case 64:
      return store_bytes<std::uint64_t, Bits>(codes, bytes);
    case 128:
      return store_bytes<Code, Bits>(codes, bytes);
    default:
      return store_bits(codes, width, bytes);
  }
}

template <typename Bits>
void unpack(const std::uint8_t* bytes, int width, std::span<Bits> codes) {
  switch (width) {
    case 8:
      return load_bytes<std::uint8_t, Bits>(bytes, codes);
    case 16:
      return load_bytes<std::uint16_t, Bits>(bytes, codes);
    case 32:
      return load_bytes<std::uint32_t, Bits>(bytes, codes);
    case 64:
      return load_bytes<std::uint64_t, Bits>(bytes, codes);
    case 128:
      return load_bytes<Code, Bits>(bytes, codes);
    default:
      return load_bits(bytes, width, codes);
  }
}

// 1. The codes that share their first byte with codes before them, bit by bit (at most three).
// 2. The others, which start on a byte. The last byte may hold bits of codes behind them already.
template <typename Bits>
void pack_at(std::span<const Bits> codes, int width, std::size_t index, std::uint8_t* bytes) {
  const auto step = static_cast<std::size_t>(width);
  for (; !codes.empty() && index * step % 8 != 0; codes = codes.subspan(1), ++index) {
    const std::size_t shift = index * step % 8;
    const std::uint64_t shifted = std::uint64_t{codes[0]} << shift;
    bytes[index * step / 8] |= static_cast<std::uint8_t>(shifted);
    if (shift + step > 8) bytes[index * step / 8 + 1] |= static_cast<std::uint8_t>(shifted >> 8);
  }
  if (codes.empty()) return;
  std::uint8_t* const first = bytes + index * step / 8;
  const std::size_t last = (codes.size() * step - 1) / 8;
  const std::uint8_t behind = first[last];
  pack(codes, width, first);
  first[last] |= behind;
}

}  // namespace

void pack_codes(std::span<const std::uint32_t> codes, int width, std::uint8_t* bytes) {
  pack(codes, width, bytes);
}

void pack_codes(std::span<const std::uint64_t> codes, int width, std::uint8_t* bytes) {
  pack(codes, width, bytes);
}

void pack_codes(std::span<const Code> codes, int width, std::uint8_t* bytes) {
  pack(codes, width, bytes);
}

void unpack_codes(const std::uint8_t* bytes, int width, std::span<std::uint64_t> codes) {
  unpack(bytes, width, codes);
}

void unpack_codes(const std::uint8_t* bytes, int width, std::span<Code> codes) {
  unpack(bytes, width, codes);
}

void pack_codes_at(std::span<const std::uint32_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes) {
  pack_at(codes, width, index, bytes);
}

void pack_codes_at(std::span<const std::uint8_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes) {
  if (width == 4 && index % 2 == 0 && codes.size() % 2 == 0)
    return kernels::pack_halves(codes.data(), codes.size(), bytes + index / 2);
  pack_at(codes, width, index, bytes);
}

void pack_codes_at(std::span<const std::uint64_t> codes, int width, std::size_t index,
                   std::uint8_t* bytes) {
  pack_at(codes, width, index, bytes);
}

void unpack_codes_at(const std::uint8_t* bytes, int width, std::size_t index,
                     std::span<std::uint64_t> codes) {
  const auto step = static_cast<std::size_t>(width);
  for (; !codes.empty() && index * step % 8 != 0; codes = codes.subspan(1), ++index) {
    const std::size_t shift = index * step % 8;
    std::uint64_t pair = bytes[index * step / 8];
    if (shift + step > 8) pair |= std::uint64_t{bytes[index * step / 8 + 1]} << 8;
    codes[0] = pair >> shift & ((std::uint64_t{1} << width) - 1);
  }
  if (!codes.empty()) unpack_codes(bytes + index * step / 8, width, codes);
}

}  // namespace halfulp::emulator

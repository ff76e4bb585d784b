// SPDX-License-Identifier: MIT
//
// Bytes of files: reading them whole, numbers in them, and text from them made fit for a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp::tensors {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

enum class ByteOrder : std::uint8_t { little, big };

// The number in `size` bytes (at most 8), least significant first.
inline std::uint64_t load_little(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
  return number;
}

inline void store_little(std::uint64_t number, std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
}

// Reverses the bytes of every element of `size` bytes.
void swap_bytes(std::span<std::uint8_t> elements, std::size_t size);

// The whole file; "-" is standard input. Throws Error naming it.
Bytes read_bytes(const std::string& path);

// At most 80 bytes of a text from a file, control characters written as \x0a.
std::string printable(std::string_view text);

}  // namespace halfulp::tensors

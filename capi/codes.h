// SPDX-License-Identifier: MIT
//
// Codes as callers hold them: one, in two words; or many, one an integer of the machine or packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capi/halfulp.h"
#include "capi/handles.h"

namespace halfulp::capi {

// A code of the format. Throws Error where it has bits beyond it.
Code code_of(const halfulp_format& format, halfulp_code code, const char* name);
halfulp_code words_of(Code code);
// Throws Error where the format has more than 64 bits.
void require_word(const halfulp_format& format);
// Throws Error where `random` has bits beyond those that are drawn.
void require_random(int random_bits, std::uint64_t random);

// Throws Error where the packed codes would have 2^60 bytes or more.
std::size_t packed_size(const halfulp_format& format, std::size_t count);

// Codes in stretches of this many at most, the first of each at a multiple of it. A multiple of 8,
// so that each begins on a byte.
inline constexpr std::size_t stretch = 512;

// Arrays of `count` codes of a format. Throw Error where they are too short, of no such element, or
// in integers that do not hold the format.
class CodesIn {
 public:
  CodesIn(const halfulp_format& format, const halfulp_codes& codes, std::size_t count,
          const char* name);

  // All of them packed, if that is what memory holds; else empty.
  [[nodiscard]] std::span<const std::uint8_t> packed() const { return packed_; }
  // A stretch, packed into `buffer` where memory holds it otherwise.
  [[nodiscard]] std::span<const std::uint8_t> stretch_at(std::size_t begin, std::size_t count,
                                                         std::span<std::uint8_t> buffer) const;
  // Of a format of at most 64 bits, without bits beyond it.
  void read(std::size_t begin, std::span<std::uint64_t> codes) const;

 private:
  const halfulp_format& format_;
  const std::uint8_t* data_;
  std::size_t bytes_;  // of an integer; 0: packed
  std::span<const std::uint8_t> packed_;
};

class CodesOut {
 public:
  CodesOut(const halfulp_format& format, const halfulp_codes_out& codes, std::size_t count,
           const char* name);

  [[nodiscard]] std::span<std::uint8_t> packed() const { return packed_; }
  // Packed codes of a stretch into their place.
  void write(std::size_t begin, std::size_t count, std::span<const std::uint8_t> packed) const;
  void write(std::size_t begin, std::span<const std::uint64_t> codes) const;

 private:
  const halfulp_format& format_;
  std::uint8_t* data_;
  std::size_t bytes_;
  std::span<std::uint8_t> packed_;
};

// Bytes of a stretch of packed codes of any format.
inline constexpr std::size_t stretch_bytes = stretch * sizeof(Code);

}  // namespace halfulp::capi

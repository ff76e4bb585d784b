// SPDX-License-Identifier: MIT
#include "capi/codes.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "capi/status.h"
#include "emulator/arrays/packing.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::capi {
namespace {

constexpr int word_bits = 64;

std::uint64_t mask_of(const halfulp_format& format) {
  return format.bits >= word_bits ? ~std::uint64_t{0} : (std::uint64_t{1} << format.bits) - 1;
}

// Where codes of a stretch begin.
std::size_t byte_of(const halfulp_format& format, std::size_t begin) {
  return begin / 8 * static_cast<std::size_t>(packed_bits(format.format));
}

struct Layout {
  std::size_t bytes;  // of an integer; 0: packed
  std::size_t all;    // of the array
};
Layout layout_of(const halfulp_format& format, std::uint32_t element, std::size_t count,
                 const char* name) {
  if (element == HALFULP_PACKED) return {0, packed_size(format, count)};
  if (element > HALFULP_U64)
    throw Error("codes are held in no such elements", name,
                "element is HALFULP_U8 to HALFULP_U64, or HALFULP_PACKED");
  const std::size_t bytes = std::size_t{1} << element;
  if (format.bits > static_cast<int>(8 * bytes))
    throw Error("a code of " + format.format.name + " has " + counted(format.bits, "bit"), name,
                "use wider integers, or HALFULP_PACKED");
  if (count > (std::size_t{1} << 56)) throw Error("is no number of elements", "count");
  return {bytes, count * bytes};
}

void require_bytes(const void* data, std::size_t needed, std::size_t given, const char* name) {
  if (given < needed)
    throw Error(counted(given, "byte") + ", and " + std::to_string(needed) + " are needed", name,
                "give an array of that size");
  require_array(data, needed, name);
}

// Integers of the machine are packed codes where they are as wide and it is little-endian.
bool is_packed(const halfulp_format& format, std::size_t bytes) {
  return bytes == 0 || (static_cast<int>(8 * bytes) == packed_bits(format.format) &&
                        (bytes == 1 || std::endian::native == std::endian::little));
}

template <typename Integer>
void load(const std::uint8_t* data, std::uint64_t mask, std::span<std::uint64_t> codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    Integer code;
    std::memcpy(&code, data + i * sizeof code, sizeof code);
    codes[i] = code & mask;
  }
}
template <typename Integer>
void store(std::span<const std::uint64_t> codes, std::uint8_t* data) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = static_cast<Integer>(codes[i]);
    std::memcpy(data + i * sizeof code, &code, sizeof code);
  }
}

}  // namespace

Code code_of(const halfulp_format& format, halfulp_code code, const char* name) {
  const Code whole = static_cast<Code>(code.high) << word_bits | code.low;
  if (format.bits < 2 * word_bits && whole >> format.bits != 0)
    throw Error(
        "a code of more than the " + counted(format.bits, "bit") + " of " + format.format.name,
        name, "is it of that format?");
  return whole;
}

halfulp_code words_of(Code code) {
  return {.low = static_cast<std::uint64_t>(code),
          .high = static_cast<std::uint64_t>(code >> word_bits)};
}

void require_word(const halfulp_format& format) {
  if (format.bits > word_bits)
    throw Error(format.format.name + " has " + counted(format.bits, "bit"), "",
                "use the function without _u64, or packed codes");
}

void require_random(int random_bits, std::uint64_t random) {
  if (random_bits == 0 || random_bits == word_bits || random >> random_bits == 0) return;
  throw Error("has more than the " + counted(random_bits, "bit") + " that the rounding draws",
              "random", "give it so many");
}

std::size_t packed_size(const halfulp_format& format, std::size_t count) {
  if (count > (std::size_t{1} << 56)) throw Error("is no number of elements", "count");
  return packed_bytes(format.format, count);
}

CodesIn::CodesIn(const halfulp_format& format, const halfulp_codes& codes, std::size_t count,
                 const char* name)
    : format_(format), data_(static_cast<const std::uint8_t*>(codes.data)) {
  const Layout layout = layout_of(format, codes.element, count, name);
  require_bytes(codes.data, layout.all, codes.bytes, name);
  bytes_ = layout.bytes;
  if (is_packed(format, bytes_)) packed_ = {data_, layout.all};
}

std::span<const std::uint8_t> CodesIn::stretch_at(std::size_t begin, std::size_t count,
                                                  std::span<std::uint8_t> buffer) const {
  const std::size_t size = packed_bytes(format_.format, count);
  if (is_packed(format_, bytes_)) return packed_.subspan(byte_of(format_, begin), size);
  std::array<std::uint64_t, stretch> codes;
  read(begin, std::span(codes).first(count));
  emulator::pack_codes(std::span<const std::uint64_t>(codes).first(count),
                       packed_bits(format_.format), buffer.data());
  return buffer.first(size);
}

void CodesIn::read(std::size_t begin, std::span<std::uint64_t> codes) const {
  const std::uint64_t mask = mask_of(format_);
  const std::uint8_t* const from = data_ + begin * bytes_;
  switch (bytes_) {
    case 1:
      return load<std::uint8_t>(from, mask, codes);
    case 2:
      return load<std::uint16_t>(from, mask, codes);
    case 4:
      return load<std::uint32_t>(from, mask, codes);
    case 8:
      return load<std::uint64_t>(from, mask, codes);
    default:
      emulator::unpack_codes(data_ + byte_of(format_, begin), packed_bits(format_.format), codes);
      for (std::uint64_t& code : codes) code &= mask;
  }
}

CodesOut::CodesOut(const halfulp_format& format, const halfulp_codes_out& codes, std::size_t count,
                   const char* name)
    : format_(format), data_(static_cast<std::uint8_t*>(codes.data)) {
  const Layout layout = layout_of(format, codes.element, count, name);
  require_bytes(codes.data, layout.all, codes.bytes, name);
  bytes_ = layout.bytes;
  if (is_packed(format, bytes_)) packed_ = {data_, layout.all};
}

void CodesOut::write(std::size_t begin, std::size_t count,
                     std::span<const std::uint8_t> packed) const {
  if (is_packed(format_, bytes_)) {
    std::memcpy(packed_.data() + byte_of(format_, begin), packed.data(),
                packed_bytes(format_.format, count));
    return;
  }
  std::array<std::uint64_t, stretch> codes;
  emulator::unpack_codes(packed.data(), packed_bits(format_.format), std::span(codes).first(count));
  write(begin, std::span<const std::uint64_t>(codes).first(count));
}

void CodesOut::write(std::size_t begin, std::span<const std::uint64_t> codes) const {
  std::uint8_t* const to = data_ + begin * bytes_;
  switch (bytes_) {
    case 1:
      return store<std::uint8_t>(codes, to);
    case 2:
      return store<std::uint16_t>(codes, to);
    case 4:
      return store<std::uint32_t>(codes, to);
    case 8:
      return store<std::uint64_t>(codes, to);
    default:
      emulator::pack_codes(codes, packed_bits(format_.format), data_ + byte_of(format_, begin));
  }
}

}  // namespace halfulp::capi

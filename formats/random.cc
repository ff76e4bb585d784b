// SPDX-License-Identifier: MIT
#include "formats/random.h"

#include <Random123/philox.h>

namespace halfulp {

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key) {
  const r123::Philox4x32_R<10>::ctr_type block = r123::Philox4x32_R<10>()(
      {{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
  return {block[0], block[1], block[2], block[3]};
}

std::uint32_t Random::word(std::uint64_t index) const {
  const std::uint64_t position = index + offset;
  const std::uint64_t block = position / 4;
  return philox4x32_10(
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
       static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)})[position % 4];
}

std::uint64_t Random::bits(std::uint64_t index, int count) const {
  if (count <= 32) return word(index) >> (32 - count);
  Random from_zero = *this;
  from_zero.offset = 0;
  const std::uint64_t first = 2 * (index + offset);
  const std::uint64_t both =
      (std::uint64_t{from_zero.word(first)} << 32) | from_zero.word(first + 1);
  return both >> (64 - count);
}

}  // namespace halfulp

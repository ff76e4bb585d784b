// SPDX-License-Identifier: MIT
#include "emulator/arrays/random_bits.h"

#include <algorithm>
#include <array>

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator {
namespace {

// Philox blocks are four words; a position is 4 block + word. Positions count modulo 2^64.
constexpr std::uint64_t last_block = ~std::uint64_t{0} >> 2;
constexpr std::size_t most_blocks = draw_segment + 2;

class PhiloxWords {
 public:
  explicit PhiloxWords(const Random& random) : key_{.seed = random.seed, .stream = random.stream} {}

  // Consecutive words from `position` on, moved down; valid until the next call.
  const std::uint32_t* consecutive(std::uint64_t position, std::size_t count, int shift) {
    const std::size_t skipped = position % 4;
    const std::size_t blocks = (skipped + count + 3) / 4;
    kernels::philox_words(key_, position / 4, blocks, shift, words_.data());
    return words_.data() + skipped;
  }

  // The blocks that hold positions first, first + stride, ...
  const std::uint32_t* blocks_of(std::uint64_t first, std::uint64_t stride, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) put(i, (first + i * stride) / 4);
    kernels::philox(key_, low_.data(), high_.data(), count, words_.data());
    return words_.data();
  }

 private:
  void put(std::size_t i, std::uint64_t block) {
    low_[i] = static_cast<std::uint32_t>(block);
    high_[i] = static_cast<std::uint32_t>((block & last_block) >> 32);
  }

  kernels::PhiloxKey key_;
  std::array<std::uint32_t, most_blocks> low_;
  std::array<std::uint32_t, most_blocks> high_;
  std::array<std::uint32_t, 4 * most_blocks> words_;
};

template <typename Out>
void draw_words(const Random& random, int bits, const Draws& draws, Out* out) {
  PhiloxWords words(random);
  const int shift = 32 - bits;
  const std::uint64_t first = draws.first + random.offset;
  if (draws.stride == 1) {
    std::copy_n(words.consecutive(first, draws.count, shift), draws.count, out);
    return;
  }
  const std::uint32_t* block = words.blocks_of(first, draws.stride, draws.count);
  for (std::size_t i = 0; i < draws.count; ++i) {
    out[i] = block[4 * i + (first + i * draws.stride) % 4] >> shift;
  }
}

// Equal steps of the index are equal steps of the state.
template <typename Out>
void draw_splitmix(const Random& random, int bits, const Draws& draws, Out* out) {
  const SplitMix64 generator = splitmix64(random.seed, random.stream);
  const std::uint64_t first = draws.first + random.offset;
  kernels::splitmix({.first = generator.start + (first + 1) * generator.step,
                     .step = draws.stride * generator.step,
                     .shift = 64 - bits},
                    draws.count, out);
}

}  // namespace

void draw(const Random& random, int bits, const Draws& draws, std::uint32_t* out) {
  if (random.generator == Generator::splitmix64) return draw_splitmix(random, bits, draws, out);
  draw_words(random, bits, draws, out);
}

// Philox above 32 bits: the words 2 index and 2 index + 1, which are of one block.
void draw(const Random& random, int bits, const Draws& draws, std::uint64_t* out) {
  if (random.generator == Generator::splitmix64) return draw_splitmix(random, bits, draws, out);
  if (bits <= 32) return draw_words(random, bits, draws, out);
  PhiloxWords words(random);
  const int shift = 64 - bits;
  const std::uint64_t first = 2 * (draws.first + random.offset);
  const std::uint64_t stride = 2 * draws.stride;
  const std::uint32_t* block = words.blocks_of(first, stride, draws.count);
  for (std::size_t i = 0; i < draws.count; ++i) {
    const std::uint32_t* pair = block + 4 * i + (first + i * stride) % 4;
    out[i] = ((std::uint64_t{pair[0]} << 32) | pair[1]) >> shift;
  }
}

}  // namespace halfulp::emulator

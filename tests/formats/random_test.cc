// SPDX-License-Identifier: MIT
#include "formats/random.h"

#include <gtest/gtest.h>

namespace halfulp {
namespace {

// Known answers published with Random123 (Salmon et al., SC 2011): zeros, ones, and digits of pi.
TEST(Random, PhiloxGivesThePublishedAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(
      philox4x32_10({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
      (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, WordsAreAddressedByCounter) {
  const Random random{.seed = 0x123456789abcdef0, .stream = 0xfedcba9876543210};
  const auto block = philox4x32_10({5, 0, 0x76543210, 0xfedcba98}, {0x9abcdef0, 0x12345678});
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(random.word(20 + i), block[i]);
  const auto high = philox4x32_10({0, 1, 0x76543210, 0xfedcba98}, {0x9abcdef0, 0x12345678});
  EXPECT_EQ(random.word(std::uint64_t{4} << 32), high[0]);
}

TEST(Random, AnOffsetIsAShiftOfTheIndex) {
  const Random whole{.seed = 9, .stream = 4};
  const Random part{.seed = 9, .stream = 4, .offset = 37};
  for (const int count : {1, 7, 32, 33, 64}) {
    for (std::uint64_t i = 0; i < 50; ++i)
      EXPECT_EQ(part.bits(i, count), whole.bits(i + 37, count));
  }
}

TEST(Random, BitsAreTheHighOnesOfOneWordOrTwo) {
  const Random random{.seed = 1, .stream = 2};
  EXPECT_EQ(random.bits(3, 8), random.word(3) >> 24);
  EXPECT_EQ(random.bits(3, 64), (std::uint64_t{random.word(6)} << 32) | random.word(7));
  EXPECT_EQ(random.bits(3, 40), random.bits(3, 64) >> 24);
}

}  // namespace
}  // namespace halfulp

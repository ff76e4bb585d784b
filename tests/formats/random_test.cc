// SPDX-License-Identifier: MIT
#include "formats/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "formats/error.h"

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

// The first bits of a stream, a bit an element, from the generators' published forms: Philox's
// words one after the other, SplitMix64's outputs one after the other, each from its highest bit
// down.
std::vector<int> first_bits(const Random& random, std::size_t count) {
  std::vector<int> bits;
  const auto append = [&](std::uint64_t number, int width) {
    for (int place = width - 1; place >= 0; --place)
      bits.push_back(static_cast<int>(number >> place & 1));
  };
  const auto low = [](std::uint64_t number) { return static_cast<std::uint32_t>(number); };
  for (std::uint64_t i = 0; bits.size() < count; ++i) {
    if (random.generator == Generator::splitmix64) {
      append(splitmix64(random.seed, random.stream).at(i), 64);
      continue;
    }
    for (const std::uint32_t word :
         philox4x32_10({low(i), low(i >> 32), low(random.stream), low(random.stream >> 32)},
                       {low(random.seed), low(random.seed >> 32)}))
      append(word, 32);
  }
  return bits;
}

// As the header says it, every R and both generators, of whole streams and of parts that begin
// anywhere.
TEST(Random, BitsAreTheFirstOfTheElementsField) {
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
    const Random whole{.seed = 0x123456789abcdef0,
                       .stream = 0xfedcba9876543210,
                       .offset = 0,
                       .generator = generator};
    constexpr std::size_t elements = 40;
    const std::vector<int> stream = first_bits(whole, elements * 64);
    for (int count = 1; count <= 64; ++count) {
      int width = 8;
      while (width < count) width *= 2;
      EXPECT_EQ(field_width(count), width);
      for (std::size_t i = 0; i < elements; ++i) {
        std::uint64_t want = 0;
        for (int k = 0; k < count; ++k)
          want = 2 * want +
                 static_cast<std::uint64_t>(
                     stream[i * static_cast<std::size_t>(width) + static_cast<std::size_t>(k)]);
        EXPECT_EQ(whole.bits(i, count), want) << name_of(generator) << " " << count << " " << i;
        for (const std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{16}}) {
          if (offset > i) continue;
          Random part = whole;
          part.offset = offset;
          EXPECT_EQ(part.bits(i - offset, count), want) << name_of(generator) << " " << count;
        }
      }
      EXPECT_EQ(whole.word(5), whole.bits(5, 32));
    }
  }
}

// Indices count modulo 2^64, and no field of 64 bits comes twice.
TEST(Random, IndicesWrapAround) {
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
    const Random last{.seed = 3, .stream = 5, .offset = ~std::uint64_t{0}, .generator = generator};
    const Random first{.seed = 3, .stream = 5, .offset = 0, .generator = generator};
    const Random middle{
        .seed = 3, .stream = 5, .offset = std::uint64_t{1} << 63, .generator = generator};
    for (const int count : {8, 16, 32, 64}) EXPECT_EQ(last.bits(1, count), first.bits(0, count));
    EXPECT_NE(middle.bits(0, 64), first.bits(0, 64));
  }
}

// The generator as it is published: a state that goes on.
class Sequential {
 public:
  Sequential(std::uint64_t state, std::uint64_t step) : state_(state), step_(step) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += step_;
    z ^= z >> 30;
    z *= 13787848793156543929U;
    z ^= z >> 27;
    z *= 10723151780598845931U;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_, step_;
};

constexpr std::uint64_t golden = 11400714819323198485U;

// The sequences of seeds 1234567 and 0 that implementations of SplitMix64 are tested with.
TEST(SplitMix, StreamZeroGivesThePublishedSequence) {
  const Random random{.seed = 1234567, .generator = Generator::splitmix64};
  const std::array<std::uint64_t, 5> published{6457827717110365317U, 3203168211198807973U,
                                               9817491932198370423U, 4593380528125082431U,
                                               16408922859458223821U};
  for (std::uint64_t i = 0; i < published.size(); ++i)
    EXPECT_EQ(random.bits(i, 64), published.at(i));
  EXPECT_EQ(splitmix64(0, 0).at(0), 0xe220a8397b1dcdafU);
  EXPECT_EQ(splitmix64(0, 0).at(1), 0x6e789e6aa1b965f4U);
  Sequential sequence(1234567, golden);
  for (std::uint64_t i = 0; i < 10000; ++i) ASSERT_EQ(random.bits(i, 64), sequence.next());
}

// Computed by a program of a few lines in another language.
TEST(SplitMix, StreamsHaveStartsAndStepsOfTheirOwn) {
  const SplitMix64 one = splitmix64(1, 1);
  EXPECT_EQ(one.start, 0x6164cd518437aeb4U);
  EXPECT_EQ(one.step, 0xd8c6151011a29519U);
  EXPECT_EQ(one.at(0), 0xd43d95d13231218fU);
  EXPECT_EQ(one.at(std::uint64_t{1} << 40), 0x91f2c4171df98b3eU);
  EXPECT_EQ(splitmix64(1, 2).at(1), 0xe4abb7f2bbf52785U);
  EXPECT_EQ(splitmix64(1, 141).step, 0x2a232355e1baa655U);  // one whose bits were flipped
  const SplitMix64 last = splitmix64(0x123456789abcdef0, 0xfedcba9876543210);
  EXPECT_EQ(last.at(2), 0x3149b819b59731f0U);
  Sequential sequence(last.start, last.step);
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(last.at(i), sequence.next());
}

// Streams that walked the same states at a distance would have outputs in common, as outputs are a
// permutation of states: among 2^19 of 64 bits a chance match has probability 2^-27.
TEST(SplitMix, StreamsDoNotOverlap) {
  std::vector<std::uint64_t> outputs;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63}) {
    for (std::uint64_t stream = 0; stream < 1024; ++stream) {
      const SplitMix64 generator = splitmix64(seed, stream);
      EXPECT_EQ(generator.step % 2, 1U);
      EXPECT_GE(std::popcount(generator.step ^ (generator.step >> 1)), 24);
      for (std::uint64_t i = 0; i < 170; ++i) outputs.push_back(generator.at(i));
    }
  }
  std::sort(outputs.begin(), outputs.end());
  EXPECT_EQ(std::adjacent_find(outputs.begin(), outputs.end()), outputs.end());
}

// Of independent uniform words the bits that differ between two are 32 on average, with variance
// 16. Five standard errors of the mean.
void check_independent(const char* what, const std::function<std::uint64_t(std::uint64_t)>& a,
                       const std::function<std::uint64_t(std::uint64_t)>& b) {
  constexpr int count = 1 << 16;
  std::array<int, 64> differences{};
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t x = a(i) ^ b(i);
    for (std::size_t bit = 0; bit < 64; ++bit)
      differences.at(bit) += static_cast<int>((x >> bit) & 1);
  }
  int total = 0;
  for (const int each : differences) {
    EXPECT_LT(std::abs(each - count / 2), 5 * 128) << what;  // sqrt(count) / 2 = 128
    total += each;
  }
  EXPECT_LT(std::abs(total - 32 * count), 5 * 4 * 256) << what;
}

TEST(SplitMix, NeighboursInSeedStreamAndIndexAreIndependent) {
  const auto at = [](std::uint64_t seed, std::uint64_t stream) {
    return [=](std::uint64_t i) { return splitmix64(seed, stream).at(i); };
  };
  check_independent("streams 0 and 1", at(7, 0), at(7, 1));
  check_independent("streams 1 and 2", at(7, 1), at(7, 2));
  check_independent("streams 5 and 261", at(7, 5), at(7, 261));
  check_independent("seeds", at(1, 3), at(2, 3));
  check_independent("seeds of stream 0", at(1, 0), at(2, 0));
  check_independent("indices", at(7, 1),
                    [](std::uint64_t i) { return splitmix64(7, 1).at(i + 1); });
  check_independent(
      "a stream and the next at one index", [](std::uint64_t i) { return splitmix64(7, i).at(0); },
      [](std::uint64_t i) { return splitmix64(7, i + 1).at(0); });
  check_independent(
      "a seed and the next at one index", [](std::uint64_t i) { return splitmix64(i, 1).at(9); },
      [](std::uint64_t i) { return splitmix64(i + 1, 1).at(9); });
  check_independent("with Philox", at(7, 1),
                    [](std::uint64_t i) { return Random{.seed = 7, .stream = 1}.bits(i, 64); });
}

// Chi-square of the high byte, 255 degrees of freedom: mean 255, standard deviation 22.6.
TEST(SplitMix, HighBytesAreUniformAlongEveryAxis) {
  const auto chi_square = [](const std::function<std::uint64_t(std::uint64_t)>& draw) {
    constexpr int count = 1 << 16;
    std::array<int, 256> bins{};
    for (std::uint64_t i = 0; i < count; ++i) ++bins.at(draw(i) >> 56);
    double sum = 0;
    for (const int bin : bins) sum += std::pow(bin - count / 256, 2) / (count / 256.0);
    return sum;
  };
  const auto expect_uniform = [](double sum) {
    EXPECT_GT(sum, 255 - 5 * 22.6);
    EXPECT_LT(sum, 255 + 5 * 22.6);
  };
  expect_uniform(chi_square([](std::uint64_t i) { return splitmix64(3, 4).at(i); }));
  expect_uniform(chi_square([](std::uint64_t i) { return splitmix64(3, i).at(4); }));
  expect_uniform(chi_square([](std::uint64_t i) { return splitmix64(i, 3).at(4); }));
  expect_uniform(chi_square([](std::uint64_t i) { return splitmix64(3, i << 8).at(4 * i); }));
}

TEST(Random, GeneratorsHaveNames) {
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64})
    EXPECT_EQ(parse_generator(name_of(generator)), generator);
  EXPECT_EQ(name_of(Random{}.generator), "philox4x32-10");
  try {
    parse_generator("splitmix");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "unknown generator \"splitmix\"; did you mean \"splitmix64\"?");
  }
}

}  // namespace
}  // namespace halfulp

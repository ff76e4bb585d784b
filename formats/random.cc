// SPDX-License-Identifier: MIT
#include "formats/random.h"

#include <Random123/philox.h>

#include <bit>
#include <string>

#include "formats/error.h"

namespace halfulp {
namespace {

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
constexpr std::string_view philox_name = "philox4x32-10";
constexpr std::string_view splitmix_name = "splitmix64";

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint64_t murmur(std::uint64_t z) {
  z = (z ^ (z >> 33)) * 0xff51afd7ed558ccdU;
  z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53U;
  return z ^ (z >> 33);
}

std::uint64_t odd(std::uint64_t z) {
  constexpr int fewest_changes = 24;
  z |= 1;
  return std::popcount(z ^ (z >> 1)) < fewest_changes ? z ^ 0xaaaaaaaaaaaaaaaaU : z;
}

std::uint64_t unit_of(const Random& random, std::uint64_t number) {
  if (random.generator == Generator::splitmix64)
    return splitmix64(random.seed, random.stream).at(number);
  const std::uint64_t block = number / 2;
  const auto words = philox4x32_10(
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
       static_cast<std::uint32_t>(random.stream), static_cast<std::uint32_t>(random.stream >> 32)},
      {static_cast<std::uint32_t>(random.seed), static_cast<std::uint32_t>(random.seed >> 32)});
  const std::size_t first = number % 2 * 2;
  return (std::uint64_t{words.at(first)} << 32) | words.at(first + 1);
}

}  // namespace

std::string_view name_of(Generator generator) {
  return generator == Generator::splitmix64 ? splitmix_name : philox_name;
}

Generator parse_generator(std::string_view name) {
  if (name == philox_name) return Generator::philox4x32_10;
  if (name == splitmix_name) return Generator::splitmix64;
  const std::string hint =
      suggest(std::string(name), {std::string(philox_name), std::string(splitmix_name)});
  throw Error("unknown generator \"" + std::string(name) + "\"", "",
              hint.empty() ? "the generators are philox4x32-10 and splitmix64" : hint);
}

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key) {
  const r123::Philox4x32_R<10>::ctr_type block = r123::Philox4x32_R<10>()(
      {{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
  return {block[0], block[1], block[2], block[3]};
}

std::uint64_t SplitMix64::at(std::uint64_t index) const { return mix(start + (index + 1) * step); }

SplitMix64 splitmix64(std::uint64_t seed, std::uint64_t stream) {
  if (stream == 0) return {.start = seed, .step = golden};
  const std::uint64_t key = murmur(seed) + 2 * stream * golden;
  return {.start = murmur(key), .step = odd(murmur(key + golden))};
}

std::uint64_t Random::bits(std::uint64_t index, int count) const {
  const std::uint64_t position = index + offset;
  const int width = field_width(count);
  const auto in_unit = static_cast<std::uint64_t>(64 / width);
  const auto place = static_cast<int>(position % in_unit);
  return unit_of(*this, position / in_unit) << (place * width) >> (64 - count);
}

std::uint32_t Random::word(std::uint64_t index) const {
  return static_cast<std::uint32_t>(bits(index, 32));
}

}  // namespace halfulp

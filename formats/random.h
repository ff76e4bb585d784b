// SPDX-License-Identifier: MIT
//
// Random bits by counter: a pure function of (seed, stream, index), so that what an element draws
// depends neither on order nor on threads, lanes or the other elements.
//
// A stream is a row of bits: 64-bit units 0, 1, 2, ... laid end to end, each from its highest bit
// down. An element that wants R bits has a field of the stream of w bits, w being the least of 8,
// 16, 32 and 64 that holds R. Field number i, i being the element's index, is bits [i w, (i + 1) w)
// of the stream, and the element's random bits are the first R of it, the first of them the most
// significant. So eight elements share a unit where R is at most 8, four to 16, two to 32. Indices
// are integers modulo 2^64. There are two generators of units.
//
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011), with
//     key = (low, high word of seed),  counter = (low, high word of j, low, high word of stream),
// gives block j of four words of 32 bits: words 0 and 1 are unit 2 j, words 2 and 3 unit 2 j + 1,
// the former word high. In other words, the words laid end to end.
//
// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
// 2014), several times as fast. A generator has a start and an odd step ("gamma"); its output
// number u, counted from 0, is unit u:
//     at(u) = mix(start + (u + 1) step)   modulo 2^64, with
//     mix(z):  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;  z = (z ^ z >> 27) * 0x94d049bb133111eb;
//              z ^ z >> 31   (Stafford, "Better bit mixing", 2011, variant 13).
// Stream 0 of a seed is the generator as it is published: start = seed, step = golden =
// 0x9e3779b97f4a7c15. Every other stream has a start and a step of its own, so that no two walk the
// same sequence of states at different places. They are made as the paper's split() makes them:
//     key = murmur(seed) + 2 stream golden;  start = murmur(key);  step = odd(murmur(key + golden))
// where murmur is the finaliser of MurmurHash3 (shifts 33, factors 0xff51afd7ed558ccd and
// 0xc4ceb9fe1a85ec53), and odd(z) sets the lowest bit and, where fewer than 24 neighbouring bits
// then differ, flips the bits of 0xaaaaaaaaaaaaaaaa. Streams 0 of all seeds share the step: seed
// s + k golden is seed s moved by k. Seeds that differ by less than 2^20 lie at least 2^42 apart.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace halfulp {

enum class Generator : std::uint8_t { philox4x32_10, splitmix64 };
std::string_view name_of(Generator generator);     // "philox4x32-10", "splitmix64"
Generator parse_generator(std::string_view name);  // throws Error

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key);

struct SplitMix64 {
  std::uint64_t start = 0, step = 0;
  [[nodiscard]] std::uint64_t at(std::uint64_t index) const;
};
SplitMix64 splitmix64(std::uint64_t seed, std::uint64_t stream);

struct Random {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t offset = 0;  // added to every index: where a part of an array begins in the whole
  Generator generator = Generator::philox4x32_10;

  // `count` (1 to 64) random bits for the element `index`.
  [[nodiscard]] std::uint64_t bits(std::uint64_t index, int count) const;
  // 32 of them.
  [[nodiscard]] std::uint32_t word(std::uint64_t index) const;
};

// w of `count` random bits.
constexpr int field_width(int count) {
  return count <= 8 ? 8 : count <= 16 ? 16 : count <= 32 ? 32 : 64;
}

}  // namespace halfulp

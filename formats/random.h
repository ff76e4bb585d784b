// SPDX-License-Identifier: MIT
//
// Random bits by counter: a pure function of (seed, stream, index), so that what an element draws
// depends neither on order nor on threads, lanes or the other elements. There are two generators.
//
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011), with
//     key = (low, high word of seed),  counter = (low, high word of index / 4, low, high word of
//     stream),
// whose output word index mod 4 is word(index).
//
// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
// 2014), several times as fast. A generator has a start and an odd step ("gamma"); its output
// number index, counted from 0, is
//     at(index) = mix(start + (index + 1) step)   modulo 2^64, with
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

  // 32 bits: of splitmix64 the high half of its output.
  [[nodiscard]] std::uint32_t word(std::uint64_t index) const;
  // `count` (1 to 64) random bits for one element. Philox: the high bits of its word; above 32, of
  // the two words 2 index (high) and 2 index + 1 (low). SplitMix64: the high bits of its output.
  [[nodiscard]] std::uint64_t bits(std::uint64_t index, int count) const;
};

}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "experiments/hash.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace halfulp::experiments {
namespace {

template <typename Bits, typename Real>
std::uint64_t hash_of_numbers(std::span<const Real> numbers, std::uint64_t hash) {
  for (const Real x : numbers) {
    const auto bits =
        std::bit_cast<Bits>(std::isnan(x) ? std::numeric_limits<Real>::quiet_NaN() : x);
    std::array<unsigned char, sizeof(Bits)> bytes;
    for (std::size_t b = 0; b < bytes.size(); ++b)
      bytes[b] = static_cast<unsigned char>(bits >> (8 * b));
    hash = fnv1a(bytes.data(), bytes.size(), hash);
  }
  return hash;
}

}  // namespace

std::uint64_t fnv1a(const void* bytes, std::size_t count, std::uint64_t hash) {
  const auto* byte = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ byte[i]) * 0x100000001b3;
  return hash;
}

std::uint64_t fnv1a(std::span<const float> numbers, std::uint64_t hash) {
  return hash_of_numbers<std::uint32_t>(numbers, hash);
}

std::uint64_t fnv1a(std::span<const double> numbers, std::uint64_t hash) {
  return hash_of_numbers<std::uint64_t>(numbers, hash);
}

std::string hexadecimal(std::uint64_t hash) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15];
  return text;
}

}  // namespace halfulp::experiments

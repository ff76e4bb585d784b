// SPDX-License-Identifier: MIT
//
// What an engine answers as one number (FNV-1a of words): equal where another instruction set, or
// another build, answers the same bits.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace halfulp::equality {

class Digest {
 public:
  void add(std::uint64_t word) {
    constexpr std::uint64_t prime = 0x100000001b3;
    digest_ = (digest_ ^ word) * prime;
  }
  // Every NaN alike.
  template <typename T>
  void add_number(T x) {
    add(std::isnan(x) ? 1 : std::bit_cast<std::uint64_t>(static_cast<double>(x)));
  }
  [[nodiscard]] std::uint64_t value() const { return digest_; }

 private:
  std::uint64_t digest_ = 0xcbf29ce484222325;
};

}  // namespace halfulp::equality

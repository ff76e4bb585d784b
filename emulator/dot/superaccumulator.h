// SPDX-License-Identifier: MIT
//
// A sum of any number of products of two binary64 numbers without error: a fixed-point number in
// two's complement with room for every bit of every product (Kulisch's long accumulator; Kulisch
// and Miranker, "Computer Arithmetic in Theory and Practice", 1981). Words are 64 bits, and what a
// term carries out of the three words that it touches is counted beside the next one and added at
// the end, so that no carry ever travels.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/operand.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

class Superaccumulator {
 public:
  void clear() { *this = Superaccumulator(); }

  // Adds a * b exactly. Both are finite and not zero.
  void add_product(double a, double b);
  // Adds a finite nonzero operand exactly. False, and nothing added, where it has bits outside of
  // the range of products of binary64.
  [[nodiscard]] bool add(const Operand& x);

  // The sum, where it is not zero, in at most 127 bits, what is below jammed; or in full. Zero has
  // significand 0.
  [[nodiscard]] Exact<Code> jammed() const;
  [[nodiscard]] Exact<Integer> total() const;

 private:
  // Products lie between 2^-2148 and 2^2048. 2^62 of them need 62 bits more and the sign one.
  static constexpr std::int64_t least_exponent = -64 * 34;
  static constexpr std::int64_t most_exponent = 2048;
  static constexpr std::size_t words = (most_exponent - least_exponent) / 64 + 1;

  using Words = std::array<std::uint64_t, words>;
  // What is added: (-1)^negative * n * 2^(least_exponent + position).
  void add_at(bool negative, Code n, std::size_t position);
  struct Magnitude {
    bool negative = false;
    Words words{};
    std::size_t length = 0;  // up to the highest nonzero word
  };
  [[nodiscard]] Magnitude magnitude() const;

  // With three words behind, so that no term needs to ask where the end is.
  std::array<std::uint64_t, words + 3> words_{};
  std::array<std::int64_t, words + 3> carries_{};
};

inline void Superaccumulator::add_at(bool negative, Code n, std::size_t position) {
  // 1. The term over three words.
  const std::size_t word = position / 64;
  const unsigned shift = position % 64;
  const Code low = n << shift;
  const auto mask = static_cast<std::uint64_t>(-static_cast<std::int64_t>(negative));
  const std::array<std::uint64_t, 3> term{
      static_cast<std::uint64_t>(low) ^ mask, static_cast<std::uint64_t>(low >> 64) ^ mask,
      static_cast<std::uint64_t>((n >> 1) >> (127 - shift)) ^ mask};
  // 2. Added; a negative one as 2^192 less it.
  Code sum = negative ? 1 : 0;
  for (std::size_t i = 0; i < term.size(); ++i) {
    sum += Code{words_[word + i]} + term[i];
    words_[word + i] = static_cast<std::uint64_t>(sum);
    sum >>= 64;
  }
  // 3. The carry, less the 2^192.
  carries_[word + 3] += static_cast<std::int64_t>(sum) + static_cast<std::int64_t>(mask);
}

inline void Superaccumulator::add_product(double a, double b) {
  constexpr std::uint64_t fraction = (std::uint64_t{1} << 52) - 1;
  const auto x = std::bit_cast<std::uint64_t>(a);
  const auto y = std::bit_cast<std::uint64_t>(b);
  const std::uint64_t x_field = x >> 52 & 0x7ff;
  const std::uint64_t y_field = y >> 52 & 0x7ff;
  // A subnormal has the exponent of field 1 and no hidden bit.
  const std::uint64_t x_hidden = x_field != 0 ? 1 : 0;
  const std::uint64_t y_hidden = y_field != 0 ? 1 : 0;
  const Code product = Code{(x & fraction) | x_hidden << 52} * ((y & fraction) | y_hidden << 52);
  const std::uint64_t fields = x_field + y_field + 2 - x_hidden - y_hidden;
  constexpr std::int64_t bias = 2 * 1075 + least_exponent;
  static_assert(bias <= 2);
  add_at(((x ^ y) >> 63) != 0, product, fields - static_cast<std::uint64_t>(bias));
}

}  // namespace halfulp::emulator

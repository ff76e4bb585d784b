// SPDX-License-Identifier: MIT
#include "emulator/dot/superaccumulator.h"

#include "formats/numbers/value.h"

#include <boost/multiprecision/cpp_int.hpp>

namespace halfulp::emulator {

bool Superaccumulator::add(const Operand& x) {
  if (x.exponent < least_exponent || x.exponent + bit_length(x.significand) > most_exponent)
    return false;
  add_at(x.negative, x.significand, static_cast<std::size_t>(x.exponent - least_exponent));
  return true;
}

// 1. Words and carries as one number modulo 2^(64 words): the sum, as it has room.
// 2. A negative one is taken from zero.
Superaccumulator::Magnitude Superaccumulator::magnitude() const {
  Magnitude result;
  __int128 carry = 0;
  for (std::size_t i = 0; i < words; ++i) {
    carry += static_cast<__int128>(words_[i]) + carries_[i];
    result.words[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  result.negative = result.words[words - 1] >> 63 != 0;
  bool borrow = true;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t& word = result.words[i];
    if (result.negative) {
      word = ~word + (borrow ? 1 : 0);
      borrow = borrow && word == 0;
    }
    if (word != 0) result.length = i + 1;
  }
  return result;
}

// The leading bit goes to bit 126.
Exact<Code> Superaccumulator::jammed() const {
  const Magnitude x = magnitude();
  if (x.length == 0) return {};
  const auto word = [&](std::size_t below) {
    return below > x.length ? std::uint64_t{0} : x.words[x.length - below];
  };
  // 1. Two words from the leading bit on, and the third's bits behind them.
  const int zeros = std::countl_zero(word(1));
  Code n = Code{word(1)} << 64 | word(2);
  if (zeros > 0) n = n << zeros | word(3) >> (64 - zeros);
  // 2. One bit makes room; what it and all words below hold is gathered in bit 0.
  bool lost = (n & 1) != 0 || (word(3) << zeros) != 0;
  for (std::size_t below = 4; below <= x.length && !lost; ++below) lost = word(below) != 0;
  n = n >> 1 | (lost ? 1 : 0);
  const std::int64_t leading =
      least_exponent + static_cast<std::int64_t>(x.length) * 64 - 1 - zeros;
  return {x.negative, n, leading - 126};
}

Exact<Integer> Superaccumulator::total() const {
  const Magnitude x = magnitude();
  if (x.length == 0) return {};
  Integer n;
  boost::multiprecision::import_bits(
      n, x.words.begin(), x.words.begin() + static_cast<std::ptrdiff_t>(x.length), 64, false);
  return {x.negative, n, least_exponent};
}

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Exact results as integers. An Exact<Word> is the number (-1)^negative * significand * 2^exponent,
// where bit 0 of the significand is sticky: a result that does not end within the word has bit 0
// set in the place of everything below ("jamming"; Hauser's name in SoftFloat). That is
// enough for every rounding that looks only at bits further up, and who chooses the word
// (operations/arithmetic.cc) leaves room for precision, random bits and three bits more. Word is
// unsigned __int128, its half where that is enough, or one of the longer integers of wide.h.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "formats/format.h"

namespace halfulp::emulator {

inline int bit_length(Code n) {
  const auto high = static_cast<std::uint64_t>(n >> 64);
  return high != 0 ? 128 - std::countl_zero(high)
                   : 64 - std::countl_zero(static_cast<std::uint64_t>(n));
}
template <typename Word>
requires requires(const Word& n) { n.is_zero(); }
int bit_length(const Word& n) { return n.is_zero() ? 0 : static_cast<int>(msb(n)) + 1; }

// n nonzero.
inline int trailing_zeros(Code n) {
  const auto low = static_cast<std::uint64_t>(n);
  return low != 0 ? std::countr_zero(low)
                  : 64 + std::countr_zero(static_cast<std::uint64_t>(n >> 64));
}

// The lowest `count` bits.
inline Code ones(int count) { return count >= 128 ? ~Code{0} : (Code{1} << count) - 1; }

// 0 where the word is none; those of longer integers are in wide.h.
template <typename Word>
inline constexpr int word_bits = 0;
template <>
inline constexpr int word_bits<Code> = 128;
template <>
inline constexpr int word_bits<std::uint64_t> = 64;

inline Code to_code(Code n) { return n; }
template <typename Word>
Code to_code(const Word& n) {
  const Word high = n >> 64;
  return (Code{static_cast<std::uint64_t>(high & ~std::uint64_t{0})} << 64) |
         static_cast<std::uint64_t>(n & ~std::uint64_t{0});
}
template <typename Word>
Word from_code(Code n) {
  if constexpr (std::is_same_v<Word, Code>) {
    return n;
  } else {
    return (Word(static_cast<std::uint64_t>(n >> 64)) << 64) | static_cast<std::uint64_t>(n);
  }
}

template <typename Word>
struct Exact {
  bool negative = false;
  Word significand = 0;
  std::int64_t exponent = 0;
};

// floor(log2 |x|), x nonzero.
template <typename Word>
std::int64_t leading_exponent(const Exact<Word>& x) {
  return x.exponent + bit_length(x.significand) - 1;
}

// n >> shift with everything shifted out gathered in bit 0.
template <typename Word>
Word shift_right_jam(const Word& n, std::int64_t shift) {
  if (shift <= 0) return n;
  if (shift >= word_bits<Word>) return Word(n != 0 ? 1 : 0);
  const Word kept = n >> static_cast<int>(shift);
  const bool lost = (kept << static_cast<int>(shift)) != n;
  return lost ? Word(kept | 1) : kept;
}

// Moves the leading bit to `position`, exponent adjusted. Precondition: it is not above it already.
template <typename Word>
void normalise(Exact<Word>& x, int position) {
  const int shift = position + 1 - bit_length(x.significand);
  x.significand <<= shift;
  x.exponent -= shift;
}

// Both nonzero. An exact zero sum has significand 0; its sign is the caller's.
// 1. Leading bits to the last but one place of the word, so that the sum has room for its carry.
// 2. The smaller operand is moved down with jamming. Where bits are lost the exponents differ by
//    two or more, so that the difference loses at most its leading bit.
template <typename Word>
Exact<Word> exact_sum(Exact<Word> a, Exact<Word> b) {
  normalise(a, word_bits<Word> - 2);
  normalise(b, word_bits<Word> - 2);
  if (a.exponent < b.exponent) std::swap(a, b);
  b.significand = shift_right_jam(b.significand, a.exponent - b.exponent);
  if (a.negative == b.negative) {
    a.significand += b.significand;
  } else if (a.significand >= b.significand) {
    a.significand -= b.significand;
  } else {
    a.significand = b.significand - a.significand;
    a.negative = b.negative;
  }
  return a;
}

// Precondition: the product of the significands fits the word.
template <typename Word>
Exact<Word> exact_product(const Exact<Word>& a, const Exact<Word>& b) {
  return {a.negative != b.negative, Word(a.significand * b.significand), a.exponent + b.exponent};
}

// Both nonzero: at least word_bits - (bits of b) quotient bits, the remainder jammed.
template <typename Word>
Exact<Word> exact_quotient(Exact<Word> a, const Exact<Word>& b) {
  normalise(a, word_bits<Word> - 1);
  Word quotient = a.significand / b.significand;
  if (Word(quotient * b.significand) != a.significand) quotient |= 1;
  return {a.negative != b.negative, quotient, a.exponent - b.exponent};
}

// a positive: `bits` or one fewer bits of the root, the remainder jammed. Precondition: 2 bits fit
// the word.
// The root is found one bit at a time, from the top: `root` doubles as the trial divisor's upper
// part (the digit recurrence of schoolbook square roots in base 2).
template <typename Word>
Exact<Word> exact_root(Exact<Word> a, int bits) {
  normalise(a, 2 * bits - 1);
  if (a.exponent % 2 != 0) {
    a.significand = shift_right_jam(a.significand, 1);
    ++a.exponent;
  }
  Word rest = a.significand;
  Word root = 0;
  for (int position = bits - 1; position >= 0; --position) {
    const Word trial = root + (Word(1) << (2 * position));
    root >>= 1;
    if (rest >= trial) {
      rest -= trial;
      root += Word(1) << (2 * position);
    }
  }
  if (rest != 0) root |= 1;
  return {false, root, a.exponent / 2};
}

}  // namespace halfulp::emulator

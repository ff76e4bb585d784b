// SPDX-License-Identifier: MIT
//
// Operations on codes of floats in words of 64 bits, without branches that operands decide: the
// interface of words.cc in plain types. Which operations the constants can be made for is a
// question of the formats (prepared/word_operation.cc).
#pragma once

#include <array>
#include <cstdint>

#include "formats/operation.h"

namespace halfulp::emulator::kernels {

// How a code is a number: a float with a sign, subnormal and normal numbers. `span`: the magnitudes
// served are `least` and as many as this beyond it.
struct WordInput {
  int fraction_bits = 0;
  int sign_place = 0;
  std::uint64_t magnitude_mask = 0;
  std::uint64_t least = 0, span = 0;
  std::int64_t exponent = 0;  // of numbers of the least exponent; see words.cc
};

// All that is done with what is cut off: by the parity of what is kept, and the sign.
using Increments = std::array<std::uint64_t, 4>;

struct WordConstants {
  std::array<WordInput, 3> inputs{};
  // By how much the first operand (or the product) and the second addend are moved to their places
  // in a word: their last bits' distance from bit 0.
  int left = 0, addend_left = 0;
  std::uint64_t flipped = 0;  // 1: the second operand is subtracted
  // Of the result, another such float.
  int fraction_bits = 0;
  int sign_place = 0;
  int discarded = 0;          // bits, of a normal result whose first bit is at place 62
  std::uint64_t rest = 0;     // those
  std::uint64_t largest = 0;  // magnitude of the largest finite number
  std::uint64_t missing = 0;  // the code that is no number: 10...0 without a negative zero, else ~0
  // Of a number with d bits cut off, what is added to it first is the leading d bits of one of
  // these: [2 (the last bit kept is 1) + (negative)].
  Increments increments{}, normal_increments{}, narrowing_increments{};
  // Of conversions to fewer fraction bits: the magnitudes that are normal numbers of both formats,
  // what stands for the result's magnitude 0, and the bits that are cut off.
  std::uint64_t least_converted = 1, span_converted = 0, converted_zero = 0;
  int narrowed = 0;
  std::uint64_t narrowing_rest = 0;
};

// flags: not_a_word where the codes need another way; the code then means nothing.
struct WordOutcome {
  std::uint64_t code = 0;
  std::uint64_t flags = 0;
};
inline constexpr std::uint64_t not_a_word = ~std::uint64_t{0};

// a, b, c: the operands' codes, as many as the operation has.
using WordOperation = WordOutcome (*)(const WordConstants& constants, std::uint64_t a,
                                      std::uint64_t b, std::uint64_t c);
// Of the machine's instruction set; nullptr where the operation has none.
WordOperation word_operation(Op op);

}  // namespace halfulp::emulator::kernels

// SPDX-License-Identifier: MIT
//
// Arithmetic and conversions of floats and fixed point whose exact results fit a word: the same
// arithmetic as in scalar/exact.h, in a word of 64 bits where that is enough, else of 128, with all
// that follows from the description at hand.
//
// A result is a number of either sign, significand * 2^exponent, with bit 0 of the significand set
// in the place of everything below the word. Rounding looks at bits further up only: the words'
// sizes are chosen so (`widest`, in short_operation.cc).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// How a code of at most 64 bits is a number.
struct ShortInput {
  bool is_fixed = false;
  bool subnormals = false;
  int fraction_bits = 0;
  std::uint64_t magnitude_mask = 0;  // of fixed point: of the whole code
  std::uint64_t sign_mask = 0;       // 0 where there is no sign
  std::uint64_t fraction_mask = 0;
  std::uint64_t hidden = 0;
  std::uint64_t largest = 0;   // magnitude of the largest finite number
  std::int64_t exponent = 0;   // of the last place in exponent field 0, as if it were a binade
  bool negative_zero = false;  // else 10...0 is no number
};

class ShortOperation {
 public:
  // Nothing where words are too short, or the operation, a format or the rounding is another. The
  // target must outlive it.
  static std::optional<ShortOperation> make(Op op, std::span<const Format> inputs,
                                            const Target& target);

  // False, and no outcome, where an operand is no finite number or is to be flushed, or the result
  // is no number.
  bool result(std::span<const Code> operands, std::uint64_t random, Outcome& outcome) const;

  // What results follow from.
  struct Constants {
    Op op = Op::add;
    std::array<ShortInput, 3> inputs{};
    const Rounding* rounding = nullptr;
    bool stochastic = false, is_float = false, normals = false;
    int bits = 0, fraction_bits = 0, root_bits = 0;
    std::int64_t least_exponent = 0, most_exponent = 0;
    std::uint64_t code_mask = 0;
    // Is the neighbour farther from zero delivered, without random bits? A bit for each of 12
    // places: 4 (1 + order of the number and the middle) + 2 (the nearer code is odd) + (negative).
    std::uint32_t ups = 0;
    // Without a sign and with one: the largest rank, 0 of negative numbers where there are none.
    std::array<std::uint64_t, 2> largest{}, zero{}, overflow{};
    std::array<std::uint8_t, 2> overflow_flags{};
  };

 private:
  ShortOperation(const Constants& constants, bool wide) : constants_(constants), wide_(wide) {}

  Constants constants_;
  bool wide_;
};

}  // namespace halfulp::emulator

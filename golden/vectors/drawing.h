// SPDX-License-Identifier: MIT
//
// What the drawing of cases is made of: random numbers by counter, and steps from code to code.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "emulator/operations/scalar.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::vectors {

// The random numbers of one case: Random{.seed, .stream = index}.bits(0, 64), bits(1, 64) and so
// on. A block of Philox is two of them, and is computed once.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t index)
      : key_{low(seed), high(seed)}, stream_{low(index), high(index)} {}
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::int64_t between(std::int64_t lowest, std::int64_t highest) {
    return lowest +
           static_cast<std::int64_t>(
               below(static_cast<std::uint64_t>(std::max(highest - lowest, std::int64_t{0})) + 1));
  }
  bool coin() { return (next() & 1) != 0; }
  Integer integer(int bits) {
    if (bits <= 64)
      return bits <= 0 ? Integer(0) : Integer(next() & ~std::uint64_t{0} >> (64 - bits));
    Integer n = 0;
    for (int have = 0; have < bits; have += 64) n = (n << 64) + next();
    return n & ((Integer(1) << static_cast<unsigned>(bits)) - 1);
  }

 private:
  static std::uint32_t low(std::uint64_t n) { return static_cast<std::uint32_t>(n); }
  static std::uint32_t high(std::uint64_t n) { return static_cast<std::uint32_t>(n >> 32); }

  // Two blocks at a time, as neither waits for the other.
  std::uint64_t next() {
    if (next_ % words_.size() == 0) {
      const std::uint64_t block = next_ / 2;
      const auto first = philox4x32_10({low(block), high(block), stream_[0], stream_[1]}, key_);
      const auto second =
          philox4x32_10({low(block + 1), high(block + 1), stream_[0], stream_[1]}, key_);
      const auto joined = [](std::uint32_t above, std::uint32_t below) {
        return std::uint64_t{above} << 32 | below;
      };
      words_ = {joined(first[0], first[1]), joined(first[2], first[3]),
                joined(second[0], second[1]), joined(second[2], second[3])};
    }
    return words_[next_++ % words_.size()];
  }

  std::array<std::uint32_t, 2> key_, stream_;
  std::array<std::uint64_t, 4> words_{};
  std::uint64_t next_ = 0;
};

// A fraction whose carries run far or not at all.
template <typename Number>
Number fraction_of(Dice& dice, int count) {
  if (count == 0) return 0;
  Number all = (Number(1) << static_cast<unsigned>(count)) - 1;
  const auto place = static_cast<unsigned>(dice.below(static_cast<std::uint64_t>(count)));
  switch (dice.below(8)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return Number(1) << place;
    case 3:
      return (all << place) & all;
    case 4:
      return all >> place;
    default:
      return static_cast<Number>(dice.integer(count));
  }
}
inline Integer drawn_fraction(Dice& dice, int count) {
  constexpr int word = 64;
  return count < word ? Integer(fraction_of<std::uint64_t>(dice, count))
                      : fraction_of<Integer>(dice, count);
}

// Bits of a significand; of formats where they differ from number to number, about as many as the
// longest have.
inline int drawn_precision(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) return f->fraction_bits + 1;
  if (const auto* f = std::get_if<Fixed>(&format.kind)) return f->bits;
  return std::max(1, bits(format) - 4);
}

inline Code mask_of(const Format& format) {
  return bits(format) >= 128 ? ~Code{0} : (Code{1} << bits(format)) - 1;
}

inline bool is_finite(const Format& format, Code code) { return decode(format, code).is_finite(); }

// The finite code `steps` further up, as far as there are any.
inline Code stepped(const Format& format, Code code, std::int64_t steps) {
  if (steps == 0 || !is_finite(format, code)) return code;
  const Range range = finite_range(format);
  return code_at(format, std::clamp(rank_of(format, code) + static_cast<Rank>(steps), range.lowest,
                                    range.highest));
}

inline Code rounded(const Format& format, const Real& x, Mode mode = Mode::nearest_even) {
  Quantizer quantizer{.format = format, .rounding = {}};
  quantizer.rounding.mode = mode;
  return emulator::round_real(x, quantizer, 0).code;
}

inline Code code_of_positive(const Format& format, Code code) {
  const Value v = decode(format, code);
  return v.negative ? rounded(format, real(absolute(v))) : code;
}

// The integer moved so that its leading bit has the exponent.
inline Value placed(const Integer& significand, std::int64_t exponent) {
  Value v = integer_value(significand);
  v.exponent = exponent - static_cast<std::int64_t>(boost::multiprecision::msb(significand));
  return v;
}

// The exponents of the leading bits of the format's least and largest positive numbers of full
// precision.
struct Exponents {
  std::int64_t least = 0, largest = 0;
};
inline Exponents exponents_of(const Format& format) {
  return {leading_exponent(smallest_normal(format)), leading_exponent(largest_finite(format))};
}

}  // namespace halfulp::vectors
